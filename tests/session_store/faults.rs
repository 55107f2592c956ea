//! Workers KV refuses, fails and is slow: no token that is not recorded, no honest client logged out, and a repeat works.

use std::collections::BTreeSet;

use edgegate::adapters::memory::{Calls, Faults};
use edgegate::domain::error::Code;
use edgegate::domain::policy::{KV_WRITE_RETRIES_MS, RETRY_AFTER, SESSIONS_PER_USER};
use edgegate::domain::session::{EndReason, RefreshTicket, SessionId};
use edgegate::ports::{Clock, KeyValue, NewSession, Ports, SessionStore, Sleep};
use futures_util::future::join_all;

use crate::kv::{Deployment, Service, client, seal};

const EVERY_TIME: &[(&str, &str)] = &[("ROTATE_AFTER", "0")];

fn writes(calls: Calls) -> u32 {
    calls.writes
}

async fn renew(service: &Service, token: &str) -> Result<String, Code> {
    let renewed = service.renew_token(token, &client()).await;
    renewed
        .map(|renewed| renewed.tokens.refresh_token.expose().to_owned())
        .map_err(|error| error.code())
}

/// As a client does: the same token again, after `Retry-After`, while the answer is 503. Answers how often it asked.
async fn renew_until(
    deployment: &Deployment,
    service: &Service,
    token: &str,
) -> (Result<String, Code>, u32) {
    for asked in 1..=30 {
        match renew(service, token).await {
            Err(Code::Unavailable) => {
                deployment.time.sleep(u64::from(RETRY_AFTER) * 1000).await;
            }
            answer => return (answer, asked),
        }
    }
    panic!("30 times unavailable");
}

#[test]
fn ten_tabs_at_once_at_one_location() {
    for changes in [EVERY_TIME, &[]] {
        let deployment = Deployment::new(true);
        let service = deployment.service(1, changes);
        let user = deployment.user(1);
        let store = service.ports().sessions();
        let ticket = deployment.time.run(deployment.begin(store, &user, 1));
        let token = seal(ticket, changes);
        deployment.time.advance(90);
        // All ten read before the first writes.
        deployment.kv.set_faults(Faults {
            delay_ms: (10, 10),
            ..Faults::default()
        });
        let _ = deployment.kv.take_calls();
        let answers = deployment
            .time
            .run(join_all((0..10).map(|_| renew(&service, &token))));
        let successors: BTreeSet<_> = answers.into_iter().map(Result::unwrap).collect();
        assert_eq!(
            successors,
            BTreeSet::from([seal(ticket.successor().unwrap(), changes)])
        );
        let calls = deployment.kv.take_calls();
        println!("ten tabs at one location, {changes:?}: ten 200s; {calls:?}");
        assert_eq!(calls.refused, 9, "{calls:?}");
        // What the first has written is read, and not written again.
        assert_eq!(calls.writes, 10, "{calls:?}");
    }
}

#[test]
fn ten_tabs_at_once_at_ten_locations() {
    let deployment = Deployment::new(true);
    let user = deployment.user(1);
    let services: Vec<Service> = (0..10)
        .map(|location| deployment.service(location, EVERY_TIME))
        .collect();
    let store = services[0].ports().sessions();
    let ticket = deployment.time.run(deployment.begin(store, &user, 1));
    let token = seal(ticket, EVERY_TIME);
    deployment.time.advance(90);
    deployment.kv.set_faults(Faults {
        delay_ms: (10, 10),
        ..Faults::default()
    });
    let answers = deployment.time.run(join_all(
        services
            .iter()
            .map(|service| renew_until(&deployment, service, &token)),
    ));
    let repeated = answers.iter().filter(|(_, asked)| *asked > 1).count();
    let most = answers.iter().map(|(_, asked)| *asked).max().unwrap();
    let successors: BTreeSet<_> = answers
        .into_iter()
        .map(|(answer, _)| answer.unwrap())
        .collect();
    println!(
        "ten tabs at ten locations: {repeated} asked again after a 503, one {most} times; ten 200s in the end"
    );
    assert_eq!(
        successors,
        BTreeSet::from([seal(ticket.successor().unwrap(), EVERY_TIME)])
    );
}

