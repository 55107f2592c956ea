//! Replaces `TICKET_SECRET` and `SIGNING_KEYS` step by step. Two Workers are at different steps at
//! the same time. Nobody is logged out even so.

use std::cell::RefCell;
use std::rc::Rc;

use edgegate::adapters::kv_sessions::KvSessions;
use edgegate::adapters::memory::{
    ManualClock, MemoryBackground, MemoryKeyValue, MemoryPasswordGuard, MemoryPorts,
    MemorySessions, NoSleep, SeededRandom,
};
use edgegate::domain::error::Code;
use edgegate::domain::session::Verdict;
use edgegate::ports::{Ports, UserDirectory};
use edgegate::service::{AuthService, Shared};

use crate::fixture::{ADA, KvStore, cheap_hasher, client, log_in, settings, verdict};

const OLD_SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const NEW_SECRET: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8";
const OLD_KEY: &str = r#"{"kty":"OKP","crv":"Ed25519","kid":"old","d":"kHiqJjEbTv1Qa8l0B9TWvtZooboGt-DqgRkwqQ6bvoI","x":"WTgIzGjcnPfLLbB3vBGEwLDWIzQcpEqj4yySkPsbHfM"}"#;
const NEW_KEY: &str = r#"{"kty":"OKP","crv":"Ed25519","kid":"new","d":"X7M-P0tqjYrcrpjLIm8_S3Fslf4ZtMuxLG3Hp9zreOg","x":"4DOvLndIV4f7-1iCPMZUsiEtdlbcssNzNu9lOPkMF4Q"}"#;

type Service = AuthService<MemoryPorts<KvStore>>;

/// The storage of a deployment, shared by Workers at different steps.
struct Storage {
    kv: MemoryKeyValue,
    clock: ManualClock,
    random: SeededRandom,
}

impl Storage {
    /// A Worker with these settings. Each Worker has its own copy of the users, which is enough
    /// because users do not change in these tests.
    fn worker(&self, secret: &str, keys: &str) -> Service {
        let changes = [
            ("TICKET_SECRET", secret),
            ("SIGNING_KEYS", keys),
            ("ROTATE_AFTER", "0"),
        ];
        let sessions = KvSessions::new(
            self.kv.clone(),
            SeededRandom::default(),
            NoSleep,
            MemoryBackground::default(),
            Rc::new(RefCell::default()),
            Some(MemorySessions::default()),
        );
        let ports = MemoryPorts {
            mail_gate: Default::default(),
            users: Default::default(),
            sessions,
            hasher: cheap_hasher(),
            password_guard: MemoryPasswordGuard::new(cheap_hasher()),
            limiter: Default::default(),
            clock: self.clock.clone(),
            random: self.random.clone(),
            events: Default::default(),
            mail_queue: Default::default(),
            mailer: Default::default(),
            mail_ledger: Default::default(),
            devices: Default::default(),
            signatures: Default::default(),
            id_token_signer: Default::default(),
            operator_tickets: Default::default(),
            apps: Default::default(),
            vendors: Default::default(),
        };
        AuthService::new(ports, Rc::new(Shared::new(settings(&changes))))
    }
}

