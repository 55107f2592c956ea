//! Work after the response, by the platform's `waitUntil`.

use std::fmt;
use std::future::Future;
use std::rc::Rc;

use worker::Context;

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

impl Background for WaitUntil {
    fn after_response<F>(&self, job: F)
    where
        F: Future<Output = Result<(), StoreError>> + 'static,
    {
        self.0.wait_until(async move {
            if let Err(error) = job.await {
                let reason = serde_json::Value::from(error.to_string());
                worker::console_error!(
                    r#"{{"level":"error","event":"background","reason":{reason}}}"#
                );
            }
        });
    }
}
