//! Searches every state of a model, prints the cost of the search, and reports which property was
//! violated, if any.

use std::collections::BTreeMap;
use std::time::Instant;

use stateright::{Checker, Expectation, HasDiscoveries, Model};

use crate::model::Action;
use crate::setting::Setting;
use crate::state::Record;

/// A violated property and a shortest sequence of steps that violates it.
struct Counterexample {
    property: &'static str,
    steps: String,
}

/// Searches every state. Panics if a property is violated or if one of `events` never happened.
pub fn holds(setting: Setting, events: &[&str]) {
    let name = setting.name;
    let (found, seen) = search(setting);
    if let Some(Counterexample { property, steps }) = found {
        panic!("{name}: it is not so that {property}:\n{steps}");
    }
    for event in events {
        assert!(seen.contains_key(event), "{name}: {event} never came about");
    }
}

/// Searches the model, and panics unless the property `expected` is violated.
pub fn is_caught(setting: Setting, expected: &str) {
    let name = setting.name;
    let (found, _) = search(setting);
    let found = found.unwrap_or_else(|| panic!("{name}: nothing was found"));
    assert_eq!(found.property, expected, "{name}:\n{}", found.steps);
    println!("{}", found.steps);
}

fn search(setting: Setting) -> (Option<Counterexample>, BTreeMap<&'static str, usize>) {
    let coverage = setting.coverage.clone();
    let description = setting.to_string();
    let tick = setting.tick;
    let begun = Instant::now();
    // The search has no limit on the number of states, on the depth or on time. It ends when every
    // state was searched or when a property is violated.
    let checker = setting
        .checker()
        .finish_when(HasDiscoveries::AnyFailures)
        .spawn_bfs()
        .join();
    let failures: Vec<&'static str> = checker
        .model()
        .properties()
        .iter()
        .filter(|property| property.expectation == Expectation::Always)
        .map(|property| property.name)
        .collect();
    let mut discoveries = checker.discoveries();
    let found = failures.iter().find_map(|property| {
        discoveries.remove(property).map(|path| Counterexample {
            property,
            steps: steps(path.into_vec(), tick),
        })
    });
    let end = if found.is_some() {
        "violated"
    } else {
        "exhausted"
    };
    println!(
        "{description}: {end}, {} states, depth {}, {:.1} s",
        checker.unique_state_count(),
        checker.max_depth(),
        begun.elapsed().as_secs_f64(),
    );
    assert!(
        found.is_some() || checker.is_done(),
        "{description}: the search stopped before its end"
    );
    (found, coverage.seen())
}

fn steps(path: Vec<(crate::state::State, Option<Action>)>, tick: u64) -> String {
    let mut now = 0;
    let mut text = String::new();
    for (state, action) in path {
        match action {
            Some(Action::Tick) => now += tick,
            Some(action) => {
                let record = match state.record {
                    Record::New => "new".to_owned(),
                    Record::Used { counter, age, by } => {
                        format!("{counter} used {} s ago by {by:?}", u64::from(age) * tick)
                    }
                };
                text += &format!(
                    "  {now:>4} s  jar {}, store: {record}; {action:?}\n",
                    state.jar
                );
            }
            None => {}
        }
    }
    text
}
