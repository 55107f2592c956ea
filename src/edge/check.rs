//! Checks a configuration, with the same code and the same messages as a running Worker. `npm
//! start` and `npm run deploy` run this check (through `check.mjs`) before they start or upload
//! anything.
#![allow(unreachable_pub, reason = "exported to JavaScript")]

use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::Env;

use super::wiring;
use crate::domain::settings::SettingError;

/// A fault in the configuration, as JSON for the scripts.
#[derive(Serialize)]
struct Fault {
    setting: &'static str,
    /// If the fault is a misspelt name, the name as it is in the configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    misspelt: Option<String>,
    problem: String,
    remedy: &'static str,
}

impl Fault {
    fn new(error: SettingError, misspelt: Option<String>) -> Self {
        Self {
            setting: error.setting,
            misspelt,
            problem: error.problem,
            remedy: error.remedy,
        }
    }
}

/// The faults of a configuration, as a JSON list. `env` is what a Worker gets as its environment:
/// strings are variables, and objects are bindings. If several bindings are missing, only the first
/// of them is reported.
#[wasm_bindgen]
pub fn check_configuration(env: Env) -> String {
    let misspelt = wiring::misspelt(&env)
        .into_iter()
        .map(|(name, error)| Fault::new(error, Some(name)));
    let wrong = wiring::faults(&env)
        .into_iter()
        .map(|error| Fault::new(error, None));
    let faults: Vec<Fault> = misspelt.chain(wrong).collect();
    // This never fails, because strings can always be written as JSON.
    serde_json::to_string(&faults).unwrap_or_default()
}
