//! What the service needs from the world: one trait a port. Each method says what an adapter MUST do.
//!
//! Each port has an in-memory adapter and a Cloudflare one, and both pass one conformance suite.
#![allow(
    async_fn_in_trait,
    reason = "a Worker's isolate has one thread: no future needs to be Send"
)]

use std::future::Future;

use crate::domain::account::{
    EmailAddress, HashError, Password, PasswordHash, User, UserChange, UserId, Verification,
};
use crate::domain::error::StoreError;
use crate::domain::event::Event;
use crate::domain::mail::Mail;
use crate::domain::session::{
    ActiveSession, Client, Device, EndReason, Presented, Revocation, Rules, SessionId, Standing,
    Verdict,
};

/// The accounts. Linearizable: a read sees every write that was answered before it.
pub trait UserDirectory {
    /// The user with this id, from the primary copy.
    ///
    /// # Errors
    /// When the store does not answer, or its row is not a user.
    async fn find_by_id(&self, id: UserId) -> Result<Option<User>, StoreError>;

    /// The user with this canonical address.
    ///
    /// # Errors
    /// As [`find_by_id`](Self::find_by_id).
    async fn find_by_email(&self, email: &EmailAddress) -> Result<Option<User>, StoreError>;

    /// Adds a user. MUST leave everything as it was and answer [`Insertion::EmailTaken`] when the canonical address
    /// has an account, also when two insertions run at once.
    ///
    /// # Errors
    /// When the store does not answer; then the user may or may not be there, and a repeat finds out.
    async fn insert(&self, user: &User) -> Result<Insertion, StoreError>;

    /// Changes a user and moves its counters, in one atomic step: `version` with any change, `session_epoch` as well
    /// with [`UserChange::ends_sessions`]. Answers the user after the change; `None` when there is no such user.
    ///
    /// # Errors
    /// When the store does not answer; then the change may or may not have been made.
    async fn update(
        &self,
        id: UserId,
        change: &UserChange,
        now: u64,
    ) -> Result<Option<User>, StoreError>;

    /// Stores a hash of the same password under new parameters. MUST change nothing unless the stored hash is still
    /// `old`. Moves no counter.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn rehash(
        &self,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<(), StoreError>;

    /// Answers when the store is there and of the expected form.
    ///
    /// # Errors
    /// When it is not.
    async fn ping(&self) -> Result<(), StoreError>;
}

/// What became of an insertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Insertion {
    /// The user is there.
    Inserted,
    /// Another account has the address; nothing was written.
    EmailTaken,
}

/// A renewal's outcome, with the user as the directory knows it now.
#[derive(Clone, Debug)]
pub struct Renewal {
    /// What was decided, and already done to the store.
    pub verdict: Verdict,
    /// The user, when there is one.
    pub user: Option<User>,
}

/// A session that begins.
#[derive(Clone, Copy, Debug)]
pub struct NewSession<'a> {
    /// Whose it is.
    pub user: UserId,
    /// Its id.
    pub session: SessionId,
    /// The user's `session_epoch`.
    pub epoch: u32,
    /// Who signed in.
    pub client: &'a Client,
    /// When it ends whatever happens, in seconds since 1970.
    pub expires_at: u64,
    /// After how many seconds without a renewal it ends.
    pub idle_ttl: u64,
    /// How many sessions the user may have with this one; `None` is no limit.
    pub most: Option<usize>,
}

/// The sessions. It keeps no token, not even a hash.
///
/// Times are in seconds since 1970; `now` is the caller's.
pub trait SessionStore {
    /// Records a new session. MUST answer only after the write. With more than [`NewSession::most`] sessions the
    /// oldest others MUST end: at once, or as late and as often as the adapter states. A repeat before the first
    /// renewal MUST change nothing; in a linearizable store at any time.
    ///
    /// # Errors
    /// When it may not have been written.
    async fn begin(&self, new: &NewSession<'_>, now: u64) -> Result<(), StoreError>;

    /// Reads the session, waits for `user`, calls [`rotate`](crate::domain::session::rotate::rotate) once and writes
    /// what the verdict says before it answers: the record of a fresh use, the end of a reused session, nothing
    /// otherwise. An adapter that isn't linearizable SHOULD read beside `user`, not after it.
    ///
    /// # Errors
    /// When a read failed, or what the verdict says may not have been written. The client may repeat.
    async fn renew<F>(
        &self,
        presented: &Presented,
        client: &Client,
        rules: &Rules,
        user: F,
    ) -> Result<Renewal, StoreError>
    where
        F: Future<Output = Result<Option<User>, StoreError>>;

    /// Ends a session for ever. No renewal MUST succeed after it, but within the adapter's stated staleness. A repeat
    /// MUST change nothing.
    ///
    /// # Errors
    /// When it may not have been written. The caller may repeat.
    async fn end(
        &self,
        user: UserId,
        session: SessionId,
        reason: EndReason,
        now: u64,
    ) -> Result<(), StoreError>;

    /// The user's sessions of this epoch that go on, in the order of their beginning. What has ended, expired or gone idle is not among
    /// them; how stale the list may be is the adapter's to state.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn list(
        &self,
        user: UserId,
        epoch: u32,
        now: u64,
    ) -> Result<Vec<ActiveSession>, StoreError>;

    /// Makes access tokens of `user` with a `ver` below `version` count no more. MUST hold at once where it is
    /// called, and for `ttl` seconds. A smaller number MUST NOT take back a larger one where reads are not stale.
    ///
    /// # Errors
    /// When it may not have been written. The caller may repeat.
    async fn outdate(
        &self,
        user: UserId,
        version: u64,
        ttl: u64,
        now: u64,
    ) -> Result<(), StoreError>;

