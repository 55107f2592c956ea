//! Revokes and renews at the same time. In most of these tests, each direction of a storage call
//! takes 5 to 15 ms. After the revocation, a token is accepted at most for the stated time.

use std::cell::Cell;

use edgegate::adapters::kv_sessions::Sleep;
use edgegate::adapters::memory::Faults;
use edgegate::domain::account::{User, UserId};
use edgegate::domain::error::Code;
use edgegate::domain::mail::{Job, MailFailure, job_id_of};
use edgegate::domain::policy::{
    DELETED_VERSION, KV_STALENESS, REVOCATION_MEMORY_ENTRIES, REVOCATION_MEMORY_TTL, STALE_TTL,
};
use edgegate::domain::session::{EndReason, RefreshTicket, SessionId};
use edgegate::ports::{Clock, Ending, Ports, SessionStore, UserDirectory};
use futures_util::future::{join, join_all};

use crate::kv::{Deployment, EVERY_TIME, Service, client, renew, seal};

const SESSIONS: u8 = 48;
fn slow() -> Faults {
    Faults {
        delay_ms: (5, 15),
        ..Faults::default()
    }
}

/// Counts what succeeded after the revocation had been answered: renewals that began before the
/// answer (`in_flight`), renewals that began after it, and checks that began after it.
/// `last_check_ms` is how long after the answer the last successful check began.
#[derive(Debug, Default)]
struct Afterwards {
    in_flight: Cell<u32>,
    renewals: Cell<u32>,
    checks_here: Cell<u32>,
    checks_elsewhere: Cell<u32>,
    last_check_ms: Cell<u64>,
}

fn begin_all(deployment: &Deployment, service: &Service, user: &User) -> Vec<RefreshTicket> {
    let store = service.ports().sessions();
    (0..SESSIONS)
        .map(|_| deployment.time.run(deployment.begin(store, user)))
        .collect()
}

/// A client that renews 40 times, with pauses of 40 ms. After each renewal it checks the new access
/// token at the location `there`. At the end it checks the newest tokens at both locations.
async fn client_of(
    deployment: &Deployment,
    [here, there]: [&Service; 2],
    ticket: RefreshTicket,
    revoked_ms: &Cell<Option<u64>>,
    seen: &Afterwards,
) {
    let mut token = seal(ticket, EVERY_TIME);
    let mut access_tokens = Vec::new();
    let after = |begun: u64| revoked_ms.get().is_some_and(|revoked| begun >= revoked);
    for round in 0..40u64 {
        let begun = deployment.time.now_ms();
        let service = if round % 4 == 3 { there } else { here };
        match service.renew_token(&token, &client()).await {
            Ok(renewed) => {
                if after(begun) {
                    seen.renewals.set(seen.renewals.get() + 1);
                } else if after(deployment.time.now_ms()) {
                    seen.in_flight.set(seen.in_flight.get() + 1);
                }
                token = renewed.tokens.refresh_token.expose().to_owned();
                let access_token = renewed.tokens.access_token.expose().to_owned();
                // The other location now has in its cache that the session has not ended, and can
                // use this cached answer for later checks.
                let _ = there.bearer(&access_token).await;
                access_tokens.push(access_token);
            }
            Err(error) => assert!(
                matches!(error.code(), Code::InvalidGrant | Code::Unavailable),
                "{error}"
            ),
        }
        deployment.time.sleep(40).await;
    }
    // Checks the newest tokens for two more minutes.
    for _ in 0..24 {
        for access_token in access_tokens.iter().rev().take(3) {
            for (service, count) in [(here, &seen.checks_here), (there, &seen.checks_elsewhere)] {
                let begun = deployment.time.now_ms();
                let passed = service.is_authorized_by_role(access_token, &["user"]).await;
                if passed && after(begun) {
                    count.set(count.get() + 1);
                    let late = begun - revoked_ms.get().unwrap();
                    seen.last_check_ms.set(late.max(seen.last_check_ms.get()));
                }
            }
        }
        deployment.time.sleep(5000).await;
    }
}

