//! POST /auth/revoke: log out (RFC 7009).

use super::{Outcome, app_token};
use crate::domain::account::UserId;
use crate::domain::error::Code;
use crate::domain::session::SessionId;
use crate::edge::answer::{Answer, Cookie, Note};
use crate::edge::body;
use crate::edge::client_authentication;
use crate::edge::cookies::{self, Given};
use crate::edge::problem::Problem;
use crate::edge::request::Request;
use crate::ports::Ports;
use crate::service::AuthService;
use crate::service::client_authentication::ClientCredentials;

pub(crate) async fn post<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let outcome = answer(service, request).await;
    outcome.map_err(|problem| client_authentication::refuse(request, problem))
}

async fn answer<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let credentials = client_authentication::read(request)?;
    // The hint is ignored, because the form of a token already shows which kind of token it is.
    let [_hint] = body::oauth_parameters(request, ["token_type_hint"])?;
    let [token, session_id] = body::oauth_parameters_as_sent(request, ["token", "session_id"])?;
    if app_token::is_of_an_app(service, credentials.as_ref(), None) {
        let credentials = app_token::or_our_own(service, credentials);
        return revoke_for_app(service, request, &credentials, token).await;
    }
    let given = Given::read(token, "token", service.settings(), request)?;
    // In cookie mode, an empty `session_id` is not treated as absent but rejected. If it were
    // treated as absent, a page that has lost the id of its session would end the cookie's session,
    // which might be a different session.
    let is_left_out = |id: &String| id.is_empty() && matches!(given, Given::Body(_));
    if let Some(session_id) = session_id.filter(|id| !is_left_out(id)) {
        require_session(service, &given, &session_id)?;
    }
    if let Given::Body(token) = &given {
        service.require_no_app_token(token).await?;
    }
    let ended = match given.token() {
        Some(token) => service.log_out(token).await?,
        None => None,
    };
    let answer = revoked(ended);
    Ok(match given {
        Given::Body(_) => answer,
        Given::Cookie(_) => answer.keeping(Cookie::Written(cookies::clear(service.settings()))),
    })
}

/// An app revokes a token that was issued to it. The cookie is not used.
async fn revoke_for_app<P: Ports>(
    service: &AuthService<P>,
    request: &Request<'_>,
    credentials: &ClientCredentials,
    token: Option<String>,
) -> Outcome {
    let token = token.filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| Problem::invalid_request("token is missing"))?;
    let ended = service
        .revoke_app_token(&token, credentials, &request.client)
        .await?;
    Ok(revoked(ended))
}

/// The answer to a revocation. The body is an empty JSON object: clients ignore the content of the
/// body (RFC 7009 section 2.2), but some clients fail if the body is not JSON.
fn revoked(ended: Option<(UserId, SessionId)>) -> Answer {
    Answer::json_text(200, "{}").noted(Note {
        user_id: ended.map(|(user, _)| user.to_string()),
        session_id: ended.map(|(_, session)| session.to_string()),
        ..Note::default()
    })
}

/// Rejects a log-out if the cookie's session is not the session that `session_id` names. A page
/// that could not reach the service repeats its log-out later. By that time the cookie might belong
/// to a later login.
///
/// The page can't compare the sessions itself, because it can't read the cookie. So the server
/// compares them, in the same request that logs out, so that no login can happen between the
/// comparison and the log-out.
fn require_session<P: Ports>(
    service: &AuthService<P>,
    given: &Given<'_>,
    session_id: &str,
) -> Result<(), Problem> {
    let Given::Cookie(cookie) = given else {
        return Err(Problem::invalid_request(
            "session_id is for the cookie, and a token in the body names its session",
        ));
    };
    let Some(expected) = SessionId::parse(session_id) else {
        return Err(Problem::invalid_request(
            "session_id is not the id of a session",
        ));
    };
    // A cookie whose value is not a refresh token belongs to no session. The log-out continues and
    // clears the cookie.
    match cookie.and_then(|token| service.session_of(token)) {
        Some((_, session)) if session != expected => Err(Problem::new(
            Code::InvalidGrant,
            "the cookie is of another session than session_id",
        )),
        _ => Ok(()),
    }
}
