//! Tests what happens if one call to a port fails. For each use case, each of its calls fails once,
//! in each of five ways, with both session stores. Then the request is retried, as a client would
//! do. The tests require that nothing is lost or half done, and that a temporary failure is
//! reported as temporary.

mod cases;
mod ports;
mod taken_from_apps;
mod world;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use edgegate::adapters::memory::MemorySessions;
use edgegate::domain::account::UserId;
use edgegate::domain::error::{Code, Error};
use edgegate::domain::mail::{FailureKind, Job, Locale, Message};
use edgegate::domain::policy::MAIL_TRIES;
use edgegate::ports::{MailLedger, SessionStore};
use edgegate::service::deliver_mail::Delivery;
use edgegate::service::manage_users::Amendment;

use crate::count;
use crate::fixture::{ADA, NEW_PASSWORD, PASSWORD, ROOT, client};
use crate::use_cases::{methods_called, use_cases};
use cases::cases;
pub(crate) use ports::PlainHasher;
use ports::{CALLS, FAULTS, Fault, Faulty};
use world::{Facts, World, on_kv, on_memory};

type Doing<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;
/// The result of a use case: the refresh token, if the use case issued one.
type Given = Result<Option<String>, Error>;

type Wrong<S> = for<'a> fn(&'a World<S>, &'a Facts, &'a [Message]) -> Doing<'a, Option<String>>;

/// A use case, its preparation, and the rules that must hold in the end.
struct Case<S: 'static> {
    name: &'static str,
    settings: &'static [(&'static str, &'static str)],
    prepare: for<'a> fn(&'a World<S>) -> Doing<'a, Facts>,
    act: for<'a> fn(&'a World<S>, &'a Facts) -> Doing<'a, Given>,
    /// Whether a retry may get this error if the first attempt succeeded although its answer was
    /// lost.
    done_before: fn(&Error) -> bool,
    /// Returns the rules that do not hold. The function gets all mails that were sent.
    wrong: Wrong<S>,
}

/// The known failures. Each is identified by the store, the case, the call and the fault. A reused
/// token always ends its session. But if the store's answer is lost, the service does not know why
/// the session ended, so it can't notify the owner. The log still shows the 503 of the first
/// request, or the verdict of the retry.
const KNOWN: [(&str, &str, &str, Fault); 3] = [
    ("kv", "renewal with a used token", "kv write", Fault::After),
    (
        "memory",
        "renewal with a used token",
        "sessions renew",
        Fault::After,
    ),
    (
        "memory",
        "renewal with a used token",
        "sessions renew",
        Fault::Again,
    ),
];

/// For each first attempt that succeeded but was answered with 503: the name of the case, and the
/// error code of the retry.
type Told = BTreeSet<(&'static str, &'static str)>;

