//! Lists sessions, ends one session, or ends all except the current one. The caller is the user of
//! the sessions, or somebody who manages accounts.
//!
//! How stale a list can be, and how late other locations see that a session has ended, depends on
//! the session store. With `SESSION_STORE = "durable"` there is no delay. With `"kv"` the delay is
//! usually less than 60 s.

use super::AuthService;
use super::access::Bearer;
use super::manager::Manager;
use crate::domain::account::{User, UserId};
use crate::domain::authorization::ClientId;
use crate::domain::error::Error;
use crate::domain::event::Act;
use crate::domain::operator::Scope;
use crate::domain::session::{ActiveSession, Device, EndReason, SessionId};
use crate::ports::{Devices, Ending, Grants, Ports, SessionStore, UserDirectory};

/// A session as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnSession {
    pub session: ActiveSession,
    /// The device that the User-Agent of the session's client names.
    pub device: Device,
    /// Whether it is the session of this request.
    pub current: bool,
    /// The app that the session belongs to. `None` if a browser or a program signed in to this
    /// service itself.
    pub app: Option<SessionApp>,
}

/// The app that a session belongs to. Both fields are `None` if the user has withdrawn the grant or
/// the app was deleted. Such a session ends at its next renewal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionApp {
    pub client_id: Option<ClientId>,
    pub name: Option<String>,
}

impl<P: Ports> AuthService<P> {
    /// The bearer's active sessions, the newest first.
    ///
    /// # Errors
    /// [`Error::Access`]; [`Error::Store`].
    pub async fn list_sessions(&self, access_token: &str) -> Result<Vec<OwnSession>, Error> {
        let (bearer, user) = self.bearer_with_user(access_token).await?;
        let sessions = self.active_sessions(&user).await?;
        self.described(user.id, sessions, |session| session == bearer.session)
            .await
    }

    /// The active sessions of any user, the newest first, for an administrator or an operator.
    ///
    /// # Errors
    /// [`Error::Access`]; [`Error::Forbidden`]; [`Error::UnknownUser`]; [`Error::Store`].
    pub async fn list_sessions_of(
        &self,
        credential: &str,
        user: UserId,
    ) -> Result<Vec<OwnSession>, Error> {
        let manager = self.manager(credential, Scope::Sessions).await?;
        let user = self.ports.users().find_by_id(user).await?;
        let user = user.ok_or(Error::UnknownUser)?;
        let sessions = self.active_sessions(&user).await?;
        self.described(user.id, sessions, |session| manager.is_in(session))
            .await
    }

    /// Ends a session of any user, for an administrator or an operator.
    ///
    /// # Errors
    /// Those of [`list_sessions_of`](Self::list_sessions_of); [`Error::UnknownSession`] if no
    /// active session of the user has this id. After [`Error::Store`] a retry ends the session.
    pub async fn end_session_of(
        &self,
        credential: &str,
        user: UserId,
        session: SessionId,
    ) -> Result<Manager, Error> {
        let manager = self.manager(credential, Scope::Sessions).await?;
        let user = self.ports.users().find_by_id(user).await?;
        let user = user.ok_or(Error::UnknownUser)?;
        let active = self.active_sessions(&user).await?;
        let listed = active.iter().find(|active| active.id == session);
        let ending = Ending::of_listed(user.id, listed.ok_or(Error::UnknownSession)?);
        self.ports
            .sessions()
            .end(&ending, EndReason::EndedByUser, self.now())
            .await?;
        let (user, by) = (user.id, Some(manager.actor()));
        self.record(Act::SessionEnded { user, session, by });
        Ok(manager)
    }

    /// The sessions with their devices and apps, the newest first. A session's record contains only
    /// a hash of the app's id, so the app's id and name come from the user's grants.
    async fn described(
        &self,
        user: UserId,
        sessions: Vec<ActiveSession>,
        is_current: impl Fn(SessionId) -> bool,
    ) -> Result<Vec<OwnSession>, Error> {
        let grants = if sessions.iter().any(|session| session.app.is_some()) {
            self.ports.grants().list(user).await?
        } else {
            Vec::new()
        };
        let app_of = |hash| {
            let given = grants
                .iter()
                .find(|given| given.grant.client.hash() == hash);
            given.map_or_else(SessionApp::default, |given| SessionApp {
                client_id: Some(given.grant.client.clone()),
                name: Some(given.name().to_owned()),
            })
        };
        let sessions = sessions.into_iter().rev();
        Ok(sessions
            .map(|session| OwnSession {
                device: self.ports.devices().describe(&session.user_agent),
                current: is_current(session.id),
                app: session.app.map(app_of),
                session,
            })
            .collect())
    }

    /// Ends one of the bearer's sessions, which may be the current one.
    ///
    /// # Errors
    /// Those of [`list_sessions`](Self::list_sessions); [`Error::UnknownSession`] if no active
    /// session has this id. After [`Error::Store`] a retry ends the session.
    pub async fn end_session(
        &self,
        access_token: &str,
        session: SessionId,
    ) -> Result<Bearer, Error> {
        let (bearer, user) = self.bearer_with_user(access_token).await?;
        let ending = if session == bearer.session {
            Ending::of_claims(user.id, session, bearer.token.claims())
        } else {
            let active = self.active_sessions(&user).await?;
            let listed = active.iter().find(|active| active.id == session);
            Ending::of_listed(user.id, listed.ok_or(Error::UnknownSession)?)
        };
        self.ports
            .sessions()
            .end(&ending, EndReason::EndedByUser, self.now())
            .await?;
        let (user, by) = (user.id, None);
        self.record(Act::SessionEnded { user, session, by });
        Ok(bearer)
    }

    /// Ends all of the bearer's sessions except the current one.
    ///
    /// # Errors
    /// Those of [`list_sessions`](Self::list_sessions). After [`Error::Store`] some of the sessions
    /// might have ended already, and a retry ends the rest.
    pub async fn end_other_sessions(&self, access_token: &str) -> Result<Bearer, Error> {
        let (bearer, user) = self.bearer_with_user(access_token).await?;
        let now = self.now();
        for active in self.active_sessions(&user).await? {
            if active.id != bearer.session {
                self.ports
                    .sessions()
                    .end(
                        &Ending::of_listed(user.id, &active),
                        EndReason::EndedByUser,
                        now,
                    )
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
