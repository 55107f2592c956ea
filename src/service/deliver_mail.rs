//! Delivers mails that were queued. Without a queue, a mail is sent after the response to the
//! request, and the cron job retries it.
//!
//! A mail that strangers can request is charged to a pool (a share of `MAIL_BUDGET`), whether or
//! not the address has an account. After that, the number of links that the mailbox got recently
//! (its lane) decides whether another link is sent. docs/decisions/0017 explains why.
//!
//! The mails of a batch are prepared at the same time, so that a store can do each step for all of
//! them in one call. They are sent one after another, because providers limit the requests per
//! second.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::task::Poll;

use futures_util::future::join;

use super::AuthService;
use super::compose_mail::{Due, DueLink, lane_of_nobody};
use crate::domain::error::StoreError;
use crate::domain::event::{Act, Pseudonym};
pub use crate::domain::mail::Delivery;
use crate::domain::mail::{
    BUDGET_IS_USED_UP, FailureKind, Job, LinkLife, MailFailure, MailLine, Message, NotDue, Pool,
};
use crate::domain::policy::{
    BUDGET_SPREAD, HOUR, MAIL_PREPARED_TTL, MAIL_RETRIES, MAIL_RETRY_MAX, MAIL_TRIES, NOTICE_HELD,
    NOTICE_KEPT, VERIFICATION_LINK_TTL,
};
use crate::ports::{Events, LaneRequest, MailLedger, MailQueue, Mailer, Once, Ports};

/// What was done for a message that a queue delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandedOut {
    /// What happened to the mail.
    pub delivery: Delivery,
    /// `None` if the queue may forget the message, because the remaining work (if any) is queued
    /// again or stored in the mail ledger. `Some` if the remaining work could not be stored, so the
    /// queue must deliver the message again after this number of seconds.
    pub again: Option<u64>,
}

/// A message from a queue, prepared by [`prepare_from_queue`](AuthService::prepare_from_queue). If
/// the message leads to a mail, the mail is ready to be sent.
#[derive(Debug)]
pub struct Prepared(Result<Ready, Unreadable>);

/// A message that this version can't read.
#[derive(Debug)]
struct Unreadable {
    id: String,
    text: String,
}

/// A job whose preparation is done: all that it needs from the stores was read, and its mail was
/// counted against the limits.
#[derive(Debug)]
struct Ready {
    job: Job,
    plan: Result<Plan, StoreError>,
    provider: ProviderState,
    /// When the job was prepared, in seconds since 1970.
    at: u64,
}

/// What to do for a job.
#[derive(Debug)]
enum Plan {
    /// Nothing: no mail is sent now.
    End(Delivery),
    /// Send a notice.
    Notice,
    /// Send a link with the lifetime `life`. The limit on links to one mailbox allows this link.
    Link {
        due: Box<DueLink>,
        lane: String,
        life: LinkLife,
    },
}

/// Whether it is possible that the mail ledger contains failures of the mail provider. If so, they
/// must be deleted when the provider accepts a mail. The jobs of a batch share this state.
#[derive(Clone, Debug)]
struct ProviderState(Rc<Cell<bool>>);

/// Whether a mail was charged to its pool (a share of `MAIL_BUDGET`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Payment {
    /// The mail is free, or was charged before.
    NotDue,
    Paid,
    PoolIsEmpty,
}

/// What an attempt to send a mail adds to the mail's line in the log.
struct Trace {
    address: Option<Pseudonym>,
    provider_id: Option<String>,
}

impl<P: Ports> AuthService<P> {
    /// Delivers a job from a queue. `id` is the id of the queue's message.
    ///
    /// A job that has to wait is queued again. The job contains the number of its attempts. The
    /// queue's own count is not used, because the queue also counts deliveries of a job that only
    /// had to wait, without an attempt to send a mail. If this Worker stops after it has sent the
    /// mail, but before the queue learns of the success, the queue delivers the message again. The
    /// mail might then be sent twice, with the same idempotency key.
    pub async fn deliver_from_queue(&self, text: &str, id: &str) -> HandedOut {
        let provider = ProviderState::default();
        let message = self.prepare_message(text.to_owned(), id.to_owned(), &provider);
        let (prepared, ()) = join(message, self.ask_about_provider(&provider)).await;
        self.deliver_prepared(prepared).await
    }

