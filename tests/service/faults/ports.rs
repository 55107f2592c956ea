//! In-memory ports whose calls are numbered, so that a test can make one of them fail.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use edgegate::adapters::kv_sessions::{KeyPage, KeyValue, Values, WriteError};
use edgegate::adapters::memory::{
    ManualClock, MemoryApps, MemoryDevices, MemoryEvents, MemoryIdTokenSigner, MemoryMailGate,
    MemoryMailLedger, MemoryMailQueue, MemoryMailer, MemoryOperatorTickets, MemoryPasswordGuard,
    MemorySignatures, MemoryUsers, MemoryVendors, NoLimits, PlatformAnswer, SeededRandom,
};
use edgegate::domain::account::{
    AccountName, Attempt, Comparison, Departure, EmailAddress, EmailPrefix, FreedAddress,
    HashError, HashRefusal, NotFreedSince, Password, PasswordHash, RowChange, User, UserChange,
    UserId, Verification,
};
use edgegate::domain::authorization::{
    AppClient, ClientHash, ClientId, CodeId, Exchanged, Grant, GrantId, MetadataUrl, Resource,
    RsaSigningKey, SecretId, StoredSecret,
};
use edgegate::domain::error::StoreError;
use edgegate::domain::mail::{
    Accepted, Counted, FailureKind, GateName, GateVerdict, Job, LinkLife, MailFailure, Message,
    ProviderFailures,
};
use edgegate::domain::operator::{OperatorTicket, OperatorTicketHash};
use edgegate::domain::session::{
    ActiveSession, Client, Device, EndReason, Presented, Proved, RefreshTicket, Revocation, Rules,
    SessionId,
};
use edgegate::ports::{
    AddedSecret, Clients, DeadLetter, Devices, Ending, FetchedDocument, GivenGrant, Grants,
    Guarded, IdTokenSigner, Insertion, LaneRequest, Limit, MailGate, MailLedger, MailQueue, Mailer,
    NewSession, Once, OperatorTickets, PasswordGuard, PasswordHasher, Ports, RateLimiter,
    RegisteredClient, Renewal, SessionStore, SignatureVerifier, UserDirectory, Vendors,
};
use edgegate_token::SignedBy;

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The call returns an error and has done nothing.
    Before,
    /// The call does its work, but its answer is lost.
    After,
    /// The call does its work twice, as if the request was sent again. It returns the first answer.
    Twice,
    /// The call does its work twice, and returns the second answer. This happens if the answer of a
    /// Durable Object is lost and the object is called again.
    Again,
    /// The call fails, and so does every later call with the same name.
    Down,
}

pub(crate) const FAULTS: [Fault; 5] = [
    Fault::Before,
    Fault::After,
    Fault::Twice,
    Fault::Again,
    Fault::Down,
];

/// Every port call that a use case makes and that can fail. Two calls are not in the list: no use
/// case calls `UserDirectory::ping`, and `KeyValue::delete` is called only after the response, to
/// remove records of ended sessions.
pub(crate) const CALLS: [&str; 84] = [
    "clients add secret",
    "clients change",
    "clients create",
    "clients delete",
    "clients delete secret",
    "clients find",
    "clients list",
    "devices",
    "gate count",
    "grants find",
    "grants find live",
    "grants forget",
    "grants forget withdrawn",
    "grants give",
    "grants list",
    "grants withdraw",
    "guard check",
    "guard forget",
    "guard hash",
    "kv delete",
    "kv list",
    "kv read",
    "kv write",
    "ledger admit",
    "ledger discard",
    "ledger due",
    "ledger forget",
    "ledger keep",
    "ledger kept",
    "ledger kept naming",
    "ledger pay",
    "ledger provider failed",
    "ledger provider failures",
    "ledger provider works",
    "ledger release",
    "ledger retry",
    "ledger sent once",
    "ledger take once",
    "ledger tidy",
    "limiter",
    "mailer send",
    "queue put",
    "sessions begin",
    "sessions check",
    "sessions end",
    "sessions end client",
    "sessions exchange",
    "sessions forget",
    "sessions forget copy",
    "sessions has signed off",
    "sessions hold",
    "sessions list",
    "sessions outdate",
    "sessions prove",
    "sessions renew",
    "sessions revocation",
    "signature",
    "tickets find",
    "tickets forget expired",
    "users delete",
    "users departed",
    "users departures",
    "users due departures",
    "users find by email",
    "users find by id",
    "users find by prefix",
    "users find in the way",
    "users forget",
    "users forget departures",
    "users forget row change",
    "users forget row changes",
    "users import",
    "users insert",
    "users is past",
    "users list",
    "users postpone departure",
    "users postpone row changes",
    "users raise counters",
    "users rehash",
    "users row changes",
    "users update",
    "vendor breached",
    "vendor challenge",
    "vendor document",
];

