//! POST /auth/revoke: log out (RFC 7009).

use super::Outcome;
use super::token::check_client;
use crate::edge::answer::{Answer, Cookie, Note};
use crate::edge::body::form_or_json;
use crate::edge::cookies::{Given, clear};
use crate::edge::request::Request;
use crate::ports::Ports;
use crate::service::AuthService;

pub(crate) async fn post<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    // The hint is not needed: the two kinds of token can't be mistaken for each other.
    let [token, _hint, client_id] =
        form_or_json(request, ["token", "token_type_hint", "client_id"])?;
    check_client(service, client_id.as_deref())?;
    let given = Given::read(token, "token", service.settings(), request)?;
    let ended = match given.token() {
        Some(token) => service.log_out(token).await?,
        None => None,
    };
    let answer = Answer::empty(200).noted(Note {
        user_id: ended.map(|(user, _)| user.to_string()),
        session_id: ended.map(|(_, session)| session.to_string()),
        ..Note::default()
    });
    Ok(match given {
        Given::Body(_) => answer,
        Given::Cookie(_) => answer.keeping(Cookie::Written(clear(service.settings()))),
    })
}
