//! Every use case records the events that `docs/operations.md` lists for it, and no others.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use edgegate::adapters::memory::{
    MemoryDevices, MemoryEvents, MemoryMailLedger, MemoryMailQueue, MemoryMailer,
    MemoryPasswordGuard, MemoryPorts, MemorySessions, MemoryUsers, SeededRandom,
};
use edgegate::domain::account::{Edit, EmailAddress, PasswordHash, UserChange, UserId};
use edgegate::domain::event::{Act, COLUMNS, Event, Pseudonym};
use edgegate::domain::log_line::Level;
use edgegate::domain::mail::Locale::English;
use edgegate::domain::mail::MailFailure;
use edgegate::domain::session::Credentials;
use edgegate::ports::{Limit, RateLimiter, UserDirectory};
use edgegate::service::import_users::ImportOptions;
use edgegate::service::manage_users::{Amendment, Invitee};
use edgegate::service::{AuthService, Login, NewAccount, Registered, SignedIn};

use crate::fixture::{
    ADA, NEW_PASSWORD, PASSWORD, ROOT, World, cheap_hasher, client, log_in, on_kv, on_memory,
    settings, ticket,
};

/// Declares the scenarios of a file. It makes a test for each scenario, and one function that runs
/// all of them.
macro_rules! scenarios {
    ($($name:ident),* $(,)?) => {
        mod acts {
            $(#[test] fn $name() { super::$name(&mut super::Seen::default()); })*
        }

        pub(super) fn record(seen: &mut Seen) {
            $($name(seen);)*
        }
    };
}

mod accounts;
mod failures;
mod operators;
mod sessions;

const GRACE: &str = "grace@example.com";
const OPEN: &[(&str, &str)] = &[("REGISTRATION", "open")];
const ROTATING: &[(&str, &str)] = &[("ROTATE_AFTER", "0"), ("REUSE", "strict")];

/// What the scenarios recorded. `variants` has the indexes of the recorded variants of [`Act`].
/// `names` has each event's name, with the index of its variant.
#[derive(Default)]
struct Seen {
    variants: BTreeSet<usize>,
    names: BTreeMap<&'static str, usize>,
    pseudonyms: BTreeSet<String>,
    /// The name, reason and detail of each event, and its level.
    levels: BTreeSet<([String; 3], Level)>,
}

/// The index of a variant. If a variant is added to [`Act`], this function does not compile until
/// the variant is added here. Then a test fails until a scenario records an event of this variant.
fn variant(act: &Act) -> usize {
    match act {
        Act::SignedIn { .. } => 0,
        Act::SignInFailed { .. } => 1,
        Act::Renewal { .. } => 2,
        Act::SignedOut { .. } => 3,
        Act::SessionEnded { .. } => 4,
        Act::OtherSessionsEnded { .. } => 5,
        Act::SessionsRevoked { .. } => 6,
        Act::ResetRequested { .. } => 7,
        Act::PasswordReset { .. } => 8,
        Act::PasswordChanged { .. } => 9,
        Act::PasswordCheckFailed { .. } => 10,
        Act::RegistrationRequested { .. } => 11,
        Act::Registered { .. } => 12,
        Act::VerificationRequested { .. } => 13,
        Act::EmailVerified { .. } => 14,
        Act::EmailChangeRequested { .. } => 15,
        Act::EmailChanged { .. } => 16,
        Act::LinkRefused { .. } => 17,
        Act::AccountCreated { .. } => 18,
        Act::AccountDeleted { .. } => 19,
        Act::RolesChanged { .. } => 20,
        Act::DisabledChanged { .. } => 21,
        Act::AccessDenied { .. } => 22,
        Act::LimitHit { .. } => 23,
        Act::MailNotQueued { .. } => 24,
        Act::VendorUnreachable { .. } => 25,
        Act::Reauthenticated { .. } => 26,
        Act::MailKept { .. } => 27,
        Act::ProviderFails(_) => 28,
        Act::Invited { .. } => 29,
        Act::LinkReturned { .. } => 30,
        Act::Unlocked { .. } => 31,
        Act::MailRetried { .. } => 32,
        Act::MailDropped { .. } => 33,
        Act::CountersRaised { .. } => 34,
        Act::OperatorDenied { .. } => 35,
        Act::AccountsImported { .. } => 36,
        Act::AccountsExported { .. } => 37,
        Act::SessionReplaced { .. } => 38,
        Act::CodeIssued { .. } => 39,
        Act::AuthorizationDenied { .. } => 40,
        Act::ClientManaged { .. } => 41,
        Act::GrantWithdrawn { .. } => 42,
        Act::AppSignedIn { .. } => 43,
        Act::CodeRefused { .. } => 44,
        Act::CodeReplayed { .. } => 45,
        Act::ClientRefused { .. } => 46,
        Act::ClientDocumentRefused { .. } => 47,
    }
}

const VARIANTS: usize = 48;

impl Seen {
    /// The events since the last call. Each is a text: the event's name, then `!` if the act did
    /// not succeed, and then the values. In the values, ids are replaced by the given names.
    fn told(&mut self, events: &MemoryEvents, names: &[(String, &str)]) -> Vec<String> {
        let tell = |event: Event| {
            self.variants.insert(variant(&event.act));
            let same = self.names.insert(event.name(), variant(&event.act));
            assert!(
                same.is_none_or(|before| before == variant(&event.act)),
                "two events share the name {}",
                event.name()
            );
            assert_nothing_secret(&event);
            let values = event.values("");
            let [name, reason, detail] = [event.name(), &values[1], &values[8]].map(str::to_owned);
            self.levels.insert(([name, reason, detail], event.level()));
            self.pseudonyms
                .extend([values[5].clone(), values[6].clone()]);
            let mut text = event.name().to_owned();
            if values[0] != "done" {
                text.push('!');
            }
            for (column, value) in COLUMNS.into_iter().zip(values).skip(1) {
                let known = names.iter().find(|(id, _)| *id == value);
                let value = known.map_or(value.clone(), |(_, name)| (*name).to_owned());
                match column {
                    _ if value.is_empty() => {}
                    "reason" | "detail" => text.push_str(&[" ", &value].concat()),
                    column => text.push_str(&[" ", column, "=", &value].concat()),
                }
            }
            text
        };
        events.take().into_iter().map(tell).collect()
    }
}

/// Requires that an event neither prints nor logs a password, token or address.
fn assert_nothing_secret(event: &Event) {
    let texts = [event.to_json("", ""), format!("{event:?}")];
    let secret = [
        PASSWORD,
        NEW_PASSWORD,
        "a wrong guess",
        "@",
        "example.com",
        "not an address",
        "eyJ",
        "egr_",
        "egl_",
        "egd_",
        "ego_",
        "egs_",
        "egq_",
        "egk_",
        "argon2",
        "203.0.113",
        "Ada",
        "Grace",
    ];
    for text in &texts {
        for secret in secret {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

fn id(user: UserId, name: &str) -> (String, &str) {
    (user.to_string(), name)
}

fn session<'a>(signed_in: &SignedIn, name: &'a str) -> (String, &'a str) {
    (signed_in.tokens.session.to_string(), name)
}

fn user_and_session(signed_in: &SignedIn) -> [(String, &'static str); 2] {
    [id(signed_in.user.id, "ada"), session(signed_in, "one")]
}

/// The pseudonym of an address. It is the same in all tests.
fn pseudonym<S: edgegate::ports::SessionStore>(
    world: &World<S>,
    email: &str,
) -> (String, &'static str) {
    let names = edgegate::domain::account::AccountNames::new(
        &world.service.settings().ticket_secrets,
        &world.service.settings().issuer,
    );
    let name = names.of(&EmailAddress::parse(email).unwrap());
    let pseudonym = Pseudonym::of_account(&name);
    (pseudonym.as_str().to_owned(), "hashed")
}

fn all() -> Seen {
    let mut seen = Seen::default();
    sessions::record(&mut seen);
    accounts::record(&mut seen);
    failures::record(&mut seen);
    operators::record(&mut seen);
    seen
}

/// The name, reason and detail of each event that the scenarios record, and its level.
pub(crate) fn levels() -> BTreeSet<([String; 3], Level)> {
    all().levels
}

#[test]
fn every_act_is_recorded_and_documented() {
    let seen = all();
    assert!(seen.variants.iter().copied().eq(0..VARIANTS));
    let operations = include_str!("../../../docs/operations.md");
    let (_, table) = operations
        .split_once("| `event` | when |")
        .expect("the table of events");
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let documented: BTreeSet<&str> = rows
        .filter_map(|row| row.strip_prefix("| `")?.split('`').next())
        .collect();
    assert_eq!(documented, seen.names.keys().copied().collect());
    crate::count::count(
        "audit-log",
        &format!(
            "{} events of the audit log, each recorded by what it tells of, none with a secret",
            seen.names.len()
        ),
    );
}

/// The password is changed and the change is logged, even if a store fails afterwards.
#[test]
fn a_stored_change_is_recorded_even_if_a_later_step_fails() {
    let world = on_kv(&[]);
    let one = world.log_in(ADA);
    let events = &world.service.ports().events;
    let _ = events.take();
    let own = one.tokens.access_token.expose();
    world.kv.refuse_writes(u32::MAX);
    let service = &world.service;
    let from = client();
    let change = service.change_password(own, PASSWORD, NEW_PASSWORD, &from, English);
    pollster::block_on(change).unwrap_err();
    assert_eq!(
        Seen::default().told(events, &user_and_session(&one)),
        ["password_changed user_id=ada session_id=one"]
    );
    assert!(!pollster::block_on(world.can_log_in(ADA, PASSWORD)));
}

#[test]
fn checks_and_reads_record_nothing() {
    let world = on_memory(&[]);
    let one = world.log_in(ADA);
    let events = &world.service.ports().events;
    let _ = events.take();
    let own = one.tokens.access_token.expose();
    let service = &world.service;
    pollster::block_on(async {
        assert!(service.is_authorized_by_role(own, &["user"]).await);
        assert!(!service.is_authorized_by_role(own, &["admin"]).await);
        assert!(!service.is_authorized_by_role("forged", &["user"]).await);
        service.me(own).await.unwrap();
        service.list_sessions(own).await.unwrap();
    });
    assert!(events.take().is_empty());
}
