//! Mail: the queue, the provider, and what is stored about mails.

use crate::domain::account::{EmailAddress, UserId};
use crate::domain::error::StoreError;
use crate::domain::mail::{
    Accepted, Counted, FailureKind, GateName, GateVerdict, Job, LinkLife, MailFailure, Message,
    ProviderFailures,
};

/// Where mails wait to be composed. Notices
/// ([`Task::is_notice`](crate::domain::mail::Task::is_notice)) wait separately, so that a flood of
/// other mails does not delay them.
pub trait MailQueue {
    /// Queues a job, to be done after `delay` seconds. MUST NOT look anything up: neither the
    /// caller's answer nor its duration may depend on the recipient.
    ///
    /// # Errors
    /// When it may not have been queued.
    async fn put(&self, job: &Job, delay: u64) -> Result<(), StoreError>;
}

/// Counts requests for mails per network, and the actions that mail a notice per user.
pub trait MailGate {
    /// Counts one event in the [`Tally`](crate::domain::mail::Tally) with this name. MUST be exact,
    /// also for simultaneous calls from many places on Earth. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// When it may not have been counted. The caller then rejects the request.
    async fn count(
        &self,
        name: &GateName,
        counted: Counted,
        now: u64,
    ) -> Result<GateVerdict, StoreError>;
}

/// A mail provider.
pub trait Mailer {
    /// Sends a mail. MUST return after a limited time, and MUST distinguish a temporary failure
    /// from a permanent one.
    ///
    /// # Errors
    /// When the provider did not accept the mail, or may not have accepted it.
    async fn send(&self, message: &Message) -> Result<Accepted, MailFailure>;
}

/// Which mails were sent recently, and which could not be sent.
pub trait MailLedger {
    /// Takes one mail from the budget of a pool, which is `most` mails for each hour of the clock.
    /// Returns false when all are used. MUST be exact, also for simultaneous calls.
    ///
    /// # Errors
    /// When the store does not answer. One mail may have been taken from the budget, and is not
    /// given back.
    async fn pay(&self, pool: &str, most: u64, now: u64) -> Result<bool, StoreError>;

    /// Asks the [`Lane`](crate::domain::mail::Lane) with this key, which limits the links to one
    /// mailbox, whether the mail of a job may be sent. Stores the changed lane. MUST be exact, also
    /// for simultaneous calls.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn admit(
        &self,
        lane: &str,
        request: LaneRequest<'_>,
    ) -> Result<Option<LinkLife>, StoreError>;

    /// Removes a job from a lane, because no mail of this job was sent and none will be.
    ///
    /// # Errors
    /// When it may not have been written.
    async fn release(&self, lane: &str, job: &str) -> Result<(), StoreError>;

    /// Reserves the notice `id` for the caller, who then sends it. Several jobs for the same notice
    /// may exist. After `until` it can be reserved again. MUST be exact: of simultaneous callers
    /// one gets [`Once::Taken`].
    ///
    /// # Errors
    /// When the store does not answer.
    async fn take_once(&self, id: &str, until: u64, now: u64) -> Result<Once, StoreError>;

    /// Records that the notice `id` was sent. It can't be reserved again until `until`.
    ///
    /// # Errors
    /// When it may not have been written.
    async fn sent_once(&self, id: &str, until: u64) -> Result<(), StoreError>;

    /// Stores a job whose mail could not be sent. If it is stored already, this replaces it.
    ///
    /// # Errors
    /// When it may not have been written.
    async fn keep(&self, letter: &DeadLetter) -> Result<(), StoreError>;

    /// At most `limit` stored jobs that are to be tried again by `now`
    /// ([`retry_at`](DeadLetter::retry_at)), sorted by that time.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn due(&self, limit: u32, now: u64) -> Result<Vec<DeadLetter>, StoreError>;

    /// Deletes a stored job. An absent one is not an error.
    ///
    /// # Errors
    /// When it may not have been deleted.
    async fn forget(&self, id: &str) -> Result<(), StoreError>;

    /// At most `limit` stored jobs, due or not, after the id `after`, sorted by id. With an empty
    /// `after` the list starts at the beginning.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn kept(&self, after: &str, limit: u32) -> Result<Vec<DeadLetter>, StoreError>;

    /// Like [`kept`](Self::kept), but only for the jobs that contain this user's id or address.
    /// MUST return all of them. May return other jobs too, because a store can't compare addresses
    /// in a text that is not ASCII.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn kept_naming(
        &self,
        user: UserId,
        address: &EmailAddress,
        after: &str,
        limit: u32,
    ) -> Result<Vec<DeadLetter>, StoreError>;

    /// Sets the `retry_at` of the stored jobs with these ids to 0, so that they are retried at
    /// once. With `None`, does so for all stored jobs. Called for an operator. Returns how many
    /// jobs were changed.
    ///
    /// # Errors
    /// When some may not have been changed.
    async fn retry(&self, ids: Option<&[String]>) -> Result<u64, StoreError>;

    /// Deletes the stored jobs with these ids. Returns how many there were.
    ///
    /// # Errors
    /// When some may not have been deleted.
    async fn discard(&self, ids: &[String]) -> Result<u64, StoreError>;

    /// Counts an attempt that failed because of the provider, and returns all failures of this kind
    /// since the provider last accepted a mail. MUST be exact: of simultaneous first calls, one
    /// gets failures that [are new](ProviderFailures::is_new).
    ///
    /// # Errors
    /// When the store does not answer.
    async fn provider_failed(
        &self,
        kind: FailureKind,
        reason: &str,
        now: u64,
    ) -> Result<ProviderFailures, StoreError>;

    /// Deletes the stored failures of the provider, because it works again.
    ///
    /// # Errors
    /// When they may not have been deleted.
    async fn provider_works(&self) -> Result<(), StoreError>;

    /// The failures since the provider last accepted a mail, one entry for each kind.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn provider_failures(&self) -> Result<Vec<ProviderFailures>, StoreError>;

    /// Deletes what has no effect any more: lapsed lanes, budgets of past hours, expired notices,
    /// the provider's failures after which nothing was attempted for
    /// [`MAIL_TROUBLE_TTL`](crate::domain::policy::MAIL_TROUBLE_TTL), and jobs stored before
    /// `dead_before`. Returns how many jobs are stored and wait for an operator.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn tidy(&self, dead_before: u64, now: u64) -> Result<u64, StoreError>;
}

/// A job that asks a lane whether its mail may be sent.
#[derive(Clone, Copy, Debug)]
pub struct LaneRequest<'a> {
    /// The job's id.
    pub job: &'a str,
    /// The lifetime of the lane's first links, in seconds. Later links are valid for longer.
    pub base: u64,
    /// Whether the lane may refuse the job.
    pub limited: bool,
    /// The time, in seconds since 1970.
    pub now: u64,
}

/// Whether the caller may send a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Once {
    /// The caller may send it.
    Taken,
    /// Another job has reserved it, and may be sending it.
    Held,
    /// It was sent.
    Sent,
}

/// A mail that could not be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// The job's id, or the id of the queue's message if the job can't be read.
    pub id: String,
    /// The job, as it was queued.
    pub job: String,
    /// Why it was not sent, for the operator.
    pub reason: String,
    /// How often it was tried.
    pub tries: u32,
    /// When it failed last, in seconds since 1970.
    pub failed_at: u64,
    /// When it is tried again. `None` means when an operator says so.
    pub retry_at: Option<u64>,
}
