//! The function that `entry.mjs` calls in an account's Durable Object to check a password.
#![allow(unreachable_pub, reason = "exported to JavaScript")]

use js_sys::Promise;
use js_sys::futures::future_to_promise;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use worker::Env;

use super::wiring::{self, ObjectState};

/// Answers a call when its turn has come. Passwords are hashed with the hasher of this isolate,
/// which all accounts' objects in the isolate share.
///
/// # Errors
/// When the configuration is wrong. In practice this does not happen: the calling Worker has the
/// same configuration, so it answers 500 without calling the object.
#[wasm_bindgen]
pub fn account_answer(
    state: ObjectState,
    call: String,
    arrival: String,
    now: f64,
    env: Env,
) -> Result<Promise, JsValue> {
    let hasher = wiring::hasher(&env).map_err(|error| js_sys::Error::new(error.setting))?;
    Ok(future_to_promise(async move {
        wiring::account_answer(&state, &call, &arrival, now, &*hasher).await
    }))
}
