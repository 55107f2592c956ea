//! Many tabs renew the same token at once. All get the same successor, whatever the locations of KV
//! see.

use std::collections::BTreeSet;

use edgegate::adapters::kv_sessions::KeyValue;
use edgegate::adapters::memory::Faults;
use edgegate::ports::{Clock, Ports};
use futures_util::future::join_all;

use crate::kv::{Deployment, EVERY_TIME, Service, ended_key, recorded, renew, seal, session_key};

#[test]
fn ten_tabs_at_once_at_one_location() {
    for changes in [EVERY_TIME, &[]] {
        let deployment = Deployment::new(true);
        let service = deployment.service(1, changes);
        let user = deployment.user(1);
        let store = service.ports().sessions();
        let ticket = deployment.time.run(deployment.begin(store, &user));
        let token = seal(ticket, changes);
        deployment.time.advance(90);
        // All ten tabs read before the first one writes.
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
        // KV refuses the writes of the other nine tabs. When these tabs then read the key, they
        // find the record that the first tab has written, so they do not write.
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
    let ticket = deployment.time.run(deployment.begin(store, &user));
    let token = seal(ticket, EVERY_TIME);
    deployment.time.advance(90);
    deployment.kv.set_faults(Faults {
        delay_ms: (10, 10),
        ..Faults::default()
    });
    let answers = deployment.time.run(join_all(
        services
            .iter()
            .map(|service| deployment.renew_until(service, &token)),
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

/// Ten isolates at one location have nothing in common except what this location of KV has cached
/// and written.
#[test]
fn ten_tabs_at_once_at_one_location_in_ten_isolates() {
    for (seed, late_at_home) in (0..10).flat_map(|seed| [(seed, false), (seed, true)]) {
        let deployment = Deployment::seeded(seed, true);
        let user = deployment.user(1);
        let services: Vec<Service> = (0..10).map(|_| deployment.service(1, EVERY_TIME)).collect();
        let store = services[0].ports().sessions();
        let ticket = deployment.time.run(deployment.begin(store, &user));
        let token = seal(ticket, EVERY_TIME);
        deployment.time.advance(90);
        deployment.kv.set_faults(Faults {
            delay_ms: (5, 15),
            late_at_home,
            ..Faults::default()
        });
        let _ = deployment.kv.take_calls();
        let begun = deployment.time.now_ms();
        let answers = deployment.time.run(join_all(
            services
                .iter()
                .map(|service| deployment.renew_until(service, &token)),
        ));
        let calls = deployment.kv.calls_of(&session_key(ticket));
        let asked_again = answers.iter().filter(|(_, asked)| *asked > 1).count();
        for (answer, _) in answers {
            assert_eq!(answer, Ok(seal(ticket.successor().unwrap(), EVERY_TIME)));
        }
        assert_eq!(recorded(&deployment, ticket), Some(0));
        if !late_at_home {
            assert_eq!(asked_again, 0);
            assert_eq!(calls.writes - calls.refused, 1, "seed {seed}: {calls:?}");
        }
        if seed == 0 {
            println!(
                "ten tabs in ten isolates of one location{}: ten 200s after {} ms, {asked_again} by a repeat; {} writes, {} of them refused",
                if late_at_home {
                    " that is late at home"
                } else {
                    ""
                },
                deployment.time.now_ms() - begun,
                calls.writes,
                calls.refused,
            );
        }
    }
}

/// The tabs are spread over the locations at random. In the end each tab gets the successor, and
/// can use it at any location.
#[test]
fn ten_tabs_wherever_they_are() {
    let (mut at_once, mut repeats, mut most, mut longest_ms) = (0, 0, 0, 0);
    for seed in 0..40 {
        let deployment = Deployment::seeded(seed, true);
        let user = deployment.user(1);
        let locations = 2 + deployment.dice.below(9) as u32;
        let changes: &[&[(&str, &str)]] = &[
            EVERY_TIME,
            &[],
            &[("ROTATE_AFTER", "0"), ("REUSE", "strict")],
        ];
        let changes = changes[seed as usize % 3];
        let services: Vec<Service> = (0..10)
            .map(|tab| deployment.service(tab % locations, changes))
            .collect();
        let store = services[0].ports().sessions();
        let ticket = deployment.time.run(deployment.begin(store, &user));
        let first = seal(ticket, changes);
        deployment.time.advance(100);
        deployment.kv.set_faults(Faults {
            delay_ms: (5, 15),
            ..Faults::default()
        });
        // Every location has read the record from before the renewals, and keeps serving it from
        // its cache.
        let keys = [session_key(ticket), ended_key(ticket)];
        for location in 0..locations {
            let kv = deployment.kv.at(&location.to_string());
            deployment.time.run(kv.read(&keys, None)).unwrap();
        }
        let begun = deployment.time.now_ms();
        let answers = deployment.time.run(join_all(
            services
                .iter()
                .map(|service| deployment.renew_until(service, &first)),
        ));
        longest_ms = longest_ms.max(deployment.time.now_ms() - begun);
        let second = ticket.successor().unwrap();
        for (answer, asked) in answers {
            assert_eq!(answer, Ok(seal(second, changes)), "seed {seed}");
            at_once += u32::from(asked == 1);
            repeats += asked - 1;
            most = most.max(asked);
        }
        // One tab continues at a location that might not see any of these writes yet.
        deployment.time.advance(100);
        let last = deployment.service(99, changes);
        let (answer, _) = deployment
            .time
            .run(deployment.renew_until(&last, &seal(second, changes)));
        assert_eq!(answer, Ok(seal(second.successor().unwrap(), changes)));
    }
    println!(
        "400 tabs at 2 to 10 locations: {at_once} served at once, {repeats} repeats, at most {most} requests for one, the longest {longest_ms} ms"
    );
}