/// The operations in openapi.yaml that change something, under their names in docs/errors.md. Each
/// is listed with the cases that cover it.
const OPERATIONS: [(&str, &[&str]); 46] = [
    (
        "generate_token",
        &["login", "sign in again in the same browser"],
    ),
    ("authorize", &["sign in to an app"]),
    ("authorize_by_form", &["sign in to an app"]),
    ("show_authorization_request", &["show an app's request"]),
    ("decide_authorization", &["let an app in"]),
    ("leave_apps", &["leave all apps"]),
    ("leave_apps_by_form", &["leave all apps"]),
    ("renew_token", &["renewal", "renew as an app"]),
    ("renew_token (exchanging a code)", &["exchange a code"]),
    ("reauthenticate", &["prove the password again"]),
    ("log_out", &["log out", "revoke as an app"]),
    ("introspect", &["ask as an app"]),
    ("post_userinfo", &["ask as an app"]),
    ("register (verified)", &["register by mail"]),
    ("register (open)", &["register openly"]),
    ("reset_password", &["ask for a reset"]),
    ("resend_verification", &["ask again to verify"]),
    ("confirm_reset", &["reset"]),
    ("change_password", &["change the password"]),
    (
        "verify_email",
        &["verify an open account", "make the account"],
    ),
    ("change_email", &["ask for another address"]),
    ("confirm_email", &["take another address"]),
    ("delete_own_account", &["delete one's account"]),
    ("end_session", &["end one session"]),
    ("end_other_sessions", &["end all others"]),
    ("create_user", &["invite"]),
    (
        "create_user (with a returned link)",
        &["make an account with a link"],
    ),
    ("invite_user", &["invite again", "return an invitation"]),
    ("verify_user", &["vouch for an address"]),
    ("unlock_user", &["unlock"]),
    ("end_session_of_user", &["end a session of a user"]),
    ("retry_failed_mail", &["retry failed mails"]),
    ("drop_failed_mail", &["drop a failed mail"]),
    ("raise_counters", &["raise all counters"]),
    ("create_client", &["register an app"]),
    ("change_client", &["change an app"]),
    ("delete_client", &["delete an app"]),
    ("add_client_secret", &["make a secret"]),
    ("delete_client_secret", &["delete a secret"]),
    ("withdraw_grant", &["take back a grant"]),
    ("find_pseudonyms", &["read as an operator"]),
    ("import_users", &["import"]),
    (
        "amend_user",
        &["change roles", "give and take roles", "disable"],
    ),
    ("delete_account", &["delete an account"]),
    ("revoke_tokens (one's own)", &["revoke all of one's own"]),
    (
        "revoke_tokens (by an administrator, by RPC)",
        &["revoke all"],
    ),
];

/// The table under "After 503" in docs/errors.md. Returns for each operation the error codes with
/// which a retry may be answered. If an operation has no codes, a retry is answered as the first
/// request would have been.
fn documented_repeats() -> BTreeMap<String, BTreeSet<String>> {
    let text = include_str!("../../../docs/errors.md");
    let (_, section) = text.split_once("## After 503").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let codes = |cell: &str| {
        cell.split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect()
    };
    let mut repeats = BTreeMap::new();
    for row in section.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        for name in cells[1].split(", `") {
            repeats.insert(name.replace('`', ""), codes(cells[2]));
        }
    }
    repeats
}

/// The two values of `PASSWORD_WORK`. With the first value, the request itself hashes the password
/// after the limiter has allowed it. With the second value, the password guard hashes it. The
/// limits of the guard are off, because they would delay the tests' own logins.
const WORK: [&[(&str, &str)]; 2] = [&[], &[("PASSWORD_WORK", "durable"), ("LIMITS", "off")]];

/// Tries every fault at every call of every case. Returns the number of faults. Adds to `seen` the
/// name of each call at which a fault happened.
fn walk<S: SessionStore + 'static>(
    store: &str,
    work: &[(&str, &str)],
    make: fn(&[(&str, &str)]) -> World<S>,
    complaints: &mut Vec<String>,
    told: &mut Told,
    seen: &mut BTreeSet<&'static str>,
) -> usize {
    let mut points = 0;
    let mut known = BTreeSet::new();
    for case in cases::<S>() {
        let settings = [case.settings, work].concat();
        let world = make(&settings);
        let calls = pollster::block_on(async {
            let facts = (case.prepare)(&world).await;
            world.line.arm(None);
            let outcome = (case.act)(&world, &facts).await;
            assert!(outcome.is_ok(), "{}: {outcome:?}", case.name);
            world.line.calls()
        });
        // In the last round, `at` is the number of calls. No call has this number, so no call
        // fails. The rules must hold in this round, too.
        for at in 0..=calls {
            for fault in FAULTS {
                let world = make(&settings);
                let found = pollster::block_on(try_once(&world, &case, at, fault, told));
                let last = world.line.last.get();
                // The fault must really have happened. Without a fault, the rules would hold
                // anyway.
                assert_eq!(last.is_empty(), at == calls, "{}, call {at}", case.name);
                seen.insert(last);
                let is_known = KNOWN.contains(&(store, case.name, last, fault));
                if is_known && found.is_some() {
                    known.insert((case.name, last));
                }
                if let Some(complaint) = found.filter(|_| !is_known) {
                    complaints.push(format!(
                        "{store}, {work:?}, {}, call {at} ({last}), {fault:?}: {complaint}",
                        case.name
                    ));
                }
                points += usize::from(at < calls);
            }
        }
    }
    // If a case makes the same call twice, perhaps only one of the two calls causes the known
    // failure. So it is enough if the failure was found once.
    for (of, case, call, _) in KNOWN {
        assert!(
            of != store || known.contains(&(case, call)),
            "{case} is mended"
        );
    }
    points
}

