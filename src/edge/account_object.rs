//! The turn of a call in an account's object: with the hasher, which the object shares with the rest of its isolate.
#![allow(unreachable_pub, reason = "exported to JavaScript")]

use js_sys::Promise;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use worker::Env;

use super::wiring::{AccountState, account_answer as answer, isolate};

/// Answers a call whose turn has come.
///
/// # Errors
/// When the configuration is wrong; the Worker that calls has said so before.
#[wasm_bindgen]
pub fn account_answer(state: AccountState, call: String, env: Env) -> Result<Promise, JsValue> {
    let isolate = isolate(&env).map_err(|error| js_sys::Error::new(error.setting))?;
    Ok(answer(state, call, isolate))
}
