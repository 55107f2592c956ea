//! The environment of a test case: a store that is used from two locations, and a clock that the
//! test case advances.

use std::future::Future;
use std::pin::Pin;

use edgegate::domain::account::{EmailAddress, LinkNonce, PasswordHash, Roles, User, UserId};
use edgegate::domain::error::StoreError;
use edgegate::domain::session::{
    AppBinding, Client, ClientFingerprint, Fingerprints, Holder, Place, Presented, Proof,
    RefreshTicket, Reuse, Rules, SessionId, Verdict,
};
use edgegate::ports::{NewSession, Renewal, SessionStore};

pub(crate) use super::super::suite::{Numbers, text};

pub(crate) const DAY: u64 = 86_400;
pub(crate) const GRACE: u64 = 30;
pub(crate) const ROTATE_AFTER: u64 = 90;

/// What the suite needs from a store.
pub(crate) trait World {
    /// The store.
    type Store: SessionStore;
    /// Whether a read always sees every earlier write, wherever the write was made.
    const LINEARIZABLE: bool;

    /// The store, used from this location.
    fn here(&self) -> &Self::Store;
    /// The same store, used from another isolate at another location.
    fn elsewhere(&self) -> &Self::Store;
    /// The time, in seconds since 1970.
    fn now(&self) -> u64;
    /// Lets the caller's clock advance. If the store has its own clock, that clock advances too.
    fn pass(&self, seconds: u64);
    /// Runs the work that the store does after a response was sent.
    fn after_response(&self) -> Pin<Box<dyn Future<Output = Result<(), String>> + '_>>;
    /// Numbers that no earlier case has used, in any run on the same store.
    fn numbers(&self) -> &Numbers;
}

/// A user of a store.
pub(crate) struct Person<'a, W> {
    pub(crate) world: &'a W,
    pub(crate) user: User,
}

/// A browser, and the network from which it connects.
#[derive(Clone, Debug)]
pub(crate) struct Browser {
    pub(crate) client: Client,
    pub(crate) prints: Option<Fingerprints>,
}

pub(crate) fn laptop() -> Browser {
    Browser {
        client: Client::new(Some("203.0.113.9"), Some("laptop/1"))
            .at(Place::new(Some("DE"), Some("Leipzig"))),
        prints: Some(Fingerprints::only(ClientFingerprint([1; 4]))),
    }
}

pub(crate) fn stranger() -> Browser {
    Browser {
        client: Client::new(Some("198.51.100.7"), Some("stranger/1")),
        prints: Some(Fingerprints::only(ClientFingerprint([2; 4]))),
    }
}

/// A client whose address is unknown, because the caller does not pass it to the service.
pub(crate) fn without_address() -> Browser {
    Browser {
        client: Client::uncounted(),
        prints: None,
    }
}

pub(crate) fn rules() -> Rules {
    Rules {
        grace: GRACE,
        rotate_after: ROTATE_AFTER,
        reuse: Reuse::SameClient,
        session_ttl: 90 * DAY,
        idle_ttl: 30 * DAY,
    }
}

/// The rules of [`rules`], except that each renewal rotates the token.
pub(crate) fn every_time() -> Rules {
    Rules {
        rotate_after: 0,
        ..rules()
    }
}

/// A user without a real password hash, because hashing a password takes a while. Nobody can sign
/// in as this user.
pub(crate) fn user(id: UserId, email: &str) -> Result<User, String> {
    Ok(User {
        id,
        email: EmailAddress::parse(email).map_err(|why| why.reason())?,
        password_hash: PasswordHash::new("none".to_owned()),
        first_name: None,
        last_name: None,
        roles: Roles::user(),
        email_verified_at: Some(1),
        disabled_at: None,
        session_epoch: 0,
        version: 0,
        link_generation: 0,
        link_nonce: LinkNonce::new(&[7; 16]),
        external_id: None,
        created_at: 0,
        updated_at: 0,
    })
}

impl<W: World> Person<'_, W> {
    /// Tells the store to drop its copy of the user's row, as if somebody had changed the row
    /// directly in the database.
    pub(crate) async fn changes(&self) -> Result<(), String> {
        let store = self.world.here();
        store.forget_copy(self.user.id).await.map_err(text)
    }
}

