//! The simulation of KV must follow KV's rules. Otherwise the other tests prove nothing.

use edgegate::adapters::kv_sessions::{KeyValue, WriteError};
use edgegate::adapters::memory::{Calls, Faults, SimulatedKv, VirtualTime};
use edgegate::ports::Clock;

use crate::kv::BEGUN_MS;

const DAY: u64 = 86_400;

struct World {
    time: VirtualTime,
    fra: SimulatedKv,
    sin: SimulatedKv,
}

impl World {
    fn new() -> Self {
        let time = VirtualTime::at_ms(BEGUN_MS);
        let kv = SimulatedKv::new(time.clone(), 0);
        Self {
            fra: kv.at("fra"),
            sin: kv.at("sin"),
            time,
        }
    }

    fn write(&self, kv: &SimulatedKv, key: &str, value: &str) -> Result<(), WriteError> {
        self.time.run(kv.write(key, value, None, DAY))
    }

    fn read(&self, kv: &SimulatedKv, key: &str, ttl: Option<u64>) -> Option<String> {
        let keys = [key.to_owned()];
        self.time.run(kv.read(&keys, ttl)).unwrap().remove(key)
    }

    fn list(&self, kv: &SimulatedKv, prefix: &str) -> Vec<String> {
        let (mut keys, mut cursor) = (Vec::new(), None);
        loop {
            let page = self.time.run(kv.list(prefix, cursor.as_deref())).unwrap();
            keys.extend(page.keys.into_iter().map(|(key, _)| key));
            cursor = page.cursor;
            if cursor.is_none() {
                return keys;
            }
        }
    }
}

fn some(value: &str) -> Option<String> {
    Some(value.to_owned())
}

#[test]
fn a_location_keeps_values_and_absences_for_a_minute() {
    for (ttl, seconds) in [(None, 60), (Some(30), 30), (Some(1), 30), (Some(90), 90)] {
        let world = World::new();
        assert_eq!(world.read(&world.sin, "k", ttl), None);
        world.write(&world.fra, "k", "1").unwrap();
        assert_eq!(world.read(&world.fra, "k", None), some("1"), "at home");
        assert_eq!(
            world.read(&world.fra.at("fra"), "k", None),
            some("1"),
            "another isolate there"
        );
        world.time.advance(seconds - 1);
        assert_eq!(world.read(&world.sin, "k", ttl), None, "an absence");
        world.time.advance(1);
        assert_eq!(world.read(&world.sin, "k", ttl), some("1"));
        world.write(&world.fra, "k", "2").unwrap();
        world.time.advance(seconds - 1);
        assert_eq!(world.read(&world.sin, "k", ttl), some("1"), "a value");
        world.time.advance(1);
        assert_eq!(world.read(&world.sin, "k", ttl), some("2"));
    }
}

#[test]
fn a_key_takes_one_write_a_second_from_anywhere() {
    let world = World::new();
    world.write(&world.fra, "k", "1").unwrap();
    world.write(&world.fra, "other", "1").unwrap();
    assert_eq!(world.write(&world.sin, "k", "2"), Err(WriteError::Refused));
    assert!(world.time.run(world.sin.delete("k")).is_err());
    world.time.advance(1);
    world.write(&world.sin, "k", "2").unwrap();
    assert_eq!(world.fra.value("k"), some("2"));
    // For a while, the location that wrote the key still sees its own earlier write.
    assert_eq!(world.read(&world.fra, "k", None), some("1"));
    let calls = world.fra.calls_of("k");
    assert_eq!((calls.writes, calls.deletes, calls.refused), (3, 1, 2));
    assert_eq!(world.fra.take_calls().writes, 4);
    assert_eq!(world.sin.take_calls(), Calls::default());
}

#[test]
fn a_value_expires() {
    let world = World::new();
    let write = world.fra.write("k", "1", None, 60);
    world.time.run(write).unwrap();
    world.time.advance(59);
    assert_eq!(world.read(&world.sin, "k", None), some("1"));
    world.time.advance(1);
    assert_eq!(world.read(&world.fra, "k", None), None);
    assert_eq!(world.fra.value("k"), None);
    assert!(world.list(&world.fra, "k").is_empty());
}

#[test]
fn what_is_too_long_too_short_or_too_many_is_refused() {
    let world = World::new();
    let refused = |key: &str, metadata: Option<String>, ttl| {
        let written = world.time.run(world.fra.write(key, "1", metadata, ttl));
        matches!(written, Err(WriteError::Failed(_)))
    };
    assert!(refused("k", None, 59));
    assert!(!refused("k", None, 60));
    assert!(refused(&"k".repeat(513), None, DAY));
    assert!(!refused(&"k".repeat(512), None, DAY));
    assert!(refused("m", Some("m".repeat(1025)), DAY));
    assert!(!refused("m", Some("m".repeat(1024)), DAY));
    let keys: Vec<String> = (0..101).map(|number| number.to_string()).collect();
    assert!(world.time.run(world.fra.read(&keys, None)).is_err());
    assert!(world.time.run(world.fra.read(&keys[1..], None)).is_ok());
}

