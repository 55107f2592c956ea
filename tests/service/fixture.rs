//! A service with two demo accounts, on either session store.

use std::cell::RefCell;
use std::rc::Rc;

use base64ct::{Base64UrlUnpadded, Encoding};
use edgegate::adapters::argon2::Argon2Hasher;
use edgegate::adapters::kv_sessions::KvSessions;
use edgegate::adapters::kv_sessions::RevocationMemory;
use edgegate::adapters::memory::{
    ManualClock, MemoryBackground, MemoryDevices, MemoryEvents, MemoryKeyValue, MemoryMailLedger,
    MemoryMailQueue, MemoryMailer, MemoryOperatorTickets, MemoryPasswordGuard, MemoryPorts,
    MemorySessions, MemoryUsers, NoSleep, SeededRandom,
};
use edgegate::domain::account::{FreedAddress, HashingCost, Peppers, User};
use edgegate::domain::error::{Error, GrantRefusal};
use edgegate::domain::mail::{Locale, Message};
use edgegate::domain::operator::{OperatorTicket, OperatorTicketHash};
use edgegate::domain::session::{Client, Verdict};
use edgegate::domain::settings::Settings;
use edgegate::ports::{Ports, SessionStore, UserDirectory};
use edgegate::service::{AuthService, Login, Shared, SignedIn};

pub(crate) const ADA: &str = "ada@example.com";
pub(crate) const ROOT: &str = "root@example.com";
pub(crate) const PASSWORD: &str = "correct horse battery staple";

pub(crate) type KvStore =
    KvSessions<MemoryKeyValue, SeededRandom, NoSleep, MemoryBackground, MemorySessions>;

/// Argon2 with the lowest cost that an import of user accounts accepts. With the cost that the
/// service's policy sets, these tests would take ten times as long.
pub(crate) fn cheap_hasher() -> Argon2Hasher {
    let cost = HashingCost {
        memory_kib: 1_024,
        iterations: 1,
    };
    Argon2Hasher::new(cost, Peppers::default())
}

/// A service, and the handles with which a test controls its clock and its stores.
pub(crate) struct World<S> {
    pub(crate) service: AuthService<MemoryPorts<S>>,
    pub(crate) clock: ManualClock,
    pub(crate) kv: MemoryKeyValue,
    pub(crate) shared: Rc<Shared>,
}

pub(crate) fn settings(changes: &[(&str, &str)]) -> Settings {
    Settings::read(|name| {
        changes
            .iter()
            .find(|(changed, _)| *changed == name)
            .map(|(_, value)| (*value).to_owned())
            .or_else(|| {
                Some(
                    match name {
                        "ISSUER" => "http://127.0.0.1:8787",
                        "DEV" => "1",
                        "SIGNING_KEYS" => r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"test","d":"kHiqJjEbTv1Qa8l0B9TWvtZooboGt-DqgRkwqQ6bvoI","x":"WTgIzGjcnPfLLbB3vBGEwLDWIzQcpEqj4yySkPsbHfM"}]}"#,
                        "TICKET_SECRET" => "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
                        _ => return None,
                    }
                    .to_owned(),
                )
            })
    })
    .unwrap()
}

impl<S: SessionStore> World<S> {
    fn new(sessions: S, clock: ManualClock, kv: MemoryKeyValue, changes: &[(&str, &str)]) -> Self {
        let ports = MemoryPorts {
            users: MemoryUsers::default(),
            sessions,
            hasher: cheap_hasher(),
            password_guard: MemoryPasswordGuard::new(cheap_hasher()),
            limiter: Default::default(),
            clock: clock.clone(),
            random: SeededRandom::default(),
            events: MemoryEvents::default(),
            mail_queue: MemoryMailQueue::default(),
            mail_gate: Default::default(),
            mailer: MemoryMailer::default(),
            mail_ledger: MemoryMailLedger::default(),
            devices: MemoryDevices,
            signatures: Default::default(),
            id_token_signer: Default::default(),
            operator_tickets: Default::default(),
            apps: Default::default(),
            vendors: Default::default(),
        };
        let shared = Rc::new(Shared::new(settings(changes)));
        let service = AuthService::new(ports, Rc::clone(&shared));
        pollster::block_on(service.add_demo_accounts()).unwrap();
        Self {
            service,
            clock,
            kv,
            shared,
        }
    }

