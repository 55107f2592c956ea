//! POST /auth/register.

use super::{Outcome, accepted, challenged, mail_options, signed_in};
use crate::edge::body;
use crate::edge::cookies;
use crate::edge::request::Request;
use crate::ports::Ports;
use crate::service::{AuthService, NewAccount, Registered};

pub(crate) async fn post<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let (
        [
            email,
            password,
            first_name,
            last_name,
            challenge,
            request_id,
        ],
        in_cookie,
    ) = body::texts_and_cookie(
        request,
        [
            "email",
            "password",
            "first_name",
            "last_name",
            "challenge",
            "request_id",
        ],
    )?;
    let settings = service.settings();
    cookies::require_cookie_allowed(in_cookie, settings, request)?;
    let account = NewAccount {
        email: &body::required("email", email)?,
        password: password.as_deref(),
        first_name: first_name.as_deref(),
        last_name: last_name.as_deref(),
    };
    let options = mail_options(service, request, request_id.as_deref())?;
    let credentials = cookies::credentials_for_mail(settings, request, None);
    let caller = challenged(settings, request, credentials, challenge.as_deref())?;
    let registered = service.register(account, &caller, options).await?;
    Ok(match registered {
        Registered::Asked => accepted(),
        Registered::SignedIn(outcome) => signed_in(settings, 201, &outcome, in_cookie),
    })
}