/// The bound within which a write is tried again, and what it counts.
#[test]
fn a_refused_write_is_tried_again_within_a_bound() {
    let deployment = Deployment::new(false);
    let service = deployment.service(1, EVERY_TIME);
    let elsewhere = deployment.service(2, EVERY_TIME);
    let user = deployment.user(1);
    let store = service.ports().sessions();
    // Renewed within the second of the login: refused, tried again, written.
    let ticket = deployment.time.run(deployment.begin(store, &user, 1));
    let token = seal(ticket, EVERY_TIME);
    let _ = deployment.kv.take_calls();
    let begun = deployment.time.now_ms();
    let next = deployment.time.run(renew(&service, &token)).unwrap();
    let waited = deployment.time.now_ms() - begun;
    let bound: u64 = KV_WRITE_RETRIES_MS.iter().map(|pause| pause + 255).sum();
    assert!((1..=bound).contains(&waited), "{waited} ms");
    assert!(deployment.kv.take_calls().refused > 0);

    // A key that others keep busy: 503 within the bound, and the same token renews afterwards.
    let key = format!("session:{}:{}", user.id, ticket.session);
    deployment.time.advance(2);
    let keep_busy = async {
        let kv = deployment.kv.at(3);
        let record = deployment.kv.value(&key).unwrap();
        for _ in 0..60 {
            let _ = kv.write(&key, &record, None, 86_400).await;
            deployment.time.sleep(50).await;
        }
    };
    let begun = deployment.time.now_ms();
    let renewal = async {
        deployment.time.sleep(10).await;
        let answer = renew(&elsewhere, &next).await;
        (answer, deployment.time.now_ms() - begun)
    };
    let ((), (answer, waited)) = deployment
        .time
        .run(futures_util::future::join(keep_busy, renewal));
    assert_eq!(answer, Err(Code::Unavailable));
    assert!(waited <= bound + 10, "{waited} ms");
    deployment.time.advance(2);
    assert!(deployment.time.run(renew(&elsewhere, &next)).is_ok());
}

/// Whether the answer was lost before or after the write: an error, then the right answer.
#[test]
fn a_lost_write_is_finished_by_a_repeat() {
    for after in [false, true] {
        let fault = || Faults {
            writes_before: u32::from(!after),
            writes_after: u32::from(after),
            ..Faults::default()
        };
        let deployment = Deployment::new(false);
        let service = deployment.service(1, EVERY_TIME);
        let store = service.ports().sessions();
        let user = deployment.user(1);

        // A login whose write was lost is an error; its session may be there, and no one has a token of it.
        deployment.kv.set_faults(fault());
        let browser = client();
        let new = NewSession {
            user: user.id,
            session: SessionId::new(deployment.time.now_ms(), &[9; 10]),
            epoch: 0,
            client: &browser,
            expires_at: deployment.now() + 86_400,
            idle_ttl: 3600,
            most: None,
        };
        assert!(
            deployment
                .time
                .run(store.begin(&new, deployment.now()))
                .is_err()
        );
        deployment.time.advance(1);
        assert!(
            deployment
                .time
                .run(store.begin(&new, deployment.now()))
                .is_ok()
        );

        // A renewal.
        let ticket = deployment.time.run(deployment.begin(store, &user, 1));
        let token = seal(ticket, EVERY_TIME);
        deployment.time.advance(90);
        deployment.kv.set_faults(fault());
        assert_eq!(
            deployment.time.run(renew(&service, &token)),
            Err(Code::Unavailable)
        );
        deployment.time.advance(2);
        let next = deployment.time.run(renew(&service, &token)).unwrap();
        assert_eq!(next, seal(ticket.successor().unwrap(), EVERY_TIME));
        deployment.time.advance(600);
        deployment.time.run(renew(&service, &next)).unwrap();

        // The end of a session, and of all.
        deployment.kv.set_faults(fault());
        let end = || {
            store.end(
                user.id,
                ticket.session,
                EndReason::LoggedOut,
                deployment.now(),
            )
        };
        assert!(deployment.time.run(end()).is_err());
        deployment.time.advance(2);
        assert!(deployment.time.run(end()).is_ok());
        assert_eq!(
            deployment.time.run(renew(&service, &next)),
            Err(Code::InvalidGrant)
        );

        deployment.kv.set_faults(fault());
        let error = deployment.time.run(service.revoke_tokens(user.id));
        assert_eq!(error.unwrap_err().code(), Code::Unavailable);
        deployment.time.advance(2);
        deployment.time.run(service.revoke_tokens(user.id)).unwrap();
        let stale = deployment.kv.value(&format!("stale:{}", user.id)).unwrap();
        assert_eq!(stale, "2");
    }
}

