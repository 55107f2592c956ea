//! /auth/sessions and /auth/sessions/{sid}: one's own sessions.

use serde::Serialize;

use super::Outcome;
use crate::domain::error::Error;
use crate::domain::session::SessionId;
use crate::edge::answer::{Answer, Note};
use crate::edge::request::Request;
use crate::ports::Ports;
use crate::service::AuthService;
use crate::service::access::Bearer;
use crate::service::manage_sessions::OwnSession;

pub(crate) async fn get<P: Ports>(service: &AuthService<P>, request: &Request) -> Outcome {
    let sessions = service.list_sessions(request.bearer()?).await?;
    let sessions = sessions.into_iter().map(Session::from).collect();
    Ok(Answer::json(200, &List { sessions }))
}

pub(crate) async fn delete_others<P: Ports>(
    service: &AuthService<P>,
    request: &Request,
) -> Outcome {
    let bearer = service.end_other_sessions(request.bearer()?).await?;
    Ok(Answer::empty(204).noted(note(&bearer, "ended all other sessions".to_owned())))
}

pub(crate) async fn delete<P: Ports>(
    service: &AuthService<P>,
    request: &Request,
    id: &str,
) -> Outcome {
    let token = request.bearer()?;
    let Some(session) = SessionId::parse(id) else {
        // Whether a text is an id is told to those who are signed in only.
        service.bearer(token).await?;
        return Err(Error::UnknownSession.into());
    };
    let bearer = service.end_session(token, session).await?;
    Ok(Answer::empty(204).noted(note(&bearer, format!("ended {session}"))))
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
struct List {
    sessions: Vec<Session>,
}

#[derive(Serialize)]
struct Session {
    id: String,
    current: bool,
    begun_at: u64,
    last_used_at: u64,
    device: Device,
    place: Place,
    network: String,
    user_agent: String,
}

#[derive(Serialize)]
struct Device {
    browser: Option<String>,
    os: Option<String>,
    r#type: Option<String>,
}

#[derive(Serialize)]
struct Place {
    country: Option<String>,
    city: Option<String>,
}

impl From<OwnSession> for Session {
    fn from(own: OwnSession) -> Self {
        let OwnSession {
            session,
            device,
            current,
        } = own;
        Self {
            id: session.id.to_string(),
            current,
            begun_at: session.id.begun_at(),
            last_used_at: session.last_used_at,
            device: Device {
                browser: device.browser,
                os: device.os,
                r#type: device.kind,
            },
            place: Place {
                country: session.place.country,
                city: session.place.city,
            },
            network: session.network,
            user_agent: session.user_agent,
        }
    }
}
