//! Work after the response, by the platform's `waitUntil`.

use std::fmt;
use std::future::Future;
use std::rc::Rc;

use wasm_bindgen::JsValue;
use worker::worker_sys::Context;

use super::console::log_failure;
use super::promise::promise;
use crate::domain::error::StoreError;
use crate::ports::Background;

/// Keeps the request's context alive until a job is done.
#[derive(Clone)]
pub struct WaitUntil(Rc<Context>);

impl fmt::Debug for WaitUntil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WaitUntil")
    }
}

impl WaitUntil {
    /// For the request with this context.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self(Rc::new(context))
    }
}

impl WaitUntil {
    /// Does the job after the response; it sees to its own failures.
    pub fn run(&self, job: impl Future<Output = ()> + 'static) {
        let job = promise(async move {
            job.await;
            Ok(JsValue::UNDEFINED)
        });
        // A context that takes no more work has ended, and the job runs as far as the platform lets it.
        let _ = self.0.wait_until(&job);
    }
}

impl Background for WaitUntil {
    fn after_response<F>(&self, job: F)
    where
        F: Future<Output = Result<(), StoreError>> + 'static,
    {
        self.run(async move {
            if let Err(error) = job.await {
                log_failure("background", &error.to_string());
            }
        });
    }
}
