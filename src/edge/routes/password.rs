//! /auth/password/reset (the use case `reset_password`), /auth/password/confirm and
//! /auth/password/change.

use super::{Outcome, TokenBody, accepted, begun, challenged, done, locale, mail_options};
use crate::edge::answer::Cookie;
use crate::edge::body;
use crate::edge::cookies;
use crate::edge::request::Request;
use crate::ports::Ports;
use crate::service::AuthService;

pub(crate) async fn reset<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let [email, challenge, device_token, request_id] = body::json_texts(
        request,
        ["email", "challenge", "device_token", "request_id"],
    )?;
    let email = body::required("email", email)?;
    let options = mail_options(service, request, request_id.as_deref())?;
    let settings = service.settings();
    let credentials = cookies::credentials_for_mail(settings, request, device_token.as_deref());
    let caller = challenged(settings, request, credentials, challenge.as_deref())?;
    service.reset_password(&email, &caller, options).await?;
    Ok(accepted())
}

pub(crate) async fn confirm<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let [token, password] = body::texts(request, ["token", "password"])?;
    let locale = locale(service, request);
    let user = service
        .confirm_reset(&token, &password, &request.client, locale)
        .await?;
    let mut answer = done(user.id);
    // The person who opened the link can read the owner's mailbox, so the browser of this person
    // becomes a known device of the account. The cookie that makes the browser a known device is
    // set only if the page has an allowed origin.
    if request.from_allowed_origin {
        let ticket = service.device_ticket(&user);
        answer = answer.with(
            "Set-Cookie",
            cookies::set_device(service.settings(), &ticket),
        );
    }
    Ok(answer.keeping(Cookie::Ended(user.id, None)))
}

pub(crate) async fn change<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let bearer = request.bearer()?;
    let ([current, new], in_cookie) =
        body::texts_and_cookie(request, ["current_password", "new_password"])?;
    let current = body::required("current_password", current)?;
    let new = body::required("new_password", new)?;
    let settings = service.settings();
    cookies::require_cookie_allowed(in_cookie, settings, request)?;
    let locale = locale(service, request);
    let signed_in = service
        .change_password(bearer, &current, &new, &request.client, locale)
        .await?;
    let body = TokenBody::new(&signed_in.tokens, in_cookie);
    let mut answer = begun(settings, 200, body, &signed_in, in_cookie);
    if let Cookie::Begun(cookies, _) = answer.cookie {
        answer.cookie = Cookie::BegunAnew(cookies, signed_in.user.id);
    }
    Ok(answer)
}
