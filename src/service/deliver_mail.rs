//! Delivers a queued mail: from the queue, or, without one, after the response and by the cron.
//!
//! A mail that strangers can request is paid for by its pool before anything is looked up. Then its
//! lane decides whether another link is sent. docs/decisions/0017 explains why.

use super::AuthService;
use super::compose_mail::{Due, lane_of_nobody};
use crate::domain::error::StoreError;
use crate::domain::event::{Act, Pseudonym};
pub use crate::domain::mail::Delivery;
use crate::domain::mail::{
    BUDGET_IS_USED_UP, FailureKind, Job, LinkLife, MailFailure, MailLine, Message, NotDue, Pool,
};
use crate::domain::policy::{
    BUDGET_SPREAD, HOUR, MAIL_RETRIES, MAIL_RETRY_MAX, MAIL_TRIES, NOTICE_HELD, NOTICE_KEPT,
    VERIFICATION_LINK_TTL,
};
use crate::ports::{Events, LaneRequest, MailLedger, MailQueue, Mailer, Once, Ports};

/// The result for a message that a queue delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandedOut {
    /// The result for its mail.
    pub delivery: Delivery,
    /// `None` if the queue may forget the message, because what is left to do is queued or kept
    /// elsewhere. Otherwise nothing could be stored, and the queue must deliver the message again
    /// after this number of seconds.
    pub again: Option<u64>,
}

/// What an attempt learns for its line in the log.
struct Trace {
    address: Option<Pseudonym>,
    provider_id: Option<String>,
}