/// An action of another client, and the call before which it happens.
type Meanwhile = (Before, Box<dyn Fn()>);

/// The call before which the action of another client happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    /// The next call with this name.
    Named(&'static str),
    /// The call with this number.
    Number(usize),
}

/// Counts the calls so far, and decides which call fails. Clones share one count.
#[derive(Clone, Default)]
pub(crate) struct Line {
    calls: Rc<Cell<usize>>,
    wrong: Rc<Cell<Option<(usize, Fault)>>>,
    down: Rc<RefCell<Option<&'static str>>>,
    meanwhile: Rc<RefCell<Option<Meanwhile>>>,
    pub(crate) last: Rc<Cell<&'static str>>,
}

impl Line {
    /// Starts counting calls from 0. The call whose number is in `wrong` fails.
    pub(crate) fn arm(&self, wrong: Option<(usize, Fault)>) {
        self.calls.set(0);
        self.wrong.set(wrong);
        *self.down.borrow_mut() = None;
        self.last.set("");
    }

    /// Runs `act` once, just before the next call with this name.
    pub(crate) fn meanwhile(&self, name: &'static str, act: impl Fn() + 'static) {
        *self.meanwhile.borrow_mut() = Some((Before::Named(name), Box::new(act)));
    }

    /// Starts counting from 0. Runs `act` once, just before call number `at`.
    pub(crate) fn meanwhile_at(&self, at: usize, act: impl Fn() + 'static) {
        self.arm(None);
        *self.meanwhile.borrow_mut() = Some((Before::Number(at), Box::new(act)));
    }

    /// Stops the faults: no later call fails. `last` still has the name of the call that failed.
    pub(crate) fn disarm(&self) {
        self.wrong.set(None);
        *self.down.borrow_mut() = None;
    }

    /// Whether [`Fault::Down`] has happened. If so, all further calls with the name of the failed
    /// call fail.
    pub(crate) fn is_down(&self) -> bool {
        self.down.borrow().is_some()
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.get()
    }

    fn next(&self, name: &'static str) -> Option<Fault> {
        let number = self.calls.replace(self.calls.get() + 1);
        let is_next =
            |before: Before| [Before::Named(name), Before::Number(number)].contains(&before);
        let other = self
            .meanwhile
            .borrow_mut()
            .take_if(|(before, _)| is_next(*before));
        if let Some((_, act)) = other {
            act();
        }
        if *self.down.borrow() == Some(name) {
            return Some(Fault::Down);
        }
        let (at, fault) = self.wrong.get()?;
        if at != number {
            return None;
        }
        self.last.set(name);
        if fault == Fault::Down {
            *self.down.borrow_mut() = Some(name);
        }
        // D1 never repeats a statement that writes.
        let is_d1 = ["clients", "grants", "ledger", "tickets", "users"]
            .iter()
            .any(|port| name.starts_with(port));
        Some(if fault == Fault::Again && is_d1 {
            Fault::Twice
        } else {
            fault
        })
    }

