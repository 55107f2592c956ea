//! An answer before it is sent.

use std::borrow::Cow;

use serde::Serialize;

use crate::domain::account::UserId;
use crate::domain::session::SessionId;

/// What the log line of a request says besides its status. It never has a token, a password or an
/// address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// Why it was rejected, with details that the client does not get.
    pub reason: Option<String>,
    /// The user, once it is certain whose request it is.
    pub user_id: Option<String>,
    /// The session.
    pub session_id: Option<String>,
    /// The operator, once the ticket is known to be valid.
    pub by: Option<String>,
    /// The verdict about a refresh token.
    pub verdict: Option<&'static str>,
    /// The code of an error.
    pub code: Option<&'static str>,
    /// The ids of the mails that the request queued.
    pub job: Option<String>,
    /// Pseudonyms of the recipients of these mails.
    pub address: Option<String>,
}

/// An answer, with its note for the log and what happens to the cookie.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers of this answer. `exchange.js` adds those that every answer has.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// The body.
    pub body: Option<Cow<'static, str>>,
    /// For the log.
    pub note: Note,
    /// What happens to the cookie.
    pub cookie: Cookie,
}

/// What happens to the browser's cookies after a request. `cookies::settle` does it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cookie {
    /// Nothing.
    #[default]
    Untouched,
    /// A session of this sign-on began in these cookies. The session of the previous cookie is
    /// ended: as *replaced* if it has the same sign-on, otherwise as by logging out.
    Begun(SessionCookies, SessionId),
    /// All sessions of this user are over, and a new one began in these cookies. If the previous
    /// cookie belonged to another user, its session is ended.
    BegunAnew(SessionCookies, UserId),
    /// The cookies are replaced or cleared, and no session is ended.
    Written(SessionCookies),
    /// All sessions of this user are over, or only this session. Cookies that belong to an ended
    /// session are cleared.
    Ended(UserId, Option<SessionId>),
}

/// The two `Set-Cookie` headers of a session: one for its refresh token, one for its sign-on. They
/// are set and cleared together.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionCookies {
    pub(super) refresh: String,
    pub(super) sign_on: String,
}

impl std::fmt::Debug for SessionCookies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionCookies(_)")
    }
}

impl Answer {
    /// A JSON body.
    #[must_use]
    pub fn json(status: u16, body: &impl Serialize) -> Self {
        Self {
            // Bodies consist of strings, integers, flags and lists, which always serialise.
            body: serde_json::to_string(body).ok().map(Cow::from),
            ..Self::json_text(status, "")
        }
    }

    /// A body that is already JSON.
    #[must_use]
    pub fn json_text(status: u16, body: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            headers: vec![("Content-Type", Cow::from("application/json"))],
            body: Some(body.into()),
            ..Self::default()
        }
    }

    /// A body of another media type.
    #[must_use]
    pub fn text(status: u16, media_type: &'static str, body: String) -> Self {
        Self {
            status,
            headers: vec![("Content-Type", Cow::from(media_type))],
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

    /// With what happens to the cookie.
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
