//! Calls to Workers KV fail. Even so, every token that a client gets has been recorded, no honest
//! client is logged out, and a retry works.

use std::cell::RefCell;

use edgegate::adapters::kv_sessions::Sleep;
use edgegate::adapters::memory::Faults;
use edgegate::domain::error::Code;
use edgegate::domain::session::{EndReason, Holder, SessionId};
use edgegate::ports::{Clock, Ending, NewSession, Ports, SessionStore};
use futures_util::future::join_all;

use crate::kv::{Deployment, EVERY_TIME, client, ended_key, open, recorded, renew, seal};

/// If a write is lost, or the answer to a successful write is lost, the caller gets an error. A
/// retry gets the right answer.
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

        // The write of a login is lost, so the login returns an error. It is possible that the
        // session exists in the store, but no client has a token for it.
        deployment.kv.set_faults(fault());
        let browser = client();
        let new = NewSession {
            user: user.id,
            session: SessionId::new(deployment.time.now_ms(), &[9; 10]),
            epoch: 0,
            version: 0,
            client: &browser,
            expires_at: deployment.now() + 86_400,
            idle_ttl: 3600,
            most: None,
            holder: Holder::default(),
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

        // The write of a renewal, or the answer to that write, is lost. A retry gets the successor
        // of the token.
        let ticket = deployment.time.run(deployment.begin(store, &user));
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

        // The same faults happen while one session is ended, and then while all sessions are ended.
        deployment.kv.set_faults(fault());
        let ending = Ending::by_id(user.id, ticket.session);
        let end = || store.end(&ending, EndReason::LoggedOut, deployment.now());
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

/// On average, one call of KV in eight fails, before or after it took effect. The clients retry
/// failed calls, and nobody is logged out.
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
            let ticket = deployment.time.run(deployment.begin(store, &user));
            let mut token = seal(ticket, changes);
            deployment.kv.set_faults(Faults {
                delay_ms: (5, 15),
                failures_in_256: 32,
                ..Faults::default()
            });
            for renewal in 0..20u64 {
                deployment.time.advance(60 + renewal * 7);
                let service = if renewal % 3 == 0 { &there } else { &here };
                let (answer, times) = deployment.time.run(deployment.renew_until(service, &token));
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
    let ticket = deployment.time.run(deployment.begin(store, &user));
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

/// When a client gets a new token, the KV namespace has already recorded that the previous token
/// was used.
#[test]
fn no_token_is_handed_out_that_is_not_recorded() {
    let (mut handed_out, mut errors) = (0, 0);
    for seed in 0..40 {
        let changes = if seed % 2 == 0 { EVERY_TIME } else { &[] };
        let deployment = Deployment::seeded(seed, true);
        let services = [1, 2, 2].map(|location| deployment.service(location, changes));
        let user = deployment.user(1);
        let store = services[0].ports().sessions();
        let mut ticket = deployment.time.run(deployment.begin(store, &user));
        deployment.kv.set_faults(Faults {
            delay_ms: (5, 15),
            timeout_ms: 400 * (seed % 3),
            failures_in_256: 64,
            ..Faults::default()
        });
        for _ in 0..60 {
            deployment.time.advance(2 + deployment.dice.below(100));
            let service = &services[deployment.dice.below(3) as usize];
            match deployment.time.run(renew(service, &seal(ticket, changes))) {
                Ok(next) => {
                    let next = open(&next, changes);
                    if next.counter > ticket.counter {
                        handed_out += 1;
                    }
                    let predecessor = next.counter.checked_sub(1).map(u64::from);
                    assert!(recorded(&deployment, ticket) >= predecessor, "seed {seed}");
                    ticket = next;
                }
                Err(code) => {
                    errors += 1;
                    assert_eq!(code, Code::Unavailable, "an honest client was refused");
                }
            }
        }
        assert_eq!(deployment.kv.value(&ended_key(ticket)), None);
    }
    println!(
        "one call in four failing: {handed_out} tokens handed out and recorded, {errors} answers of 503, nobody logged out"
    );
    assert!(errors > 400, "{errors} errors");
}

/// Four tabs share one cookie jar. Each answer that arrives replaces the token in the jar. The
/// laptop moves from one location to another, and one call in ten fails.
#[test]
fn tabs_that_share_a_jar_are_not_logged_out() {
    let (mut renewals, mut repeats) = (0, 0);
    for seed in 0..40 {
        let changes = &[];
        let deployment = Deployment::seeded(seed, true);
        let services = [1, 2].map(|location| deployment.service(location, changes));
        let user = deployment.user(1);
        let store = services[0].ports().sessions();
        let ticket = deployment.time.run(deployment.begin(store, &user));
        deployment.kv.set_faults(Faults {
            delay_ms: (5, 15),
            failures_in_256: 25,
            ..Faults::default()
        });
        let jar = RefCell::new(seal(ticket, changes));
        let (deployment, services, jar) = (&deployment, &services, &jar);
        let tabs = join_all((0..4).map(|_| async move {
            let mut asked = 0;
            for _ in 0..40 {
                // Half of the pauses are shorter than two seconds.
                let now = deployment.time.now_ms();
                let pause = [0, 50, 700, 20_000, 95_000, 300_000];
                let pause = pause[deployment.dice.below(6) as usize];
                deployment.time.sleep(pause + 1000 - now % 1000).await;
                let place = deployment.now() / 400 % 2;
                let token = jar.borrow().clone();
                let renewal = deployment.renew_until(&services[place as usize], &token);
                let (renewed, times) = renewal.await;
                // The answer takes up to 3 s to arrive.
                deployment.time.sleep(deployment.dice.below(3000)).await;
                *jar.borrow_mut() = renewed.unwrap();
                asked += times;
            }
            asked
        }));
        let asked: u32 = deployment.time.run(tabs).iter().sum();
        renewals += 160;
        repeats += asked - 160;
        assert_eq!(deployment.kv.value(&ended_key(ticket)), None);
    }
    println!("four tabs with one jar: {renewals} renewals, {repeats} repeats, nobody logged out");
}

/// A log-out that returns success has taken effect. If a log-out returns an error, the client can't
/// know whether it has taken effect, so the client retries it.
#[test]
fn an_answered_log_out_has_happened() {
    let mut errors = 0;
    for seed in 0..60 {
        let deployment = Deployment::seeded(seed, true);
        let service = deployment.service(1, EVERY_TIME);
        let user = deployment.user(1);
        let store = service.ports().sessions();
        let ticket = deployment.time.run(deployment.begin(store, &user));
        let token = seal(ticket, EVERY_TIME);
        deployment.time.advance(90);
        let renewed = deployment.time.run(service.renew_token(&token, &client()));
        let access_token = renewed.unwrap().tokens.access_token;
        // After this check, the isolate remembers for a while that the session has not ended.
        let before = deployment.time.run(service.bearer(access_token.expose()));
        assert!(before.is_ok());
        deployment.kv.set_faults(Faults {
            delay_ms: (5, 15),
            failures_in_256: 128,
            late_at_home: seed % 2 == 0,
            ..Faults::default()
        });
        while deployment.time.run(service.log_out(&token)).is_err() {
            errors += 1;
            deployment.time.advance(2);
        }
        assert!(deployment.kv.value(&ended_key(ticket)).is_some());
        deployment.kv.set_faults(Faults {
            late_at_home: seed % 2 == 0,
            ..Faults::default()
        });
        let bearer = deployment.time.run(service.bearer(access_token.expose()));
        assert!(bearer.is_err(), "seed {seed}: the access token counts");
        for seconds in [0, 30, 90] {
            deployment.time.advance(seconds);
            assert_eq!(
                deployment.time.run(renew(&service, &token)),
                Err(Code::InvalidGrant)
            );
        }
    }
    println!("60 log-outs, half of the calls failing: {errors} errors, each finished by repeats");
    assert!(errors > 10);
}

/// Only reads of KV fail.
#[test]
fn a_lost_read_is_an_error_and_changes_nothing() {
    let deployment = Deployment::new(false);
    let service = deployment.service(1, EVERY_TIME);
    let user = deployment.user(1);
    let store = service.ports().sessions();
    let ticket = deployment.time.run(deployment.begin(store, &user));
    let token = seal(ticket, EVERY_TIME);
    deployment.time.advance(90);
    let lost = || {
        deployment.kv.set_faults(Faults {
            reads: 1,
            timeout_ms: 5000,
            ..Faults::default()
        });
    };
    lost();
    let _ = deployment.kv.take_calls();
    assert_eq!(
        deployment.time.run(renew(&service, &token)),
        Err(Code::Unavailable)
    );
    assert_eq!(deployment.kv.take_calls().writes, 0);
    lost();
    let now = deployment.now();
    let revocation = store.revocation(user.id, ticket.session, None, now);
    assert!(deployment.time.run(revocation).is_err());
    lost();
    assert!(deployment.time.run(store.list(user.id, 0, now)).is_err());
    assert!(deployment.time.run(renew(&service, &token)).is_ok());
}
