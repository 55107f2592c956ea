//! POST /auth/login: the use case `generate_token`.

use super::{Outcome, challenged, signed_in};
use crate::edge::body;
use crate::edge::cookies;
use crate::edge::request::Request;
use crate::ports::Ports;
use crate::service::{AuthService, Login};

pub(crate) async fn post<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let ([email, password, device_token, challenge], in_cookie) =
        body::texts_and_cookie(request, ["email", "password", "device_token", "challenge"])?;
    let settings = service.settings();
    cookies::require_cookie_allowed(in_cookie, settings, request)?;
    let device_token = device_token.as_deref();
    let credentials = cookies::credentials_for_login(settings, request, device_token, in_cookie)?;
    let caller = challenged(settings, request, credentials, challenge.as_deref())?;
    let email = body::required("email", email)?;
    let password = body::required("password", password)?;
    let login = Login {
        email: &email,
        password: &password,
    };
    let outcome = service.generate_token(login, &caller).await?;
    Ok(signed_in(settings, 200, &outcome, in_cookie))
}
