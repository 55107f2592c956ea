//! Work that a Worker does after the response. A test decides when the work is done.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use crate::adapters::kv_sessions::Background;
use crate::domain::error::StoreError;

type Job = Pin<Box<dyn Future<Output = Result<(), StoreError>>>>;

/// Stores jobs until [`run`](Self::run). Clones share them.
#[derive(Clone, Default)]
pub struct MemoryBackground(Rc<RefCell<Vec<Job>>>);

impl fmt::Debug for MemoryBackground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} jobs", self.0.borrow().len())
    }
}

impl MemoryBackground {
    /// Runs all waiting jobs, and returns how many there were.
    ///
    /// # Errors
    /// The first failure. The later jobs still run.
    pub async fn run(&self) -> Result<usize, StoreError> {
        let jobs = self.0.take();
        let count = jobs.len();
        let mut outcome = Ok(count);
        for job in jobs {
            if let Err(error) = job.await {
                outcome = outcome.and(Err(error));
            }
        }
        outcome
    }
}

impl Background for MemoryBackground {
    fn after_response<F>(&self, job: F)
    where
        F: Future<Output = Result<(), StoreError>> + 'static,
    {
        self.0.borrow_mut().push(Box::pin(job));
    }
}
