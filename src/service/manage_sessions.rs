//! One's own sessions: see them, end one, end all others.
//!
//! How stale a list may be, and how late an ending is seen elsewhere, is the session store's to state: `durable` not at
//! all, `kv` as a rule under 60 s.

use super::AuthService;
use super::access::Bearer;
use crate::domain::account::User;
use crate::domain::error::Error;
use crate::domain::event::Act;
use crate::domain::session::{ActiveSession, Device, EndReason, SessionId};
use crate::ports::{Devices, Ports, SessionStore};

/// A session as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnSession {
    /// The session.
    pub session: ActiveSession,
    /// What its User-Agent tells.
    pub device: Device,
    /// Whether it is the one that asks.
    pub current: bool,
}

impl<P: Ports> AuthService<P> {
    /// The sessions of the bearer that go on, the newest first.
    ///
    /// # Errors
    /// [`Error::Access`] when the token does not count, [`Error::Store`] when a store failed.
    pub async fn list_sessions(&self, access_token: &str) -> Result<Vec<OwnSession>, Error> {
        let (bearer, user) = self.bearer_with_user(access_token).await?;
        Ok(self
            .active_sessions(&user)
            .await?
            .into_iter()
            .rev()
            .map(|session| OwnSession {
                device: self.ports.devices().describe(&session.user_agent),
                current: session.id == bearer.session,
                session,
            })
            .collect())
    }

    /// Ends one of the bearer's sessions, the current one if they like.
    ///
    /// # Errors
    /// [`Error::UnknownSession`] when no session that is listed has this id (any more); otherwise as
    /// [`list_sessions`](Self::list_sessions): after [`Error::Store`] a repeat finishes it.
    pub async fn end_session(
        &self,
        access_token: &str,
        session: SessionId,
    ) -> Result<Bearer, Error> {
        let (bearer, user) = self.bearer_with_user(access_token).await?;
        let known = session == bearer.session
            || self
                .active_sessions(&user)
                .await?
                .iter()
                .any(|active| active.id == session);
        if !known {
            return Err(Error::UnknownSession);
        }
        self.ports
            .sessions()
            .end(user.id, session, EndReason::EndedByUser, self.now())
            .await?;
        let user = user.id;
        self.record(Act::SessionEnded { user, session });
        Ok(bearer)
    }

    /// Ends all of the bearer's sessions but the current one.
    ///
    /// # Errors
    /// As [`list_sessions`](Self::list_sessions); after [`Error::Store`] some have ended, and a repeat finishes it.
    pub async fn end_other_sessions(&self, access_token: &str) -> Result<Bearer, Error> {
        let (bearer, user) = self.bearer_with_user(access_token).await?;
        let now = self.now();
        for active in self.active_sessions(&user).await? {
            if active.id != bearer.session {
                self.ports
                    .sessions()
                    .end(user.id, active.id, EndReason::EndedByUser, now)
                    .await?;
            }
        }
        let (user, session) = (user.id, bearer.session);
        self.record(Act::OtherSessionsEnded { user, session });
        Ok(bearer)
    }

    async fn active_sessions(&self, user: &User) -> Result<Vec<ActiveSession>, Error> {
        let sessions = self
            .ports
            .sessions()
            .list(user.id, user.session_epoch, self.now())
            .await?;
        Ok(sessions)
    }
}
