//! The limits that a request passes before any work is done for it.

use super::AuthService;
use crate::domain::error::Error;
use crate::domain::policy::LIMIT_RETRY_AFTER;
use crate::domain::session::{Client, SessionId};
use crate::ports::{Limit, Ports, RateLimiter};

impl<P: Ports> AuthService<P> {
    /// Counts a try of one client.
    pub(super) async fn admit_client(&self, client: &Client) -> Result<(), Error> {
        self.admit(Limit::Client, client, &client.limit_key()).await
    }

    /// Counts a try of one client, and of this client on one account.
    pub(super) async fn admit_on_account(
        &self,
        account: &str,
        client: &Client,
    ) -> Result<(), Error> {
        self.admit_client(client).await?;
        self.admit_client_on(account, client).await
    }

    /// Counts a try of one client on one account: a user's id, an address in the form in which addresses are compared, or the
    /// empty text for all that is no address.
    pub(super) async fn admit_client_on(
        &self,
        account: &str,
        client: &Client,
    ) -> Result<(), Error> {
        let key = [client.limit_key().as_str(), " ", account].concat();
        self.admit(Limit::ClientOnAccount, client, &key).await
    }

    /// Counts a renewal with a genuine ticket, before any storage is touched: of one session by one client, and of the client
    /// with a limit that many people behind one address stay below. A forged ticket is not counted: it is refused by its MAC,
    /// which costs less than counting, and which nobody guesses.
    pub(super) async fn admit_renewal(
        &self,
        session: SessionId,
        client: &Client,
    ) -> Result<(), Error> {
        let key = client.limit_key();
        let of_session = [&key, " ", &session.to_string()].concat();
        self.admit(Limit::Client, client, &of_session).await?;
        self.admit(Limit::ClientRenewals, client, &key).await
    }

    async fn admit(&self, limit: Limit, client: &Client, key: &str) -> Result<(), Error> {
        let counts = self.settings().limits && client.is_counted();
        if !counts || self.ports.limiter().admit(limit, key).await {
            Ok(())
        } else {
            Err(self.too_many(LIMIT_RETRY_AFTER))
        }
    }

    /// Every refusal for too many tries passes here, those of a binding and those of an account's guard.
    #[allow(
        clippy::unused_self,
        reason = "the place for what is to be told of a limit that was hit"
    )]
    pub(super) fn too_many(&self, retry_after: u32) -> Error {
        Error::RateLimited(retry_after)
    }
}
