//! A login that is refused computes the same number of hashes for every address, so its duration
//! does not reveal who has an account. The number is one. It is two if the password contains a kind
//! of space other than U+0020.

use std::rc::Rc;

use edgegate::adapters::memory::{
    ManualClock, MemoryPasswordGuard, MemoryPorts, MemorySessions, MemoryUsers, NoLimits,
    SeededRandom,
};
use edgegate::domain::account::{EmailAddress, Password, PasswordHash, User, UserChange};
use edgegate::domain::error::Code;
use edgegate::domain::mail::Locale;
use edgegate::ports::{PasswordHasher, UserDirectory};
use edgegate::service::manage_users::Invitee;
use edgegate::service::{AuthService, Login, NewAccount, Shared};

use crate::counting_hasher::CountingHasher;
use crate::fixture::{ADA, NEW_PASSWORD, PASSWORD, ROOT, client, settings};

type Counted = MemoryPorts<
    MemorySessions,
    ManualClock,
    SeededRandom,
    MemoryUsers,
    CountingHasher,
    NoLimits,
    MemoryPasswordGuard<CountingHasher>,
>;

struct World {
    service: AuthService<Counted>,
    clock: ManualClock,
    hasher: CountingHasher,
}

impl World {
    fn new(changes: &[(&str, &str)]) -> Self {
        let hasher = CountingHasher::default();
        let ports = Counted {
            hasher: hasher.clone(),
            password_guard: MemoryPasswordGuard::new(hasher.clone()),
            users: MemoryUsers::default(),
            sessions: MemorySessions::default(),
            limiter: NoLimits,
            clock: ManualClock::default(),
            random: SeededRandom::default(),
            events: Default::default(),
            mail_queue: Default::default(),
            mailer: Default::default(),
            mail_gate: Default::default(),
            mail_ledger: Default::default(),
            devices: Default::default(),
            signatures: Default::default(),
            id_token_signer: Default::default(),
            operator_tickets: Default::default(),
            apps: Default::default(),
            vendors: Default::default(),
        };
        let clock = ports.clock.clone();
        let service = AuthService::new(ports, Rc::new(Shared::new(settings(changes))));
        pollster::block_on(service.add_demo_accounts()).unwrap();
        Self {
            service,
            clock,
            hasher,
        }
    }

    fn computed(&self) -> u32 {
        self.hasher.computed.replace(0)
    }

    /// Advances the clock by a day, so that earlier failures do not delay this login, and logs in.
    /// Returns the error code, and the number of hashes that were computed.
    async fn log_in(&self, email: &str, password: &str) -> (Option<Code>, u32) {
        self.clock.advance(86_400);
        self.computed();
        let login = Login { email, password };
        let answer = self.service.generate_token(login, &client()).await;
        (answer.err().map(|error| error.code()), self.computed())
    }

    async fn user(&self, email: &str) -> User {
        let address = EmailAddress::parse(email).unwrap();
        let users = &self.service.ports().users;
        users.find_by_email(&address).await.unwrap().unwrap()
    }

    async fn set_hash(&self, email: &str, hash: &str) {
        let id = self.user(email).await.id;
        let change = UserChange {
            password_hash: Some(PasswordHash::new(hash.to_owned())),
            ..UserChange::default()
        };
        let users = &self.service.ports().users;
        users
            .update(id, None, None, &change, 1)
            .await
            .unwrap()
            .unwrap();
    }

    async fn invite(&self, email: &str) {
        let login = Login {
            email: ROOT,
            password: PASSWORD,
        };
        let root = self.service.generate_token(login, &client()).await.unwrap();
        let token = root.tokens.access_token.expose();
        let invitee = Invitee {
            email,
            first_name: None,
            last_name: None,
        };
        let invited = self
            .service
            .create_user(token, invitee, None, Locale::English);
        invited.await.unwrap();
    }

    async fn disable(&self, email: &str) {
        let id = self.user(email).await.id;
        let change = UserChange {
            disabled: Some(true),
            ..UserChange::default()
        };
        let users = &self.service.ports().users;
        users
            .update(id, None, None, &change, 1)
            .await
            .unwrap()
            .unwrap();
    }
}

const WORK: [&[(&str, &str)]; 2] = [
    &[("PASSWORD_WORK", "inline"), ("REGISTRATION", "open")],
    &[("PASSWORD_WORK", "durable"), ("REGISTRATION", "open")],
];
const NOBODY: &str = "nobody@example.com";
const WRONG: &str = "a wrong guess";

