//! Every call of every use case goes wrong once, in each of five ways, on both session stores; then the request is repeated, as a
//! client does. Nothing is lost, nothing stays half done, and what can't be had now is said to be just that.

mod cases;
mod ports;
mod world;

use std::collections::BTreeSet;
use std::fs;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;

use edgegate::domain::error::{Code, Error};
use edgegate::domain::mail::Message;
use edgegate::ports::SessionStore;

use crate::count;
use crate::fixture::{ADA, NEW_PASSWORD, PASSWORD, ROOT};
use cases::cases;
pub(crate) use ports::PlainHasher;
use ports::{FAULTS, Fault};
use world::{Facts, World, on_kv, on_memory};

type Doing<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;
/// The refresh token that was given out, if one was.
type Given = Result<Option<String>, Error>;

type Wrong<S> = for<'a> fn(&'a World<S>, &'a Facts, &'a [Message]) -> Doing<'a, Option<String>>;

/// A use case, what it needs, and what must be so in the end.
struct Case<S: 'static> {
    name: &'static str,
    settings: &'static [(&'static str, &'static str)],
    prepare: for<'a> fn(&'a World<S>) -> Doing<'a, Facts>,
    act: for<'a> fn(&'a World<S>, &'a Facts) -> Doing<'a, Given>,
    /// What a repeat may be told, when the first try has done it after all.
    done_before: fn(&Error) -> bool,
    /// What is not so that must be, with all mails that went out.
    wrong: Wrong<S>,
}

/// What stays so: store, case, call, fault. A session that a spent token has ended is over in any case; but when the store's answer that
/// says why is lost, nobody can tell the owner. The log has the request's 503, or the verdict of the repeat.
const KNOWN: [(&str, &str, &str, Fault); 3] = [
    ("kv", "renewal with a spent token", "kv write", Fault::After),
    (
        "memory",
        "renewal with a spent token",
        "sessions renew",
        Fault::After,
    ),
    (
        "memory",
        "renewal with a spent token",
        "sessions renew",
        Fault::Again,
    ),
];

fn walk<S: SessionStore + 'static>(
    store: &str,
    make: fn(&[(&str, &str)]) -> World<S>,
    complaints: &mut Vec<String>,
) -> usize {
    let mut points = 0;
    for case in cases::<S>() {
        let world = make(case.settings);
        let calls = pollster::block_on(async {
            let facts = (case.prepare)(&world).await;
            world.line.arm(None);
            let outcome = (case.act)(&world, &facts).await;
            assert!(outcome.is_ok(), "{}: {outcome:?}", case.name);
            world.line.calls()
        });
        // One more than there are is no fault at all: what must be so must be so then too.
        for at in 0..=calls {
            for fault in FAULTS {
                let world = make(case.settings);
                let found = pollster::block_on(try_once(&world, &case, at, fault));
                let last = world.line.last.get();
                let is_known = KNOWN.contains(&(store, case.name, last, fault));
                assert!(!is_known || found.is_some(), "{} is mended", case.name);
                if let Some(complaint) = found.filter(|_| !is_known) {
                    complaints.push(format!(
                        "{store}, {}, call {at} ({last}), {fault:?}: {complaint}",
                        case.name
                    ));
                }
                points += usize::from(at < calls);
            }
        }
    }
    points
}

async fn try_once<S: SessionStore + 'static>(
    world: &World<S>,
    case: &Case<S>,
    at: usize,
    fault: Fault,
) -> Option<String> {
    let facts = (case.prepare)(world).await;
    world.line.arm(Some((at, fault)));
    let outcome = (case.act)(world, &facts).await;
    world.line.disarm();
    let given = match outcome {
        Ok(given) => given,
        Err(error) if error.code() == Code::Unavailable => {
            if let Some(half) = half_done(world).await {
                return Some(format!("after {error:?}: {half}"));
            }
            match (case.act)(world, &facts).await {
                Ok(given) => given,
                Err(again) if (case.done_before)(&again) => None,
                Err(again) => return Some(format!("after {error:?} a repeat: {again:?}")),
            }
        }
        // It was carried out twice, and the second found it done.
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

/// Each account is there whole, with one password, or is not there.
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
    let points = walk("memory", on_memory, &mut complaints) + walk("kv", on_kv, &mut complaints);
    assert!(
        complaints.is_empty(),
        "{} of {points}:\n{}",
        complaints.len(),
        complaints.join("\n")
    );
    let count = format!(
        "{points} faults of storage, queue and mail in every use case on both session stores: nothing lost"
    );
    count::count("faults", &count);
}

#[test]
fn every_use_case_has_a_case() {
    let service = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/service");
    let mut methods = BTreeSet::new();
    for file in fs::read_dir(service).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        for (_, rest) in text
            .match_indices("    pub async fn ")
            .map(|(at, found)| text.split_at(at + found.len()))
        {
            methods.insert(rest.split('(').next().unwrap().to_owned());
        }
    }
    // Those that others are made of.
    for part in ["bearer", "bearer_with_user"] {
        assert!(methods.remove(part), "{part}");
    }
    let text = include_str!("cases.rs");
    let missing: Vec<_> = methods
        .iter()
        .filter(|method| {
            !text.contains(&format!(".{method}(")) && !text.contains(&format!(" {method}("))
        })
        .collect();
    assert!(methods.len() > 30, "{methods:?}");
    assert!(missing.is_empty(), "no case calls {missing:?}");
}
