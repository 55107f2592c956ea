//! An app revokes its own token (RFC 7009).

use super::AuthService;
use super::client_authentication::ClientCredentials;
use crate::domain::account::UserId;
use crate::domain::authorization::AppClient;
use crate::domain::error::{AccessRefusal, Error, GrantRefusal};
use crate::domain::event::Act;
use crate::domain::session::{AppBinding, Client, EndReason, Holder, SessionId};
use crate::ports::{Ending, Ports, SessionStore};

impl<P: Ports> AuthService<P> {
    /// Ends the app's session to which the token belongs. The token is a refresh token (used or
    /// not) or an access token (even an expired or outdated one). The single sign-on and the
    /// sessions of other apps continue. An invalid token is not an error (RFC 7009 section 2.2).
    /// Returns the session, for the log. A disabled app may still revoke its tokens.
    ///
    /// # Errors
    /// - [`Error::Grant`]: the token belongs to another app. No session ends.
    /// - [`Error::Client`].
    /// - [`Error::RateLimited`].
    /// - [`Error::Store`]: it is not certain that the end of the session was stored. The app may
    ///   retry.
    pub async fn revoke_app_token(
        &self,
        token: &str,
        credentials: &ClientCredentials,
        client: &Client,
    ) -> Result<Option<(UserId, SessionId)>, Error> {
        let app = self.authenticate_app(credentials, client).await?;
        let now = self.now();
        let Some(ending) = self.app_session_of(token, &app, now).await? else {
            return Ok(None);
        };
        let Ending { user, session, .. } = ending;
        let sessions = self.ports.sessions();
        if !sessions.revocation(user, session, None, now).await?.ended {
            sessions.end(&ending, EndReason::LoggedOut, now).await?;
            self.record(Act::SignedOut { user, session });
        }
        Ok(Some((user, session)))
    }

    /// Rejects the token of an app in a request that names no app. If such a request got the same
    /// success as a request with an invalid token, the app would believe that its token is revoked.
    ///
    /// # Errors
    /// [`Error::Grant`].
    pub async fn require_no_app_token(&self, token: &str) -> Result<(), Error> {
        let is_of_an_app = self.shared.app_tickets.open(token).is_some()
            || self.app_bearer_for_log_out(token).await.is_ok();
        if is_of_an_app {
            return Err(Error::Grant(GrantRefusal::OtherClient));
        }
        Ok(())
    }

    /// The session of a token that was issued to this app.
    async fn app_session_of(
        &self,
        token: &str,
        app: &AppClient,
        now: u64,
    ) -> Result<Option<Ending>, Error> {
        let hash = app.id.hash();
        let other = Error::Grant(GrantRefusal::OtherClient);
        let (user, session, client, sign_on) =
            if let Some(ticket) = self.shared.app_tickets.open(token) {
                if ticket.core.expires_at <= now {
                    return Ok(None);
                }
                let core = ticket.core;
                (core.user, core.session, ticket.client, ticket.sign_on)
            } else if self.shared.refresh_tokens.open(token).is_some() {
                return Err(other);
            } else {
                match self.app_bearer_for_log_out(token).await {
                    Ok(bearer) => (
                        bearer.user,
                        bearer.session,
                        bearer.client.hash(),
                        bearer.sign_on,
                    ),
                    Err(Error::Access(AccessRefusal::NotOfAnApp)) => return Err(other),
                    Err(_) => return Ok(None),
                }
            };
        if client != hash {
            return Err(other);
        }
        let binding = AppBinding { client, sign_on };
        Ok(Some(Ending {
            user,
            session,
            holder: Some(Holder::App(binding)),
        }))
    }
}
