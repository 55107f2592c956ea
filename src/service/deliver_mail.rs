//! Delivers a queued mail: from the queue, or, without one, after the response and by the cron.
//!
//! A mail that strangers can request is paid for by its pool before anything is looked up. Then its
//! lane decides whether another link is sent. docs/decisions/0017 explains why.

use super::AuthService;
use super::compose_mail::{Due, lane_of_nobody};
use crate::domain::error::StoreError;
use crate::domain::mail::{Job, LinkLife, MailFailure, Message, NotDue, Pool};
use crate::domain::policy::{
    BUDGET_SPREAD, DEAD_LETTER_TTL, HOUR, MAIL_RETRIES, MAIL_RETRY_MAX, MAIL_TRIES, NOTICE_HELD,
    NOTICE_KEPT, REQUEUED_AT_ONCE, VERIFICATION_LINK_TTL,
};
use crate::ports::{DeadLetter, LaneRequest, MailLedger, MailQueue, Mailer, Once, Ports};

/// The result of an attempt to deliver a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The provider accepted it.
    Sent,
    /// No mail is sent, for this reason.
    NotDue(NotDue),
    /// The mailbox has an earlier link that is still valid.
    EarlierLink,
    /// It will never reach this address. The reason is the provider's.
    Undeliverable(String),
    /// It is retried.
    Later {
        /// After this number of seconds.
        seconds: u64,
        reason: String,
    },
    /// Its share of `MAIL_BUDGET` is used up for this hour. Waiting does not count as an attempt.
    Waits {
        /// For this number of seconds.
        seconds: u64,
    },
    /// Its share of `MAIL_BUDGET` was used up for a day.
    GivenUp,
    /// It can't be sent, and is kept for the operator.
    Dead { reason: String },
}

const BUDGET_IS_USED_UP: &str =
    "MAIL_BUDGET: the share of this kind of mail is used up for this hour";

