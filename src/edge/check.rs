//! Judges a configuration before anything is started or uploaded: the same code, with the same
//! words, as in a running Worker. `npm start` and `npm run deploy` call it (`check.mjs`).
#![allow(unreachable_pub, reason = "exported to JavaScript")]

use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::Env;

use super::wiring;
use crate::domain::settings::SettingError;

/// One fault, as the scripts read it.
#[derive(Serialize)]
struct Fault {
    setting: &'static str,
    /// The name that the configuration has, when it misspells the setting's.
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

/// Everything that is wrong with an environment, as a JSON list: variables are strings in it, and
/// bindings any objects. Of several missing bindings the first is named.
#[wasm_bindgen]
pub fn check_configuration(env: Env) -> String {
    let misspelt = wiring::misspelt(&env)
        .into_iter()
        .map(|(name, error)| Fault::new(error, Some(name)));
    let wrong = wiring::faults(&env)
        .into_iter()
        .map(|error| Fault::new(error, None));
    let faults: Vec<Fault> = misspelt.chain(wrong).collect();
    // Strings can always be written as JSON.
    serde_json::to_string(&faults).unwrap_or_default()
}
