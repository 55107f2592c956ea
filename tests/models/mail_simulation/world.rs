//! A service with a mail queue and a virtual clock. It records which mails were requested and sent,
//! and when.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::rc::Rc;

use edgegate::adapters::memory::{
    ManualClock, MemoryPorts, MemorySessions, MemoryUsers, NoLimits, SeededRandom,
};
use edgegate::domain::account::{
    Attempt, EmailAddress, HashError, HashRefusal, LinkNonce, Password, PasswordHash, Roles, User,
    UserId, Verification,
};
use edgegate::domain::error::Error;
use edgegate::domain::mail::{Job, Locale, Message};
use edgegate::domain::session::{Caller, Client};
use edgegate::domain::settings::Settings;
use edgegate::ports::{Clock, PasswordHasher, UserDirectory};
use edgegate::service::deliver_mail::Delivery;
use edgegate::service::{AuthService, Login, NewAccount, Shared};

pub(crate) const PASSWORD: &str = "correct horse battery staple";
pub(crate) const HOUR: u64 = 3600;
pub(crate) const DAY: u64 = 86_400;

/// Stores passwords without hashing them, because the simulation verifies thousands of passwords
/// and hashing would be slow.
#[derive(Default)]
pub(crate) struct PlainHasher;

impl PasswordHasher for PlainHasher {
    async fn hash(&self, password: &Password, _salt: &[u8; 16]) -> Result<PasswordHash, HashError> {
        Ok(PasswordHash::new(format!("{:?}", password.as_bytes())))
    }

    async fn verify(
        &self,
        password: &Password,
        hash: &PasswordHash,
    ) -> Result<Verification, HashError> {
        Ok(if hash.as_str() == format!("{:?}", password.as_bytes()) {
            Verification::Matches { rehash: false }
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

type Ports =
    MemoryPorts<MemorySessions, ManualClock, SeededRandom, MemoryUsers, PlainHasher, NoLimits>;

/// A request for a mail.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    Reset(String),
    Register(String),
    Resend(String),
    /// A user who is signed in under the first address requests to change it to the second.
    ChangeAddress(String, String),
}

pub(crate) struct World {
    pub(crate) service: AuthService<Ports>,
    clock: ManualClock,
    begun: u64,
    /// The waiting jobs, ordered by the time when they are due. Jobs that are due at the same time
    /// are ordered by the time when they were queued.
    waiting: BinaryHeap<Reverse<(u64, u64, String)>>,
    queued: u64,
    newest: Option<String>,
}

/// A mail that was sent. `at` is in seconds since the simulation began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mailed {
    pub(crate) at: u64,
    pub(crate) message: Message,
}

impl World {
    pub(crate) fn new(changes: &[(&str, &str)]) -> Self {
        let settings = Settings::read(|name| {
            let changed = changes.iter().find(|(changed, _)| *changed == name);
            let value = changed.map(|(_, value)| *value).or(match name {
                "ISSUER" => Some("http://127.0.0.1:8787"),
                "DEV" => Some("1"),
                "SIGNING_KEYS" => Some(r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"test","d":"kHiqJjEbTv1Qa8l0B9TWvtZooboGt-DqgRkwqQ6bvoI","x":"WTgIzGjcnPfLLbB3vBGEwLDWIzQcpEqj4yySkPsbHfM"}]}"#),
                "TICKET_SECRET" => Some("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"),
                _ => None,
            });
            value.map(str::to_owned)
        });
        let ports = Ports::default();
        let clock = ports.clock.clone();
        let begun = clock.now_ms() / 1000;
        Self {
            service: AuthService::new(ports, Rc::new(Shared::new(settings.unwrap()))),
            clock,
            begun,
            waiting: BinaryHeap::new(),
            queued: 0,
            newest: None,
        }
    }

