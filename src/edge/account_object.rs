//! The call that `entry.mjs` makes in an account's object.
#![allow(unreachable_pub, reason = "exported to JavaScript")]

use js_sys::Promise;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use worker::Env;

use super::wiring::{self, AccountState};

/// Answers the next call in the line.
///
/// # Errors
/// When the configuration is wrong. The Worker that calls has answered with that before.
#[wasm_bindgen]
pub fn account_answer(state: AccountState, call: String, env: Env) -> Result<Promise, JsValue> {
    wiring::account_answer(&env, state, call)
        .map_err(|error| js_sys::Error::new(error.setting).into())
}