impl<'a, W: World> Person<'a, W> {
    pub(crate) fn new(world: &'a W) -> Result<Self, String> {
        let id = UserId::new(world.now() * 1000, &world.numbers().random());
        let user = user(id, "ada@example.com")?;
        Ok(Self { world, user })
    }

    pub(crate) fn ticket(&self) -> RefreshTicket {
        let random = self.world.numbers().random();
        let now = self.world.now();
        RefreshTicket {
            user: self.user.id,
            session: SessionId::new(now * 1000, &random),
            epoch: self.user.session_epoch,
            counter: 0,
            expires_at: now + 90 * DAY,
            proof: Proof::by_password(now),
            sign_on: None,
        }
    }

    /// Signs in at this location. When it returns, the session is a second old, because KV accepts
    /// only one write a second for a key.
    pub(crate) async fn begin(&self) -> Result<RefreshTicket, String> {
        let ticket = self.ticket();
        self.record(ticket, None).await?;
        self.world.pass(1);
        Ok(ticket)
    }

    pub(crate) async fn record(
        &self,
        ticket: RefreshTicket,
        most: Option<usize>,
    ) -> Result<(), String> {
        let sign_on = ticket.sign_on;
        self.record_for(ticket, Holder::Browser { sign_on }, most)
            .await
    }

    pub(crate) async fn record_for(
        &self,
        ticket: RefreshTicket,
        holder: Holder,
        most: Option<usize>,
    ) -> Result<(), String> {
        let browser = laptop();
        let new = NewSession {
            user: ticket.user,
            session: ticket.session,
            epoch: ticket.epoch,
            version: 0,
            client: &browser.client,
            expires_at: ticket.expires_at,
            idle_ttl: rules().idle_ttl,
            most,
            holder,
        };
        let store = self.world.here();
        store.begin(&new, self.world.now()).await.map_err(text)
    }

    /// Renews at the given store.
    pub(crate) async fn renew_at<F>(
        &self,
        store: &W::Store,
        ticket: RefreshTicket,
        browser: &Browser,
        rules: &Rules,
        user: F,
    ) -> Result<Renewal, String>
    where
        F: Future<Output = Result<Option<User>, StoreError>>,
    {
        self.renew_app_at(store, ticket, None, browser, rules, user)
            .await
    }

    /// Renews at the given store. If `app` is given, the app renews its own session.
    pub(crate) async fn renew_app_at<F>(
        &self,
        store: &W::Store,
        ticket: RefreshTicket,
        app: Option<AppBinding>,
        browser: &Browser,
        rules: &Rules,
        user: F,
    ) -> Result<Renewal, String>
    where
        F: Future<Output = Result<Option<User>, StoreError>>,
    {
        let presented = Presented {
            ticket,
            by: browser.prints,
            now: self.world.now(),
            app,
        };
        store
            .renew(&presented, &browser.client, rules, user)
            .await
            .map_err(text)
    }

    /// Renews at this location.
    pub(crate) async fn renew(
        &self,
        ticket: RefreshTicket,
        browser: &Browser,
        rules: &Rules,
    ) -> Result<Verdict, String> {
        let user = std::future::ready(Ok(Some(self.user.clone())));
        let renewal = self
            .renew_at(self.world.here(), ticket, browser, rules, user)
            .await?;
        Ok(renewal.verdict)
    }

    /// The ids of the user's sessions, as this location lists them.
    pub(crate) async fn listed(&self) -> Result<Vec<SessionId>, String> {
        let sessions = self
            .world
            .here()
            .list(self.user.id, self.user.session_epoch, self.world.now())
            .await
            .map_err(text)?;
        Ok(sessions.iter().map(|session| session.id).collect())
    }
}

/// The ticket that follows this one after a rotation.
pub(crate) fn successor(ticket: RefreshTicket) -> Result<RefreshTicket, String> {
    ticket
        .successor()
        .ok_or_else(|| "the chain is used up".to_owned())
}
