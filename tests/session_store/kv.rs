//! A deployment on a simulated Workers KV. It has one KV namespace, one user directory, and
//! isolates at several locations.

use std::cell::Cell;
use std::rc::Rc;

use edgegate::adapters::kv_sessions::KvSessions;
use edgegate::adapters::kv_sessions::Sleep;
use edgegate::adapters::memory::{
    MemoryBackground, MemoryDevices, MemoryEvents, MemoryPorts, MemorySessions, MemoryUsers,
    SimulatedKv, VirtualTime,
};
use edgegate::domain::account::{
    Departure, EmailAddress, EmailPrefix, FreedAddress, NotFreedSince, PasswordHash, RowChange,
    User, UserChange, UserId,
};
use edgegate::domain::error::{Code, StoreError};
use edgegate::domain::policy::{KV_WRITE_RETRIES_MS, RETRY_AFTER};
use edgegate::domain::session::{Client, Holder, Proof, RefreshTicket, RefreshTokens, SessionId};
use edgegate::domain::settings::Settings;
use edgegate::ports::{Clock, Insertion, NewSession, Random, SessionStore, UserDirectory};
use edgegate::service::{AuthService, Shared};

use crate::conformance::sessions::world;

pub(crate) const BEGUN_MS: u64 = 1_767_225_600_000;
pub(crate) const DAY: u64 = 86_400;
pub(crate) const TICKET_SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

pub(crate) type Store =
    KvSessions<SimulatedKv, Dice, VirtualTime, MemoryBackground, MemorySessions>;
pub(crate) type Service = AuthService<MemoryPorts<Store, VirtualTime, Dice, SlowUsers>>;
/// Settings that differ from the defaults.
pub(crate) type Changes<'a> = &'a [(&'a str, &'a str)];

pub(crate) const EVERY_TIME: Changes<'static> = &[("ROTATE_AFTER", "0")];

/// The longest time that an adapter pauses in total between its attempts to write a key. The time
/// that the calls take comes in addition.
pub(crate) fn longest_pauses_ms() -> u64 {
    KV_WRITE_RETRIES_MS.iter().map(|pause| pause + 255).sum()
}

/// A random number generator. The same seed gives the same bytes in every run, and another seed
/// gives other bytes. Clones continue one common sequence.
#[derive(Clone, Debug)]
pub(crate) struct Dice(Rc<Cell<u64>>);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Rc::new(Cell::new(seed)))
    }

    pub(crate) fn below(&self, end: u64) -> u64 {
        let state = self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0.set(state);
        let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

impl Random for Dice {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.below(256) as u8;
        }
    }
}

pub(crate) fn settings(changes: Changes<'_>) -> Settings {
    try_settings(changes).unwrap()
}

/// Reads the settings with these changes. Returns `None` if the settings are rejected.
pub(crate) fn try_settings(changes: Changes<'_>) -> Option<Settings> {
    Settings::read(|name| {
        let changed = changes.iter().find(|(changed, _)| *changed == name);
        let value = match (changed, name) {
            (Some((_, value)), _) => value,
            (None, "ISSUER") => "https://auth.example.com",
            (None, "TICKET_SECRET") => TICKET_SECRET,
            (None, "SIGNING_KEYS") => {
                r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"test","d":"kHiqJjEbTv1Qa8l0B9TWvtZooboGt-DqgRkwqQ6bvoI","x":"WTgIzGjcnPfLLbB3vBGEwLDWIzQcpEqj4yySkPsbHfM"}]}"#
            }
            _ => return None,
        };
        Some(value.to_owned())
    })
    .ok()
}

/// A user directory that counts its calls. If `slow` is true, each direction of a call takes 5 to
/// 15 ms.
#[derive(Clone, Debug)]
pub(crate) struct SlowUsers {
    users: Rc<MemoryUsers>,
    time: VirtualTime,
    dice: Dice,
    slow: bool,
    pub(crate) calls: Rc<Cell<u32>>,
}

impl SlowUsers {
    /// Simulates the time that a call needs in one direction of the network. Each read or write
    /// calls this before and after its work.
    async fn travel(&self) {
        if self.slow {
            self.time.sleep(5 + self.dice.below(11)).await;
        }
    }

    async fn ask(&self) {
        self.calls.set(self.calls.get() + 1);
        self.travel().await;
    }
}

