//! Runs work after the response, with the platform's `waitUntil`.

use std::fmt;
use std::future::Future;
use std::rc::Rc;

use wasm_bindgen::JsValue;
use worker::worker_sys::Context;

use super::console::log_trouble;
use crate::adapters::kv_sessions::Background;
use crate::domain::error::StoreError;
use crate::domain::log_line::Trouble;
use js_sys::futures::future_to_promise;

/// Keeps a request's context alive until a job is done.
#[derive(Clone)]
pub struct WaitUntil(Option<Rc<Context>>);

impl fmt::Debug for WaitUntil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WaitUntil")
    }
}

impl WaitUntil {
    /// For work that belongs to the request with this context.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self(Some(Rc::new(context)))
    }

    /// For work that belongs to no request. The platform might stop such a job as soon as the job
    /// waits.
    #[must_use]
    pub const fn without_request() -> Self {
        Self(None)
    }

    /// Runs the job. The response does not wait for it. The job handles its own failures.
    pub fn run(&self, job: impl Future<Output = ()> + 'static) {
        let job = future_to_promise(async move {
            job.await;
            Ok(JsValue::UNDEFINED)
        });
        if let Some(context) = &self.0 {
            // A context that has ended accepts no more work. In this case the job runs until the
            // platform stops it.
            let _ = context.wait_until(&job);
        }
    }
}

impl Background for WaitUntil {
    fn after_response<F>(&self, job: F)
    where
        F: Future<Output = Result<(), StoreError>> + 'static,
    {
        self.run(async move {
            if let Err(error) = job.await {
                log_trouble(Trouble::Background, &error.to_string());
            }
        });
    }
}
