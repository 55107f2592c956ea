//! POST /auth/reauthenticate: the password once more, in a session that goes on.

use super::{Outcome, signed_in};
use crate::edge::answer::Cookie;
use crate::edge::body::{required, texts_and_cookie};
use crate::edge::cookies::{self, held};
use crate::edge::request::Request;
use crate::ports::Ports;
use crate::service::AuthService;

pub(crate) async fn post<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let bearer = request.bearer()?;
    let ([password], in_cookie) = texts_and_cookie(request, ["password"])?;
    let password = required("password", password)?;
    let settings = service.settings();
    cookies::require_cookie_allowed(in_cookie, settings, request)?;
    let held = if in_cookie {
        held(settings, request)?
    } else {
        None
    };
    let proved = service
        .reauthenticate(bearer, &password, held, &request.client)
        .await?;
    let mut answer = signed_in(settings, 200, &proved, in_cookie);
    if let Cookie::Begun(text) = answer.cookie {
        // The cookie before, if there is one, is of the same session.
        answer.cookie = Cookie::Written(text);
    }
    Ok(answer)
}