    /// Prepares the mails of a batch of messages, each with its text and its id, at the same time.
    /// [`deliver_prepared`](Self::deliver_prepared) sends them.
    pub async fn prepare_from_queue(&self, messages: Vec<(String, String)>) -> Vec<Prepared> {
        let provider = ProviderState::default();
        let prepared = messages
            .into_iter()
            .map(|(text, id)| self.prepare_message(text, id, &provider));
        let all = join(all(prepared), self.ask_about_provider(&provider));
        all.await.0
    }

    /// Sends a prepared mail, like [`deliver_from_queue`](Self::deliver_from_queue).
    pub async fn deliver_prepared(&self, prepared: Prepared) -> HandedOut {
        let ready = match prepared.0 {
            Ok(ready) => ready,
            Err(Unreadable { id, text }) => return self.keep_unreadable(id, &text).await,
        };
        let (job, line) = self.deliver(ready).await;
        self.ports.events().mail(&line);
        let delivery = line.delivery;
        let again = match &delivery {
            Delivery::Later { seconds, reason } => self.queue_again(&job, *seconds, reason).await,
            Delivery::Waits { seconds } => {
                self.queue_again(&job, *seconds, BUDGET_IS_USED_UP).await
            }
            Delivery::Dead { reason } => {
                let kept = self.keep(&job, reason, None).await;
                kept.err().map(|_| pause(job.tries))
            }
            _ => None,
        };
        HandedOut { delivery, again }
    }

    async fn prepare_message(
        &self,
        text: String,
        id: String,
        provider: &ProviderState,
    ) -> Prepared {
        Prepared(match Job::decode(&text) {
            Some(job) => Ok(self.prepare(job, provider).await),
            None => Err(Unreadable { id, text }),
        })
    }

    async fn keep_unreadable(&self, id: String, text: &str) -> HandedOut {
        let reason = "this version can't read the mail".to_owned();
        let kept = self.keep_text(&id, text, &reason, 0, None).await;
        let delivery = Delivery::Dead { reason };
        self.ports.events().mail(&MailLine {
            request: None,
            job: id,
            mail: "unknown",
            address: None,
            user: None,
            attempt: None,
            provider_id: None,
            delivery: delivery.clone(),
        });
        HandedOut {
            delivery,
            again: kept.err().map(|_| pause(0)),
        }
    }

    /// Queues a job again. If that fails, the job is stored in the mail ledger for the cron job. If
    /// both fail, returns the number of seconds after which to retry.
    async fn queue_again(&self, job: &Job, seconds: u64, reason: &str) -> Option<u64> {
        let Err(error) = self.ports.mail_queue().put(job, seconds).await else {
            return None;
        };
        let at = self.now().saturating_add(seconds);
        let kept = self.keep(job, reason, Some(at)).await;
        if kept.is_ok() {
            self.record(Act::MailKept {
                mail: job.task.name(),
                reason: error.to_string(),
            });
        }
        kept.err().map(|_| seconds)
    }

    /// Delivers a job without a queue. A job that has to wait is stored in the mail ledger until
    /// [`retry_kept_mail`](Self::retry_kept_mail) sends it.
    ///
    /// # Errors
    /// The mail was not sent, and it is not certain that the job was stored for a retry.
    pub async fn deliver_without_queue(&self, job: Job) -> Result<Delivery, StoreError> {
        let provider = ProviderState::default();
        let (ready, ()) = join(
            self.prepare(job, &provider),
            self.ask_about_provider(&provider),
        )
        .await;
        let (job, line) = self.deliver(ready).await;
        let kept = self.keep_unless_done(&job, &line.delivery).await;
        let line = match &kept {
            Ok(()) => line,
            Err(error) => MailLine {
                delivery: Delivery::Dead {
                    reason: [
                        "it is lost, because it could not be kept: ",
                        &error.to_string(),
                    ]
                    .concat(),
                },
                ..line
            },
        };
        self.ports.events().mail(&line);
        kept.map(|()| line.delivery)
    }

    async fn keep_unless_done(&self, job: &Job, delivery: &Delivery) -> Result<(), StoreError> {
        let after = |seconds: u64| Some(self.now().saturating_add(seconds));
        let (reason, retry_at) = match delivery {
            Delivery::Later { seconds, reason } => (reason.as_str(), after(*seconds)),
            Delivery::Waits { seconds } => (BUDGET_IS_USED_UP, after(*seconds)),
            Delivery::Dead { reason } => (reason.as_str(), None),
            _ => return Ok(()),
        };
        self.keep(job, reason, retry_at).await
    }

