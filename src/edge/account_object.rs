//! Answers a call in an account's object, with the hasher that the object shares with its isolate.
#![allow(unreachable_pub, reason = "exported to JavaScript")]

use js_sys::Promise;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use worker::Env;

use super::wiring::hasher;
use crate::adapters::argon2::Argon2Hasher;
use crate::adapters::cloudflare::account::object::{AccountState, answer};

/// Answers the next call in the line.
///
/// # Errors
/// When the configuration is wrong. The Worker that calls has answered with that before.
#[wasm_bindgen]
pub fn account_answer(state: AccountState, call: String, env: Env) -> Result<Promise, JsValue> {
    let hasher = hasher(&env).map_err(|error| js_sys::Error::new(error.setting))?;
    Ok(answer::<Argon2Hasher>(state, call, hasher))
}