    async fn call<R, E, F>(
        &self,
        name: &'static str,
        failure: impl Fn() -> E,
        run: impl Fn() -> F,
    ) -> Result<R, E>
    where
        F: Future<Output = Result<R, E>>,
    {
        match self.next(name) {
            None => run().await,
            Some(Fault::Before | Fault::Down) => Err(failure()),
            Some(Fault::After) => {
                let _ = run().await;
                Err(failure())
            }
            Some(Fault::Twice) => {
                let first = run().await;
                let _ = run().await;
                first
            }
            Some(Fault::Again) => {
                let _ = run().await;
                run().await
            }
        }
    }
}

fn failed() -> StoreError {
    StoreError::new("a fault", "on purpose")
}

/// An in-memory adapter whose calls are counted by a [`Line`].
#[derive(Clone)]
pub(crate) struct Faulty<T> {
    pub(crate) inner: T,
    pub(crate) line: Line,
}

/// Defines a method that counts the call and then calls the method of the inner adapter.
macro_rules! numbered {
    ($name:literal, $method:ident($($argument:ident: $of:ty),*) -> $answer:ty) => {
        async fn $method(&self, $($argument: $of),*) -> Result<$answer, StoreError> {
            self.line.call($name, failed, || self.inner.$method($($argument),*)).await
        }
    };
}

impl UserDirectory for Faulty<MemoryUsers> {
    numbered!("users find by id", find_by_id(id: UserId) -> Option<User>);
    numbered!("users find by email", find_by_email(email: &EmailAddress) -> Option<User>);
    numbered!("users insert", insert(user: &User, condition: Option<&NotFreedSince>) -> Insertion);
    numbered!("users import", import(users: &[User]) -> Vec<UserId>);
    numbered!("users find in the way", find_in_the_way_of(users: &[User]) -> Vec<User>);
    numbered!("users departed", departed_among(ids: &[UserId], left_after: u64) -> Vec<UserId>);
    numbered!("users update", update(id: UserId, if_version: Option<u64>, within: Option<u64>, change: &UserChange, now: u64) -> Option<User>);
    numbered!("users is past", is_past(deadline: u64, now: u64) -> bool);
    numbered!("users row changes", row_changes(limit: u32) -> Vec<RowChange>);
    numbered!("users postpone row changes", postpone_row_changes(changes: &[RowChange], now: u64) -> ());
    numbered!("users forget row change", forget_row_change(change: &RowChange) -> ());
    numbered!("users forget row changes", forget_row_changes(before: u64) -> ());
    numbered!("users due departures", due_departures(limit: u32, now: u64) -> Vec<Departure>);
    numbered!("users departures", departures(after: Option<UserId>, limit: u32) -> Vec<Departure>);
    numbered!("users postpone departure", postpone_departure(id: UserId, due_at: Option<u64>) -> ());
    numbered!("users forget departures", forget_departures(left_before: u64) -> ());
    numbered!("users delete", delete(id: UserId, email: &EmailAddress, if_version: Option<u64>, within: Option<u64>, freed: &FreedAddress) -> bool);
    numbered!("users freed", is_not_freed(condition: &NotFreedSince) -> bool);
    numbered!("users forget", forget_freed(before: u64) -> ());
    numbered!("users list", list(after: Option<UserId>, limit: u32) -> Vec<User>);
    numbered!("users find by prefix", find_by_prefix(prefix: &EmailPrefix, after: Option<&str>, limit: u32) -> Vec<User>);
    numbered!("users raise counters", raise_counters(after: Option<UserId>, limit: u32, now: u64) -> Vec<UserId>);
    numbered!("users rehash", rehash(id: UserId, old: &PasswordHash, new: &PasswordHash) -> ());
    numbered!("users ping", ping() -> ());
}

/// Reads a user's row only once, even if the call that needs the row is carried out twice.
struct Row<F> {
    future: Cell<Option<Pin<Box<F>>>>,
    read: RefCell<Option<Result<Option<User>, StoreError>>>,
}