    /// Charges the mail to its pool (a share of `MAIL_BUDGET`), looks up the recipient, and checks
    /// whether the limit on links to one mailbox allows another link.
    async fn prepare(&self, mut job: Job, provider: &ProviderState) -> Ready {
        let plan = self.decide(&mut job).await;
        Ready {
            job,
            plan,
            provider: provider.clone(),
            at: self.now(),
        }
    }

    /// Makes one attempt to send the mail, and updates the job for the next attempt.
    async fn deliver(&self, mut ready: Ready) -> (Job, MailLine) {
        // If sending the earlier mails of the batch took long, the account might have changed since
        // this mail was prepared.
        if self.now() > ready.at.saturating_add(MAIL_PREPARED_TTL) {
            ready.plan = self.decide(&mut ready.job).await;
        }
        let Ready {
            mut job,
            plan,
            provider,
            ..
        } = ready;
        let mut trace = Trace {
            address: job.task.address().map(|email| self.pseudonym(email)),
            provider_id: None,
        };
        let attempt = job.tries.saturating_add(1);
        let delivered = match plan {
            Ok(plan) => self.carry_out(&job, plan, &provider, &mut trace).await,
            Err(error) => Err(error),
        };
        let delivery = delivered.unwrap_or_else(|error| Delivery::Later {
            seconds: pause(job.tries),
            reason: error.to_string(),
        });
        let was_last_try = is_last_try(&job);
        if matches!(delivery, Delivery::Later { .. } | Delivery::Dead { .. }) {
            job.tries = job.tries.saturating_add(1);
        }
        let delivery = match delivery {
            Delivery::Later { reason, .. } if was_last_try => Delivery::Dead { reason },
            delivery => delivery,
        };
        let line = MailLine {
            request: job.request,
            job: job.id.clone(),
            mail: job.task.name(),
            address: trace.address,
            user: job.task.user(),
            attempt: delivery.is_attempt().then_some(attempt),
            provider_id: trace.provider_id,
            delivery,
        };
        (job, line)
    }

    async fn decide(&self, job: &mut Job) -> Result<Plan, StoreError> {
        if job.is_expired(self.now()) {
            self.leave_lane(job).await?;
            return Ok(Plan::End(Delivery::NotDue(NotDue::Expired)));
        }
        // The charge does not depend on whether the address has an account, so the mail is charged
        // and its account is looked up at the same time.
        let (payment, found) = join(self.pay(job), self.look_up(job)).await;
        if !note_payment(job, payment?) {
            return Ok(Plan::End(self.wait_for_budget(job)));
        }
        let found = found?;
        let owner = match &found {
            Ok(Due::Link(due)) => due.owner,
            _ => None,
        };
        if let Pool::Known(user) = job.pool
            && owner != Some(user)
        {
            job.pool = Pool::Medium;
            let payment = self.pay(job).await?;
            if !note_payment(job, payment) {
                return Ok(Plan::End(self.wait_for_budget(job)));
            }
        }
        let due = match found {
            Ok(Due::Link(due)) => due,
            Ok(Due::Notice) => return Ok(Plan::Notice),
            Err(why) => {
                if let Some(lane) = lane_of_nobody(&job.task) {
                    let lane = self.shared.mail_keys.lane(&lane);
                    self.enter_lane(job, &lane, VERIFICATION_LINK_TTL).await?;
                }
                return Ok(Plan::End(Delivery::NotDue(why)));
            }
        };
        let lane = self.shared.mail_keys.lane(&due.lane);
        Ok(match self.enter_lane(job, &lane, due.base).await? {
            Some(life) => Plan::Link { due, lane, life },
            None => Plan::End(Delivery::EarlierLink),
        })
    }

    async fn carry_out(
        &self,
        job: &Job,
        plan: Plan,
        provider: &ProviderState,
        trace: &mut Trace,
    ) -> Result<Delivery, StoreError> {
        match plan {
            Plan::End(delivery) => Ok(delivery),
            Plan::Notice => {
                let Some(message) = self.word_notice(job) else {
                    return Ok(Delivery::NotDue(NotDue::NoRecipient));
                };
                if let Some(delivery) = self.take_notice(job).await? {
                    return Ok(delivery);
                }
                let delivery = self.send(job, &message, None, provider, trace).await?;
                if delivery == Delivery::Sent {
                    self.notice_was_sent(job).await?;
                }
                Ok(delivery)
            }
            Plan::Link { due, lane, life } => {
                let message = self.word(job, &due, life);
                self.send(job, &message, Some(&lane), provider, trace).await
            }
        }
    }

