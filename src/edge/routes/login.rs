//! POST /auth/login: `generate_token`.

use super::{Outcome, challenged, signed_in};
use crate::edge::body::{required, texts_and_cookie};
use crate::edge::cookies::{self, client_on_device};
use crate::edge::request::Request;
use crate::ports::Ports;
use crate::service::{AuthService, Login};

pub(crate) async fn post<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let ([email, password, device_token, challenge], in_cookie) =
        texts_and_cookie(request, ["email", "password", "device_token", "challenge"])?;
    let settings = service.settings();
    cookies::require_cookie_allowed(in_cookie, settings, request)?;
    let client = client_on_device(settings, request, device_token.as_deref(), in_cookie)?;
    let client = challenged(settings, client, challenge.as_deref())?;
    let email = required("email", email)?;
    let password = required("password", password)?;
    let login = Login {
        email: &email,
        password: &password,
    };
    let outcome = service.generate_token(login, &client).await?;
    Ok(signed_in(settings, 200, &outcome, in_cookie))
}
