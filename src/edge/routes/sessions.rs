//! /auth/sessions and /auth/sessions/{sid}: the sessions of the signed-in user.

use serde::Serialize;

use super::Outcome;
use crate::domain::authorization::ClientId;
use crate::domain::error::Error;
use crate::domain::session::SessionId;
use crate::edge::answer::{Answer, Cookie, Note};
use crate::edge::request::Request;
use crate::ports::Ports;
use crate::service::AuthService;
use crate::service::access::Bearer;
use crate::service::manage_sessions::OwnSession;

pub(crate) async fn get<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let sessions = service.list_sessions(request.bearer()?).await?;
    Ok(listed(&sessions))
}

/// The answer with a list of sessions.
pub(super) fn listed(sessions: &[OwnSession]) -> Answer {
    let body = SessionsBody {
        sessions: sessions.iter().map(SessionBody::from).collect(),
    };
    Answer::json(200, &body)
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
        // Callers who are not signed in get 401, so they don't learn whether the id in the path is
        // valid.
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

#[derive(Serialize)]
struct SessionsBody<'a> {
    sessions: Vec<SessionBody<'a>>,
}

#[derive(Serialize)]
struct SessionBody<'a> {
    id: String,
    current: bool,
    begun_at: u64,
    last_used_at: u64,
    device: DeviceBody<'a>,
    place: PlaceBody<'a>,
    network: &'a str,
    user_agent: &'a str,
    /// Present only if an app holds the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    app: Option<AppBody<'a>>,
}

#[derive(Serialize)]
struct AppBody<'a> {
    client_id: Option<&'a str>,
    name: Option<&'a str>,
}

#[derive(Serialize)]
struct DeviceBody<'a> {
    browser: Option<&'a str>,
    os: Option<&'a str>,
    r#type: Option<&'a str>,
}

#[derive(Serialize)]
struct PlaceBody<'a> {
    country: Option<&'a str>,
    city: Option<&'a str>,
}

impl<'a> From<&'a OwnSession> for SessionBody<'a> {
    fn from(own: &'a OwnSession) -> Self {
        let OwnSession {
            session,
            device,
            current,
            app,
        } = own;
        Self {
            id: session.id.to_string(),
            current: *current,
            begun_at: session.id.begun_at(),
            last_used_at: session.last_used_at,
            device: DeviceBody {
                browser: device.browser,
                os: device.os,
                r#type: device.kind,
            },
            place: PlaceBody {
                country: session.place.country.as_deref(),
                city: session.place.city.as_deref(),
            },
            network: &session.network,
            user_agent: &session.user_agent,
            app: app.as_ref().map(|app| AppBody {
                client_id: app.client_id.as_ref().map(ClientId::as_str),
                name: app.name.as_deref(),
            }),
        }
    }
}