    /// Charges the mail to the job's pool (a share of `MAIL_BUDGET`), unless the mail was charged
    /// already or is free.
    async fn pay(&self, job: &Job) -> Result<Payment, StoreError> {
        let pays = job.task.class().and_then(|class| {
            let most = job.pool.share(class, self.settings().mail.budget)?;
            Some((job.pool.account(class)?, most))
        });
        let Some((account, most)) = pays.filter(|_| !job.paid) else {
            return Ok(Payment::NotDue);
        };
        let ledger = self.ports.mail_ledger();
        Ok(if ledger.pay(account, most, self.now()).await? {
            Payment::Paid
        } else {
            Payment::PoolIsEmpty
        })
    }

    fn wait_for_budget(&self, job: &Job) -> Delivery {
        let now = self.now();
        let next_hour = HOUR.saturating_sub(now % HOUR);
        let seconds = next_hour.saturating_add(spread(&job.id));
        if job.is_expired(now.saturating_add(seconds)) {
            return Delivery::GivenUp;
        }
        Delivery::Waits { seconds }
    }

    /// Reserves a notice for which there can be several jobs. `None` means that this job sends the
    /// notice. If another job has reserved or sent the notice, returns what happens to this job:
    /// while the other job sends the notice, this job is retried later. If the other job fails, a
    /// retry of this job sends the notice.
    async fn take_notice(&self, job: &Job) -> Result<Option<Delivery>, StoreError> {
        if !job.task.is_sent_once() {
            return Ok(None);
        }
        let now = self.now();
        let until = now.saturating_add(NOTICE_HELD);
        let ledger = self.ports.mail_ledger();
        Ok(match ledger.take_once(&job.id, until, now).await? {
            Once::Taken => None,
            Once::Sent => Some(Delivery::NotDue(NotDue::AlreadySent)),
            Once::Held => Some(Delivery::Later {
                seconds: NOTICE_HELD,
                reason: "the same notice is being sent".to_owned(),
            }),
        })
    }

    async fn notice_was_sent(&self, job: &Job) -> Result<(), StoreError> {
        if !job.task.is_sent_once() {
            return Ok(());
        }
        let until = self.now().saturating_add(NOTICE_KEPT);
        self.ports.mail_ledger().sent_once(&job.id, until).await
    }

    async fn enter_lane(
        &self,
        job: &Job,
        lane: &str,
        base: u64,
    ) -> Result<Option<LinkLife>, StoreError> {
        let request = LaneRequest {
            job: &job.id,
            base,
            // Invitations belong to no class of mails (`class` is `None`) and are not limited,
            // because an administrator may invite again at any time.
            limited: self.settings().limits && job.task.class().is_some(),
            now: self.now(),
        };
        self.ports.mail_ledger().admit(lane, request).await
    }

    /// If an earlier attempt to send the mail was made but the mail will not be sent now, the mail
    /// no longer counts against the limit on links to the mailbox (the lane).
    async fn leave_lane(&self, job: &Job) -> Result<(), StoreError> {
        if job.tries == 0 {
            return Ok(());
        }
        if let Ok(Due::Link(due)) = self.look_up(job).await? {
            let lane = self.shared.mail_keys.lane(&due.lane);
            self.ports.mail_ledger().release(&lane, &job.id).await?;
        }
        Ok(())
    }

    /// Sends the mail. If the mail fails and will not be retried, it no longer counts against the
    /// limit on links to the mailbox (the lane), but the charge to its pool (a share of
    /// `MAIL_BUDGET`) remains.
    async fn send(
        &self,
        job: &Job,
        message: &Message,
        lane: Option<&str>,
        provider: &ProviderState,
        trace: &mut Trace,
    ) -> Result<Delivery, StoreError> {
        trace.address = Some(self.pseudonym(&message.to));
        let sent = self.ports.mailer().send(message).await;
        self.note_answer(sent.as_ref().err(), provider).await;
        let delivery = match sent {
            Ok(accepted) => {
                trace.provider_id = accepted.id;
                return Ok(Delivery::Sent);
            }
            // It is possible that the provider accepted the mail all the same, for example if only
            // its answer timed out. So the mail still counts against the limit on links to the
            // mailbox (the lane) while it is retried.
            Err(
                MailFailure::Temporary {
                    reason,
                    retry_after,
                }
                | MailFailure::Account {
                    reason,
                    retry_after,
                },
            ) => {
                if is_last_try(job) {
                    Delivery::Dead { reason }
                } else {
                    let asked = retry_after.unwrap_or(0).min(MAIL_RETRY_MAX);
                    let seconds = pause(job.tries).max(asked);
                    return Ok(Delivery::Later { seconds, reason });
                }
            }
            Err(MailFailure::Rejected { reason }) => Delivery::Dead { reason },
            Err(MailFailure::Undeliverable { reason }) => Delivery::Undeliverable(reason),
        };
        if let Some(lane) = lane {
            self.ports.mail_ledger().release(lane, &job.id).await?;
        }
        Ok(delivery)
    }

