//! Mail: the queue, the provider, and what is kept of it.

use crate::domain::error::StoreError;
use crate::domain::mail::{Job, MailFailure, Message};

/// Where mails wait to be made.
pub trait MailQueue {
    /// Puts a job where it will be done. MUST NOT look anything up: the caller's answer must not depend on who the mail
    /// is for, nor take longer for one than for another.
    ///
    /// # Errors
    /// When it may not have been queued.
    async fn put(&self, job: &Job) -> Result<(), StoreError>;
}

/// A mail provider.
pub trait Mailer {
    /// Gives the provider a mail. MUST come to an end by itself, and MUST tell a failure that passes from one that stays.
    ///
    /// # Errors
    /// When the provider did not take it, or may not have.
    async fn send(&self, message: &Message) -> Result<(), MailFailure>;
}

/// What was mailed lately, and what could not be.
pub trait MailLedger {
    /// Counts a mail to an address, under a `key` that does not tell it. Refuses one that comes sooner than `pause` seconds
    /// after the last or over `most`, at least one, a day; a repeat of the job that was counted last is admitted and not
    /// counted. MUST be exact also when many are counted at once.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn admit_address(
        &self,
        key: &str,
        job: &str,
        pause: u64,
        most: u32,
        now: u64,
    ) -> Result<bool, StoreError>;

    /// Takes one mail out of the budget of the hour; false when it is spent. MUST be exact.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn spend(&self, budget: u64, now: u64) -> Result<bool, StoreError>;

    /// Gives one back: the mail that it was taken for did not go out.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn refund(&self, now: u64) -> Result<(), StoreError>;

    /// Takes the notice `id`, of which several jobs may exist, for the caller to send: until `until`, when it can be taken
    /// again. MUST be exact: of callers at once one gets [`Once::Taken`].
    ///
    /// # Errors
    /// When the store does not answer.
    async fn take_once(&self, id: &str, until: u64, now: u64) -> Result<Once, StoreError>;

    /// The notice `id` was sent: until `until` it can't be taken again.
    ///
    /// # Errors
    /// When it may not have been written.
    async fn sent_once(&self, id: &str, until: u64) -> Result<(), StoreError>;

    /// Keeps a job that could not be done; a job that is kept already is kept as this one says.
    ///
    /// # Errors
    /// When it may not have been written.
    async fn keep(&self, letter: &DeadLetter) -> Result<(), StoreError>;

    /// At most `limit` kept jobs that are to be tried again by `now`, in the order of that time.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn due(&self, limit: u32, now: u64) -> Result<Vec<DeadLetter>, StoreError>;

    /// Forgets a kept job; an absent one is no error.
    ///
    /// # Errors
    /// When it may not have been deleted.
    async fn forget(&self, id: &str) -> Result<(), StoreError>;

    /// At most `limit` kept jobs, due or not, in the order of their ids, from the first behind
    /// `after`; the empty text is before all of them.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn kept(&self, after: &str, limit: u32) -> Result<Vec<DeadLetter>, StoreError>;

    /// Forgets what has no use any more: counts of addresses that nothing was mailed to for a day and of hours gone by, notices
    /// whose time is over, jobs kept since before `dead_before`. Answers how many jobs are kept and will not be tried again by themselves.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn tidy(&self, dead_before: u64, now: u64) -> Result<u64, StoreError>;
}

/// Whether a notice is the caller's to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Once {
    /// It is.
    Taken,
    /// Another job has taken it, and may be sending it.
    Held,
    /// It was sent.
    Sent,
}

/// A mail that could not be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// The id of the job, or of what should have been one.
    pub id: String,
    /// The job, as it was queued.
    pub job: String,
    /// Why it was not sent, for the operator.
    pub reason: String,
    /// How often it was tried.
    pub tries: u32,
    /// When it failed last, in seconds since 1970.
    pub failed_at: u64,
    /// When it is tried again; `None` is when an operator says so.
    pub retry_at: Option<u64>,
}
