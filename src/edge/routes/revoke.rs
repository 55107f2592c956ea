//! POST /auth/revoke: log out (RFC 7009).

use super::Outcome;
use super::token::check_client;
use crate::edge::answer::{Answer, Note};
use crate::edge::body::form_or_json;
use crate::edge::problem::Problem;
use crate::edge::request::Request;
use crate::ports::Ports;
use crate::service::AuthService;

pub(crate) async fn post<P: Ports>(service: &AuthService<P>, request: &Request) -> Outcome {
    // The hint is not needed: the two kinds of token can't be mistaken for each other.
    let [token, _hint, client_id] =
        form_or_json(request, ["token", "token_type_hint", "client_id"])?;
    check_client(service, client_id.as_deref())?;
    let token = token.ok_or_else(|| Problem::invalid_request("token is missing"))?;
    let ended = service.log_out(&token).await?;
    Ok(Answer::empty(200).noted(Note {
        user_id: ended.map(|(user, _)| user.to_string()),
        session_id: ended.map(|(_, session)| session.to_string()),
        ..Note::default()
    }))
}
