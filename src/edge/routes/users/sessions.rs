//! /auth/users/{id}/sessions: the sessions of any user, for administrators and operators.

use super::id::{note, user_id};
use crate::domain::error::Error;
use crate::domain::session::SessionId;
use crate::edge::answer::{Answer, Cookie};
use crate::edge::request::Request;
use crate::edge::routes::{Outcome, sessions};
use crate::ports::Ports;
use crate::service::AuthService;

pub(crate) async fn get<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let token = request.bearer()?;
    let id = user_id(service, request, token).await?;
    let found = service.list_sessions_of(token, id).await?;
    Ok(sessions::listed(&found))
}

pub(crate) async fn delete<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let token = request.bearer()?;
    let id = user_id(service, request, token).await?;
    let Some(session) = SessionId::parse(request.second_id_in_path()) else {
        // Callers who are not signed in get 401, so they don't learn whether the id in the path is
        // valid.
        service.require_signed_in(token).await?;
        return Err(Error::UnknownSession.into());
    };
    let manager = service.end_session_of(token, id, session).await?;
    let answer = Answer::empty(204).keeping(Cookie::Ended(id, Some(session)));
    Ok(answer.noted(note(manager.bearer(), format!("ended {session} of {id}"))))
}
