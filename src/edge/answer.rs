//! An answer, before the platform sends it.

use std::borrow::Cow;

use serde::Serialize;

use crate::domain::account::UserId;
use crate::domain::session::SessionId;

/// What is noted about a request in its log line. Never a token, a password or an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// Why it was refused, in detail that the client does not get.
    pub reason: Option<String>,
    /// Whose request it was, once that was sure.
    pub user_id: Option<String>,
    /// Of which session.
    pub session_id: Option<String>,
    /// What was decided about a refresh token.
    pub verdict: Option<&'static str>,
}

/// Status, headers, body; and the note for the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Headers of this answer; those that every answer has are added when it is sent.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// The body.
    pub body: Option<Cow<'static, str>>,
    /// For the log.
    pub note: Note,
    /// What becomes of the cookie.
    pub cookie: Cookie,
}

/// What becomes of the browser's cookie by a request that is done; `cookies.rs` sees to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cookie {
    /// Nothing.
    #[default]
    Untouched,
    /// A session has begun in this cookie: that of the cookie before it is ended.
    Begun(String),
    /// All sessions of this user are over, and one has begun in this cookie: that of another user before it is ended.
    BegunAnew(String, UserId),
    /// The refresh token was replaced by another one of its session, or is worth nothing.
    Written(String),
    /// All sessions of a user are over, or one: a cookie of theirs is cleared.
    Ended(UserId, Option<SessionId>),
}

impl Answer {
    /// A JSON body.
    #[must_use]
    pub fn json(status: u16, body: &impl Serialize) -> Self {
        Self {
            // Our own types: texts, integers and lists always serialise.
            body: serde_json::to_string(body).ok().map(Cow::from),
            ..Self::json_text(status, "")
        }
    }

    /// A body that is JSON already.
    #[must_use]
    pub fn json_text(status: u16, body: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            headers: vec![("Content-Type", Cow::from("application/json"))],
            body: Some(body.into()),
            ..Self::default()
        }
    }

    /// No body.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    /// With one more header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// A header of this answer.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _)| *known == name)
            .map(|(_, value)| &**value)
    }

    /// With what becomes of the cookie.
    #[must_use]
    pub fn keeping(mut self, cookie: Cookie) -> Self {
        self.cookie = cookie;
        self
    }

    /// With a note for the log.
    #[must_use]
    pub fn noted(mut self, note: Note) -> Self {
        self.note = note;
        self
    }
}
