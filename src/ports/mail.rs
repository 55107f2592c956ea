//! The ports for mail: the queue, the limits per network and user, the provider, and the stored
//! data about mails.

use crate::domain::account::{EmailAddress, UserId};
use crate::domain::error::StoreError;
use crate::domain::mail::{
    Accepted, Counted, FailureKind, GateName, GateVerdict, Job, LinkLife, MailFailure, Message,
    ProviderFailures,
};

/// The queue in which jobs wait. A job is a mail that is still to be composed and sent. Notices
/// ([`Task::is_notice`](crate::domain::mail::Task::is_notice)) wait in a queue of their own, so
/// that a flood of other mails does not delay them.
pub trait MailQueue {
    /// Queues a job, which is to be done after `delay` seconds. MUST NOT look anything up, because
    /// neither the answer that the service gives to its client nor the answer's duration may depend
    /// on the recipient.
    ///
    /// # Errors
    /// When the job might not have been queued.
    async fn put(&self, job: &Job, delay: u64) -> Result<(), StoreError>;
}

/// Counts requests for mails, separately for each network and for each known user. Also counts
/// actions that send a notice by mail, separately for each user.
pub trait MailGate {
    /// Counts one event in the [`Tally`](crate::domain::mail::Tally) with this name, which holds
    /// the counts of one network or user. MUST be exact, also for simultaneous calls from many
    /// places on Earth. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// When the event might not have been counted. In this case the caller rejects the request.
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
    /// When the provider did not accept the mail, or might not have accepted it.
    async fn send(&self, message: &Message) -> Result<Accepted, MailFailure>;
}

/// Remembers which mails were sent recently, and which mails could not be sent.
pub trait MailLedger {
    /// Takes one mail from the budget of a pool (a share of `MAIL_BUDGET`). The budget is `most`
    /// mails for each hour of the clock. Returns false when the budget of this hour is used up.
    /// MUST be exact, also for simultaneous calls.
    ///
    /// # Errors
    /// When the store does not answer. One mail might have been taken from the budget, and is not
    /// added to the budget again.
    async fn pay(&self, pool: &str, most: u64, now: u64) -> Result<bool, StoreError>;

    /// Asks the [`Lane`](crate::domain::mail::Lane) with this key whether the mail of a job may be
    /// sent, and stores the changed lane. A lane is a list of recent mails with links of one
    /// kind to one mailbox; it limits how many such links are sent there. Returns how long the link
    /// in the mail is valid, or `None` if the mail may not be sent. MUST be exact, also for
    /// simultaneous calls.
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
    /// When the change might not have been written.
    async fn release(&self, lane: &str, job: &str) -> Result<(), StoreError>;

    /// Reserves the notice `id` for the caller, who then sends it. There can be several jobs for
    /// the same notice, but the notice should be sent once. After `until` the notice can be
    /// reserved again. MUST be exact: of simultaneous callers, one gets [`Once::Taken`].
    ///
    /// # Errors
    /// When the store does not answer.
    async fn take_once(&self, id: &str, until: u64, now: u64) -> Result<Once, StoreError>;

    /// Records that the notice `id` was sent. The notice can't be reserved again until `until`.
    ///
    /// # Errors
    /// When the record might not have been written.
    async fn sent_once(&self, id: &str, until: u64) -> Result<(), StoreError>;

    /// Stores a job whose mail could not be sent. If a letter with this id is stored already, the
    /// new one replaces it.
    ///
    /// # Errors
    /// When the job might not have been written.
    async fn keep(&self, letter: &DeadLetter) -> Result<(), StoreError>;

    /// At most `limit` stored jobs whose time for the next attempt
    /// ([`retry_at`](DeadLetter::retry_at)) is not later than `now`, sorted by that time.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn due(&self, limit: u32, now: u64) -> Result<Vec<DeadLetter>, StoreError>;

    /// Deletes a stored job. An absent one is not an error.
    ///
    /// # Errors
    /// When the job might not have been deleted.
    async fn forget(&self, id: &str) -> Result<(), StoreError>;

    /// At most `limit` stored jobs whose ids are greater than `after`, sorted by id, whether they
    /// are due or not. If `after` is empty, the list starts at the beginning.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn kept(&self, after: &str, limit: u32) -> Result<Vec<DeadLetter>, StoreError>;

    /// Like [`kept`](Self::kept), but only for the jobs that contain this user's id or address.
    /// MUST return all such jobs. May return other jobs too, because a store can't compare
    /// addresses reliably if the job's text is not ASCII.
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
    /// once. With `None`, sets it for all stored jobs. The service calls this method for an
    /// operator. Returns how many jobs were changed.
    ///
    /// # Errors
    /// When some jobs might not have been changed.
    async fn retry(&self, ids: Option<&[String]>) -> Result<u64, StoreError>;

    /// Deletes the stored jobs with these ids. Returns how many jobs were deleted.
    ///
    /// # Errors
    /// When some jobs might not have been deleted.
    async fn discard(&self, ids: &[String]) -> Result<u64, StoreError>;

    /// Counts an attempt that failed because of the provider. Returns the failures of this kind
    /// since the provider last accepted a mail, including this one. MUST be exact: if several calls
    /// report the first failure at the same time, one of the calls returns failures that [are
    /// new](ProviderFailures::is_new).
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
    /// When the failures might not have been deleted.
    async fn provider_works(&self) -> Result<(), StoreError>;

    /// The failures since the provider last accepted a mail, one entry for each kind.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn provider_failures(&self) -> Result<Vec<ProviderFailures>, StoreError>;

    /// Deletes what has no effect any more:
    ///
    /// - lapsed lanes,
    /// - budgets of past hours,
    /// - expired notices,
    /// - the failures of the provider, if no mail was attempted for
    ///   [`MAIL_TROUBLE_TTL`](crate::domain::policy::MAIL_TROUBLE_TTL) seconds after them,
    /// - jobs that were stored before `dead_before`.
    ///
    /// Returns how many stored jobs wait for an operator.
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
    /// The lifetime of the first links to the mailbox, in seconds. If the lane is limited, later
    /// links are valid for longer, up to a day.
    pub base: u64,
    /// Whether the lane may refuse the job.
    pub limited: bool,
    /// The time, in seconds since 1970.
    pub now: u64,
}

/// Whether the caller may send a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Once {
    /// The caller has reserved the notice, and may send it.
    Taken,
    /// Another job has reserved the notice, and might be sending it.
    Held,
    /// The notice was already sent.
    Sent,
}

/// A mail that could not be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// The job's id, or the id of the queue's message if the job can't be read.
    pub id: String,
    /// The job, as it was queued.
    pub job: String,
    /// Why the mail was not sent. The text is for the operator.
    pub reason: String,
    /// How many times the service tried to send the mail.
    pub tries: u32,
    /// When the last attempt failed, in seconds since 1970.
    pub failed_at: u64,
    /// When the mail is tried again, in seconds since 1970. `None`: only when an operator asks for
    /// it.
    pub retry_at: Option<u64>,
}