#[test]
fn revoke_all_while_48_sessions_renew() {
    for (seed, late_at_home) in [(0, false), (1, true), (2, false)] {
        revoke_all(seed, late_at_home);
    }
}

fn revoke_all(seed: u64, late_at_home: bool) {
    let deployment = Deployment::seeded(seed, true);
    let (here, there) = (
        deployment.service(1, EVERY_TIME),
        deployment.service(2, EVERY_TIME),
    );
    let user = deployment.user(1);
    let tickets = begin_all(&deployment, &here, &user);
    deployment.time.advance(120);
    deployment.kv.set_faults(Faults {
        late_at_home,
        ..slow()
    });
    let revoked_ms = Cell::new(None);
    let seen = Afterwards::default();
    let clients = join_all(
        tickets
            .iter()
            .map(|ticket| client_of(&deployment, [&here, &there], *ticket, &revoked_ms, &seen)),
    );
    let revoke = async {
        deployment.time.sleep(500).await;
        here.revoke_tokens(user.id).await.unwrap();
        revoked_ms.set(Some(deployment.time.now_ms()));
    };
    deployment.time.run(join(clients, revoke));
    println!(
        "revoke-all, 48 sessions: {} renewals in flight went through, {} later; checks afterwards: {} here, {} elsewhere, the last {} ms later",
        seen.in_flight.get(),
        seen.renewals.get(),
        seen.checks_here.get(),
        seen.checks_elsewhere.get(),
        seen.last_check_ms.get(),
    );
    assert_eq!(
        seen.renewals.get(),
        0,
        "a renewal began after the answer, and went through"
    );
    assert_eq!(
        seen.checks_here.get(),
        0,
        "a check passed where it was revoked"
    );
    assert!(
        seen.checks_elsewhere.get() > 0,
        "nothing was stale: the test shows nothing"
    );
    assert!(seen.last_check_ms.get() <= (KV_STALENESS + REVOCATION_MEMORY_TTL) * 1000);
}

/// A session ends here while it is renewed at another location. A location of KV can serve stale
/// data for a limited time. After that time, the session has ended everywhere.
#[test]
fn log_out_here_while_it_renews_elsewhere() {
    let deployment = Deployment::new(true);
    let (here, there) = (
        deployment.service(1, EVERY_TIME),
        deployment.service(2, EVERY_TIME),
    );
    let user = deployment.user(1);
    let tickets = begin_all(&deployment, &here, &user);
    deployment.time.advance(120);
    deployment.kv.set_faults(slow());
    let (last_ms, later_here) = (Cell::new(0), Cell::new(0u32));
    deployment.time.run(join_all(tickets.iter().map(|ticket| {
        let (deployment, here, there) = (&deployment, &here, &there);
        let (last_ms, later_here) = (&last_ms, &later_here);
        async move {
            let mut token = seal(*ticket, EVERY_TIME);
            let mut ended_ms = None;
            for round in 0..90u64 {
                if round == 3 {
                    let store = here.ports().sessions();
                    store
                        .end(
                            &Ending::by_id(ticket.user, ticket.session),
                            EndReason::LoggedOut,
                            deployment.now(),
                        )
                        .await
                        .unwrap();
                    ended_ms = Some(deployment.time.now_ms());
                }
                let begun = deployment.time.now_ms();
                let elsewhere = there.renew_token(&token, &client()).await;
                if let Ok(renewed) = elsewhere {
                    token = renewed.tokens.refresh_token.expose().to_owned();
                    if let Some(ended) = ended_ms {
                        last_ms.set((begun - ended).max(last_ms.get()));
                    }
                }
                if ended_ms.is_some() && here.renew_token(&token, &client()).await.is_ok() {
                    later_here.set(later_here.get() + 1);
                }
                deployment.time.sleep(1500).await;
            }
        }
    })));
    println!(
        "log out, 48 sessions: {} renewals later here; elsewhere the last {} ms later",
        later_here.get(),
        last_ms.get(),
    );
    assert_eq!(
        later_here.get(),
        0,
        "a renewal went through where the session was ended"
    );
    assert!(
        last_ms.get() > 0,
        "nothing was stale: the test shows nothing"
    );
    assert!(last_ms.get() <= KV_STALENESS * 1000, "{} ms", last_ms.get());
}