/// Clients that repeat what failed, on a store where every eighth call fails, before or after it took effect.
#[test]
fn an_unreliable_store_logs_nobody_out() {
    for changes in [EVERY_TIME, &[]] {
        let deployment = Deployment::new(true);
        let here = deployment.service(1, changes);
        let there = deployment.service(2, changes);
        let mut asked = 0;
        for number in 0..40 {
            let user = deployment.user(number);
            let store = here.ports().sessions();
            let ticket = deployment.time.run(deployment.begin(store, &user, number));
            let mut token = seal(ticket, changes);
            deployment.kv.set_faults(Faults {
                delay_ms: (5, 15),
                failures_in_256: 32,
                ..Faults::default()
            });
            for renewal in 0..20u64 {
                deployment.time.advance(60 + renewal * 7);
                let service = if renewal % 3 == 0 { &there } else { &here };
                let (answer, times) =
                    deployment
                        .time
                        .run(renew_until(&deployment, service, &token));
                token = answer.unwrap();
                asked += times;
            }
            deployment.kv.set_faults(Faults::default());
        }
        println!(
            "an unreliable store, {changes:?}: 800 renewals, {asked} requests, nobody logged out"
        );
        assert!(asked > 840, "the store was not unreliable: {asked}");
    }
}

#[test]
fn a_store_that_is_down_is_unavailable_and_the_token_works_afterwards() {
    let deployment = Deployment::new(false);
    let service = deployment.service(1, EVERY_TIME);
    let user = deployment.user(1);
    let store = service.ports().sessions();
    let ticket = deployment.time.run(deployment.begin(store, &user, 1));
    let token = seal(ticket, EVERY_TIME);
    deployment.time.advance(90);
    deployment.kv.set_faults(Faults {
        down: true,
        ..Faults::default()
    });
    assert_eq!(
        deployment.time.run(renew(&service, &token)),
        Err(Code::Unavailable)
    );
    let error = deployment.time.run(service.log_out(&token)).unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    deployment.kv.set_faults(Faults::default());
    assert!(deployment.time.run(renew(&service, &token)).is_ok());
}

/// What a client can hand in that is no token of a session that goes on. Where the MAC fails, nothing is asked.
#[test]
fn bad_tickets() {
    const OTHER_SECRET: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8";
    let deployment = Deployment::new(false);
    let service = deployment.service(1, &[]);
    let (ada, bob) = (deployment.user(1), deployment.user(2));
    let store = service.ports().sessions();
    let ticket = deployment.time.run(deployment.begin(store, &ada, 1));
    deployment.time.advance(600);
    let ahead = SessionId::new(deployment.time.now_ms() + 3_600_000, &[7; 10]);
    let genuine = seal(ticket, &[]);
    let refused = |token: &str| {
        let _ = deployment.kv.take_calls();
        let answer = deployment.time.run(renew(&service, token));
        assert_eq!(answer, Err(Code::InvalidGrant), "{token}");
        deployment.kv.take_calls()
    };

    for changes in [
        [("TICKET_SECRET", OTHER_SECRET)],
        [("ISSUER", "https://other.example.com")],
    ] {
        assert_eq!(
            refused(&seal(ticket, &changes)),
            Calls::default(),
            "another deployment"
        );
    }
    for token in [
        "",
        "egr_",
        &genuine[..genuine.len() - 1],
        &format!("{genuine}A"),
        &genuine.replacen("egr_", "egv_", 1),
    ] {
        assert_eq!(refused(token), Calls::default(), "no ticket");
    }
    // Sealed by a key that was removed since.
    let both = format!("{OTHER_SECRET},{}", crate::kv::TICKET_SECRET);
    let promoted = deployment.service(1, &[("TICKET_SECRET", &both)]);
    assert!(deployment.time.run(renew(&promoted, &genuine)).is_ok());
    let dropped = deployment.service(1, &[("TICKET_SECRET", OTHER_SECRET)]);
    let _ = deployment.kv.take_calls();
    let answer = deployment.time.run(renew(&dropped, &genuine));
    assert_eq!(answer, Err(Code::InvalidGrant));
    assert_eq!(
        deployment.kv.take_calls(),
        Calls::default(),
        "a removed key"
    );

    // With a right MAC, which nobody can make: read, refused, nothing written.
    for (what, forged) in [
        (
            "another user's session",
            RefreshTicket {
                user: bob.id,
                ..ticket
            },
        ),
        (
            "the last counter",
            RefreshTicket {
                counter: u32::MAX,
                ..ticket
            },
        ),
        (
            "from the future",
            RefreshTicket {
                session: ahead,
                ..ticket
            },
        ),
        ("another epoch", RefreshTicket { epoch: 1, ..ticket }),
        (
            "expired",
            RefreshTicket {
                expires_at: deployment.now(),
                ..ticket
            },
        ),
    ] {
        assert_eq!(writes(refused(&seal(forged, &[]))), 0, "{what}");
    }
    assert!(deployment.time.run(renew(&service, &genuine)).is_ok());
}