async fn try_once<S: SessionStore + 'static>(
    world: &World<S>,
    case: &Case<S>,
    at: usize,
    fault: Fault,
    told: &mut Told,
) -> Option<String> {
    let facts = (case.prepare)(world).await;
    world.line.arm(Some((at, fault)));
    let outcome = (case.act)(world, &facts).await;
    world.line.disarm();
    let given = match outcome {
        Ok(given) => given,
        // If the limiter fails, it refuses the request as if the limit were reached.
        Err(error)
            if error.code() == Code::Unavailable
                || error.code() == Code::RateLimited && world.line.last.get() == "limiter" =>
        {
            if let Some(half) = half_done(world).await {
                return Some(format!("after {error:?}: {half}"));
            }
            match (case.act)(world, &facts).await {
                Ok(given) => given,
                Err(again) if (case.done_before)(&again) => {
                    told.insert((case.name, again.code().as_str()));
                    None
                }
                Err(again) => return Some(format!("after {error:?} a repeat: {again:?}")),
            }
        }
        // The call was carried out twice. The second time, its work was already done, so it
        // returned an error.
        Err(error)
            if matches!(fault, Fault::Twice | Fault::Again) && (case.done_before)(&error) =>
        {
            None
        }
        Err(error) => return Some(format!("{error:?}")),
    };
    if let Some(token) = given
        && !world.renews(&token).await
    {
        return Some("the token that was given does not renew".to_owned());
    }
    let mails = world.mails().await;
    if let Some(half) = half_done(world).await {
        return Some(half);
    }
    (case.wrong)(world, &facts, &mails).await
}

/// Checks that each account exists completely, with one password, or not at all.
async fn half_done<S: SessionStore>(world: &World<S>) -> Option<String> {
    use edgegate::domain::account::EmailAddress;
    use edgegate::ports::UserDirectory;

    for email in [ADA, ROOT] {
        let address = EmailAddress::parse(email).unwrap();
        let user = world
            .service
            .ports()
            .users
            .inner
            .find_by_email(&address)
            .await
            .unwrap();
        let Some(user) = user.filter(|user| user.disabled_at.is_none()) else {
            continue;
        };
        let mut passwords = 0;
        for password in [PASSWORD, NEW_PASSWORD] {
            passwords += usize::from(world.can_log_in(email, password).await);
        }
        if passwords != 1 {
            return Some(format!("{passwords} passwords of {}", user.id));
        }
    }
    None
}

#[test]
fn every_call_of_every_use_case_may_go_wrong() {
    let mut complaints = Vec::new();
    let mut told = Told::new();
    let mut seen = BTreeSet::new();
    let mut points = 0;
    for work in WORK {
        points += walk(
            "memory",
            work,
            on_memory,
            &mut complaints,
            &mut told,
            &mut seen,
        );
        points += walk("kv", work, on_kv, &mut complaints, &mut told, &mut seen);
    }
    assert!(
        complaints.is_empty(),
        "{} of {points}:\n{}",
        complaints.len(),
        complaints.join("\n")
    );
    let documented = documented_repeats();
    for (operation, cases) in OPERATIONS {
        let told = told.iter().filter(|(case, _)| cases.contains(case));
        let told: BTreeSet<String> = told.map(|(_, code)| (*code).to_owned()).collect();
        assert_eq!(
            documented.get(operation),
            Some(&told),
            "{operation} in docs/errors.md"
        );
    }
    assert_eq!(documented.len(), OPERATIONS.len(), "{documented:?}");
    seen.remove("");
    assert_eq!(seen, BTreeSet::from(CALLS), "each call of each port");
    let count = format!(
        "{points} faults of every port in every use case on both session stores: nothing lost"
    );
    count::count("faults", &count);
}

