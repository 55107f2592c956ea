//! The active sessions of a user, and which of them must end if there are too many.

use serde::{Deserialize, Serialize};

use super::client::{Client, Place};
use super::holder::Holder;
use super::refresh_token::SessionId;
use crate::domain::authorization::ClientHash;

/// An active session, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActiveSession {
    /// The session's id. It contains the time when the session began.
    pub id: SessionId,
    /// When the session's refresh token was last replaced by a new one, in seconds since 1970. If
    /// it was never replaced, this is the time when the session began.
    pub last_used_at: u64,
    /// The `User-Agent` of the request that was made at `last_used_at`.
    pub user_agent: String,
    /// The network from which that request came: the first address of the /24 (IPv4) or of the /56
    /// (IPv6).
    pub network: String,
    /// The place from which that request came.
    pub place: Place,
    /// The app that holds the session. `None` if a browser or program that signed in to this
    /// service directly holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<ClientHash>,
    /// The id of the sign-on (a login that the apps in one browser share) to which the session is
    /// linked. If a browser holds the session, the session continues this sign-on. If an app holds
    /// the session, the session ends when this sign-on ends.
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

/// Selects the sessions that must end when a user begins a new session, so that at most `most`
/// sessions remain, including the new one (OWASP ASVS 7.1.2). `others` are the user's sessions
/// without the new one. The caller must sort them by id, which also sorts them by the time when
/// they began. The oldest of them must end, and are returned.
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