/// The count of a user's sessions, with a list that is late.
#[test]
fn the_limit_ends_the_oldest_and_clears_away() {
    let deployment = Deployment::new(false);
    let user = deployment.user(1);
    let stores = [1, 2].map(|location| {
        let service = deployment.service(location, &[]);
        (service, location)
    });
    deployment.kv.set_faults(Faults {
        page: 7,
        ..Faults::default()
    });
    let most = 10;
    let mut begun = Vec::new();
    for number in 0..120u8 {
        let (service, _) = &stores[usize::from(number % 2)];
        let ticket = RefreshTicket {
            user: user.id,
            session: SessionId::new(deployment.time.now_ms(), &[number; 10]),
            epoch: 0,
            counter: 0,
            expires_at: deployment.now() + 90 * 86_400,
        };
        let browser = client();
        let new = NewSession {
            user: user.id,
            session: ticket.session,
            epoch: 0,
            client: &browser,
            expires_at: ticket.expires_at,
            idle_ttl: 30 * 86_400,
            most: Some(most),
        };
        let store = service.ports().sessions();
        deployment
            .time
            .run(store.begin(&new, deployment.now()))
            .unwrap();
        deployment.time.run(deployment.background.run()).unwrap();
        begun.push(ticket);
        // The newest always goes on.
        let answer = deployment.time.run(renew(service, &seal(ticket, &[])));
        assert!(answer.is_ok(), "the session just begun was ended");
        deployment.time.advance(61);
    }
    let store = stores[0].0.ports().sessions();
    let left = deployment
        .time
        .run(store.list(user.id, 0, deployment.now()))
        .unwrap();
    let newest: Vec<SessionId> = begun[begun.len() - left.len()..]
        .iter()
        .map(|ticket| ticket.session)
        .collect();
    let left: Vec<SessionId> = left.iter().map(|session| session.id).collect();
    println!("limit {most}: {} of 120 sessions go on", left.len());
    assert_eq!(left, newest, "not the oldest ended");
    assert!(left.len() < most + 40, "{} sessions", left.len());
    let records = begun
        .iter()
        .filter(|ticket| {
            let key = format!("session:{}:{}", user.id, ticket.session);
            deployment.kv.value(&key).is_some()
        })
        .count();
    assert!(records < 100, "{records} records: none was cleared away");
    assert!(SESSIONS_PER_USER > most);
}

#[test]
fn a_reuse_is_told() {
    use edgegate::adapters::memory::SentMail;
    use edgegate::domain::event::Event;

    let strict = &[("ROTATE_AFTER", "0"), ("REUSE", "strict")];
    let deployment = Deployment::new(false);
    let service = deployment.service(1, strict);
    let user = deployment.user(1);
    let store = service.ports().sessions();
    let ticket = deployment.time.run(deployment.begin(store, &user, 1));
    let token = seal(ticket, strict);
    deployment.time.advance(90);
    deployment.time.run(renew(&service, &token)).unwrap();
    assert_eq!(service.ports().mailer.take(), []);
    deployment.time.advance(90);
    deployment.time.run(renew(&service, &token)).unwrap_err();
    deployment.time.run(renew(&service, &token)).unwrap_err();
    // Once, though the token came twice.
    let session = ticket.session;
    assert_eq!(
        service.ports().mailer.take(),
        [SentMail::RefreshTokenReused {
            user: user.id,
            session
        }]
    );
    let verdicts: Vec<_> = service
        .ports()
        .events
        .take()
        .into_iter()
        .map(
            |Event::Renewal {
                 verdict,
                 session: counted,
                 ..
             }| {
                assert_eq!(counted, session);
                verdict.reason()
            },
        )
        .collect();
    assert_eq!(verdicts, ["fresh", "reused", "ended"]);
}