impl Delivery {
    /// A stable name, `snake_case`, for the log.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::NotDue(_) => "not_due",
            Self::EarlierLink => "earlier_link",
            Self::Undeliverable(_) => "undeliverable",
            Self::Later { .. } => "later",
            Self::Waits { .. } => "waits",
            Self::GivenUp => "given_up",
            Self::Dead { .. } => "dead",
        }
    }

    /// Why it was not sent, for the log.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Sent | Self::EarlierLink => None,
            Self::NotDue(why) => Some(why.reason()),
            Self::Waits { .. } | Self::GivenUp => Some(BUDGET_IS_USED_UP),
            Self::Undeliverable(reason) | Self::Later { reason, .. } | Self::Dead { reason } => {
                Some(reason)
            }
        }
    }
}

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
            return HandedOut {
                delivery: Delivery::Dead { reason },
                again: kept.err().map(|_| pause(0)),
            };
        };
        let delivery = self.deliver(&mut job).await;
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
        if self.ports.mail_queue().put(job, seconds).await.is_ok() {
            return None;
        }
        let at = self.now().saturating_add(seconds);
        let kept = self.keep(job, reason, Some(at)).await;
        kept.err().map(|_| seconds)
    }

    /// Keeps a job that the queue gave up, for the operator.
    ///
    /// # Errors
    /// It may not have been stored: the queue must deliver it again.
    pub async fn keep_dead_letter(&self, text: &str, id: &str) -> Result<(), StoreError> {
        self.keep_text(id, text, "the queue gave it up", MAIL_TRIES, None)
            .await
    }

    /// Delivers a job without a queue. A job that has to wait is kept for
    /// [`retry_kept_mail`](Self::retry_kept_mail).
    ///
    /// # Errors
    /// It was not sent and may not have been kept.
    pub async fn deliver_without_queue(&self, mut job: Job) -> Result<Delivery, StoreError> {
        let delivery = self.deliver(&mut job).await;
        let after = |seconds: u64| Some(self.now().saturating_add(seconds));
        let (reason, retry_at) = match &delivery {
            Delivery::Later { seconds, reason } => (reason.as_str(), after(*seconds)),
            Delivery::Waits { seconds } => (BUDGET_IS_USED_UP, after(*seconds)),
            Delivery::Dead { reason } => (reason.as_str(), None),
            _ => return Ok(delivery),
        };
        self.keep(&job, reason, retry_at).await?;
        Ok(delivery)
    }

    /// The work of the cron: sends kept mails that are due or that an operator has retried, and
    /// deletes old ones. With a queue it queues them. Returns the result for each, and how many
    /// wait for an operator.
    ///
    /// # Errors
    /// The ledger or the queue failed; the next run continues.
    pub async fn retry_kept_mail(
        &self,
        through_queue: bool,
    ) -> Result<(Vec<(String, Delivery)>, u64), StoreError> {
        let ledger = self.ports.mail_ledger();
        let mut deliveries = Vec::new();
        for letter in ledger.due(REQUEUED_AT_ONCE, self.now()).await? {
            let Some(mut job) = Job::decode(&letter.job) else {
                // Only a newer version can read it.
                let DeadLetter {
                    id,
                    job,
                    reason,
                    tries,
                    ..
                } = &letter;
                self.keep_text(id, job, reason, *tries, None).await?;
                continue;
            };
            // An operator's retry starts over, and no pool pays for it.
            if letter.retry_at == Some(0) {
                job.tries = 0;
                job.paid = true;
            }
            let id = job.id.clone();
            if through_queue {
                self.ports.mail_queue().put(&job, 0).await?;
                ledger.forget(&letter.id).await?;
                continue;
            }
            let delivery = self.deliver_without_queue(job).await?;
            let is_kept = matches!(
                delivery,
                Delivery::Later { .. } | Delivery::Waits { .. } | Delivery::Dead { .. }
            );
            // A kept job is stored under its own id.
            if !is_kept || letter.id != id {
                ledger.forget(&letter.id).await?;
            }
            deliveries.push((id, delivery));
        }
        let dead_before = self.now().saturating_sub(DEAD_LETTER_TTL);
        let dead = ledger.tidy(dead_before, self.now()).await?;
        Ok((deliveries, dead))
    }

    /// Makes one attempt, and updates the job for the next one.
    async fn deliver(&self, job: &mut Job) -> Delivery {
        let delivery = match self.try_to_deliver(job).await {
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
        match delivery {
            Delivery::Later { reason, .. } if was_last_try => Delivery::Dead { reason },
            delivery => delivery,
        }
    }

    async fn try_to_deliver(&self, job: &mut Job) -> Result<Delivery, StoreError> {
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
                let delivery = self.send(job, &message, None).await?;
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
        self.send(job, &message, Some(&lane)).await
    }

    /// Lets the job's pool pay for it, unless it has paid or need not. False if the pool is empty.
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
    ) -> Result<Delivery, StoreError> {
        let delivery = match self.ports.mailer().send(message).await {
            Ok(()) => return Ok(Delivery::Sent),
            // It may have been accepted after all, for example after a timeout.
            Err(MailFailure::Temporary {
                reason,
                retry_after,
            }) => {
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

    /// Keeps a job for the cron until `retry_at`, or for the operator.
    pub(super) async fn keep(
        &self,
        job: &Job,
        reason: &str,
        retry_at: Option<u64>,
    ) -> Result<(), StoreError> {
        self.keep_text(&job.id, &job.encode(), reason, job.tries, retry_at)
            .await
    }

    async fn keep_text(
        &self,
        id: &str,
        job: &str,
        reason: &str,
        tries: u32,
        retry_at: Option<u64>,
    ) -> Result<(), StoreError> {
        let letter = DeadLetter {
            id: id.to_owned(),
            job: job.to_owned(),
            reason: reason.to_owned(),
            tries,
            failed_at: self.now(),
            retry_at,
        };
        self.ports.mail_ledger().keep(&letter).await
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
