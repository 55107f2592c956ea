//! A user's own sessions: lists them, ends one, ends all others.
//!
//! The session store decides how stale a list may be, and how late other locations see that a
//! session has ended: not at all with `durable`, usually within 60 s with `kv`.

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
    pub session: ActiveSession,
    /// The device that its User-Agent names.
    pub device: Device,
    /// Whether it is the session of this request.
    pub current: bool,
}

impl<P: Ports> AuthService<P> {
    /// The bearer's active sessions, the newest first.
    ///
    /// # Errors
    /// [`Error::Access`]; [`Error::Store`].
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

    /// Ends one of the bearer's sessions, which may be the current one.
    ///
    /// # Errors
    /// [`Error::UnknownSession`] if no active session has this id; otherwise those of
    /// [`list_sessions`](Self::list_sessions). After [`Error::Store`] a retry completes it.
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

    /// Ends all of the bearer's sessions except the current one.
    ///
    /// # Errors
    /// Those of [`list_sessions`](Self::list_sessions). After [`Error::Store`] some sessions have
    /// ended, and a retry completes it.
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