impl UserDirectory for SlowUsers {
    async fn find_by_id(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.ask().await;
        let user = self.users.find_by_id(id).await;
        self.travel().await;
        user
    }
    async fn find_by_email(&self, email: &EmailAddress) -> Result<Option<User>, StoreError> {
        self.ask().await;
        self.users.find_by_email(email).await
    }
    async fn insert(
        &self,
        user: &User,
        condition: Option<&NotFreedSince>,
    ) -> Result<Insertion, StoreError> {
        self.users.insert(user, condition).await
    }
    async fn import(&self, users: &[User]) -> Result<Vec<UserId>, StoreError> {
        self.users.import(users).await
    }
    async fn find_in_the_way_of(&self, users: &[User]) -> Result<Vec<User>, StoreError> {
        self.users.find_in_the_way_of(users).await
    }
    async fn departed_among(
        &self,
        ids: &[UserId],
        left_after: u64,
    ) -> Result<Vec<UserId>, StoreError> {
        self.users.departed_among(ids, left_after).await
    }
    async fn update(
        &self,
        id: UserId,
        if_version: Option<u64>,
        within: Option<u64>,
        change: &UserChange,
        now: u64,
    ) -> Result<Option<User>, StoreError> {
        self.ask().await;
        let user = self.users.update(id, if_version, within, change, now).await;
        self.travel().await;
        user
    }
    async fn delete(
        &self,
        id: UserId,
        email: &EmailAddress,
        if_version: Option<u64>,
        within: Option<u64>,
        freed: &FreedAddress,
    ) -> Result<bool, StoreError> {
        self.users
            .delete(id, email, if_version, within, freed)
            .await
    }
    async fn is_past(&self, deadline: u64, now: u64) -> Result<bool, StoreError> {
        self.users.is_past(deadline, now).await
    }
    async fn row_changes(&self, limit: u32) -> Result<Vec<RowChange>, StoreError> {
        self.users.row_changes(limit).await
    }
    async fn postpone_row_changes(
        &self,
        changes: &[RowChange],
        now: u64,
    ) -> Result<(), StoreError> {
        self.users.postpone_row_changes(changes, now).await
    }
    async fn forget_row_change(&self, change: &RowChange) -> Result<(), StoreError> {
        self.users.forget_row_change(change).await
    }
    async fn forget_row_changes(&self, before: u64) -> Result<(), StoreError> {
        self.users.forget_row_changes(before).await
    }
    async fn due_departures(&self, limit: u32, now: u64) -> Result<Vec<Departure>, StoreError> {
        self.users.due_departures(limit, now).await
    }
    async fn departures(
        &self,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<Departure>, StoreError> {
        self.users.departures(after, limit).await
    }
    async fn postpone_departure(&self, id: UserId, due_at: Option<u64>) -> Result<(), StoreError> {
        self.users.postpone_departure(id, due_at).await
    }
    async fn forget_departures(&self, left_before: u64) -> Result<(), StoreError> {
        self.users.forget_departures(left_before).await
    }
    async fn is_not_freed(&self, condition: &NotFreedSince) -> Result<bool, StoreError> {
        self.users.is_not_freed(condition).await
    }
    async fn forget_freed(&self, before: u64) -> Result<(), StoreError> {
        self.users.forget_freed(before).await
    }
    async fn list(&self, after: Option<UserId>, limit: u32) -> Result<Vec<User>, StoreError> {
        self.users.list(after, limit).await
    }
    async fn find_by_prefix(
        &self,
        prefix: &EmailPrefix,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<User>, StoreError> {
        self.users.find_by_prefix(prefix, after, limit).await
    }
    async fn raise_counters(
        &self,
        after: Option<UserId>,
        limit: u32,
        now: u64,
    ) -> Result<Vec<UserId>, StoreError> {
        self.users.raise_counters(after, limit, now).await
    }
    async fn rehash(
        &self,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<(), StoreError> {
        self.users.rehash(id, old, new).await
    }
    async fn ping(&self) -> Result<(), StoreError> {
        self.users.ping().await
    }
}

pub(crate) struct Deployment {
    pub(crate) time: VirtualTime,
    pub(crate) kv: SimulatedKv,
    pub(crate) users: SlowUsers,
    pub(crate) background: MemoryBackground,
    /// The store that exchanges authorization codes, because KV can't.
    pub(crate) codes: MemorySessions,
    pub(crate) dice: Dice,
}

impl Deployment {
    /// A deployment whose user directory is slow, or answers at once.
    pub(crate) fn new(slow_users: bool) -> Self {
        Self::seeded(0, slow_users)
    }

    /// Like `new`, with delays, failures and jitter from the random numbers of this seed.
    pub(crate) fn seeded(seed: u64, slow_users: bool) -> Self {
        let time = VirtualTime::at_ms(BEGUN_MS);
        let dice = Dice::new(seed);
        Self {
            kv: SimulatedKv::new(time.clone(), seed),
            users: SlowUsers {
                users: Rc::default(),
                time: time.clone(),
                dice: dice.clone(),
                slow: slow_users,
                calls: Rc::default(),
            },
            background: MemoryBackground::default(),
            codes: MemorySessions::default(),
            dice,
            time,
        }
    }

    /// The session store of a new isolate at this location.
    pub(crate) fn store(&self, location: u32) -> Store {
        let memory = Rc::default();
        KvSessions::new(
            self.kv.at(&location.to_string()),
            self.dice.clone(),
            self.time.clone(),
            self.background.clone(),
            memory,
            Some(self.codes.clone()),
        )
    }

    /// The service in a new isolate at this location.
    pub(crate) fn service(&self, location: u32, changes: Changes<'_>) -> Service {
        let ports = MemoryPorts {
            mail_gate: Default::default(),
            users: self.users.clone(),
            sessions: self.store(location),
            hasher: Default::default(),
            password_guard: Default::default(),
            limiter: Default::default(),
            clock: self.time.clone(),
            random: self.dice.clone(),
            events: MemoryEvents::default(),
            mail_queue: Default::default(),
            mailer: Default::default(),
            mail_ledger: Default::default(),
            devices: MemoryDevices,
            signatures: Default::default(),
            id_token_signer: Default::default(),
            operator_tickets: Default::default(),
            apps: Default::default(),
            vendors: Default::default(),
        };
        AuthService::new(ports, Rc::new(Shared::new(settings(changes))))
    }

    pub(crate) fn now(&self) -> u64 {
        self.time.now_ms() / 1000
    }

    /// Adds a user to the directory.
    pub(crate) fn user(&self, number: u8) -> User {
        let id = UserId::new(self.time.now_ms(), &[number; 10]);
        let user = world::user(id, &format!("user{number}@example.com")).unwrap();
        self.time.run(self.users.insert(&user, None)).unwrap();
        user
    }

    /// Deletes only the user's row, not the user's sessions.
    pub(crate) async fn remove(&self, user: &User) {
        let freed = FreedAddress {
            key: String::new(),
            at: 0,
        };
        let removed = self
            .users
            .delete(user.id, &user.email, None, None, &freed)
            .await;
        assert_eq!(removed, Ok(true));
    }

    /// The first refresh ticket of a session that begins now. Nothing is stored.
    pub(crate) fn ticket(&self, user: &User) -> RefreshTicket {
        let mut random = [0; 10];
        self.dice.fill(&mut random);
        RefreshTicket {
            user: user.id,
            session: SessionId::new(self.time.now_ms(), &random),
            epoch: user.session_epoch,
            counter: 0,
            expires_at: self.now() + 90 * DAY,
            proof: Proof::by_password(self.now()),
            sign_on: None,
        }
    }

    pub(crate) async fn record(
        &self,
        store: &impl SessionStore,
        ticket: RefreshTicket,
        most: Option<usize>,
    ) -> Result<(), StoreError> {
        let client = client();
        let new = NewSession {
            user: ticket.user,
            session: ticket.session,
            epoch: ticket.epoch,
            version: 0,
            client: &client,
            expires_at: ticket.expires_at,
            idle_ttl: 30 * DAY,
            most,
            holder: Holder::default(),
        };
        store.begin(&new, self.now()).await
    }

    /// Writes the record that a login writes.
    pub(crate) async fn begin(&self, store: &impl SessionStore, user: &User) -> RefreshTicket {
        let ticket = self.ticket(user);
        self.record(store, ticket, None).await.unwrap();
        ticket
    }

    /// Acts as a client: as long as the answer is 503, it waits for `Retry-After` and presents the
    /// same token again. Returns the last answer and the number of requests.
    pub(crate) async fn renew_until(
        &self,
        service: &Service,
        token: &str,
    ) -> (Result<String, Code>, u32) {
        for asked in 1..=30 {
            match renew(service, token).await {
                Err(Code::Unavailable) => {
                    self.time.sleep(u64::from(RETRY_AFTER) * 1000).await;
                }
                answer => return (answer, asked),
            }
        }
        panic!("30 times unavailable");
    }
}

/// Renews a token once. Returns the new refresh token.
pub(crate) async fn renew(service: &Service, token: &str) -> Result<String, Code> {
    let renewed = service.renew_token(token, &client()).await;
    renewed
        .map(|renewed| renewed.tokens.refresh_token.expose().to_owned())
        .map_err(|error| error.code())
}

pub(crate) fn client() -> Client {
    Client::new(Some("203.0.113.9"), Some("test/1"))
}

pub(crate) fn session_key(ticket: RefreshTicket) -> String {
    format!("session:{}:{}", ticket.user, ticket.session)
}

pub(crate) fn ended_key(ticket: RefreshTicket) -> String {
    format!("ended:{}:{}", ticket.user, ticket.session)
}

fn refresh_tokens(changes: Changes<'_>) -> RefreshTokens {
    let settings = settings(changes);
    RefreshTokens::new(&settings.ticket_secrets, &settings.issuer)
}

/// The ticket as a refresh token, with a MAC that is made with the secrets of these settings.
pub(crate) fn seal(ticket: RefreshTicket, changes: Changes<'_>) -> String {
    refresh_tokens(changes).seal(ticket).expose().to_owned()
}

pub(crate) fn open(token: &str, changes: Changes<'_>) -> RefreshTicket {
    refresh_tokens(changes).open(token).unwrap()
}

/// The highest counter of a used token that the session's record in KV contains.
pub(crate) fn recorded(deployment: &Deployment, ticket: RefreshTicket) -> Option<u64> {
    let text = deployment.kv.value(&session_key(ticket))?;
    let record: serde_json::Value = serde_json::from_str(&text).unwrap();
    record["used"].as_u64()
}
