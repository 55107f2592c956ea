//! Runs the conformance suite of the session store on each adapter.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;

use edgegate::adapters::memory::{Faults, MemoryBackground, MemorySessions, VirtualTime};
use edgegate::ports::Clock;

use crate::conformance::sessions::world::Numbers;
use crate::conformance::sessions::{Outcome, World, run_all};
use crate::kv::{BEGUN_MS, Deployment, Store};
use crate::retrying::Retrying;

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
        fn numbers(&self) -> &Numbers {
            &self.numbers
        }
    }
    let world = InMemory {
        store: MemorySessions::default(),
        now: Cell::new(BEGUN_MS / 1000),
        numbers: Numbers::from(0),
    };
    let passed = report("memory", &pollster::block_on(run_all(&world)));
    assert!(passed > 25, "only {passed} cases ran");
}

/// The conformance suite on the simulated KV. As in workerd, callers pass their own `now`. The
/// simulation's clock can be ahead of `now`, because slow and repeated calls take time.
struct OnKv {
    time: VirtualTime,
    now: Cell<u64>,
    here: Retrying<Store>,
    elsewhere: Retrying<Store>,
    background: MemoryBackground,
    numbers: Numbers,
}

impl World for OnKv {
    type Store = Retrying<Store>;
    const LINEARIZABLE: bool = false;

    fn here(&self) -> &Self::Store {
        &self.here
    }
    fn elsewhere(&self) -> &Self::Store {
        &self.elsewhere
    }
    fn now(&self) -> u64 {
        self.now.get()
    }
    fn pass(&self, seconds: u64) {
        self.now.set(self.now.get() + seconds);
        let behind = self.now.get().saturating_sub(self.time.now_ms() / 1000);
        self.time.advance(behind);
    }
    fn after_response(&self) -> Pin<Box<dyn Future<Output = Result<(), String>> + '_>> {
        Box::pin(async {
            // If work after a response fails, the service only logs the error. A later login does
            // this work again.
            let _ = self.background.run().await;
            Ok(())
        })
    }
    fn numbers(&self) -> &Numbers {
        &self.numbers
    }
}

fn on_kv(name: &str, seed: u64, faults: Faults) -> u32 {
    let world = Deployment::seeded(seed, false);
    world.kv.set_faults(faults);
    let world = OnKv {
        here: Retrying::new(world.store(1), &world.time),
        elsewhere: Retrying::new(world.store(2), &world.time),
        background: world.background.clone(),
        now: Cell::new(BEGUN_MS / 1000),
        numbers: Numbers::from(0),
        time: world.time,
    };
    let passed = report(name, &world.time.run(run_all(&world)));
    assert!(passed > 20, "only {passed} cases ran");
    world.here.repeats.get() + world.elsewhere.repeats.get()
}

#[test]
fn on_a_simulated_kv() {
    let repeats = on_kv("simulated KV", 0, Faults::default());
    assert_eq!(repeats, 0);
}

#[test]
fn on_a_slow_kv_with_short_pages() {
    let slow = Faults {
        delay_ms: (5, 15),
        page: 2,
        ..Faults::default()
    };
    let repeats = on_kv("simulated KV, slow, in pages of 2", 1, slow);
    assert_eq!(repeats, 0);
}

#[test]
fn on_a_failing_kv() {
    for seed in 0..5 {
        let failing = Faults {
            delay_ms: (5, 15),
            failures_in_256: 25,
            ..Faults::default()
        };
        let repeats = on_kv("simulated KV, one call in ten failing", seed, failing);
        println!("  seed {seed}: {repeats} calls were repeated");
        assert!(repeats > 10, "{repeats} repeats");
    }
}

/// Prints the results of the test cases, and panics if one failed. Returns how many passed.
fn report(store: &str, outcomes: &[Outcome]) -> u32 {
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
    passed
}
