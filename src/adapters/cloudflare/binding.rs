//! Helpers for adapters that call the JavaScript methods of a binding. The helpers find the
//! binding, wait for its promises and read the errors that it throws.

use js_sys::futures::JsFuture;
use js_sys::{Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use worker::Env;

use crate::domain::error::StoreError;

/// The binding of this name. `None` if nothing is bound.
pub(super) fn bound<B: JsCast>(env: &Env, name: &str) -> Option<B> {
    Some(member(env.as_ref(), name))
        .filter(JsValue::is_object)
        .map(JsCast::unchecked_into)
}

/// A member of a JavaScript object, or `undefined`.
pub(super) fn member(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// Sets a member of a plain object, which can't fail.
pub(super) fn set(object: &Object, name: &str, value: &JsValue) {
    let _ = Reflect::set(object, &name.into(), value);
}

/// The result of a binding's promise. A failure is reported as a failure of `store`.
pub(super) async fn settled(
    store: &'static str,
    promise: Result<Promise, JsValue>,
) -> Result<JsValue, StoreError> {
    let settled = match promise {
        Ok(promise) => JsFuture::from(promise).await,
        Err(error) => Err(error),
    };
    settled.map_err(|error| failed(store, &error))
}

/// A failure of `store` with the message of the thrown value.
pub(super) fn failed(store: &'static str, thrown: &JsValue) -> StoreError {
    StoreError::new(store, message_of(thrown))
}

impl From<StoreError> for JsValue {
    fn from(error: StoreError) -> Self {
        js_sys::Error::new(&error.detail).into()
    }
}

/// The message of a thrown JavaScript value.
pub(super) fn message_of(thrown: &JsValue) -> String {
    member(thrown, "message")
        .as_string()
        .or_else(|| thrown.as_string())
        .unwrap_or_else(|| "an unknown error".to_owned())
}

/// The value as an integer. `None` unless it is a whole number that JavaScript represents exactly.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a whole number from 0 to 2^53 - 1"
)]
pub(super) fn whole(value: f64) -> Option<u64> {
    (value.trunc() == value && (0.0..=9_007_199_254_740_991.0).contains(&value))
        .then_some(value as u64)
}