/// The store makes the change, but its answer is lost. The change must be recorded, even if nobody
/// repeats the request, or if the repeated request finds nothing to change.
#[test]
fn a_change_is_recorded_although_the_answer_of_the_store_is_lost() {
    for name in ["change roles", "give and take roles"] {
        let is_it = |case: &Case<_>| case.name == name;
        let case = cases().into_iter().find(is_it).unwrap();
        let mut updates = 0;
        for at in 0.. {
            let world = on_memory(&[]);
            pollster::block_on(async {
                let facts = (case.prepare)(&world).await;
                drop(world.service.ports().events.take());
                world.line.arm(Some((at, Fault::After)));
                let outcome = (case.act)(&world, &facts).await;
                if world.line.last.get() == "users update" {
                    assert!(outcome.is_ok(), "{outcome:?}");
                    let recorded = world.service.ports().events.take();
                    let names: Vec<&str> = recorded.iter().map(|event| event.act.name()).collect();
                    assert_eq!(names, ["roles_changed"]);
                    updates += 1;
                }
            });
            if world.line.last.get().is_empty() {
                break;
            }
        }
        assert_eq!(updates, 1, "{name}");
    }
}

/// Two operators change roles of one account at the same time. In whichever order their steps
/// happen, both changes are stored and both are recorded.
#[test]
fn single_roles_that_change_at_once_are_all_changed() {
    let give = |role: &str| Amendment {
        add_roles: Some(vec![role.to_owned()]),
        ..Amendment::default()
    };
    let take = |role: &str| Amendment {
        remove_roles: Some(vec![role.to_owned()]),
        ..Amendment::default()
    };
    for (own, others, after) in [
        (give("a"), give("b"), vec!["a", "b", "user"]),
        (give("a"), take("user"), vec!["a"]),
        (take("user"), give("b"), vec!["b"]),
        (give("a"), give("a"), vec!["a", "user"]),
        (take("user"), take("user"), vec![]),
    ] {
        // The second operator's change comes just before the first operator makes this call.
        for before in [
            "users find by id",
            "sessions hold",
            "users update",
            "sessions outdate",
        ] {
            let world = Rc::new(on_memory(&[]));
            pollster::block_on(async {
                let facts = world.facts(String::new()).await;
                drop(world.service.ports().events.take());
                let (other, id, others) = (Rc::clone(&world), facts.id(), others.clone());
                let admin = facts.admin().to_owned();
                let own_is_others = (&own.add_roles, &own.remove_roles)
                    == (&others.add_roles, &others.remove_roles);
                let done = Rc::new(Cell::new(false));
                let note = Rc::clone(&done);
                world.line.meanwhile(before, move || {
                    let amended = other.service.amend_user(&admin, id, others.clone());
                    pollster::block_on(amended).unwrap();
                    note.set(true);
                });
                let service = &world.service;
                service
                    .amend_user(facts.admin(), id, own.clone())
                    .await
                    .unwrap();
                assert!(done.get(), "{before}");
                let user = service.read_user(facts.admin(), id).await.unwrap();
                assert_eq!(user.roles.to_vec(), after, "{before}");
                // If both operators make the same change, the second one changes nothing and is not
                // recorded.
                let changes = if own_is_others { 1 } else { 2 };
                assert_eq!(user.version, facts.ada.user.version + changes, "{before}");
                let recorded = service.ports().events.take();
                let of_roles = recorded
                    .iter()
                    .filter(|event| event.act.name() == "roles_changed");
                assert_eq!(of_roles.count() as u64, changes, "{before}");
            });
        }
    }
}

