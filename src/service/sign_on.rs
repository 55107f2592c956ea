//! The sign-on of a browser (the single sign-on session). The sign-on connects the sessions of all
//! apps that the user entered in the browser.
//!
//! A login begins a sign-on. If the same user signs in again in the same browser, the sign-on
//! continues in the new session, so that a later log-out still reaches the apps that were entered
//! before.

use super::AuthService;
use crate::domain::account::{User, UserId};
use crate::domain::authorization::SignOn;
use crate::domain::error::Error;
use crate::domain::event::Act;
use crate::domain::session::{Credentials, EndReason, RefreshTicket, SessionId};
use crate::ports::{Ending, Ports, SessionStore, UserDirectory};

/// The sign-on that the session of this ticket belongs to.
pub(super) fn sign_on_of(ticket: &RefreshTicket) -> SessionId {
    ticket.sign_on.unwrap_or(ticket.session)
}

impl<P: Ports> AuthService<P> {
    /// The sign-on that a new session of this user continues. It is the sign-on of the earlier
    /// session in the same browser, unless that sign-on has ended. The session store is read only
    /// if the browser has a genuine refresh token of this user.
    pub(super) async fn sign_on_to_keep(
        &self,
        user: &User,
        credentials: &Credentials,
    ) -> Result<Option<SessionId>, Error> {
        let now = self.now();
        let held = credentials
            .session_token()
            .and_then(|token| self.shared.refresh_tokens.open(token))
            .filter(|ticket| {
                ticket.user == user.id
                    && ticket.epoch == user.session_epoch
                    && now < ticket.expires_at
            });
        let Some(ticket) = held else {
            return Ok(None);
        };
        // Only the sign-on is checked. The earlier session may have ended already, for example
        // because a login whose answer was lost has replaced it.
        let sign_on = sign_on_of(&ticket);
        let sessions = self.ports.sessions();
        let has_ended = sessions.has_signed_off(user.id, sign_on).await?;
        Ok((!has_ended).then_some(sign_on))
    }

    /// Ends the session of a refresh token because another session began in the same browser. If
    /// the new session continues the same sign-on, the sessions of the apps continue. If it does
    /// not, this is a log-out, and the sessions of the apps end.
    ///
    /// # Errors
    /// [`Error::Store`]: it is not certain that the end of the session was stored. The caller may
    /// retry.
    pub async fn leave_session(
        &self,
        refresh_token: &str,
        new_sign_on: SessionId,
    ) -> Result<(), Error> {
        let now = self.now();
        let ticket = self
            .shared
            .refresh_tokens
            .open(refresh_token)
            .filter(|ticket| sign_on_of(ticket) == new_sign_on && now < ticket.expires_at);
        let Some(ticket) = ticket else {
            return self.log_out(refresh_token).await.map(drop);
        };
        let (user, session) = (ticket.user, ticket.session);
        let sessions = self.ports.sessions();
        if !sessions.revocation(user, session, None, now).await?.ended {
            sessions
                .end(&Ending::of_ticket(&ticket), EndReason::Replaced, now)
                .await?;
            self.record(Act::SessionReplaced { user, session });
        }
        Ok(())
    }

    /// Finds out who is signed on in a browser, from the ticket in its sign-on cookie. Asks the
    /// session store and reads the user's row each time. `None` if the session or its sign-on has
    /// ended.
    pub(super) async fn signed_on(&self, ticket: &str) -> Result<Option<(SignOn, User)>, Error> {
        let now = self.now();
        let session_ttl = self.settings().sessions.session_ttl;
        let Some(sign_on) = self.shared.sign_ons.open(ticket, now, session_ttl) else {
            return Ok(None);
        };
        let user = self
            .user_signed_on(
                sign_on.user,
                sign_on.session,
                sign_on.sign_on,
                sign_on.epoch,
            )
            .await?;
        Ok(user.map(|user| (sign_on, user)))
    }

    /// The user of a browser's session. `None` if the session or its sign-on has ended, if the
    /// account is disabled, or if all sessions of the user were ended.
    pub(super) async fn user_signed_on(
        &self,
        user: UserId,
        session: SessionId,
        sign_on: SessionId,
        epoch: u32,
    ) -> Result<Option<User>, Error> {
        let now = self.now();
        let (revocation, user) = futures_util::future::join(
            self.ports
                .sessions()
                .revocation(user, session, Some(sign_on), now),
            self.ports.users().find_by_id(user),
        )
        .await;
        let ended = revocation?.ended;
        Ok(
            user?
                .filter(|user| !ended && user.disabled_at.is_none() && user.session_epoch == epoch),
        )
    }
}
