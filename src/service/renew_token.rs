//! `renew_token`: exchanges a refresh token for a new pair.

use super::{AuthService, TokenPair};
use crate::domain::error::{Error, GrantRefusal};
use crate::domain::session::{Client, Verdict};
use crate::ports::Ports;

/// A successful renewal.
#[derive(Clone, Debug)]
pub struct Renewed {
    /// The tokens. With the verdict *kept*, the refresh token is not replaced by its successor. The
    /// client gets back the refresh token that it presented, with the time of the user's newest
    /// proof (password entry) in it.
    pub tokens: TokenPair,
    /// The verdict, for the log.
    pub verdict: Verdict,
}

impl<P: Ports> AuthService<P> {
    /// Renews a pair of tokens. Reads the session and the user's row at the same time. With
    /// `SESSION_STORE = "durable"`, a copy of the row may be read instead. Writes at most once.
    ///
    /// A renewal does not prove who the user is, so `auth_time` remains the time of the session's
    /// newest proof (when the user last entered the password).
    ///
    /// A retry with the same token is safe, because within the grace period it gives the same
    /// refresh token again. The new access token has the user's current roles. If a used token is
    /// presented after the grace period, the session ends and a mail tells the user.
    ///
    /// # Errors
    /// - [`Error::Grant`]: the token is not from this service (in this case no storage is read), or
    ///   its session is over.
    /// - [`Error::RateLimited`]: this session or this client renews far too often.
    /// - [`Error::Store`]: a store failed. The client may retry.
    pub async fn renew_token(
        &self,
        refresh_token: &str,
        client: &Client,
    ) -> Result<Renewed, Error> {
        let ticket = self
            .shared
            .refresh_tokens
            .open(refresh_token)
            .ok_or(Error::Grant(GrantRefusal::Ticket))?;
        self.admit_renewal(ticket.session, client).await?;
        let continued = self
            .continue_session(ticket, None, &self.settings().sessions, client)
            .await?;
        Ok(Renewed {
            tokens: self.pair(&continued.user, continued.ticket)?,
            verdict: continued.verdict,
        })
    }
}