/// Two caches delay the effect of a log-out. At the other location, KV does not show the end of the
/// session for up to 60 s. If the service reads KV just before that time is over, checks use this
/// old value for another 15 s. This is the worst case.
#[test]
fn a_check_elsewhere_after_a_log_out() {
    let bound = (KV_STALENESS + REVOCATION_MEMORY_TTL) * 1000;
    let mut latest = 0;
    for seed in 0..20 {
        let deployment = Deployment::seeded(seed, true);
        let (here, there) = (
            deployment.service(1, EVERY_TIME),
            deployment.service(2, EVERY_TIME),
        );
        let user = deployment.user(1);
        let store = here.ports().sessions();
        let ticket = deployment.time.run(deployment.begin(store, &user));
        let token = seal(ticket, EVERY_TIME);
        deployment.time.advance(120);
        deployment.kv.set_faults(Faults {
            late_at_home: seed % 2 == 0,
            ..slow()
        });
        let last = deployment.time.run(async {
            let renewed = there.renew_token(&token, &client()).await.unwrap();
            let access_token = renewed.tokens.access_token.expose();
            here.log_out(access_token).await.unwrap();
            let ended = deployment.time.now_ms();
            assert!(here.bearer(access_token).await.is_err(), "where it ended");
            let mut last = 0;
            deployment.time.sleep(seed * 700).await;
            for _ in 0..1000 {
                let begun = deployment.time.now_ms();
                if there.bearer(access_token).await.is_ok() {
                    last = begun - ended;
                }
                deployment.time.sleep(100).await;
            }
            last
        });
        assert!(last <= bound, "{last} ms");
        latest = latest.max(last);
    }
    println!("log out, a check elsewhere: the last passed {latest} ms later, of {bound} stated");
    assert!(latest > KV_STALENESS * 1000, "the bound was not tried");
}

/// A check reads KV while the same isolate ends the session. If the check gets its answer after the
/// log-out was answered, it must see the end.
#[test]
fn a_check_beside_a_log_out() {
    for seed in 0..100 {
        let deployment = Deployment::seeded(seed, false);
        let store = deployment.store(1);
        let user = deployment.user(1);
        let ticket = deployment.time.run(deployment.begin(&store, &user));
        deployment.kv.set_faults(slow());
        let (now, ended_ms) = (deployment.now(), Cell::new(None));
        let end = async {
            let reason = EndReason::LoggedOut;
            store
                .end(&Ending::by_id(user.id, ticket.session), reason, now)
                .await
                .unwrap();
            ended_ms.set(Some(deployment.time.now_ms()));
        };
        let check = async {
            let revocation = store.revocation(user.id, ticket.session, None, now).await;
            (revocation.unwrap(), ended_ms.get())
        };
        let ((), (revocation, answered)) = deployment.time.run(join(end, check));
        assert!(revocation.ended || answered.is_none(), "seed {seed}");
    }
}

/// Two changes of a user happen. The records that they write arrive in the wrong order.
#[test]
fn a_smaller_version_never_replaces_a_larger_one() {
    let deployment = Deployment::new(false);
    let (here, there) = (deployment.store(1), deployment.store(2));
    let user = deployment.user(1);
    let ticket = deployment.time.run(deployment.begin(&here, &user));
    for version in [2, 1] {
        let outdate = here.outdate(user.id, version, 900, deployment.now());
        deployment.time.run(outdate).unwrap();
        deployment.time.advance(5);
    }
    let revocation = there.revocation(user.id, ticket.session, None, deployment.now());
    let revocation = deployment.time.run(revocation).unwrap();
    assert_eq!(revocation.minimum_version, Some(2));
}

