//! The turn of a call in an account's object. The object uses the hasher of its isolate.
#![allow(unreachable_pub, reason = "exported to JavaScript")]

use js_sys::Promise;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use worker::Env;

use super::wiring::{ObjectState, account_answer as answer, isolate, promise};

/// Answers a call whose turn has come.
///
/// # Errors
/// When the configuration is invalid. The Worker that calls has reported it already.
#[wasm_bindgen]
pub fn account_answer(
    state: ObjectState,
    call: String,
    caller: String,
    now: f64,
    env: Env,
) -> Result<Promise, JsValue> {
    let isolate = isolate(&env).map_err(|error| js_sys::Error::new(error.setting))?;
    Ok(promise(async move {
        answer(&state, &call, &caller, now, &isolate.hasher).await
    }))
}