    /// What is known against an access token of this session. Never writes. How stale the answer may be is the
    /// adapter's to state.
    ///
    /// # Errors
    /// When the store does not answer; the caller fails closed.
    async fn revocation(
        &self,
        user: UserId,
        session: SessionId,
        now: u64,
    ) -> Result<Revocation, StoreError>;
}

/// Hashes passwords: the one slow step.
pub trait PasswordHasher {
    /// A new hash with a fresh salt.
    ///
    /// # Errors
    /// When the parameters or the memory are not to be had.
    async fn hash(&self, password: &Password, salt: &[u8; 16]) -> Result<PasswordHash, HashError>;

    /// Whether the password is the one that was hashed, compared in constant time.
    ///
    /// # Errors
    /// When the stored hash is malformed or asks for more than the caps.
    async fn verify(
        &self,
        password: &Password,
        hash: &PasswordHash,
    ) -> Result<Verification, HashError>;

    /// MUST cost what [`verify`](Self::verify) costs, for an address without an account.
    async fn verify_nothing(&self, password: &Password);
}

/// The time.
pub trait Clock {
    /// Milliseconds since 1970. Read once a request: a Worker's clock stands still between I/O.
    fn now_ms(&self) -> u64;
}

/// Randomness fit for keys.
pub trait Random {
    /// Fills `bytes` from a cryptographically secure source.
    fn fill(&self, bytes: &mut [u8]);
}

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// All that one address (or /64) sends.
    Client,
    /// The tries of one client on one account; never the account alone, or a stranger could lock its owner out.
    ClientOnAccount,
}

/// Limits on how often.
pub trait RateLimiter {
    /// Counts one try under `key`; false when there were too many. MUST say true when it can't tell: a limiter that
    /// is down must not lock everybody out.
    async fn admit(&self, limit: Limit, key: &str) -> bool;
}

/// A namespace of an eventually consistent key-value store, as Workers KV is: what the KV session store is built on.
pub trait KeyValue {
    /// Reads several keys at once. An absent key is not in the answer.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn read(&self, keys: &[String], cache_ttl: Option<u64>) -> Result<Values, StoreError>;

    /// Writes one key, blindly, to live for `ttl` seconds (at least 60).
    ///
    /// # Errors
    /// When it may not have been written; [`WriteError::Refused`] when it was refused for its rate.
    async fn write(
        &self,
        key: &str,
        value: &str,
        metadata: Option<serde_json::Value>,
        ttl: u64,
    ) -> Result<(), WriteError>;

    /// A page of the keys that begin with `prefix`, with their metadata. A key that was written or deleted lately may
    /// be missing or still there.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn list(&self, prefix: &str, cursor: Option<&str>) -> Result<Page, StoreError>;

    /// Deletes a key; an absent one is no error.
    ///
    /// # Errors
    /// When it may not have been deleted.
    async fn delete(&self, key: &str) -> Result<(), StoreError>;
}

/// The values of a read, by key.
pub type Values = std::collections::HashMap<String, String>;

/// A page of a list of keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The keys, each with its metadata.
    pub keys: Vec<(String, Option<serde_json::Value>)>,
    /// Where the next page begins; `None` after the last.
    pub cursor: Option<String>,
}

/// Why a write did not go through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteError {
    /// Refused: the key was written less than a second ago.
    Refused,
    /// Failed: it may or may not have taken effect.
    Failed(StoreError),
}

/// Waits. Apart from [`Clock`], so that a test needs not.
pub trait Sleep {
    /// Returns after about `ms` milliseconds.
    async fn sleep(&self, ms: u64);
}

/// Work that the client need not wait for.
pub trait Background {
    /// Does the job after the response; its failure is logged and has no other effect.
    fn after_response<F>(&self, job: F)
    where
        F: Future<Output = Result<(), StoreError>> + 'static;
}

/// What happens that operators count.
pub trait Events {
    /// Counts the event. MUST NOT fail the request.
    fn record(&self, event: &Event);
}

/// Mail to users.
pub trait Mailer {
    /// Sends the mail, or puts it where it will be sent from. MUST NOT fail the request: a mail that can't be sent is
    /// the adapter's to log.
    async fn send(&self, mail: &Mail<'_>);
}

/// Names of devices.
pub trait Devices {
    /// The browser and the system in a User-Agent, as far as it is known. MUST answer for any text.
    fn describe(&self, user_agent: &str) -> Device;
}

/// All the ports of a service, so that a use case names one type and not ten.
pub trait Ports {
    /// The accounts.
    type Users: UserDirectory;
    /// The sessions.
    type Sessions: SessionStore;
    /// The password hasher.
    type Hasher: PasswordHasher;
    /// The limits.
    type Limiter: RateLimiter;
    /// The time.
    type Clock: Clock;
    /// The randomness.
    type Random: Random;
    /// The events.
    type Events: Events;
    /// The mail.
    type Mailer: Mailer;
    /// The names of devices.
    type Devices: Devices;

    /// The accounts.
    fn users(&self) -> &Self::Users;
    /// The sessions.
    fn sessions(&self) -> &Self::Sessions;
    /// The password hasher.
    fn hasher(&self) -> &Self::Hasher;
    /// The limits.
    fn limiter(&self) -> &Self::Limiter;
    /// The time.
    fn clock(&self) -> &Self::Clock;
    /// The randomness.
    fn random(&self) -> &Self::Random;
    /// The events.
    fn events(&self) -> &Self::Events;
    /// The mail.
    fn mailer(&self) -> &Self::Mailer;
    /// The names of devices.
    fn devices(&self) -> &Self::Devices;
}

impl From<&User> for Standing {
    fn from(user: &User) -> Self {
        Self {
            epoch: user.session_epoch,
            disabled: user.disabled_at.is_some(),
        }
    }
}
