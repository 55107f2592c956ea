//! Records which events happened in a search. `check::holds` requires that the expected events
//! happened, because a model in which nothing happens would not violate any property either.

use std::collections::BTreeMap;
use std::sync::Mutex;

#[derive(Debug, Default)]
pub struct Coverage(Mutex<BTreeMap<&'static str, usize>>);

impl Coverage {
    pub fn note(&self, event: &'static str) {
        *self.0.lock().unwrap().entry(event).or_default() += 1;
    }

    pub fn seen(&self) -> BTreeMap<&'static str, usize> {
        self.0.lock().unwrap().clone()
    }
}
