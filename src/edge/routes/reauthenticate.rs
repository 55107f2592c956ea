//! POST /auth/reauthenticate: a user who is signed in enters the password again. The session stays
//! the same.

use super::{Outcome, signed_in};
use crate::edge::answer::Cookie;
use crate::edge::body;
use crate::edge::cookies;
use crate::edge::request::Request;
use crate::ports::Ports;
use crate::service::AuthService;

pub(crate) async fn post<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let bearer = request.bearer()?;
    let ([password], in_cookie) = body::texts_and_cookie(request, ["password"])?;
    let password = body::required("password", password)?;
    let settings = service.settings();
    cookies::require_cookie_allowed(in_cookie, settings, request)?;
    let held = if in_cookie {
        cookies::held(settings, request)?
    } else {
        None
    };
    let proved = service
        .reauthenticate(bearer, &password, held, &request.client)
        .await?;
    let mut answer = signed_in(settings, 200, &proved, in_cookie);
    if let Cookie::Begun(cookies, _) = answer.cookie {
        // If the browser already has a cookie, that cookie belongs to the session in which the
        // password was entered again, so no session has to be ended.
        answer.cookie = Cookie::Written(cookies);
    }
    Ok(answer)
}
