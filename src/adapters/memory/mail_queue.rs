//! A queue of mails in memory. A test decides when the jobs are done.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::domain::error::StoreError;
use crate::domain::mail::Job;
use crate::ports::MailQueue;

/// Stores jobs as the texts that a real queue would store. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct MemoryMailQueue(Rc<State>);

#[derive(Debug, Default)]
struct State {
    jobs: RefCell<Vec<(String, u64)>>,
    down: Cell<bool>,
}

impl MemoryMailQueue {
    /// The jobs that were queued since the last call of this method, in order, whatever their
    /// delay. A text that is not a job is left out.
    #[must_use]
    pub fn take(&self) -> Vec<Job> {
        self.take_with_delays()
            .into_iter()
            .map(|(job, _)| job)
            .collect()
    }

    /// Like [`take`](Self::take), each job with its delay in seconds.
    #[must_use]
    pub fn take_with_delays(&self) -> Vec<(Job, u64)> {
        let queued = self.0.jobs.take();
        let jobs = queued
            .iter()
            .filter_map(|(text, delay)| Some((Job::decode(text)?, *delay)));
        jobs.collect()
    }

    /// With `true`, the queue rejects every job from now on.
    pub fn set_down(&self, down: bool) {
        self.0.down.set(down);
    }
}

impl MailQueue for MemoryMailQueue {
    async fn put(&self, job: &Job, delay: u64) -> Result<(), StoreError> {
        if self.0.down.get() {
            return Err(StoreError::new("queue", "down"));
        }
        self.0.jobs.borrow_mut().push((job.encode(), delay));
        Ok(())
    }
}
