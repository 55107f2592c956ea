//! GET and POST /auth/userinfo: the use case `userinfo` (OpenID Connect Core section 5.3).

use super::Outcome;
use crate::edge::answer::{Answer, Note};
use crate::edge::body;
use crate::edge::client_authentication::require_no_secret_in_url;
use crate::edge::problem::Problem;
use crate::edge::request::Request;
use crate::ports::Ports;
use crate::service::AuthService;

pub(crate) async fn get<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    require_no_secret_in_url(request)?;
    answer(service, request.bearer()?).await
}

/// Like `get`, but the access token may also be in a form (RFC 6750 section 2.2) instead of the
/// `Authorization` header. It must not be in both.
pub(crate) async fn post<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    require_no_secret_in_url(request)?;
    let in_form = match request.media_type().as_deref() {
        Some("application/x-www-form-urlencoded") => {
            let [token] = body::parse_form(body::form(request)?, ["access_token"])?;
            token.filter(|token| !token.is_empty())
        }
        _ => None,
    };
    match in_form {
        None => answer(service, request.bearer()?).await,
        Some(_) if request.authorization.is_some() => Err(Problem::invalid_request(
            "the access token is in the header and in the body: send it once",
        )),
        Some(token) => answer(service, &token).await,
    }
}

async fn answer<P: Ports>(service: &AuthService<P>, access_token: &str) -> Outcome {
    let userinfo = service.userinfo(access_token).await?;
    Ok(Answer::json(200, &userinfo.claims).noted(Note {
        user_id: Some(userinfo.user.to_string()),
        session_id: Some(userinfo.session.to_string()),
        ..Note::default()
    }))
}