impl<F: Future<Output = Result<Option<User>, StoreError>>> Row<F> {
    fn new(future: F) -> Self {
        Self {
            future: Cell::new(Some(Box::pin(future))),
            read: RefCell::default(),
        }
    }

    async fn read(&self) -> Result<Option<User>, StoreError> {
        if let Some(future) = self.future.take() {
            let row = future.await;
            self.read.replace(Some(row));
        }
        self.read.borrow().clone().expect("it was read")
    }
}

impl<S: SessionStore> SessionStore for Faulty<S> {
    numbered!("sessions begin", begin(new: &NewSession<'_>, now: u64) -> ());
    numbered!("sessions prove", prove(ticket: &RefreshTicket, rules: &Rules, now: u64) -> Proved);
    numbered!("sessions end", end(ending: &Ending, reason: EndReason, now: u64) -> ());
    numbered!("sessions end client", end_client(user: UserId, client: ClientHash, now: u64) -> ());
    numbered!("sessions exchange", exchange(user: UserId, code: &CodeId, session: SessionId, sign_on: Option<SessionId>, until: u64, now: u64) -> Exchanged);
    numbered!("sessions has signed off", has_signed_off(user: UserId, sign_on: SessionId) -> bool);
    numbered!("sessions list", list(user: UserId, epoch: u32, now: u64) -> Vec<ActiveSession>);
    numbered!("sessions outdate", outdate(user: UserId, version: u64, ttl: u64, now: u64) -> ());
    numbered!("sessions hold", hold(user: UserId, now: u64) -> Option<u64>);
    numbered!("sessions forget copy", forget_copy(user: UserId) -> ());
    numbered!("sessions forget", forget(user: UserId, most: usize) -> usize);
    numbered!("sessions revocation", revocation(user: UserId, session: SessionId, sign_on: Option<SessionId>, now: u64) -> Revocation);

    fn keeps_copies(&self) -> bool {
        self.inner.keeps_copies()
    }

    fn versions_only_rise(&self) -> bool {
        self.inner.versions_only_rise()
    }

    async fn renew<F>(
        &self,
        presented: &Presented,
        client: &Client,
        rules: &Rules,
        user: F,
    ) -> Result<Renewal, StoreError>
    where
        F: Future<Output = Result<Option<User>, StoreError>>,
    {
        let fault = self.line.next("sessions renew");
        if matches!(fault, Some(Fault::Before | Fault::Down)) {
            return Err(failed());
        }
        let row = Row::new(user);
        let renew = || self.inner.renew(presented, client, rules, row.read());
        let first = renew().await?;
        match fault {
            Some(Fault::After) => return Err(failed()),
            Some(again @ (Fault::Twice | Fault::Again)) => {
                let second = renew().await?;
                if again == Fault::Again {
                    return Ok(second);
                }
            }
            _ => {}
        }
        Ok(first)
    }

    async fn check<F>(
        &self,
        user: UserId,
        session: SessionId,
        sign_on: Option<SessionId>,
        now: u64,
        row: F,
    ) -> Result<Revocation, StoreError>
    where
        F: Future<Output = Result<Option<User>, StoreError>>,
    {
        let row = Row::new(row);
        let check = || self.inner.check(user, session, sign_on, now, row.read());
        self.line.call("sessions check", failed, check).await
    }
}

impl<K: KeyValue> KeyValue for Faulty<K> {
    numbered!("kv read", read(keys: &[String], cache_ttl: Option<u64>) -> Values);
    numbered!("kv list", list(prefix: &str, cursor: Option<&str>) -> KeyPage);
    numbered!("kv delete", delete(key: &str) -> ());

    async fn write(
        &self,
        key: &str,
        value: &str,
        metadata: Option<String>,
        ttl: u64,
    ) -> Result<(), WriteError> {
        self.line
            .call(
                "kv write",
                || WriteError::Failed(failed()),
                || self.inner.write(key, value, metadata.clone(), ttl),
            )
            .await
    }
}

/// Like `numbered`, but for a method whose name occurs in two traits of the adapter.
macro_rules! numbered_of {
    ($trait:ident, $name:literal, $method:ident($($argument:ident: $of:ty),*) -> $answer:ty) => {
        async fn $method(&self, $($argument: $of),*) -> Result<$answer, StoreError> {
            let run = || $trait::$method(&self.inner, $($argument),*);
            self.line.call($name, failed, run).await
        }
    };
}

impl Clients for Faulty<MemoryApps> {
    numbered_of!(Clients, "clients find", find(id: &ClientId) -> Option<RegisteredClient>);
    numbered_of!(Clients, "clients list", list(after: Option<&ClientId>, limit: u32) -> Vec<AppClient>);
    numbered!("clients create", create(client: &AppClient, secret: Option<&StoredSecret>) -> bool);
    numbered!("clients change", change(client: &AppClient, if_version: u64) -> bool);
    numbered!("clients delete", delete(id: &ClientId) -> bool);
    numbered!("clients add secret", add_secret(id: &ClientId, secret: &StoredSecret) -> AddedSecret);
    numbered!("clients delete secret", delete_secret(id: &ClientId, secret: SecretId) -> bool);
}

impl Grants for Faulty<MemoryApps> {
    numbered!("grants give", give(grant: &Grant) -> Grant);
    numbered!("grants find live", find_live(user: UserId, client: &ClientId, resource: Option<&Resource>) -> Option<Grant>);
    numbered_of!(Grants, "grants find", find(id: GrantId) -> Option<Grant>);
    numbered_of!(Grants, "grants list", list(user: UserId) -> Vec<GivenGrant>);
    numbered!("grants withdraw", withdraw(id: GrantId, user: UserId, now: u64) -> Option<Grant>);
    numbered!("grants forget", forget(user: UserId) -> ());
    numbered!("grants forget withdrawn", forget_withdrawn(before: u64) -> ());
}

impl MailQueue for Faulty<MemoryMailQueue> {
    numbered!("queue put", put(job: &Job, delay: u64) -> ());
}

impl Mailer for Faulty<MemoryMailer> {
    async fn send(&self, message: &Message) -> Result<Accepted, MailFailure> {
        let failure = || MailFailure::Temporary {
            reason: "on purpose".to_owned(),
            retry_after: None,
        };
        self.line
            .call("mailer send", failure, || self.inner.send(message))
            .await
    }
}

impl MailLedger for Faulty<MemoryMailLedger> {
    numbered!("ledger pay", pay(pool: &str, most: u64, now: u64) -> bool);
    numbered!("ledger admit", admit(lane: &str, request: LaneRequest<'_>) -> Option<LinkLife>);
    numbered!("ledger release", release(lane: &str, job: &str) -> ());
    numbered!("ledger take once", take_once(id: &str, until: u64, now: u64) -> Once);
    numbered!("ledger sent once", sent_once(id: &str, until: u64) -> ());
    numbered!("ledger keep", keep(letter: &DeadLetter) -> ());
    numbered!("ledger due", due(limit: u32, now: u64) -> Vec<DeadLetter>);
    numbered!("ledger forget", forget(id: &str) -> ());
    numbered!("ledger kept", kept(after: &str, limit: u32) -> Vec<DeadLetter>);
    numbered!("ledger kept naming", kept_naming(user: UserId, address: &EmailAddress, after: &str, limit: u32) -> Vec<DeadLetter>);
    numbered!("ledger retry", retry(ids: Option<&[String]>) -> u64);
    numbered!("ledger discard", discard(ids: &[String]) -> u64);
    numbered!("ledger provider failed", provider_failed(kind: FailureKind, reason: &str, now: u64) -> ProviderFailures);
    numbered!("ledger provider works", provider_works() -> ());
    numbered!("ledger provider failures", provider_failures() -> Vec<ProviderFailures>);
    numbered!("ledger tidy", tidy(dead_before: u64, now: u64) -> u64);
}

impl MailGate for Faulty<MemoryMailGate> {
    numbered!("gate count", count(name: &GateName, counted: Counted, now: u64) -> GateVerdict);
}

impl Vendors for Faulty<MemoryVendors> {
    numbered!("vendor breached", is_breached(password: &Password) -> bool);
    numbered!("vendor challenge", has_met_challenge(token: &str) -> bool);
    numbered!("vendor document", client_document(url: &MetadataUrl) -> FetchedDocument);
}

impl PasswordGuard for Faulty<MemoryPasswordGuard<PlainHasher>> {
    numbered!("guard check", check(account: &AccountName, attempt: &Attempt<'_>, now: u64) -> Guarded<Comparison>);
    numbered!("guard hash", hash(account: &AccountName, password: &Password, salt: &[u8; 16]) -> Guarded<Result<PasswordHash, HashError>>);
    numbered!("guard forget", forget(account: &AccountName) -> ());
}

impl OperatorTickets for Faulty<MemoryOperatorTickets> {
    numbered!("tickets find", find(hash: &OperatorTicketHash) -> Option<OperatorTicket>);
    numbered!("tickets forget expired", forget_expired(now: u64) -> ());
}

impl RateLimiter for Faulty<NoLimits> {
    /// The only way in which a limiter can fail is to refuse a request.
    async fn admit(&self, limit: Limit, key: &str) -> bool {
        let is_refused = matches!(
            self.line.next("limiter"),
            Some(Fault::Before | Fault::After | Fault::Down)
        );
        !is_refused && self.inner.admit(limit, key).await
    }
}

impl Devices for Faulty<MemoryDevices> {
    /// The only way in which the recognition of devices can fail is to recognise no device.
    fn describe(&self, user_agent: &str) -> Device {
        match self.line.next("devices") {
            Some(_) => Device::default(),
            None => self.inner.describe(user_agent),
        }
    }
}

impl SignatureVerifier for Faulty<MemorySignatures> {
    /// The only way in which a platform can fail is to give no answer.
    async fn verify(&self, signed_by: &SignedBy<'_>) -> Option<bool> {
        match self.line.next("signature") {
            Some(_) => None,
            None => self.inner.verify(signed_by).await,
        }
    }
}

impl IdTokenSigner for Faulty<MemoryIdTokenSigner> {
    numbered!("id token signer", sign(key: &RsaSigningKey, message: &[u8]) -> Vec<u8>);
}

/// Stores passwords without hashing them. The tests create thousands of worlds, so hashing would be
/// slow. Hashing makes no call to a port, so it adds no call that could fail.
#[derive(Default)]
pub(crate) struct PlainHasher;

impl PasswordHasher for PlainHasher {
    async fn hash(&self, password: &Password, salt: &[u8; 16]) -> Result<PasswordHash, HashError> {
        Ok(PasswordHash::new(format!(
            "{salt:?} {:?}",
            password.as_bytes()
        )))
    }

    async fn verify(
        &self,
        password: &Password,
        hash: &PasswordHash,
    ) -> Result<Verification, HashError> {
        let matches = hash
            .as_str()
            .ends_with(&format!(" {:?}", password.as_bytes()));
        let rehash = hash.as_str().starts_with("old ");
        Ok(if matches {
            Verification::Matches { rehash }
        } else {
            Verification::Differs
        })
    }

    fn judge(&self, _hash: &PasswordHash) -> Result<(), HashRefusal> {
        Ok(())
    }

    async fn level_failure(&self, _attempt: &Attempt<'_>) {}

    async fn verify_nothing(&self, _password: &Password, _salt: &[u8; 16]) {}
}

/// All ports. The calls of the session store are counted too: by the store itself, or by the store
/// on which it is built.
pub(crate) struct FaultyPorts<S> {
    pub(crate) users: Faulty<MemoryUsers>,
    pub(crate) sessions: S,
    pub(crate) queue: Faulty<MemoryMailQueue>,
    pub(crate) gate: Faulty<MemoryMailGate>,
    pub(crate) mailer: Faulty<MemoryMailer>,
    pub(crate) ledger: Faulty<MemoryMailLedger>,
    pub(crate) vendors: Faulty<MemoryVendors>,
    pub(crate) clock: ManualClock,
    pub(crate) random: SeededRandom,
    pub(crate) events: MemoryEvents,
    pub(crate) hasher: PlainHasher,
    pub(crate) guard: Faulty<MemoryPasswordGuard<PlainHasher>>,
    pub(crate) limiter: Faulty<NoLimits>,
    pub(crate) operator_tickets: Faulty<MemoryOperatorTickets>,
    pub(crate) apps: Faulty<MemoryApps>,
    pub(crate) devices: Faulty<MemoryDevices>,
    pub(crate) signatures: Faulty<MemorySignatures>,
    pub(crate) id_token_signer: Faulty<MemoryIdTokenSigner>,
}

impl<S: SessionStore> FaultyPorts<S> {
    pub(crate) fn new(sessions: S, clock: ManualClock, line: &Line) -> Self {
        fn on<T: Default>(line: &Line) -> Faulty<T> {
            Faulty {
                inner: T::default(),
                line: line.clone(),
            }
        }
        Self {
            users: on(line),
            sessions,
            queue: on(line),
            gate: on(line),
            mailer: on(line),
            ledger: on(line),
            vendors: on(line),
            clock,
            random: SeededRandom::default(),
            events: MemoryEvents::default(),
            hasher: PlainHasher,
            guard: Faulty {
                inner: MemoryPasswordGuard::new(PlainHasher),
                line: line.clone(),
            },
            limiter: on(line),
            operator_tickets: on(line),
            apps: on(line),
            devices: on(line),
            id_token_signer: on(line),
            signatures: Faulty {
                inner: MemorySignatures {
                    answer: PlatformAnswer::True.into(),
                    ..MemorySignatures::default()
                },
                line: line.clone(),
            },
        }
    }
}

macro_rules! ports {
    ($($method:ident, $name:ident, $of:ty, $field:ident);* $(;)?) => {
        impl<S: SessionStore> Ports for FaultyPorts<S> {
            type Sessions = S;
            $(type $name = $of;)*

            fn sessions(&self) -> &S {
                &self.sessions
            }
            $(fn $method(&self) -> &$of {
                &self.$field
            })*
        }
    };
}

ports! {
    users, Users, Faulty<MemoryUsers>, users;
    hasher, Hasher, PlainHasher, hasher;
    password_guard, PasswordGuard, Faulty<MemoryPasswordGuard<PlainHasher>>, guard;
    limiter, Limiter, Faulty<NoLimits>, limiter;
    operator_tickets, OperatorTickets, Faulty<MemoryOperatorTickets>, operator_tickets;
    clients, Clients, Faulty<MemoryApps>, apps;
    grants, Grants, Faulty<MemoryApps>, apps;
    devices, Devices, Faulty<MemoryDevices>, devices;
    signatures, Signatures, Faulty<MemorySignatures>, signatures;
    id_token_signer, IdTokenSigner, Faulty<MemoryIdTokenSigner>, id_token_signer;
    clock, Clock, ManualClock, clock;
    random, Random, SeededRandom, random;
    events, Events, MemoryEvents, events;
    mail_queue, MailQueue, Faulty<MemoryMailQueue>, queue;
    mail_gate, MailGate, Faulty<MemoryMailGate>, gate;
    mailer, Mailer, Faulty<MemoryMailer>, mailer;
    mail_ledger, MailLedger, Faulty<MemoryMailLedger>, ledger;
    vendors, Vendors, Faulty<MemoryVendors>, vendors;
}