impl<P: Ports> AuthService<P> {
    /// Delivers a job from a queue. `id` is the id of the queue's message.
    ///
    /// A job that has to wait is queued again, and counts its attempts itself: a queue counts its
    /// deliveries, and waiting is not an attempt. If this Worker stops in between, the queue
    /// delivers the message again, and the mail may be sent twice with the same idempotency key.
    pub async fn deliver_from_queue(&self, text: &str, id: &str) -> HandedOut {
        let Some(mut job) = Job::decode(text) else {
            let reason = "this version can't read the mail".to_owned();
            let kept = self.keep_text(id, text, &reason, 0, None).await;
            let delivery = Delivery::Dead {
                reason: reason.clone(),
            };
            self.ports.events().mail(&MailLine {
                request: None,
                job: id.to_owned(),
                mail: "unknown",
                address: None,
                user: None,
                attempt: None,
                provider_id: None,
                delivery,
            });
            return HandedOut {
                delivery: Delivery::Dead { reason },
                again: kept.err().map(|_| pause(0)),
            };
        };
        let line = self.deliver(&mut job).await;
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

    /// Queues a job again. If that fails, the ledger keeps it for the cron. If both fail, returns
    /// after how many seconds to retry.
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

    /// Delivers a job without a queue. A job that has to wait is kept for
    /// [`retry_kept_mail`](Self::retry_kept_mail).
    ///
    /// # Errors
    /// It was not sent and may not have been kept.
    pub async fn deliver_without_queue(&self, mut job: Job) -> Result<Delivery, StoreError> {
        let line = self.deliver(&mut job).await;
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

    /// Makes one attempt, and updates the job for the next one.
    async fn deliver(&self, job: &mut Job) -> MailLine {
        let mut trace = Trace {
            address: job.task.address().map(|email| self.pseudonym(email)),
            provider_id: None,
        };
        let attempt = job.tries.saturating_add(1);
        let delivery = match self.try_to_deliver(job, &mut trace).await {
            Ok(delivery) => delivery,
            Err(error) => Delivery::Later {
                seconds: pause(job.tries),
                reason: error.to_string(),
            },
        };
        let was_last_try = is_last_try(job);
        if matches!(delivery, Delivery::Later { .. } | Delivery::Dead { .. }) {
            job.tries = job.tries.saturating_add(1);
        }
        let delivery = match delivery {
            Delivery::Later { reason, .. } if was_last_try => Delivery::Dead { reason },
            delivery => delivery,
        };
        MailLine {
            request: job.request,
            job: job.id.clone(),
            mail: job.task.name(),
            address: trace.address,
            user: job.task.user(),
            attempt: delivery.is_attempt().then_some(attempt),
            provider_id: trace.provider_id,
            delivery,
        }
    }

    async fn try_to_deliver(
        &self,
        job: &mut Job,
        trace: &mut Trace,
    ) -> Result<Delivery, StoreError> {
        if job.is_expired(self.now()) {
            self.leave_lane(job).await?;
            return Ok(Delivery::NotDue(NotDue::Expired));
        }
        // Paid for before anything is looked up: who pays must not depend on who has an account.
        if !self.pay(job).await? {
            return Ok(self.wait_for_budget(job));
        }
        let found = self.look_up(job).await?;
        let owner = match &found {
            Ok(Due::Link(due)) => due.owner,
            _ => None,
        };
        if let Pool::Known(user) = job.pool
            && owner != Some(user)
        {
            job.pool = Pool::Medium;
            if !self.pay(job).await? {
                return Ok(self.wait_for_budget(job));
            }
        }
        let due = match found {
            Ok(Due::Link(due)) => due,
            Ok(Due::Notice) => {
                let Some(message) = self.word_notice(job) else {
                    return Ok(Delivery::NotDue(NotDue::NoRecipient));
                };
                if let Some(delivery) = self.take_notice(job).await? {
                    return Ok(delivery);
                }
                let delivery = self.send(job, &message, None, trace).await?;
                if delivery == Delivery::Sent {
                    self.notice_was_sent(job).await?;
                }
                return Ok(delivery);
            }
            Err(why) => {
                if let Some(lane) = lane_of_nobody(&job.task) {
                    let lane = self.shared.mail_keys.lane(&lane);
                    self.enter_lane(job, &lane, VERIFICATION_LINK_TTL).await?;
                }
                return Ok(Delivery::NotDue(why));
            }
        };
        let lane = self.shared.mail_keys.lane(&due.lane);
        let Some(life) = self.enter_lane(job, &lane, due.base).await? else {
            return Ok(Delivery::EarlierLink);
        };
        let message = self.word(job, &due, life);
        self.send(job, &message, Some(&lane), trace).await
    }

    /// Charges the mail to the job's pool, unless it was charged already or is free. False if the
    /// pool is empty.
    async fn pay(&self, job: &mut Job) -> Result<bool, StoreError> {
        let pays = job.task.class().and_then(|class| {
            let most = job.pool.share(class, self.settings().mail.budget)?;
            Some((job.pool.account(class)?, most))
        });
        let Some((account, most)) = pays.filter(|_| !job.paid) else {
            return Ok(true);
        };
        let ledger = self.ports.mail_ledger();
        job.paid = ledger.pay(account, most, self.now()).await?;
        Ok(job.paid)
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

    /// Reserves a notice for which there may be several jobs. If another job has reserved or sent
    /// it, returns the result for this one: it waits while the other one sends, so that the notice
    /// is not lost if that fails.
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
            // An administrator may invite again at any time.
            limited: self.settings().limits && job.task.class().is_some(),
            now: self.now(),
        };
        self.ports.mail_ledger().admit(lane, request).await
    }

    /// Releases the place of a mail that was attempted and will not be sent.
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

    /// Sends the mail. If it will never be sent, its place in the lane is released. What was paid
    /// for it stays paid.
    async fn send(
        &self,
        job: &Job,
        message: &Message,
        lane: Option<&str>,
        trace: &mut Trace,
    ) -> Result<Delivery, StoreError> {
        trace.address = Some(self.pseudonym(&message.to));
        let sent = self.ports.mailer().send(message).await;
        self.note_answer(sent.as_ref().err()).await;
        let delivery = match sent {
            Ok(accepted) => {
                trace.provider_id = accepted.id;
                return Ok(Delivery::Sent);
            }
            // It may have been accepted after all, for example after a timeout.
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

    /// Counts the attempts that fail because of the provider, until it accepts a mail. The first
    /// one that it refuses because of the account is recorded at once, an outage by the cron.
    ///
    /// What can't be stored is left out: a mail that was sent must not be sent again because of it.
    async fn note_answer(&self, failure: Option<&MailFailure>) {
        let ledger = self.ports.mail_ledger();
        let (kind, reason) = match failure {
            Some(MailFailure::Account { reason, .. }) => (FailureKind::Refused, reason),
            Some(MailFailure::Temporary { reason, .. }) => (FailureKind::Outage, reason),
            // The provider works: it has judged the mail.
            None | Some(MailFailure::Rejected { .. } | MailFailure::Undeliverable { .. }) => {
                let _ = ledger.provider_works().await;
                return;
            }
        };
        let failed = ledger.provider_failed(kind, reason, self.now()).await;
        if let Ok(failures) = failed
            && failures.is_new()
            && failures.needs_operator(self.now())
        {
            self.record(Act::ProviderFails(failures));
        }
    }
}

fn is_last_try(job: &Job) -> bool {
    job.tries.saturating_add(1) >= MAIL_TRIES
}

fn pause(tries: u32) -> u64 {
    let index = usize::try_from(tries).unwrap_or(usize::MAX);
    let [.., last] = MAIL_RETRIES;
    MAIL_RETRIES.get(index).copied().unwrap_or(last)
}

/// How many seconds after the start of the hour a waiting job is tried. It is derived from the
/// job's random id, so that asking earlier than others has no advantage.
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