/// Two administrators take the role from each other at the same time. One of them keeps it.
#[test]
fn the_last_administrator_keeps_the_role_although_two_take_it_at_once() {
    let take = || Amendment {
        remove_roles: Some(vec!["admin".to_owned()]),
        ..Amendment::default()
    };
    for before in ["sessions hold", "users update"] {
        let world = Rc::new(on_memory(&[]));
        pollster::block_on(async {
            let facts = world.facts(String::new()).await;
            let give = Amendment {
                add_roles: Some(vec!["admin".to_owned()]),
                ..Amendment::default()
            };
            let (service, root) = (&world.service, facts.root.user.id);
            service
                .amend_user(facts.admin(), facts.id(), give)
                .await
                .unwrap();
            let ada = world.log_in(ADA, PASSWORD).await.unwrap();
            let other = Rc::clone(&world);
            world.line.meanwhile(before, move || {
                let token = ada.tokens.access_token.expose();
                let amended = other.service.amend_user(token, root, take());
                pollster::block_on(amended).unwrap();
            });
            let amended = service.amend_user(facts.admin(), facts.id(), take()).await;
            assert_eq!(amended.unwrap_err(), Error::LastAdministrator, "{before}");
        });
    }
}

/// Another operator changes the row before each attempt of the request. The request gives up soon,
/// and does not overwrite those changes.
#[test]
fn single_roles_of_a_user_who_changes_without_end_answer_503() {
    let world = Rc::new(on_memory(&[]));
    pollster::block_on(async {
        let facts = world.facts(String::new()).await;
        let give = Amendment {
            add_roles: Some(vec!["editor".to_owned()]),
            ..Amendment::default()
        };
        let id = facts.id();
        change_before_each_update(&world, id);
        let amended = world.service.amend_user(facts.admin(), id, give).await;
        assert_eq!(amended.unwrap_err().code(), Code::Unavailable);
        world.line.meanwhile("nothing", || {});
        let user = world.service.read_user(facts.admin(), id).await.unwrap();
        assert_eq!(user.roles.to_vec(), ["user"]);
    });
}

/// Changes the row just before each update, as if another operator did so.
fn change_before_each_update(world: &Rc<World<Faulty<MemorySessions>>>, id: UserId) {
    let other = Rc::clone(world);
    world.line.meanwhile("users update", move || {
        let users = &other.service.ports().users.inner;
        users.change_by_hand(id, 0, |user| user.version += 1);
        change_before_each_update(&other, id);
    });
}

/// An update of the user's row fails. Just before this update, another operator has changed the
/// row. So the row has the version that the update would have given it, but not the update's own
/// change. The service must not report this change as made.
#[test]
fn a_change_that_failed_is_not_mistaken_for_another_change_at_the_same_time() {
    for name in [
        "change roles",
        "change the password",
        "reset",
        "take another address",
    ] {
        let is_it = |case: &Case<_>| case.name == name;
        let case = cases().into_iter().find(is_it).unwrap();
        let mut updates = 0;
        for at in 0.. {
            let world = Rc::new(on_memory(&[]));
            pollster::block_on(async {
                let facts = (case.prepare)(&world).await;
                world.line.arm(Some((at, Fault::Before)));
                let (other, id) = (Rc::clone(&world), facts.id());
                world.line.meanwhile("users update", move || {
                    let users = &other.service.ports().users.inner;
                    users.change_by_hand(id, 0, |user| user.version += 1);
                });
                let outcome = (case.act)(&world, &facts).await;
                if world.line.last.get() == "users update" {
                    assert_eq!(outcome.unwrap_err().code(), Code::Unavailable, "{name}");
                    updates += 1;
                }
            });
            if world.line.last.get().is_empty() {
                break;
            }
        }
        assert!(updates > 0, "{name}");
    }
}

/// How long it takes to handle a mail must not reveal that an address has no account. So the
/// service asks the ledger whether the mailbox may get a mail (`ledger admit`), even if the address
/// has no account.
#[test]
fn a_mail_to_an_address_that_nobody_has_enters_a_lane_too() {
    for email in [ADA, "nobody@example.com"] {
        let mut calls = BTreeSet::new();
        for at in 0.. {
            let world = on_memory(&[]);
            pollster::block_on(async {
                let service = &world.service;
                let client = client();
                let asked = service.reset_password(email, &client, Locale::English);
                asked.await.unwrap();
                let jobs = service.ports().queue.inner.take();
                world.line.arm(Some((at, Fault::Before)));
                service
                    .deliver_from_queue(&jobs[0].encode(), &jobs[0].id)
                    .await;
            });
            let failed = world.line.last.get();
            if failed.is_empty() {
                break;
            }
            calls.insert(failed);
        }
        assert!(calls.contains("ledger admit"), "{email}: {calls:?}");
    }
}