#[test]
fn a_list_is_late_elsewhere_and_in_pages() {
    let world = World::new();
    world.fra.set_faults(Faults {
        page: 2,
        ..Faults::default()
    });
    for key in ["a:1", "a:2", "a:3", "a:4", "a:5", "b:1"] {
        world.write(&world.fra, key, "1").unwrap();
    }
    assert_eq!(world.list(&world.fra, "a:").len(), 5);
    assert!(world.list(&world.sin, "a:").is_empty());
    world.time.advance(60);
    assert_eq!(world.list(&world.sin, "a:").len(), 5);
    world.time.run(world.fra.delete("a:3")).unwrap();
    assert_eq!(world.list(&world.fra, "a:"), ["a:1", "a:2", "a:4", "a:5"]);
    world.time.advance(59);
    assert_eq!(world.list(&world.sin, "a:").len(), 5);
    world.time.advance(1);
    assert_eq!(world.list(&world.sin, "a:"), ["a:1", "a:2", "a:4", "a:5"]);
    // A key's metadata becomes visible together with its value, after the same delay.
    world.time.advance(1);
    let write = world
        .sin
        .write("b:1", "2", Some(r#"{"new":true}"#.to_owned()), DAY);
    world.time.run(write).unwrap();
    let metadata = |kv: &SimulatedKv| {
        world.time.run(kv.list("b:", None)).unwrap().keys[0]
            .1
            .clone()
    };
    assert_eq!(metadata(&world.sin), Some(r#"{"new":true}"#.to_owned()));
    assert_eq!(metadata(&world.fra), None);
}

#[test]
fn faults_happen_as_they_are_ordered() {
    let world = World::new();
    world.fra.set_faults(Faults {
        writes_before: 1,
        writes_after: 1,
        timeout_ms: 700,
        delay_ms: (5, 15),
        ..Faults::default()
    });
    assert!(world.write(&world.fra, "k", "1").is_err());
    let waited = world.time.now_ms() - BEGUN_MS;
    assert!((705..=715).contains(&waited), "{waited} ms");
    assert_eq!(world.fra.value("k"), None);
    assert!(world.write(&world.fra, "k", "2").is_err());
    assert_eq!(world.fra.value("k"), some("2"));
    world.time.advance(1);
    assert!(world.write(&world.fra, "k", "3").is_ok());
    world.fra.set_faults(Faults {
        refusals: 1,
        down: true,
        ..Faults::default()
    });
    let down = world.write(&world.fra, "other", "1");
    assert!(matches!(down, Err(WriteError::Failed(_))), "{down:?}");
    world.fra.set_faults(Faults {
        refusals: 1,
        ..Faults::default()
    });
    assert_eq!(
        world.write(&world.fra, "other", "1"),
        Err(WriteError::Refused)
    );
    assert!(world.write(&world.fra, "other", "1").is_ok());
}

#[test]
fn a_lost_answer_is_not_known_where_the_write_was_made() {
    let world = World::new();
    assert_eq!(world.read(&world.fra, "k", None), None);
    world.fra.set_faults(Faults {
        writes_after: 1,
        reads: 1,
        ..Faults::default()
    });
    assert!(world.write(&world.fra, "k", "1").is_err());
    assert!(
        world
            .time
            .run(world.fra.read(&["k".to_owned()], None))
            .is_err()
    );
    assert_eq!(world.fra.value("k"), some("1"));
    assert_eq!(world.read(&world.fra, "k", None), None);
    assert_eq!(world.read(&world.sin, "k", None), some("1"));
}

#[test]
fn failures_at_random_are_those_of_the_seed() {
    let failures = |seed| {
        let time = VirtualTime::at_ms(BEGUN_MS);
        let kv = SimulatedKv::new(time.clone(), seed);
        kv.set_faults(Faults {
            failures_in_256: 64,
            ..Faults::default()
        });
        (0..1000)
            .map(|number| {
                let key = number.to_string();
                let failed = time.run(kv.write(&key, "1", None, DAY)).is_err();
                (failed, kv.value(&key).is_some())
            })
            .collect::<Vec<_>>()
    };
    let some = failures(7);
    assert_eq!(some, failures(7));
    assert_ne!(some, failures(8));
    let before = some.iter().filter(|it| **it == (true, false)).count();
    let after = some.iter().filter(|it| **it == (true, true)).count();
    assert!((90..160).contains(&before), "{before} before");
    assert!((90..160).contains(&after), "{after} after");
}
