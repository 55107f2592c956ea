//! `renew_token`: exchanges a refresh token for a new pair.

use super::{AuthService, TokenPair};
use crate::domain::error::{Error, GrantRefusal};
use crate::domain::session::{Client, Verdict};
use crate::ports::Ports;

/// A successful renewal.
#[derive(Clone, Debug)]
pub struct Renewed {
    /// The tokens. With the verdict *kept*, the refresh token is the presented one with the newest
    /// proof in it.
    pub tokens: TokenPair,
    /// The verdict, for the log.
    pub verdict: Verdict,
}

impl<P: Ports> AuthService<P> {
    /// Renews: reads the session and the user at the same time, or with `durable` the session and a
    /// copy of the user's row, and writes at most once.
    ///
    /// A renewal proves nothing about the user, so `auth_time` stays that of the session's newest
    /// proof.
    ///
    /// A retry with the same token is safe: within the grace period it gives the same refresh token
    /// again. The roles are the user's current ones. A used token that comes back later ends the
    /// session, and a mail tells its user.
    ///
    /// # Errors
    /// [`Error::Grant`] when the token is not a genuine ticket (storage is not touched) or its
    /// session is over; [`Error::RateLimited`] when this session or this client renews far too
    /// often; [`Error::Store`] when a store failed: the client may retry.
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