/// The settings at the four steps:
///
/// 1. There is only the old key.
/// 2. The new key is appended.
/// 3. The new key is moved to the first place.
/// 4. The old key is removed.
fn steps() -> [(String, String); 4] {
    let set = |keys: &[&str]| format!(r#"{{"keys":[{}]}}"#, keys.join(","));
    [
        (OLD_SECRET.to_owned(), set(&[OLD_KEY])),
        (
            format!("{OLD_SECRET},{NEW_SECRET}"),
            set(&[OLD_KEY, NEW_KEY]),
        ),
        (
            format!("{NEW_SECRET},{OLD_SECRET}"),
            set(&[NEW_KEY, OLD_KEY]),
        ),
        (NEW_SECRET.to_owned(), set(&[NEW_KEY])),
    ]
}

#[test]
fn two_workers_a_step_apart_know_each_others_tokens() {
    let steps = steps();
    for pair in steps.windows(2) {
        let storage = Storage {
            kv: MemoryKeyValue::default(),
            clock: ManualClock::default(),
            random: SeededRandom::default(),
        };
        let workers = [0, 1].map(|i| storage.worker(&pair[i].0, &pair[i].1));
        let [behind, ahead] = &workers;
        pollster::block_on(behind.add_demo_accounts()).unwrap();
        pollster::block_on(async {
            let ada = log_in(behind, ADA).await.unwrap().user;
            // Stores the same account in the other Worker.
            ahead.ports().users().insert(&ada, None).await.unwrap();
            for (from, to) in [(behind, ahead), (ahead, behind)] {
                let begun = log_in(from, ADA).await.unwrap().tokens;
                // If the slower Worker is at step 3 and the faster one at step 4, the slower one
                // already makes tickets with the new secret. So the faster one accepts them.
                let access_token = begun.access_token.expose();
                assert!(to.is_authorized_by_role(access_token, &["user"]).await);
                let mut token = begun.refresh_token;
                for renewal in 0..6 {
                    storage.clock.advance(120);
                    let worker = if renewal % 2 == 0 { to } else { from };
                    let renewed = worker.renew_token(token.expose(), &client()).await.unwrap();
                    let access_token = renewed.tokens.access_token.expose();
                    for worker in [from, to] {
                        assert!(worker.is_authorized_by_role(access_token, &["user"]).await);
                    }
                    // The laptop was closed during the renewal. Later it presents the used token
                    // again, to the other Worker. That Worker must recognise the client as the one
                    // that used the token first.
                    storage.clock.advance(3600);
                    let other = if renewal % 2 == 0 { from } else { to };
                    let late = other.renew_token(token.expose(), &client()).await.unwrap();
                    assert_eq!(late.verdict, Verdict::Late);
                    token = late.tokens.refresh_token;
                }
            }
        });
    }
}

#[test]
fn what_a_dropped_key_made_is_refused() {
    let steps = steps();
    let storage = Storage {
        kv: MemoryKeyValue::default(),
        clock: ManualClock::default(),
        random: SeededRandom::default(),
    };
    let old = storage.worker(&steps[0].0, &steps[0].1);
    let dropped = storage.worker(&steps[3].0, &steps[3].1);
    pollster::block_on(old.add_demo_accounts()).unwrap();
    pollster::block_on(async {
        let begun = log_in(&old, ADA).await.unwrap();
        dropped
            .ports()
            .users()
            .insert(&begun.user, None)
            .await
            .unwrap();
        let error = dropped
            .renew_token(begun.tokens.refresh_token.expose(), &client())
            .await
            .unwrap_err();
        assert_eq!((error.code(), verdict(&error)), (Code::InvalidGrant, None));
        let access_token = begun.tokens.access_token.expose();
        assert!(!dropped.is_authorized_by_role(access_token, &["user"]).await);
    });
}

/// `TICKET_SECRET` was replaced, but not `SIGNING_KEYS`. Refresh tokens, links and other tickets
/// that were made with the old secret are invalid. Access tokens are signed with another key, so
/// they stay valid until they expire.
#[test]
fn a_new_ticket_secret_alone_ends_refresh_tokens_and_no_access_token() {
    let steps = steps();
    let storage = Storage {
        kv: MemoryKeyValue::default(),
        clock: ManualClock::default(),
        random: SeededRandom::default(),
    };
    let old = storage.worker(&steps[0].0, &steps[0].1);
    let new = storage.worker(&steps[3].0, &steps[0].1);
    pollster::block_on(async {
        old.add_demo_accounts().await.unwrap();
        let begun = log_in(&old, ADA).await.unwrap();
        let users = new.ports().users();
        users.insert(&begun.user, None).await.unwrap();
        let refresh_token = begun.tokens.refresh_token.expose();
        let error = new.renew_token(refresh_token, &client()).await.unwrap_err();
        assert_eq!((error.code(), verdict(&error)), (Code::InvalidGrant, None));
        assert_eq!(new.session_of(refresh_token), None);
        let access_token = begun.tokens.access_token.expose();
        assert!(new.is_authorized_by_role(access_token, &["user"]).await);
        storage.clock.advance(begun.tokens.expires_in);
        assert!(!new.is_authorized_by_role(access_token, &["user"]).await);
    });
}