    /// Asks the mail ledger whether failures of the provider are stored. If the ledger does not
    /// answer, assumes that there are some.
    async fn ask_about_provider(&self, provider: &ProviderState) {
        let failures = self.ports.mail_ledger().provider_failures().await;
        provider.0.set(failures.map_or(true, |all| !all.is_empty()));
    }

    /// Counts the attempts that fail because of the provider, until the provider accepts a mail. If
    /// the provider refuses mails because of the operator's account with the provider, the first
    /// refusal is recorded at once. An outage is recorded by the cron job.
    ///
    /// If the count can't be stored, the error is ignored. A mail that was sent must not be sent
    /// again because the count failed.
    async fn note_answer(&self, failure: Option<&MailFailure>, provider: &ProviderState) {
        let ledger = self.ports.mail_ledger();
        let (kind, reason) = match failure {
            Some(MailFailure::Account { reason, .. }) => (FailureKind::Refused, reason),
            Some(MailFailure::Temporary { reason, .. }) => (FailureKind::Outage, reason),
            // The provider works, because it has accepted or rejected the mail. If another isolate
            // has stored a failure since this isolate asked the ledger, that failure is deleted
            // after the next mail.
            None | Some(MailFailure::Rejected { .. } | MailFailure::Undeliverable { .. }) => {
                if provider.0.get() && ledger.provider_works().await.is_ok() {
                    provider.0.set(false);
                }
                return;
            }
        };
        provider.0.set(true);
        let failed = ledger.provider_failed(kind, reason, self.now()).await;
        if let Ok(failures) = failed
            && failures.is_new()
            && failures.needs_operator(self.now())
        {
            self.record(Act::ProviderFails(failures));
        }
    }
}

impl Default for ProviderState {
    /// The mail ledger was not asked yet, so it is possible that it contains failures.
    fn default() -> Self {
        Self(Rc::new(Cell::new(true)))
    }
}

/// Notes in the job that the mail was charged. Returns false if the pool is empty, so the mail
/// can't be sent yet.
const fn note_payment(job: &mut Job, payment: Payment) -> bool {
    match payment {
        Payment::NotDue => true,
        Payment::Paid => {
            job.paid = true;
            true
        }
        Payment::PoolIsEmpty => false,
    }
}

/// Runs futures at the same time. `join_all` of futures-util would do the same, but it adds 2 KB to
/// the Worker.
async fn all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut all: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    poll_fn(|context| {
        for (future, output) in &mut all {
            if output.is_none()
                && let Poll::Ready(value) = future.as_mut().poll(context)
            {
                *output = Some(value);
            }
        }
        if all.iter().any(|(_, output)| output.is_none()) {
            return Poll::Pending;
        }
        Poll::Ready(all.drain(..).filter_map(|(_, output)| output).collect())
    })
    .await
}

fn is_last_try(job: &Job) -> bool {
    job.tries.saturating_add(1) >= MAIL_TRIES
}

fn pause(tries: u32) -> u64 {
    let index = usize::try_from(tries).unwrap_or(usize::MAX);
    let [.., last] = MAIL_RETRIES;
    MAIL_RETRIES.get(index).copied().unwrap_or(last)
}

/// When a waiting job is tried within an hour, in seconds after the start of the hour. The number
/// is derived from the job's random id, so that a job that was requested earlier has no advantage.
fn spread(id: &str) -> u64 {
    let digits = id
        .get(..8)
        .and_then(|digits| u64::from_str_radix(digits, 16).ok());
    digits.unwrap_or_default() % BUDGET_SPREAD
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_jobs_are_spread_by_their_ids() {
        assert_eq!(spread("00000000ffffffffffffffffffffffff"), 0);
        assert_eq!(spread("00000007ffffffffffffffffffffffff"), 7);
        assert_eq!(
            spread("ffffffff000000000000000000000000"),
            u64::from(u32::MAX) % BUDGET_SPREAD
        );
        assert_eq!(spread("short"), 0);
    }
}