#[test]
fn every_login_hashes_exactly_once() {
    for changes in WORK {
        let world = World::new(changes);
        pollster::block_on(async {
            assert_eq!(world.log_in(ADA, PASSWORD).await, (None, 1), "{changes:?}");
            let refused = (Some(Code::InvalidCredentials), 1);
            for (email, password) in [
                (ADA, WRONG),
                (ADA, ""),
                (NOBODY, PASSWORD),
                (NOBODY, ""),
                ("", PASSWORD),
                ("no address", PASSWORD),
                ("ada@example.com\r\nBcc: x@y.example", PASSWORD),
            ] {
                let answer = world.log_in(email, password).await;
                assert_eq!(answer, refused, "{changes:?}, {email}");
            }

            world.invite("invited@example.com").await;
            for password in [PASSWORD, WRONG, "", "!"] {
                let answer = world.log_in("invited@example.com", password).await;
                assert_eq!(answer, refused, "{changes:?}, invited, {password}");
            }
            let good = world.user(ADA).await.password_hash;
            for broken in ["broken", "", "!", "$argon2id$v=19$m=19456,t=2,p=1$AAAA"] {
                world.set_hash(ADA, broken).await;
                let answer = world.log_in(ADA, PASSWORD).await;
                assert_eq!(answer, refused, "{changes:?}, hash {broken}");
            }
            world.set_hash(ADA, good.as_str()).await;
            world.disable(ADA).await;
            for password in [PASSWORD, WRONG] {
                let answer = world.log_in(ADA, password).await;
                assert_eq!(answer, refused, "{changes:?}, disabled, {password}");
            }
        });
    }
}

const WITH_OTHER_SPACES: &str = "correct\u{a0}horse\u{3000}battery staple";

/// Earlier versions hashed other kinds of spaces unchanged, but RFC 8265 section 4.2.2 maps them to
/// U+0020. So for a password with such a space, the service computes the hash of both forms before
/// it refuses the password. It does so for every address.
#[test]
fn a_password_with_another_space_hashes_twice_for_every_address() {
    for changes in WORK {
        let world = World::new(changes);
        pollster::block_on(async {
            let right = world.log_in(ADA, WITH_OTHER_SPACES).await;
            assert_eq!(right, (None, 1), "{changes:?}: typed on another keyboard");
            let refused = (Some(Code::InvalidCredentials), 2);
            world.invite("invited@example.com").await;
            for email in [ADA, NOBODY, "", "no address", "invited@example.com"] {
                let answer = world.log_in(email, "a\u{a0}wrong guess").await;
                assert_eq!(answer, refused, "{changes:?}, {email}");
            }
            world.set_hash(ADA, "broken").await;
            let answer = world.log_in(ADA, WITH_OTHER_SPACES).await;
            assert_eq!(answer, refused, "{changes:?}, a broken hash");
            world.disable(ADA).await;
            let answer = world.log_in(ADA, "a\u{a0}wrong guess").await;
            assert_eq!(answer, refused, "{changes:?}, disabled");
        });
    }
}

#[test]
fn a_password_that_was_hashed_with_another_space_is_accepted_and_hashed_anew() {
    for changes in WORK {
        let world = World::new(changes);
        pollster::block_on(async {
            let typed = Password::for_login(WITH_OTHER_SPACES).unwrap();
            let before = typed.with_spaces_as_typed().unwrap();
            let hash = world.hasher.hash(&before, &[7; 16]).await.unwrap();
            world.set_hash(ADA, hash.as_str()).await;
            let plain = world.log_in(ADA, PASSWORD).await;
            assert_eq!(plain, (Some(Code::InvalidCredentials), 1), "{changes:?}");
            // Two hashes are computed for the comparison, and one more for the new hash.
            let first = world.log_in(ADA, WITH_OTHER_SPACES).await;
            assert_eq!(first, (None, 3), "{changes:?}");
            for password in [PASSWORD, WITH_OTHER_SPACES] {
                let answer = world.log_in(ADA, password).await;
                assert_eq!(answer, (None, 1), "{changes:?}: {password}");
            }
        });
    }
}

/// It is possible that the time that Argon2id takes depends on the salt. With a fixed salt, hashing
/// a given password would take the same time for all unknown addresses, and this time could reveal
/// that an address is unknown. So each address has its own salt.
#[test]
fn every_unknown_address_has_a_salt_of_its_own() {
    for changes in WORK {
        let world = World::new(changes);
        pollster::block_on(async {
            for email in [NOBODY, "NOBODY@example.com", "nemo@example.com", "none", ""] {
                world.log_in(email, WRONG).await;
            }
            let salts = world.hasher.decoys.take();
            assert_eq!(salts.len(), 5, "{changes:?}");
            assert_eq!(salts[0], salts[1], "{changes:?}: two spellings");
            assert_ne!(salts[0], salts[2], "{changes:?}: two addresses");
            assert_eq!(salts[3], salts[4], "{changes:?}: not an address");
        });
    }
}

/// A registration with a password reveals whether the address is taken. But it computes the same
/// number of hashes for a free address and for a taken one.
#[test]
fn an_open_registration_hashes_exactly_once_for_a_taken_address_too() {
    for changes in WORK {
        let world = World::new(changes);
        for (email, code) in [(NOBODY, None), (ADA, Some(Code::EmailTaken))] {
            world.computed();
            let account = NewAccount {
                email,
                password: Some(NEW_PASSWORD),
                first_name: None,
                last_name: None,
            };
            let by = client();
            let registering = world.service.register(account, &by, Locale::English);
            let answer = pollster::block_on(registering);
            let found = (answer.err().map(|error| error.code()), world.computed());
            assert_eq!(found, (code, 1), "{changes:?}, {email}");
        }
    }
}
