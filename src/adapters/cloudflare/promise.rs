//! Promises of what Rust does.

use std::future::Future;
use std::pin::Pin;

use futures_util::FutureExt;

use js_sys::Promise;
use js_sys::futures::future_to_promise;
use wasm_bindgen::JsValue;

/// A promise of what a job comes to. One kind of future for all of them: each further kind is 1 KB of the Worker.
pub fn promise(job: impl Future<Output = Result<JsValue, JsValue>> + 'static) -> Promise {
    let job: Pin<Box<dyn Future<Output = _>>> = Box::pin(job);
    future_to_promise(job)
}

/// What a job comes to, when it need not wait for anything; otherwise a promise of that. A promise and its turns in the queue of
/// microtasks cost more than a check of a token.
///
/// # Errors
/// When the job fails at once.
pub fn at_once_or_promised(
    job: impl Future<Output = Result<JsValue, JsValue>> + 'static,
) -> Result<JsValue, JsValue> {
    let mut job: Pin<Box<dyn Future<Output = _>>> = Box::pin(job);
    // Asked once without a waker: what was not ready is asked again by the promise.
    match job.as_mut().now_or_never() {
        Some(outcome) => outcome,
        None => Ok(future_to_promise(job).into()),
    }
}
