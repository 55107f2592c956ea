//! Runs one target under libFuzzer. The environment variable `EDGEGATE_FUZZ_TARGET` names the
//! target. `scripts/fuzz.mjs` builds and runs this program.

#![no_main]

#[path = "../targets/mod.rs"]
mod targets;

use std::sync::OnceLock;

static TARGET: OnceLock<targets::Target> = OnceLock::new();

libfuzzer_sys::fuzz_target!(
    init: {
        let name = std::env::var("EDGEGATE_FUZZ_TARGET").unwrap_or_default();
        let target = targets::named(&name).unwrap_or_else(|| panic!("no target is called {name:?}"));
        let _ = TARGET.set(target);
    },
    |input: &[u8]| {
        if let Some(target) = TARGET.get() {
            (target.run)(input);
        }
    }
);
