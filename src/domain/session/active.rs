//! The active sessions of a user, and which of them must end if there are too many.

use serde::{Deserialize, Serialize};

use super::client::{Client, Place};
use super::holder::Holder;
use super::refresh_token::SessionId;
use crate::domain::authorization::ClientHash;

/// An active session, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActiveSession {
    /// The session's id. It also says when the session began.
    pub id: SessionId,
    /// When its refresh token was last replaced, in seconds since 1970. Before the first
    /// replacement: when the session began.
    pub last_used_at: u64,
    /// The User-Agent of the last use.
    pub user_agent: String,
    /// The network of the last use: the first address of its /24 or, for IPv6, /56.
    pub network: String,
    /// The place of the last use.
    pub place: Place,
    /// The app that holds the session. `None` if a browser or program that signed in to this
    /// service directly holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<ClientHash>,
    /// The sign-on. A browser's session continues this sign-on. An app's session ends when the
    /// sign-on ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_on: Option<SessionId>,
}

impl ActiveSession {
    /// A session that this client has begun or renewed at the time `now`.
    #[must_use]
    pub fn now(id: SessionId, holder: &Holder, client: &Client, now: u64) -> Self {
        Self {
            id,
            last_used_at: now,
            user_agent: client.user_agent().to_owned(),
            network: client.network(),
            place: client.place().clone(),
            app: holder.client(),
            sign_on: holder.sign_on(),
        }
    }

    /// Who holds the session.
    #[must_use]
    pub fn holder(&self) -> Holder {
        Holder::new(self.app, self.sign_on)
    }
}

/// When a user begins a new session, some of their other sessions may have to end, so that at most
/// `most` sessions remain, including the new one (OWASP ASVS 7.1.2). Returns these sessions: the
/// oldest of the `others`. The caller must sort the `others` by id, which is also the order in
/// which they began.
///
/// ```
/// use edgegate::domain::session::{SessionId, surplus};
///
/// let others = [1, 2, 3].map(|second| SessionId::new(second * 1000, &[0; 10]));
/// assert_eq!(surplus(&others, 3), &others[..1]);
/// assert!(surplus(&others, 4).is_empty());
/// ```
#[must_use]
pub fn surplus(others: &[SessionId], most: usize) -> &[SessionId] {
    let left = most.saturating_sub(1);
    let surplus = others.len().saturating_sub(left);
    others.get(..surplus).unwrap_or_default()
}
