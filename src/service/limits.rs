//! The limits that a request must pass before any work is done for it.

use super::AuthService;
use crate::domain::account::{AccountName, UserId};
use crate::domain::authorization::{AppClient, ClientHash, ClientType};
use crate::domain::error::Error;
use crate::domain::event::{Act, Pseudonym, Whose};
use crate::domain::policy::LIMIT_RETRY_AFTER;
use crate::domain::session::{Client, SessionId};
use crate::ports::{Limit, Ports, RateLimiter};

/// Whose attempts a limit counts: the attempts of a client, those on one account, or those in one
/// session.
#[derive(Clone, Copy)]
enum LimitedBy<'a> {
    Client,
    Account(&'a str),
    Session(SessionId),
}

impl<P: Ports> AuthService<P> {
    /// Counts an attempt by a client, and refuses it if there were too many.
    pub(super) async fn admit_client(&self, client: &Client) -> Result<(), Error> {
        let key = client.limit_key();
        self.admit(Limit::Client, client, &key, LimitedBy::Client)
            .await
    }

    /// Counts an attempt against two limits: the limit for all attempts of the client, and the
    /// limit for the client's attempts on this account.
    pub(super) async fn admit_on_account(
        &self,
        account: &str,
        client: &Client,
    ) -> Result<(), Error> {
        self.admit_client(client).await?;
        self.admit_client_on(account, client).await
    }

    /// Counts an attempt by a client on an account. `account` is a user's id, a canonical address,
    /// or empty for any text that is not an address.
    pub(super) async fn admit_client_on(
        &self,
        account: &str,
        client: &Client,
    ) -> Result<(), Error> {
        let key = [client.limit_key().as_str(), " ", account].concat();
        let on_account = LimitedBy::Account(account);
        self.admit(Limit::ClientOnAccount, client, &key, on_account)
            .await
    }

    /// Counts a renewal with a genuine refresh token, before any storage is read. The renewal
    /// counts against two limits. One is per session and client. The other is per client, and high
    /// enough for many people behind one IP address. Forged tokens are not counted, because
    /// checking their MAC costs less than counting them, and nobody can guess a token.
    pub(super) async fn admit_renewal(
        &self,
        session: SessionId,
        client: &Client,
    ) -> Result<(), Error> {
        let key = client.limit_key();
        let of_session = [&key, " ", &session.to_string()].concat();
        self.admit(
            Limit::Client,
            client,
            &of_session,
            LimitedBy::Session(session),
        )
        .await?;
        self.admit_network(client).await
    }

    /// Counts a request that an app's user makes to sign in to the app or to sign out. The limit is
    /// high enough for many people behind one IP address.
    pub(super) async fn admit_authorization(&self, client: &Client) -> Result<(), Error> {
        let key = ["authorize ", &client.limit_key()].concat();
        let limit = Limit::ClientRenewals;
        self.admit(limit, client, &key, LimitedBy::Client).await
    }

    /// Counts a request of an app that has authenticated with its secret. Its servers might send
    /// the requests of all its users from one IP address, so the requests are not counted per
    /// network.
    pub(super) async fn admit_app(&self, app: ClientHash, client: &Client) -> Result<(), Error> {
        let key = ["app ", &app.to_string()].concat();
        let limit = Limit::ClientRenewals;
        self.admit(limit, client, &key, LimitedBy::Client).await
    }

    /// Counts a request for tokens per network. The limit is high, because many people can share a
    /// network.
    pub(super) async fn admit_network(&self, client: &Client) -> Result<(), Error> {
        let key = client.limit_key();
        self.admit(Limit::ClientRenewals, client, &key, LimitedBy::Client)
            .await
    }

    /// Counts a renewal in a session of an app, per session and network. If the app is
    /// confidential, the renewal is counted per session and app instead.
    pub(super) async fn admit_app_session(
        &self,
        app: &AppClient,
        session: SessionId,
        client: &Client,
    ) -> Result<(), Error> {
        let from = match app.kind {
            ClientType::Confidential => app.id.hash().to_string(),
            ClientType::Public => client.limit_key(),
        };
        let key = [&from, " ", &session.to_string()].concat();
        let session = LimitedBy::Session(session);
        self.admit(Limit::Client, client, &key, session).await
    }

    /// Counts a request with an operator ticket. This happens before the ticket is looked up,
    /// because anybody can make a text that looks like a ticket. The limit is so high that an
    /// operator's command can work through many accounts.
    pub(super) async fn admit_operator(&self) -> Result<(), Error> {
        let network = self.network.get();
        let network = network.as_ref().map_or("", Pseudonym::as_str);
        let key = ["operator ", network].concat();
        let limit = Limit::ClientRenewals;
        if !self.settings().limits || self.ports.limiter().admit(limit, &key).await {
            Ok(())
        } else {
            Err(self.too_many("operator", Whose::Anybodys, LIMIT_RETRY_AFTER))
        }
    }

    async fn admit(
        &self,
        limit: Limit,
        client: &Client,
        key: &str,
        counted: LimitedBy<'_>,
    ) -> Result<(), Error> {
        let counts = self.settings().limits && client.is_counted();
        if !counts || self.ports.limiter().admit(limit, key).await {
            Ok(())
        } else {
            Err(self.too_many(limit.name(), self.whose(counted), LIMIT_RETRY_AFTER))
        }
    }

    fn whose(&self, counted: LimitedBy<'_>) -> Whose {
        match counted {
            LimitedBy::Client | LimitedBy::Account("") => Whose::Anybodys,
            LimitedBy::Session(session) => Whose::Session(session),
            LimitedBy::Account(account) => UserId::parse(account).map_or_else(
                || {
                    let name = self.shared.account_names.of_text(account);
                    Whose::Address(Pseudonym::of_account(&name))
                },
                Whose::User,
            ),
        }
    }

    /// The error for an attempt that the account's password guard delays.
    pub(super) fn delayed(&self, account: &AccountName, retry_after: u32) -> Error {
        let whose = Whose::Address(Pseudonym::of_account(account));
        self.too_many("account", whose, retry_after)
    }

    /// Records that a request was refused because of too many attempts, and returns the error. This
    /// function is called for all such refusals: those by the rate limiter, those by the password
    /// guard of an account, and those by the mail gate.
    pub(super) fn too_many(&self, limit: &'static str, whose: Whose, retry_after: u32) -> Error {
        self.record(Act::LimitHit { limit, whose });
        Error::RateLimited(retry_after)
    }
}
