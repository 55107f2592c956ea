//! Log out: end the session that a token belongs to (RFC 7009).

use super::AuthService;
use crate::domain::account::UserId;
use crate::domain::error::Error;
use crate::domain::event::Act;
use crate::domain::session::{EndReason, SessionId};
use crate::ports::{Ports, SessionStore};

impl<P: Ports> AuthService<P> {
    /// Whose session a refresh token is of, and which, whether or not it goes on. No storage is touched.
    #[must_use]
    pub fn session_of(&self, refresh_token: &str) -> Option<(UserId, SessionId)> {
        let ticket = self.shared.refresh_tokens.open(refresh_token)?;
        Some((ticket.user, ticket.session))
    }

    /// Ends the session of a refresh token, spent or not, or of an access token. A token that means nothing is no
    /// error (RFC 7009 section 2.2), and a session that has ended is not written again. Answers the session, for
    /// the log.
    ///
    /// # Errors
    /// [`Error::Store`] when the end may not have been written; the client may repeat.
    pub async fn log_out(&self, token: &str) -> Result<Option<(UserId, SessionId)>, Error> {
        let now = self.now();
        let (user, session) = match self.shared.refresh_tokens.open(token) {
            Some(ticket) if ticket.expires_at > now => (ticket.user, ticket.session),
            Some(_) => return Ok(None),
            None => match self.bearer(token).await {
                Ok(bearer) => (bearer.user, bearer.session),
                Err(Error::Access(_)) => return Ok(None),
                Err(error) => return Err(error),
            },
        };
        let sessions = self.ports.sessions();
        if !sessions.revocation(user, session, now).await?.ended {
            sessions
                .end(user, session, EndReason::LoggedOut, now)
                .await?;
            self.record(Act::SignedOut { user, session });
        }
        Ok(Some((user, session)))
    }
}
