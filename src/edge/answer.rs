//! The answer to a request, before it is converted to the platform's `Response`.

use std::borrow::Cow;

use serde::Serialize;

use crate::domain::account::UserId;
use crate::domain::session::SessionId;

/// What the log line of a request contains in addition to the status. A note never contains a
/// token, a password or an email address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// Why the request was rejected, with details that the client does not get.
    pub reason: Option<String>,
    /// The user whom the request is about: usually its sender, otherwise the user of the token or
    /// the code in it. It is set once it is certain who that is.
    pub user_id: Option<String>,
    /// The session to which the request belongs.
    pub session_id: Option<String>,
    /// The operator who sent the request. It is set once the operator ticket is known to be valid.
    pub by: Option<String>,
    /// What the service decided about the refresh token of the request.
    pub verdict: Option<&'static str>,
    /// The error code of the answer.
    pub code: Option<&'static str>,
    /// The ids of the mails that the request queued.
    pub job: Option<String>,
    /// Pseudonyms of the recipients of these mails.
    pub address: Option<String>,
}

/// An answer, with a note for the log and a decision about the browser's cookies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers of this answer. `exchange.js` adds those that every answer has.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// The body.
    pub body: Option<Cow<'static, str>>,
    /// The note for the log.
    pub note: Note,
    /// What happens to the browser's cookies.
    pub cookie: Cookie,
}

/// What happens to the browser's cookies after a request. `cookies::settle` does what this value
/// says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cookie {
    /// Nothing happens to the cookies.
    #[default]
    Untouched,
    /// A new session is put into these cookies. The `SessionId` identifies the sign-on of the new
    /// session: the group of sessions that end together when the user logs out. If the browser
    /// already had another session in its cookie, that earlier session is ended. If the earlier
    /// session has the same sign-on, it is recorded as *replaced*. If not, it ends as if the user
    /// had logged out.
    Begun(SessionCookies, SessionId),
    /// All sessions of this user have ended, and a new session of the user is put into these
    /// cookies. If the cookie that the browser had before belonged to another user, that user's
    /// session is ended too.
    BegunAnew(SessionCookies, UserId),
    /// The cookies are replaced or cleared, and no session is ended.
    Written(SessionCookies),
    /// This session of the user has ended. `None` means that all sessions of the user have ended.
    /// The browser's cookies are cleared if they belong to an ended session.
    Ended(UserId, Option<SessionId>),
}

/// The two `Set-Cookie` headers of a session: one for its refresh token, one for its sign-on
/// ticket, with which the user signs in to other apps. The two are set and cleared together.
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
    /// An answer with this body as JSON.
    #[must_use]
    pub fn json(status: u16, body: &impl Serialize) -> Self {
        Self {
            // `to_string` never fails here, because bodies consist of strings, integers, booleans
            // and lists.
            body: serde_json::to_string(body).ok().map(Cow::from),
            ..Self::json_text(status, "")
        }
    }

    /// An answer with a body that is already JSON text.
    #[must_use]
    pub fn json_text(status: u16, body: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            headers: vec![("Content-Type", Cow::from("application/json"))],
            body: Some(body.into()),
            ..Self::default()
        }
    }

    /// An answer with a body of another media type.
    #[must_use]
    pub fn text(status: u16, media_type: &'static str, body: String) -> Self {
        Self {
            status,
            headers: vec![("Content-Type", Cow::from(media_type))],
            body: Some(body.into()),
            ..Self::default()
        }
    }

    /// An answer without a body.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The value of this header, if the answer has the header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _)| *known == name)
            .map(|(_, value)| &**value)
    }

    /// Sets what happens to the browser's cookies.
    #[must_use]
    pub fn keeping(mut self, cookie: Cookie) -> Self {
        self.cookie = cookie;
        self
    }

    /// Sets the note for the log.
    #[must_use]
    pub fn noted(mut self, note: Note) -> Self {
        self.note = note;
        self
    }
}
