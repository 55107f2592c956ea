//! `renew_token`: exchanges a refresh token for a new pair.

use super::{AuthService, TokenPair};
use crate::domain::error::{Error, GrantRefusal};
use crate::domain::session::{Client, Verdict};
use crate::ports::Ports;

/// A successful renewal.
#[derive(Clone, Debug)]
pub struct Renewed {
    /// The tokens. With the verdict *kept*, the refresh token is not replaced. The client gets back
    /// the one that it presented, with the session's newest proof in it.
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
    /// A retry with the same token is safe: within the grace period it gives the same refresh token
    /// again. The roles are the user's current ones. A used token that comes back later ends the
    /// session, and a mail tells its user.
    ///
    /// # Errors
    /// - [`Error::Grant`]: the token is not a genuine ticket (then no storage is read), or its
    ///   session is over.
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
