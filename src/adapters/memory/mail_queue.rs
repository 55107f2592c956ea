//! A queue of mails in memory, done when a test says so.

use std::cell::RefCell;
use std::rc::Rc;

use crate::domain::error::StoreError;
use crate::domain::mail::Job;
use crate::ports::MailQueue;

/// Keeps jobs as the texts that a real queue would hold. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct MemoryMailQueue(Rc<RefCell<Vec<String>>>);

impl MemoryMailQueue {
    /// The jobs queued since the last call, in their order; what is no job is left out.
    #[must_use]
    pub fn take(&self) -> Vec<Job> {
        let texts = self.0.take();
        texts.iter().filter_map(|text| Job::parse(text)).collect()
    }
}

impl MailQueue for MemoryMailQueue {
    async fn put(&self, job: &Job) -> Result<(), StoreError> {
        self.0.borrow_mut().push(job.to_text());
        Ok(())
    }
}