#[test]
fn the_failures_of_the_provider_are_deleted_only_if_there_are_some() {
    for (has_failed, deletes) in [(false, false), (true, true)] {
        let mut calls = BTreeSet::new();
        for at in 0.. {
            let world = on_memory(&[]);
            pollster::block_on(async {
                let job = Job::decode(&world.reset_job().await).unwrap();
                let ledger = &world.service.ports().ledger.inner;
                if has_failed {
                    let kind = FailureKind::Outage;
                    ledger.provider_failed(kind, "503", 0).await.unwrap();
                }
                // With `Fault::Twice`, no call fails here. The fault is used only to learn the name
                // of each call.
                world.line.arm(Some((at, Fault::Twice)));
                let service = &world.service;
                let handed_out = service.deliver_from_queue(&job.encode(), &job.id).await;
                assert_eq!(handed_out.delivery, Delivery::Sent);
                assert_eq!(ledger.provider_failures().await.unwrap(), []);
            });
            let named = world.line.last.get();
            if named.is_empty() {
                break;
            }
            calls.insert(named);
        }
        assert_eq!(
            calls.contains("ledger provider works"),
            deletes,
            "{calls:?}"
        );
    }
}

/// The store fails at the last attempt to send a mail. The mail becomes a dead letter, so operators
/// learn of it. Otherwise it would be lost silently.
#[test]
fn a_mail_whose_last_try_meets_a_failing_store_is_a_dead_letter() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let mut job = Job::decode(&world.reset_job().await).unwrap();
        for (tries, is_dead) in [(MAIL_TRIES - 2, false), (MAIL_TRIES - 1, true)] {
            job.tries = tries;
            world.line.arm(Some((0, Fault::Before)));
            let service = &world.service;
            let handed_out = service.deliver_from_queue(&job.encode(), &job.id).await;
            let delivery = handed_out.delivery;
            assert_eq!(
                matches!(delivery, Delivery::Dead { .. }),
                is_dead,
                "{delivery:?}"
            );
        }
    });
}

#[test]
fn every_use_case_has_a_case() {
    let files = [
        include_str!("cases/accounts.rs"),
        include_str!("cases/addresses.rs"),
        include_str!("cases/app_tokens.rs"),
        include_str!("cases/apps.rs"),
        include_str!("cases/authorize.rs"),
        include_str!("cases/mail.rs"),
        include_str!("cases/operators.rs"),
        include_str!("cases/passwords.rs"),
        include_str!("cases/reading.rs"),
        include_str!("cases/sessions.rs"),
    ];
    let called: BTreeSet<_> = files.into_iter().flat_map(methods_called).collect();
    let use_cases = use_cases();
    let missing: Vec<_> = use_cases
        .keys()
        .filter(|name| !called.contains(*name))
        .collect();
    assert!(missing.is_empty(), "no case calls {missing:?}");
}

/// For every operation that changes something, openapi.yaml says how a retry after 503 is answered.
#[test]
fn every_operation_that_changes_something_says_what_a_repeat_answers() {
    let contract = include_str!("../../../openapi.yaml");
    let (mut changes, mut missing) = (0, Vec::new());
    let mut method = "";
    for line in contract.lines() {
        let methods = ["    get:", "    post:", "    patch:", "    delete:"];
        if methods.contains(&line) {
            method = line.trim_matches([' ', ':']);
        }
        let Some(operation) = line.strip_prefix("      operationId: ") else {
            continue;
        };
        if method == "get" {
            continue;
        }
        changes += 1;
        let is_named = |(name, _): &(&str, &[&str])| name.split(' ').next() == Some(operation);
        if !OPERATIONS.iter().any(is_named) {
            missing.push(operation);
        }
    }
    assert!(changes > 15, "{changes} operations");
    assert!(missing.is_empty(), "{missing:?}");
}
