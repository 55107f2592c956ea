//! KV accepts only one write a second for a key.

use std::collections::BTreeSet;

use edgegate::adapters::kv_sessions::{KeyValue, Sleep};
use edgegate::adapters::memory::Faults;
use edgegate::domain::error::Code;
use edgegate::domain::policy::KV_WRITE_RETRIES_MS;
use edgegate::ports::{Clock, Ports, SessionStore};
use futures_util::future::join;

use crate::kv::{Deployment, EVERY_TIME, longest_pauses_ms, renew, seal, session_key};

/// Measures for how long the adapter retries a write, including the time of the calls.
#[test]
fn a_refused_write_is_tried_again_within_a_bound() {
    let deployment = Deployment::new(false);
    let service = deployment.service(1, EVERY_TIME);
    let elsewhere = deployment.service(2, EVERY_TIME);
    let user = deployment.user(1);
    let store = service.ports().sessions();
    // A session is renewed within a second of the login. The write is refused, then retried, and
    // succeeds.
    let ticket = deployment.time.run(deployment.begin(store, &user));
    let token = seal(ticket, EVERY_TIME);
    let _ = deployment.kv.take_calls();
    let begun = deployment.time.now_ms();
    let next = deployment.time.run(renew(&service, &token)).unwrap();
    let waited = deployment.time.now_ms() - begun;
    let bound = longest_pauses_ms();
    assert!((1..=bound).contains(&waited), "{waited} ms");
    assert!(deployment.kv.take_calls().refused > 0);

    // Other requests keep writing the same key. The answer is 503 after at most the bound.
    // Afterwards, the same token can still be renewed.
    let key = format!("session:{}:{}", user.id, ticket.session);
    deployment.time.advance(2);
    let keep_busy = async {
        let kv = deployment.kv.at("3");
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
    let ((), (answer, waited)) = deployment.time.run(join(keep_busy, renewal));
    assert_eq!(answer, Err(Code::Unavailable));
    assert!(waited <= bound + 10, "{waited} ms");
    deployment.time.advance(2);
    assert!(deployment.time.run(renew(&elsewhere, &next)).is_ok());
}

/// The store reads the record before its first pause and after its last attempt to write. So it
/// notices if another request has written the same use in between.
#[test]
fn a_write_that_stays_refused() {
    let mut waits = BTreeSet::new();
    for seed in 0..50 {
        let deployment = Deployment::seeded(seed, false);
        let service = deployment.service(1, EVERY_TIME);
        let user = deployment.user(1);
        let store = service.ports().sessions();
        let ticket = deployment.time.run(deployment.begin(store, &user));
        let token = seal(ticket, EVERY_TIME);
        deployment.time.advance(90);
        // Calls take no time here, so the measured time consists only of the adapter's pauses.
        deployment.kv.set_faults(Faults {
            refusals: u32::MAX,
            ..Faults::default()
        });
        let _ = deployment.kv.take_calls();
        let begun = deployment.time.now_ms();
        assert_eq!(
            deployment.time.run(renew(&service, &token)),
            Err(Code::Unavailable)
        );
        let waited = deployment.time.now_ms() - begun;
        let calls = deployment.kv.take_calls();
        let tries = KV_WRITE_RETRIES_MS.len() as u32 + 1;
        assert_eq!((calls.writes, calls.refused), (tries, tries));
        // One read belongs to the renewal itself. After each refused write, the adapter reads once
        // more.
        assert_eq!(calls.reads, 1 + tries);
        let pauses: u64 = KV_WRITE_RETRIES_MS.iter().sum();
        let bound = longest_pauses_ms();
        assert!((pauses..=bound).contains(&waited), "{waited} ms");
        waits.insert(waited);
        // The client retries, and now KV accepts the write.
        deployment.kv.set_faults(Faults::default());
        assert_eq!(
            deployment.time.run(renew(&service, &token)),
            Ok(seal(ticket.successor().unwrap(), EVERY_TIME))
        );
    }
    println!(
        "a write that stays refused: an error after {} to {} ms, {} times in 50 tries",
        waits.first().unwrap(),
        waits.last().unwrap(),
        waits.len()
    );
    assert!(waits.len() > 25, "no jitter");
}

/// KV refuses up to three writes, which is how often the adapter retries.
#[test]
fn a_write_that_is_refused_for_a_while() {
    for refusals in 0..=3 {
        let deployment = Deployment::new(false);
        let service = deployment.service(1, EVERY_TIME);
        let user = deployment.user(1);
        let store = service.ports().sessions();
        let ticket = deployment.time.run(deployment.begin(store, &user));
        deployment.time.advance(90);
        deployment.kv.set_faults(Faults {
            refusals,
            ..Faults::default()
        });
        let _ = deployment.kv.take_calls();
        let renewed = deployment
            .time
            .run(renew(&service, &seal(ticket, EVERY_TIME)));
        assert!(renewed.is_ok());
        assert_eq!(deployment.kv.take_calls().writes, refusals + 1);
    }
}

/// Another request writes the same record between the adapter's last two attempts. After its last
/// attempt, the adapter finds that record, so it need not write.
#[test]
fn a_record_written_at_the_last_moment_needs_no_write() {
    for seed in 0..50 {
        let deployment = Deployment::seeded(seed, false);
        let service = deployment.service(1, EVERY_TIME);
        let user = deployment.user(1);
        let store = service.ports().sessions();
        let ticket = deployment.time.run(deployment.begin(store, &user));
        let key = session_key(ticket);
        let new = deployment.kv.value(&key).unwrap();
        let used = r#"{"used":0,"at":1767225690,"by":"00000000"}"#;
        let kv = deployment.kv.at("1");
        // The adapter tries to write at 550 ms, and then soon after 850, 1450 and 2350 ms. Each
        // attempt comes less than a second after another write of the key, so KV refuses it.
        let others = async {
            deployment.time.sleep(1000).await;
            kv.write(&key, &new, None, 3600).await.unwrap();
            deployment.time.sleep(1000).await;
            kv.write(&key, used, None, 3600).await.unwrap();
        };
        let renewal = async {
            deployment.time.sleep(550).await;
            renew(&service, &seal(ticket, EVERY_TIME)).await
        };
        let ((), renewed) = deployment.time.run(join(others, renewal));
        assert_eq!(
            renewed,
            Ok(seal(ticket.successor().unwrap(), EVERY_TIME)),
            "seed {seed}"
        );
    }
}

/// At first KV refuses the write of a version. The store finds a record with a smaller version,
/// which is not enough, so it retries until the intended version is stored.
#[test]
fn a_version_that_is_refused_is_written_all_the_same() {
    let deployment = Deployment::new(false);
    let store = deployment.store(1);
    let user = deployment.user(1);
    for version in [1, 2] {
        let outdate = store.outdate(user.id, version, 900, deployment.now());
        deployment.time.run(outdate).unwrap();
    }
    let stale = format!("stale:{}", user.id);
    assert_eq!(deployment.kv.value(&stale).as_deref(), Some("2"));
    // Both versions were written. If KV refuses the write of a smaller version than the stored one,
    // the store does not retry.
    let writes = deployment.kv.take_calls();
    assert!(writes.refused > 0);
    let outdate = deployment.store(1);
    let outdate = outdate.outdate(user.id, 1, 900, deployment.now());
    deployment.time.run(outdate).unwrap();
    assert_eq!(deployment.kv.take_calls().writes, 1);
    assert_eq!(deployment.kv.value(&stale).as_deref(), Some("2"));
}