/// A user is changed at two locations at once. Both locations have cached that no `stale` record
/// exists. Calls are slow, or KV refuses writes that come too fast for one key, and then these
/// writes are retried. Whichever location writes last, in the end the record has the version of the
/// user's row.
#[test]
fn a_late_write_leaves_no_smaller_version() {
    let mut refused = 0;
    for seed in 0..300 {
        let deployment = Deployment::seeded(seed, true);
        let (here, there) = (deployment.service(1, &[]), deployment.service(2, &[]));
        let user = deployment.user(1);
        let ticket = deployment
            .time
            .run(deployment.begin(here.ports().sessions(), &user));
        for service in [&here, &there] {
            let known = service.ports().sessions().revocation(
                user.id,
                ticket.session,
                None,
                deployment.now(),
            );
            deployment.time.run(known).unwrap();
        }
        // In half of the runs, calls are slow. In the other runs, calls are quick, so KV refuses
        // the second write of a key within a second.
        deployment.kv.set_faults(Faults {
            delay_ms: if seed % 2 == 0 { (5, 1500) } else { (5, 15) },
            ..Faults::default()
        });
        let _ = deployment.kv.take_calls();
        let later = async {
            deployment.time.sleep(deployment.dice.below(400)).await;
            there.revoke_tokens(user.id).await.unwrap();
        };
        let (first, ()) = deployment
            .time
            .run(join(here.revoke_tokens(user.id), later));
        first.unwrap();
        refused += deployment.kv.take_calls().refused;
        let row = deployment
            .time
            .run(deployment.users.find_by_id(user.id))
            .unwrap()
            .unwrap();
        let record = deployment.kv.value(&format!("stale:{}", user.id));
        assert_eq!(record, Some(row.version.to_string()), "seed {seed}");
    }
    assert!(refused > 10, "only {refused} writes were refused");
}

/// Like the previous test, but the account is deleted during the change. In the end the record says
/// that no token of the user is valid.
#[test]
fn a_late_write_leaves_no_version_of_a_deleted_user() {
    for seed in 0..100 {
        let deployment = Deployment::seeded(seed, true);
        let (here, there) = (deployment.service(1, &[]), deployment.service(2, &[]));
        let user = deployment.user(1);
        deployment.kv.set_faults(Faults {
            delay_ms: (5, 1500),
            ..Faults::default()
        });
        let delete = async {
            deployment.time.sleep(deployment.dice.below(100)).await;
            deployment.remove(&user).await;
            // The use case that deletes an account makes the same call.
            let store = there.ports().sessions();
            let (version, now) = (DELETED_VERSION, deployment.now());
            store
                .outdate(user.id, version, STALE_TTL, now)
                .await
                .unwrap();
        };
        // `revoke_tokens` fails if the row is deleted before it can be changed. This is not an
        // error of the test.
        let _ = deployment
            .time
            .run(join(here.revoke_tokens(user.id), delete));
        let record = deployment.kv.value(&format!("stale:{}", user.id));
        assert_eq!(record, Some(DELETED_VERSION.to_string()), "seed {seed}");
    }
}

/// An isolate ends a session and revokes a user's tokens. From then on it refuses both, even after
/// it has answered for thousands of other sessions and users, and even while KV does not show the
/// new records at this location.
#[test]
fn an_isolate_remembers_its_own_revocations_beside_thousands_of_others() {
    let deployment = Deployment::new(false);
    deployment.kv.set_faults(Faults {
        late_at_home: true,
        ..Faults::default()
    });
    let store = deployment.store(1);
    let [ada, bob] = [1, 2].map(|number| deployment.user(number));
    let [ended, outdated] =
        [&ada, &bob].map(|user| deployment.time.run(deployment.begin(&store, user)));
    let known = |ticket: RefreshTicket| {
        let known = store.revocation(ticket.user, ticket.session, None, deployment.now());
        deployment.time.run(known).unwrap()
    };
    // This location of KV has cached that there are no such records, and still says so.
    assert!(!known(ended).ended && known(outdated).minimum_version.is_none());
    deployment.time.advance(1);
    let now = deployment.now();
    let ending = Ending::by_id(ada.id, ended.session);
    let end = store.end(&ending, EndReason::LoggedOut, now);
    deployment.time.run(end).unwrap();
    deployment
        .time
        .run(store.outdate(bob.id, 5, STALE_TTL, now))
        .unwrap();
    for number in 0..3 * REVOCATION_MEMORY_ENTRIES as u64 {
        let other = SessionId::new(number, &[7; 10]);
        let user = UserId::new(number, &[7; 10]);
        deployment
            .time
            .run(store.revocation(user, other, None, now))
            .unwrap();
        // For each of the other users, this isolate also writes the end of a session and a version,
        // so that its memory has to hold many entries.
        let ending = Ending::by_id(user, other);
        let end = store.end(&ending, EndReason::LoggedOut, now);
        deployment.time.run(end).unwrap();
        deployment
            .time
            .run(store.outdate(user, 1, STALE_TTL, now))
            .unwrap();
        if number.is_multiple_of(1000) {
            assert!(known(ended).ended, "after {number} others");
            assert_eq!(
                known(outdated).minimum_version,
                Some(5),
                "after {number} others"
            );
        }
    }
    for _ in 0..120 {
        assert!(known(ended).ended);
        assert_eq!(known(outdated).minimum_version, Some(5));
        deployment.time.advance(1);
    }
}

