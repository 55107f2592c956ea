//! The session store and the service on a simulated Workers KV.

use std::rc::Rc;

use edgegate::adapters::argon2::Argon2Hasher;
use edgegate::adapters::cloudflare::kv_sessions::KvSessions;
use edgegate::adapters::memory::{
    MemoryBackground, MemoryDevices, MemoryEvents, MemoryMailer, MemoryPorts, MemoryUsers,
    NoLimits, SeededRandom, SimulatedKv, VirtualTime,
};
use edgegate::domain::account::{EmailAddress, PasswordHash, Roles, User, UserChange, UserId};
use edgegate::domain::error::StoreError;
use edgegate::domain::session::{Client, RefreshTicket, RefreshTokens, SessionId};
use edgegate::domain::settings::Settings;
use edgegate::ports::{Clock, Insertion, NewSession, SessionStore, Sleep, UserDirectory};
use edgegate::service::{AuthService, Shared};

pub(crate) const BEGUN_MS: u64 = 1_767_225_600_000;
pub(crate) const ISSUER: &str = "https://auth.example.com";
pub(crate) const TICKET_SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

pub(crate) type Store = KvSessions<SimulatedKv, SeededRandom, VirtualTime, MemoryBackground>;
pub(crate) type Service =
    AuthService<MemoryPorts<Store, VirtualTime, SeededRandom, SlowUsers, Argon2Hasher, NoLimits>>;

/// An isolate at a location.
pub(crate) fn store_at(
    kv: &SimulatedKv,
    location: u32,
    time: &VirtualTime,
    background: &MemoryBackground,
) -> Store {
    KvSessions::new(
        kv.at(location),
        SeededRandom::default(),
        time.clone(),
        background.clone(),
        Rc::default(),
    )
}

pub(crate) fn settings(changes: &[(&str, &str)]) -> Settings {
    Settings::read(|name| {
        let changed = changes.iter().find(|(changed, _)| *changed == name);
        let value = match (changed, name) {
            (Some((_, value)), _) => value,
            (None, "ISSUER") => ISSUER,
            (None, "TICKET_SECRET") => TICKET_SECRET,
            (None, "SIGNING_KEYS") => {
                r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"test","d":"kHiqJjEbTv1Qa8l0B9TWvtZooboGt-DqgRkwqQ6bvoI","x":"WTgIzGjcnPfLLbB3vBGEwLDWIzQcpEqj4yySkPsbHfM"}]}"#
            }
            _ => return None,
        };
        Some(value.to_owned())
    })
    .unwrap()
}

/// A directory that answers after 5 to 15 ms, as D1 does.
#[derive(Clone, Debug)]
pub(crate) struct SlowUsers {
    users: Rc<MemoryUsers>,
    time: VirtualTime,
    slow: bool,
}

impl SlowUsers {
    pub(crate) fn new(time: &VirtualTime, slow: bool) -> Self {
        Self {
            users: Rc::default(),
            time: time.clone(),
            slow,
        }
    }

    async fn wait(&self) {
        if self.slow {
            self.time.sleep(5 + self.time.now_ms() % 11).await;
        }
    }
}

impl UserDirectory for SlowUsers {
    async fn find_by_id(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.wait().await;
        self.users.find_by_id(id).await
    }
    async fn find_by_email(&self, email: &EmailAddress) -> Result<Option<User>, StoreError> {
        self.wait().await;
        self.users.find_by_email(email).await
    }
    async fn insert(&self, user: &User) -> Result<Insertion, StoreError> {
        self.wait().await;
        self.users.insert(user).await
    }
    async fn update(
        &self,
        id: UserId,
        change: &UserChange,
        now: u64,
    ) -> Result<Option<User>, StoreError> {
        self.wait().await;
        self.users.update(id, change, now).await
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

/// A deployment: one namespace, one directory, and a service at each location that is asked for.
pub(crate) struct Deployment {
    pub(crate) time: VirtualTime,
    pub(crate) kv: SimulatedKv,
    pub(crate) users: SlowUsers,
    pub(crate) background: MemoryBackground,
}

impl Deployment {
    pub(crate) fn new(slow_users: bool) -> Self {
        let time = VirtualTime::at_ms(BEGUN_MS);
        Self {
            kv: SimulatedKv::new(time.clone()),
            users: SlowUsers::new(&time, slow_users),
            background: MemoryBackground::default(),
            time,
        }
    }

    pub(crate) fn service(&self, location: u32, changes: &[(&str, &str)]) -> Service {
        let ports = MemoryPorts {
            users: self.users.clone(),
            sessions: store_at(&self.kv, location, &self.time, &self.background),
            hasher: Argon2Hasher::default(),
            limiter: NoLimits,
            clock: self.time.clone(),
            random: SeededRandom::default(),
            events: MemoryEvents::default(),
            mailer: MemoryMailer::default(),
            devices: MemoryDevices,
        };
        AuthService::new(ports, Rc::new(Shared::new(settings(changes))))
    }

    pub(crate) fn now(&self) -> u64 {
        self.time.now_ms() / 1000
    }

    /// A user whose password nobody knows, and no time was spent on.
    pub(crate) fn user(&self, number: u8) -> User {
        let user = User {
            id: UserId::new(self.time.now_ms(), &[number; 10]),
            email: EmailAddress::parse(&format!("user{number}@example.com")).unwrap(),
            password_hash: PasswordHash::new("none".to_owned()),
            first_name: None,
            last_name: None,
            roles: Roles::user(),
            email_verified_at: None,
            disabled_at: None,
            session_epoch: 0,
            version: 0,
            created_at: 0,
            updated_at: 0,
        };
        self.time.run(self.users.insert(&user)).unwrap();
        user
    }

    /// What a login leaves: a session, and its first refresh token, sealed.
    pub(crate) async fn begin(
        &self,
        store: &impl SessionStore,
        user: &User,
        number: u8,
    ) -> RefreshTicket {
        let ticket = RefreshTicket {
            user: user.id,
            session: SessionId::new(self.time.now_ms(), &[number; 10]),
            epoch: user.session_epoch,
            counter: 0,
            expires_at: self.now() + 90 * 86_400,
        };
        let client = client();
        let new = NewSession {
            user: user.id,
            session: ticket.session,
            epoch: ticket.epoch,
            client: &client,
            expires_at: ticket.expires_at,
            idle_ttl: 30 * 86_400,
            most: None,
        };
        store.begin(&new, self.now()).await.unwrap();
        ticket
    }
}

pub(crate) fn client() -> Client {
    Client::new(Some("203.0.113.9"), Some("test/1"))
}

/// Seals as the deployment with these settings does.
pub(crate) fn seal(ticket: RefreshTicket, changes: &[(&str, &str)]) -> String {
    let settings = settings(changes);
    RefreshTokens::new(&settings.ticket_secrets, &settings.issuer)
        .seal(ticket)
        .expose()
        .to_owned()
}
