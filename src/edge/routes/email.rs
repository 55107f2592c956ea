//! /auth/email/verify, /auth/email/resend, /auth/email/change and /auth/email/confirm.

use super::{Outcome, accepted, challenged, done, locale, mail_options};
use crate::edge::answer::Note;
use crate::edge::body;
use crate::edge::cookies;
use crate::edge::request::Request;
use crate::ports::Ports;
use crate::service::AuthService;

pub(crate) async fn verify<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let [token, password] = body::texts(request, ["token", "password"])?;
    let locale = locale(service, request);
    let user = service
        .verify_email(&token, &password, &request.client, locale)
        .await?;
    Ok(done(user.id))
}

pub(crate) async fn resend<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let [email, challenge, request_id] =
        body::json_texts(request, ["email", "challenge", "request_id"])?;
    let email = body::required("email", email)?;
    let options = mail_options(service, request, request_id.as_deref())?;
    let settings = service.settings();
    let credentials = cookies::credentials_for_mail(settings, request, None);
    let caller = challenged(settings, request, credentials, challenge.as_deref())?;
    service
        .resend_verification(&email, &caller, options)
        .await?;
    Ok(accepted())
}

pub(crate) async fn change<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let bearer = request.bearer()?;
    let [email, password] = body::texts(request, ["email", "current_password"])?;
    let locale = locale(service, request);
    let user = service
        .change_email(bearer, &email, &password, &request.client, locale)
        .await?;
    Ok(accepted().noted(Note {
        user_id: Some(user.id.to_string()),
        ..Note::default()
    }))
}

pub(crate) async fn confirm<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let [token] = body::texts(request, ["token"])?;
    let locale = locale(service, request);
    let user = service
        .confirm_email(&token, &request.client, locale)
        .await?;
    Ok(done(user.id))
}