    /// Creates an account with a verified or unverified address.
    pub(crate) fn add_user(
        &self,
        number: u32,
        email: &str,
        verified: bool,
        disabled: bool,
    ) -> User {
        let mut random = [0; 10];
        random[..4].copy_from_slice(&number.to_be_bytes());
        let before = self.begun - 30 * DAY;
        let password = Password::for_login(PASSWORD).unwrap();
        let hash = pollster::block_on(PlainHasher.hash(&password, &[0; 16])).unwrap();
        let user = User {
            id: UserId::new(before * 1000, &random),
            email: EmailAddress::parse(email).unwrap(),
            password_hash: hash,
            first_name: None,
            last_name: None,
            roles: Roles::user(),
            email_verified_at: verified.then_some(before),
            disabled_at: disabled.then_some(before),
            session_epoch: 0,
            version: 0,
            link_generation: 0,
            link_nonce: LinkNonce::new(&[1; 16]),
            external_id: None,
            created_at: before,
            updated_at: before,
        };
        pollster::block_on(self.service.ports().users.insert(&user, None)).unwrap();
        user
    }

    /// The current time, in seconds since the simulation began.
    pub(crate) fn now(&self) -> u64 {
        self.clock.now_ms() / 1000 - self.begun
    }

    /// Runs the jobs that are due until `time`, calls `seen` for each, and returns the mails that
    /// were sent.
    pub(crate) fn run_until(
        &mut self,
        time: u64,
        mut seen: impl FnMut(&Job, &Delivery, u64),
    ) -> Vec<Mailed> {
        let mut mailed = Vec::new();
        loop {
            self.queue();
            let Some(Reverse((due, _, _))) = self.waiting.peek() else {
                break;
            };
            if *due > time {
                break;
            }
            let Some(Reverse((due, _, text))) = self.waiting.pop() else {
                break;
            };
            self.move_to(due);
            let job = Job::decode(&text).unwrap();
            let handed_out = pollster::block_on(self.service.deliver_from_queue(&text, &job.id));
            assert_eq!(handed_out.again, None);
            seen(&job, &handed_out.delivery, due);
            let messages = self.service.ports().mailer.take();
            mailed.extend(
                messages
                    .into_iter()
                    .map(|message| Mailed { at: due, message }),
            );
        }
        self.move_to(time);
        mailed
    }

    /// Makes a request at the current time.
    pub(crate) fn ask<'a>(
        &mut self,
        request: &Request,
        caller: impl Into<Caller<'a>>,
    ) -> Result<(), Error> {
        let caller = caller.into();
        let client = caller.client;
        let service = &self.service;
        let locale = Locale::English;
        let answer = pollster::block_on(async {
            match request {
                Request::Reset(email) => service.reset_password(email, caller, locale).await,
                Request::Register(email) => {
                    let account = NewAccount {
                        email,
                        password: None,
                        first_name: None,
                        last_name: None,
                    };
                    service.register(account, caller, locale).await.map(drop)
                }
                Request::Resend(email) => service.resend_verification(email, caller, locale).await,
                Request::ChangeAddress(own, email) => {
                    let login = Login {
                        email: own,
                        password: PASSWORD,
                    };
                    let signed_in = service.generate_token(login, caller).await?;
                    let token = signed_in.tokens.access_token.expose();
                    let asked = service.change_email(token, email, PASSWORD, client, locale);
                    asked.await.map(drop)
                }
            }
        });
        self.queue();
        answer
    }

    /// The id of the newest job that was queued without a delay.
    pub(crate) fn newest(&self) -> Option<String> {
        self.newest.clone()
    }

    fn queue(&mut self) {
        let now = self.now();
        for (job, delay) in self.service.ports().mail_queue.take_with_delays() {
            self.queued += 1;
            if delay == 0 {
                self.newest = Some(job.id.clone());
            }
            self.waiting
                .push(Reverse((now + delay, self.queued, job.encode())));
        }
    }

    fn move_to(&self, time: u64) {
        self.clock.advance(time.saturating_sub(self.now()));
    }
}

/// The client with this number. Each client has its own network. No two of these networks belong to
/// the same larger network.
pub(crate) fn network(number: u32) -> Client {
    let (first, second) = (0x2000 + number % 0x1000, number / 0x1000);
    Client::new(Some(&format!("{first:x}:{second:x}::1")), Some("test/1"))
}

/// Random numbers that are the same in every run (SplitMix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % most.max(1)
    }
}
