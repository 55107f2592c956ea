//! Promises of what Rust does.

use std::future::Future;
use std::pin::Pin;

use js_sys::Promise;
use js_sys::futures::future_to_promise;
use worker::wasm_bindgen::JsValue;

/// A promise of what a job comes to. One kind of future for all of them: each further kind is 1 KB of the Worker.
pub fn promise(job: impl Future<Output = Result<JsValue, JsValue>> + 'static) -> Promise {
    let job: Pin<Box<dyn Future<Output = _>>> = Box::pin(job);
    future_to_promise(job)
}
