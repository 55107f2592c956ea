//! /auth/sessions and /auth/sessions/{sid}: one's own sessions.

use super::Outcome;
use crate::domain::error::Error;
use crate::domain::session::SessionId;
use crate::edge::answer::{Answer, Cookie, Note};
use crate::edge::request::Request;
use crate::ports::Ports;
use crate::service::AuthService;
use crate::service::access::Bearer;
use crate::service::manage_sessions::OwnSession;
use edgegate_token::json::Json;

pub(crate) async fn get<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let sessions = service.list_sessions(request.bearer()?).await?;
    let sessions = sessions.into_iter().map(session_json).collect();
    Ok(Answer::json(200, &Json::object([("sessions", sessions)])))
}

pub(crate) async fn delete_others<P: Ports>(
    service: &AuthService<P>,
    request: &Request<'_>,
) -> Outcome {
    let bearer = service.end_other_sessions(request.bearer()?).await?;
    Ok(Answer::empty(204).noted(note(&bearer, "ended all other sessions".to_owned())))
}

pub(crate) async fn delete<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let token = request.bearer()?;
    let Some(session) = SessionId::parse(request.id_in_path()) else {
        // Whether a text is an id is told to those who are signed in only.
        service.bearer(token).await?;
        return Err(Error::UnknownSession.into());
    };
    let bearer = service.end_session(token, session).await?;
    let answer = Answer::empty(204).keeping(Cookie::Ended(bearer.user, Some(session)));
    Ok(answer.noted(note(&bearer, format!("ended {session}"))))
}

fn note(bearer: &Bearer, reason: String) -> Note {
    Note {
        user_id: Some(bearer.user.to_string()),
        session_id: Some(bearer.session.to_string()),
        reason: Some(reason),
        ..Note::default()
    }
}

fn session_json(own: OwnSession) -> Json {
    let OwnSession {
        session,
        device,
        current,
    } = own;
    Json::object([
        ("id", session.id.to_string().into()),
        ("current", current.into()),
        ("begun_at", session.id.begun_at().into()),
        ("last_used_at", session.last_used_at.into()),
        (
            "device",
            Json::object([
                ("browser", device.browser.into()),
                ("os", device.os.into()),
                ("type", device.kind.into()),
            ]),
        ),
        (
            "place",
            Json::object([
                ("country", session.place.country.into()),
                ("city", session.place.city.into()),
            ]),
        ),
        ("network", session.network.into()),
        ("user_agent", session.user_agent.into()),
    ])
}
