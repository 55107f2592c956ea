//! Mail: the queue, the provider, and what is kept of it.

use crate::domain::error::StoreError;
use crate::domain::mail::{Counted, GateName, GateVerdict, Job, LinkLife, MailFailure, Message};

/// Where mails wait to be made. Notices ([`Task::is_notice`](crate::domain::mail::Task::is_notice))
/// wait apart from all other mails, so that no flood of those delays them.
pub trait MailQueue {
    /// Puts a job where it will be done, after `delay` seconds. MUST NOT look anything up: the caller's answer must not
    /// depend on who the mail is for, nor take longer for one than for another.
    ///
    /// # Errors
    /// When it may not have been queued.
    async fn put(&self, job: &Job, delay: u64) -> Result<(), StoreError>;
}

/// Counts requests for mails by network, and what users do by user.
pub trait MailGate {
    /// Asks the [`Tally`](crate::domain::mail::Tally) of this name to count. MUST be exact, also
    /// when many ask at once and from many places. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// When it may not have been counted: the caller refuses the request.
    async fn count(
        &self,
        name: &GateName,
        counted: Counted,
        now: u64,
    ) -> Result<GateVerdict, StoreError>;
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
    /// Takes one mail out of a pool for this hour of the clock, which pays for `most` of them; false
    /// when it is spent. MUST be exact, also when many pay at once.
    ///
    /// # Errors
    /// When the store does not answer. It may have been paid then, and is not paid back.
    async fn pay(&self, pool: &str, most: u64, now: u64) -> Result<bool, StoreError>;

    /// Asks the [`Lane`](crate::domain::mail::Lane) under this key to admit a job, and stores what
    /// it says. MUST be exact, also when many ask at once.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn admit(
        &self,
        lane: &str,
        request: LaneRequest<'_>,
    ) -> Result<Option<LinkLife>, StoreError>;

    /// Gives a job's place in a lane back: no mail of it was sent, and none will be.
    ///
    /// # Errors
    /// When it may not have been written.
    async fn release(&self, lane: &str, job: &str) -> Result<(), StoreError>;

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

    /// Deletes what is no longer used: lapsed lanes, budgets of past hours, expired notices, and jobs kept since before
    /// `dead_before`. Answers how many jobs are kept and wait for an operator.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn tidy(&self, dead_before: u64, now: u64) -> Result<u64, StoreError>;
}

/// A job that asks a lane for its place.
#[derive(Clone, Copy, Debug)]
pub struct LaneRequest<'a> {
    /// The job's id.
    pub job: &'a str,
    /// The life of the first links, in seconds.
    pub base: u64,
    /// Whether the lane may refuse it.
    pub limited: bool,
    /// The time, in seconds since 1970.
    pub now: u64,
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
