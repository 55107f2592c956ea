//! Searches every state of a model, prints the cost of the search, and reports which property was
//! violated, if any.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Instant;

use stateright::{Checker, HasDiscoveries, Model};

use crate::model::{Action, Setting};
use crate::state::State;

/// Records which events happened in a search. [`holds`] requires that the expected events happened,
/// because a model in which nothing happens would not violate any property either.
#[derive(Debug, Default)]
pub struct Coverage(Mutex<BTreeMap<&'static str, usize>>);

impl Coverage {
    pub fn note(&self, event: &'static str) {
        *self.0.lock().unwrap().entry(event).or_default() += 1;
    }
}

/// Searches every state. Panics if a property is violated or if one of `events` never happened.
pub fn holds(setting: Setting, events: &[&str]) {
    let (name, coverage) = (setting.name, setting.coverage.clone());
    if let Some((property, steps)) = search(setting) {
        panic!("{name}: it is not so that {property}:\n{steps}");
    }
    let seen = coverage.0.lock().unwrap();
    println!("  {seen:?}");
    for event in events {
        assert!(seen.contains_key(event), "{name}: {event} never came about");
    }
}

/// Searches the model, and panics unless the property `expected` is violated.
pub fn is_caught(setting: Setting, expected: &str) {
    let name = setting.name;
    let (property, steps) = search(setting).unwrap_or_else(|| panic!("{name}: nothing was found"));
    assert_eq!(property, expected, "{name}:\n{steps}");
    println!("{steps}");
}

fn search(setting: Setting) -> Option<(&'static str, String)> {
    let name = setting.name;
    let begun = Instant::now();
    // The search has no limit on the number of states, on the depth or on time. It ends when every
    // state was searched or when a property is violated.
    let checker = setting
        .checker()
        .finish_when(HasDiscoveries::AnyFailures)
        .spawn_bfs()
        .join();
    let found = checker
        .discoveries()
        .into_iter()
        .next()
        .map(|(property, path)| (property, steps(path.into_vec())));
    let end = if found.is_some() {
        "violated"
    } else {
        "exhausted"
    };
    println!(
        "{name}: {end}, {} states, depth {}, {:.1} s",
        checker.unique_state_count(),
        checker.max_depth(),
        begun.elapsed().as_secs_f64(),
    );
    assert!(
        found.is_some() || checker.is_done(),
        "{name}: the search stopped before its end"
    );
    found
}

fn steps(path: Vec<(State, Option<Action>)>) -> String {
    path.into_iter()
        .filter_map(|(_, action)| action)
        .map(|action| format!("  {action:?}\n"))
        .collect()
}