/// A stolen token that was used already is presented sixty times at once. Each request might see a
/// session that has not ended yet, so each might queue a notice. The owner gets exactly one mail,
/// even if the mail provider fails at first.
#[test]
fn a_stolen_token_presented_sixty_times_at_once_causes_one_mail() {
    const SETTINGS: &[(&str, &str)] = &[
        ("ISSUER", "http://127.0.0.1:8787"),
        ("DEV", "1"),
        ("ROTATE_AFTER", "0"),
        ("REUSE", "strict"),
    ];
    for failures in 0..3 {
        let deployment = Deployment::seeded(failures, true);
        let service = deployment.service(1, SETTINGS);
        let user = deployment.user(1);
        let store = service.ports().sessions();
        let stolen = seal(
            deployment.time.run(deployment.begin(store, &user)),
            SETTINGS,
        );
        deployment.time.advance(2);
        deployment.time.run(renew(&service, &stolen)).unwrap();
        deployment.time.advance(60);
        deployment.kv.set_faults(slow());
        let thieves = (0..60).map(|_| renew(&service, &stolen));
        for answer in deployment.time.run(join_all(thieves)) {
            assert_eq!(answer, Err(Code::InvalidGrant));
        }
        let ports = service.ports();
        let mut jobs = ports.mail_queue.take();
        assert!(
            jobs.len() > 1,
            "the requests saw each other: the test shows nothing"
        );
        for _ in 0..failures {
            ports.mailer.fail_once(MailFailure::Temporary {
                reason: "busy".to_owned(),
                retry_after: None,
            });
        }
        // The queue delivers a job again and again until it is done.
        let mut rounds = 0;
        while !jobs.is_empty() {
            rounds += 1;
            assert!(rounds < 10, "{} jobs are left", jobs.len());
            let deliver = |job: Job| {
                let service = &service;
                async move {
                    let text = job.encode();
                    service.deliver_from_queue(&text, &job.id).await;
                }
            };
            deployment.time.run(join_all(jobs.into_iter().map(deliver)));
            jobs = ports.mail_queue.take();
            deployment.time.advance(60);
        }
        assert_eq!(ports.mailer.take().len(), 1, "{failures} failures");
        assert!(ports.mail_ledger.letters().is_empty());
    }
}

/// Two sessions of a user end because of stolen tokens. Each session has its own notice.
#[test]
fn each_stolen_session_causes_a_notice() {
    let of = |session: u8| job_id_of("session_ended", &[&[1; 16], &[session; 16]]);
    assert_eq!(of(1), of(1));
    assert_ne!(of(1), of(2));
    assert_ne!(
        of(1),
        job_id_of("address_change_asked", &[&[1; 16], &[1; 16]])
    );
    // The parts are separated before they are hashed. Without a separator, these two lists of parts
    // would be hashed as the same text.
    assert_ne!(
        job_id_of("a", &[b"bc", b"d"]),
        job_id_of("a", &[b"b", b"cd"])
    );
    assert!(of(1).len() == 32 && of(1).bytes().all(|b| b.is_ascii_hexdigit()));
}
