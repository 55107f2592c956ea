//! The events that operators can look up in the log. The list of events is fixed, and no event
//! contains a secret.
//!
//! `docs/operations.md` has a row for the name of each event.

mod act;
mod actor;
mod pseudonym;

pub use act::{Act, ClientAct, Outcome, Whose};
pub use actor::Actor;
pub use pseudonym::{NetworkPseudonyms, Pseudonym};

use super::account::UserId;
use super::log_line::{Level, LogLine};

/// Something that was done or refused, and the network that requested it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub act: Act,
    /// The requester's network, if it is known.
    pub network: Option<Pseudonym>,
}

/// The names of [`Event::values`], in the same order. They are the members of a log line and the
/// blobs of a data point in Workers Analytics Engine. The order must never change, because a stored
/// data point contains values by position, without names. A new name must be added at the end.
pub const COLUMNS: [&str; 9] = [
    "outcome",
    "reason",
    "user_id",
    "session_id",
    "by",
    "address",
    "network",
    "request_id",
    "detail",
];

impl Event {
    /// The act's stable name, in `snake_case`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.act.name()
    }

    /// The level of the event's log line.
    #[must_use]
    pub fn level(&self) -> Level {
        self.act.level()
    }

    /// Whether the event gets a log line of its own. Most requests are renewals, and the log line
    /// of each request says enough about a renewal. So a renewal gets a line of its own only if its
    /// token had already been used.
    #[must_use]
    pub fn has_line(&self) -> bool {
        !matches!(self.name(), "renewed" | "renewal_refused")
    }

    /// The event's values in the order of [`COLUMNS`]. A value that is unknown is an empty text.
    #[must_use]
    pub fn values(&self, request_id: &str) -> [String; COLUMNS.len()] {
        let pseudonym = |known: Option<Pseudonym>| {
            known.map_or(String::new(), |known| known.as_str().to_owned())
        };
        let user = |user: Option<UserId>| user.map_or(String::new(), |user| user.to_string());
        let session = self.act.session();
        [
            self.act.outcome().as_str().to_owned(),
            self.act.reason().to_owned(),
            user(self.act.user()),
            session.map_or(String::new(), |session| session.to_string()),
            self.act.by().map_or(String::new(), |by| by.to_string()),
            pseudonym(self.act.address()),
            pseudonym(self.network),
            request_id.to_owned(),
            self.act.detail(),
        ]
    }

    /// The log line of the event: one JSON object whose members are strings. `time` is when the
    /// event happened (RFC 3339).
    #[must_use]
    pub fn to_json(&self, time: &str, request_id: &str) -> String {
        let mut line = LogLine::new(self.level(), self.name());
        line.text("time", time);
        for (name, value) in COLUMNS.iter().zip(&self.values(request_id)) {
            line.text(name, value);
        }
        line.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::session::{SessionId, Verdict};

    const REQUEST: &str = "6f1a7c52-3b0e-4d59-9a0c-5d2f1e8b7a34";

    fn event(act: Act) -> Event {
        Event { act, network: None }
    }

    #[test]
    fn a_line_is_one_json_object_without_empty_members() {
        let user = UserId::new(1_764_000_000_000, &[1; 10]);
        let line = event(Act::PasswordReset { user }).to_json("2026-11-28T06:55:16.000Z", REQUEST);
        assert_eq!(
            line,
            format!(
                r#"{{"level":"info","event":"password_reset","time":"2026-11-28T06:55:16.000Z","outcome":"done","user_id":"{user}","request_id":"{REQUEST}"}}"#
            )
        );
    }

    #[test]
    fn every_event_but_an_ordinary_renewal_has_a_line() {
        let user = UserId::new(1_764_000_000_000, &[1; 10]);
        let session = SessionId::new(1_764_000_000_000, &[2; 10]);
        let renewed = |verdict| {
            event(Act::Renewal {
                user,
                session,
                verdict,
            })
        };
        assert!(!renewed(Verdict::Kept).has_line());
        assert!(!renewed(Verdict::Idle).has_line());
        assert!(renewed(Verdict::Reused).has_line());
        assert!(event(Act::PasswordReset { user }).has_line());
    }

    #[test]
    fn text_from_the_platform_cannot_break_a_line() {
        let failed = event(Act::MailNotQueued {
            mail: "reset",
            reason: "queue failed: \"\n{\"level\":\"info\"}\u{2028}".to_owned(),
        });
        let line = failed.to_json("", "");
        assert!(!line.contains('\n'));
        let read = edgegate_token::json::Json::read(line.as_bytes()).unwrap();
        assert_eq!(read.get("level").unwrap().as_str(), Some("error"));
        assert_eq!(read.get("detail").unwrap().as_str(), Some("reset"));
        assert!(read.get("reason").unwrap().as_str().unwrap().contains('\n'));
    }
}
