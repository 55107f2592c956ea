//! The suite, on each adapter.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;

use edgegate::adapters::memory::{
    Faults, MemoryBackground, MemorySessions, SimulatedKv, VirtualTime,
};
use edgegate::ports::Clock;

use crate::conformance::world::Numbers;
use crate::conformance::{Outcome, World, run_all};
use crate::kv::{BEGUN_MS, Store, store_at};

#[test]
fn in_memory() {
    struct InMemory {
        store: MemorySessions,
        now: Cell<u64>,
        numbers: Numbers,
    }
    impl World for InMemory {
        type Store = MemorySessions;
        const LINEARIZABLE: bool = true;

        fn here(&self) -> &MemorySessions {
            &self.store
        }
        fn elsewhere(&self) -> &MemorySessions {
            &self.store
        }
        fn now(&self) -> u64 {
            self.now.get()
        }
        fn pass(&self, seconds: u64) {
            self.now.set(self.now.get() + seconds);
        }
        fn after_response(&self) -> Pin<Box<dyn Future<Output = Result<(), String>> + '_>> {
            Box::pin(async { Ok(()) })
        }
        fn fresh(&self) -> u64 {
            self.numbers.next()
        }
    }
    let world = InMemory {
        store: MemorySessions::default(),
        now: Cell::new(BEGUN_MS / 1000),
        numbers: Numbers::from(0),
    };
    report("memory", &pollster::block_on(run_all(&world)));
}

#[test]
fn on_a_simulated_kv() {
    struct OnKv {
        time: VirtualTime,
        here: Store,
        elsewhere: Store,
        background: MemoryBackground,
        numbers: Numbers,
    }
    impl World for OnKv {
        type Store = Store;
        const LINEARIZABLE: bool = false;

        fn here(&self) -> &Store {
            &self.here
        }
        fn elsewhere(&self) -> &Store {
            &self.elsewhere
        }
        fn now(&self) -> u64 {
            self.time.now_ms() / 1000
        }
        fn pass(&self, seconds: u64) {
            self.time.advance(seconds);
        }
        fn after_response(&self) -> Pin<Box<dyn Future<Output = Result<(), String>> + '_>> {
            Box::pin(async {
                let done = self.background.run().await;
                done.map(drop).map_err(|error| error.to_string())
            })
        }
        fn fresh(&self) -> u64 {
            self.numbers.next()
        }
    }
    for (name, faults) in [
        ("simulated KV", Faults::default()),
        (
            "simulated KV, slow and in pages of 2",
            Faults {
                delay_ms: (5, 15),
                page: 2,
                ..Faults::default()
            },
        ),
    ] {
        let time = VirtualTime::at_ms(BEGUN_MS);
        let kv = SimulatedKv::new(time.clone());
        kv.set_faults(faults);
        let background = MemoryBackground::default();
        let world = OnKv {
            here: store_at(&kv, 1, &time, &background),
            elsewhere: store_at(&kv, 2, &time, &background),
            background,
            numbers: Numbers::from(0),
            time: time.clone(),
        };
        report(name, &time.run(run_all(&world)));
    }
}

pub(crate) fn report(store: &str, outcomes: &[Outcome]) {
    let mut failures = Vec::new();
    let (mut passed, mut left_out) = (0, 0);
    for outcome in outcomes {
        match &outcome.result {
            None => left_out += 1,
            Some(Ok(())) => passed += 1,
            Some(Err(why)) => failures.push(format!("{}: {why}", outcome.name)),
        }
    }
    println!("conformance, {store}: {passed} passed, {left_out} left out (linearizable only)");
    assert!(failures.is_empty(), "{store}:\n{}", failures.join("\n"));
    assert!(passed > 15, "only {passed} cases ran");
}
