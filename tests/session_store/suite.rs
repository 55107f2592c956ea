//! The suite, on each adapter.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use edgegate::adapters::cloudflare::kv_sessions::KvSessions;
use edgegate::adapters::cloudflare::revocation_memory::RevocationMemory;
use edgegate::adapters::memory::{
    MemoryBackground, MemoryKeyValue, MemorySessions, NoSleep, SeededRandom,
};

use crate::conformance::world::Numbers;
use crate::conformance::{Outcome, World, run_all};

const BEGUN: u64 = 1_767_225_600;

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
        now: Cell::new(BEGUN),
        numbers: Numbers::from(0),
    };
    report("memory", &pollster::block_on(run_all(&world)));
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