    pub(crate) fn log_in(&self, email: &str) -> SignedIn {
        pollster::block_on(log_in(&self.service, email)).unwrap()
    }
}

pub(crate) fn on_memory(changes: &[(&str, &str)]) -> World<MemorySessions> {
    World::new(
        MemorySessions::default(),
        ManualClock::default(),
        MemoryKeyValue::default(),
        changes,
    )
}

pub(crate) fn on_kv(changes: &[(&str, &str)]) -> World<KvStore> {
    let clock = ManualClock::default();
    let kv = MemoryKeyValue::default();
    let memory: Rc<RefCell<RevocationMemory>> = Rc::default();
    let sessions = KvSessions::new(
        kv.clone(),
        SeededRandom::default(),
        NoSleep,
        MemoryBackground::default(),
        memory,
        Some(MemorySessions::default()),
    );
    World::new(sessions, clock, kv, changes)
}

/// Declares a test that runs with both session stores, with these settings.
macro_rules! on_both {
    ($name:ident, $changes:expr, $world:ident => $body:block) => {
        #[test]
        fn $name() {
            {
                let $world = $crate::fixture::on_memory($changes);
                pollster::block_on(async $body);
            }
            {
                let $world = $crate::fixture::on_kv($changes);
                pollster::block_on(async $body);
            }
        }
    };
}
pub(crate) use on_both;

pub(crate) fn client() -> Client {
    Client::new(Some("203.0.113.9"), Some("test/1"))
}

pub(crate) fn other_client() -> Client {
    Client::new(Some("198.51.100.7"), Some("other/1"))
}

pub(crate) async fn log_in<P: Ports>(
    service: &AuthService<P>,
    email: &str,
) -> Result<SignedIn, Error> {
    let login = Login {
        email,
        password: PASSWORD,
    };
    service.generate_token(login, &client()).await
}

/// The verdict (the decision about the presented refresh token) because of which a renewal was
/// refused.
pub(crate) fn verdict(error: &Error) -> Option<Verdict> {
    match error {
        Error::Grant(GrantRefusal::Session(verdict, ..)) => Some(*verdict),
        _ => None,
    }
}

/// A password that none of the accounts has.
pub(crate) const NEW_PASSWORD: &str = "an analytical engine";

impl<S: SessionStore> World<S> {
    /// Tries to deliver each queued job once, and returns the mails that were sent.
    pub(crate) async fn deliver_all(&self) -> Vec<Message> {
        for job in self.service.ports().mail_queue.take() {
            self.service
                .deliver_from_queue(&job.encode(), &job.id)
                .await;
        }
        self.service.ports().mailer.take()
    }

    /// Requests a password reset, and returns the ticket in the mail.
    pub(crate) async fn reset_ticket(&self, email: &str) -> String {
        let service = &self.service;
        let locale = Locale::English;
        service
            .reset_password(email, &client(), locale)
            .await
            .unwrap();
        let mails = self.deliver_all().await;
        assert_eq!(mails.len(), 1, "{mails:?}");
        ticket(&mails[0])
    }

    /// Deletes only the user's row, not the user's sessions.
    pub(crate) async fn remove(&self, user: &User) {
        let freed = FreedAddress {
            key: String::new(),
            at: 0,
        };
        let users = &self.service.ports().users;
        let removed = users.delete(user.id, &user.email, None, None, &freed).await;
        assert_eq!(removed, Ok(true));
    }

    pub(crate) async fn can_log_in(&self, email: &str, password: &str) -> bool {
        let login = Login { email, password };
        self.service.generate_token(login, &client()).await.is_ok()
    }
}

/// Stores an operator ticket as the operator's command does, and returns the ticket. Each number
/// gives a different ticket.
pub(crate) fn operator_ticket(
    tickets: &MemoryOperatorTickets,
    number: u8,
    scope: &str,
    now: u64,
) -> String {
    let ticket = ["ego_", &Base64UrlUnpadded::encode_string(&[number; 32])].concat();
    let stored = OperatorTicket {
        scope: scope.to_owned(),
        created_at: now,
        expires_at: now + 900,
    };
    tickets.add(OperatorTicketHash::of(&ticket).unwrap(), stored);
    ticket
}

/// The ticket in a mail's link.
pub(crate) fn ticket(mail: &Message) -> String {
    let (_, rest) = mail.text.split_once('#').expect("a link");
    rest.chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "_-".contains(*c))
        .collect()
}
