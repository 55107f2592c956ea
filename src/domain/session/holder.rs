//! Who holds a session: a browser that signed in to this service directly, or an app.
//!
//! Several apps in one browser can share one login (single sign-on). This shared login is called a
//! *sign-on*. A sign-on begins when the user logs in, and its id is the id of the session that the
//! login creates. If the same user signs in again in the same browser, the new session replaces the
//! old session and continues its sign-on. When the user logs out, the sign-on ends. The sessions of
//! the apps that the user entered through the sign-on end with it, unless an app has
//! `offline_access`.

use serde::{Deserialize, Serialize};

use super::refresh_token::SessionId;
use super::revocation::EndReason;
use crate::domain::authorization::ClientHash;

/// The app that holds a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppBinding {
    /// The app.
    pub client: ClientHash,
    /// The id of the sign-on (the login that the apps in one browser share) through which the user
    /// entered the app. When this sign-on ends, the session ends too. `None` if the app has the
    /// scope `offline_access`: its session continues when the user logs out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_on: Option<SessionId>,
}

/// Who holds the refresh tokens of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// A browser or program that signed in to this service directly.
    Browser {
        /// The id of the sign-on that the session continues. `None` if the session has its own
        /// sign-on, whose id is the session's id.
        sign_on: Option<SessionId>,
    },
    /// An app that got its tokens in exchange for an authorization code.
    App(AppBinding),
}

impl Default for Holder {
    /// A browser whose session has its own sign-on. This was the only kind of session before the
    /// service supported apps.
    fn default() -> Self {
        Self::Browser { sign_on: None }
    }
}

impl Holder {
    /// The holder that these two fields of a session's record describe.
    #[must_use]
    pub fn new(app: Option<ClientHash>, sign_on: Option<SessionId>) -> Self {
        match app {
            None => Self::Browser { sign_on },
            Some(client) => Self::App(AppBinding { client, sign_on }),
        }
    }

    /// The id of the sign-on that is stored in the session's record. If a browser holds the
    /// session, the session continues this sign-on. If an app holds the session, the session ends
    /// when this sign-on ends.
    #[must_use]
    pub fn sign_on(&self) -> Option<SessionId> {
        match self {
            Self::Browser { sign_on } | Self::App(AppBinding { sign_on, .. }) => *sign_on,
        }
    }

    /// The app, if an app holds the session.
    #[must_use]
    pub fn client(&self) -> Option<ClientHash> {
        match self {
            Self::Browser { .. } => None,
            Self::App(app) => Some(app.client),
        }
    }

    /// The id of the sign-on to which a browser's session belongs. `None` for an app's session: an
    /// app's session does not belong to a sign-on, even if the session ends together with a
    /// sign-on.
    #[must_use]
    pub fn own_sign_on(&self, session: SessionId) -> Option<SessionId> {
        match self {
            Self::Browser { sign_on } => Some(sign_on.unwrap_or(session)),
            Self::App(_) => None,
        }
    }

    /// If this session ends for this reason, a sign-on can end with it. Returns the id of that
    /// sign-on, or `None` if no sign-on ends.
    ///
    /// ```
    /// use edgegate::domain::session::{EndReason, Holder, SessionId};
    ///
    /// let [first, second] = [1, 2].map(|second| SessionId::new(second * 1000, &[0; 10]));
    /// let again = Holder::Browser { sign_on: Some(first) };
    /// assert_eq!(again.sign_on_ended_by(EndReason::LoggedOut, second), Some(first));
    /// assert_eq!(again.sign_on_ended_by(EndReason::Replaced, second), None);
    /// let alone = Holder::default();
    /// assert_eq!(alone.sign_on_ended_by(EndReason::LoggedOut, second), Some(second));
    /// ```
    #[must_use]
    pub fn sign_on_ended_by(&self, reason: EndReason, session: SessionId) -> Option<SessionId> {
        self.own_sign_on(session)
            .filter(|_| reason.ends_the_sign_on())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::authorization::ClientId;
    use crate::domain::json;

    const REASONS: [EndReason; 7] = [
        EndReason::LoggedOut,
        EndReason::Reused,
        EndReason::EndedByUser,
        EndReason::OverLimit,
        EndReason::Replaced,
        EndReason::GrantWithdrawn,
        EndReason::CodeReplayed,
    ];

    fn session(number: u64) -> SessionId {
        SessionId::new(number, &[1; 10])
    }

    fn client_hash() -> ClientHash {
        ClientId::parse("app").unwrap().hash()
    }

    fn app(sign_on: Option<SessionId>) -> Holder {
        let client = client_hash();
        Holder::App(AppBinding { client, sign_on })
    }

    #[test]
    fn only_what_the_owner_or_a_thief_did_ends_the_sign_on() {
        let browser = Holder::Browser {
            sign_on: Some(session(1)),
        };
        for reason in REASONS {
            let ends = matches!(
                reason,
                EndReason::LoggedOut | EndReason::Reused | EndReason::EndedByUser
            );
            let ended = browser.sign_on_ended_by(reason, session(2));
            assert_eq!(ended, ends.then_some(session(1)), "{reason:?}");
            let own = Holder::default().sign_on_ended_by(reason, session(2));
            assert_eq!(own, ends.then_some(session(2)), "{reason:?}");
        }
    }

    #[test]
    fn no_end_of_an_app_ends_a_sign_on() {
        for reason in REASONS {
            for holder in [app(None), app(Some(session(1)))] {
                assert_eq!(holder.sign_on_ended_by(reason, session(2)), None);
            }
        }
    }

    #[test]
    fn a_holder_is_read_as_it_was_written() {
        for holder in [
            Holder::default(),
            Holder::Browser {
                sign_on: Some(session(1)),
            },
            app(None),
            app(Some(session(1))),
        ] {
            let text = json::encode(&holder);
            assert_eq!(json::decode::<Holder>(&text), Some(holder));
        }
    }
}
