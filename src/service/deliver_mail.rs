//! Deliver a queued mail: from the queue, or without one after the response and by the cron.

use super::AuthService;
use crate::domain::account::EmailAddress;
use crate::domain::error::StoreError;
use crate::domain::mail::{Job, MailFailure, Message, NotDue};
use crate::domain::policy::{
    ADDRESS_MAIL_PAUSE, ADDRESS_MAILS_A_DAY, DEAD_LETTER_TTL, HOUR, MAIL_RETRIES, MAIL_RETRY_MAX,
    MAIL_TRIES, REQUEUED_AT_ONCE,
};
use crate::ports::{DeadLetter, MailLedger, MailQueue, Mailer, Ports};

/// What became of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The provider has it.
    Sent,
    /// No mail is due, for this reason.
    NotDue(NotDue),
    /// The address got one lately.
    AddressLimit,
    /// It will never reach this address; the reason is the provider's.
    Undeliverable(String),
    /// It is to be tried again.
    Later {
        /// After so many seconds.
        seconds: u64,
        /// Why not now.
        reason: String,
    },
    /// It can't be sent as things are, and was kept for the operator.
    Dead {
        /// Why.
        reason: String,
    },
}

impl Delivery {
    /// A stable name, `snake_case`, for the log.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::NotDue(_) => "not_due",
            Self::AddressLimit => "address_limit",
            Self::Undeliverable(_) => "undeliverable",
            Self::Later { .. } => "later",
            Self::Dead { .. } => "dead",
        }
    }

    /// Why it was not sent, for the log.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Sent | Self::AddressLimit => None,
            Self::NotDue(why) => Some(why.reason()),
            Self::Undeliverable(reason) | Self::Later { reason, .. } | Self::Dead { reason } => {
                Some(reason)
            }
        }
    }
}

impl<P: Ports> AuthService<P> {
    /// Delivers a job that a queue handed out, `tries` times before. With [`Delivery::Later`] the queue is to hand it out
    /// again after that time, with anything else never.
    pub async fn deliver_from_queue(&self, text: &str, id: &str, tries: u32) -> Delivery {
        let delivery = match Job::parse(text) {
            Some(job) => self.deliver(&job, tries).await,
            None => Delivery::Dead {
                reason: "this is no mail of this version".to_owned(),
            },
        };
        let Delivery::Dead { reason } = &delivery else {
            return delivery;
        };
        match self.keep(id, text, reason, tries, None).await {
            Ok(()) => delivery,
            Err(error) => later(tries, error.to_string()),
        }
    }

    /// Keeps a job that the queue gave up, for the operator.
    ///
    /// # Errors
    /// When it may not have been written: the queue is to hand it out again.
    pub async fn keep_dead_letter(&self, text: &str, id: &str) -> Result<(), StoreError> {
        self.keep(id, text, "the queue gave it up", MAIL_TRIES, None)
            .await
    }

    /// Delivers a job without a queue; what has to wait is kept for [`retry_kept_mail`](Self::retry_kept_mail).
    ///
    /// # Errors
    /// When it was not sent and may not have been kept.
    pub async fn deliver_without_queue(
        &self,
        job: &Job,
        tries: u32,
    ) -> Result<Delivery, StoreError> {
        let delivery = self.deliver(job, tries).await;
        let (reason, retry_at) = match &delivery {
            Delivery::Later { seconds, reason } => {
                (reason, Some(self.now().saturating_add(*seconds)))
            }
            Delivery::Dead { reason } => (reason, None),
            _ => return Ok(delivery),
        };
        let tries = tries.saturating_add(1);
        self.keep(&job.id, &job.to_text(), reason, tries, retry_at)
            .await?;
        Ok(delivery)
    }

    /// What the cron does: takes up kept mails whose time has come, or whose turn an operator has called, and forgets what
    /// is old. With a queue they go back to it. Answers what became of each, and how many wait for an operator.
    ///
    /// # Errors
    /// When the ledger or the queue failed; the next run goes on.
    pub async fn retry_kept_mail(
        &self,
        through_queue: bool,
    ) -> Result<(Vec<(String, Delivery)>, u64), StoreError> {
        let ledger = self.ports.mail_ledger();
        let mut deliveries = Vec::new();
        for letter in ledger.due(REQUEUED_AT_ONCE, self.now()).await? {
            let Some(job) = Job::parse(&letter.job) else {
                // Only a newer version can make something of it.
                self.keep(&letter.id, &letter.job, &letter.reason, letter.tries, None)
                    .await?;
                continue;
            };
            if through_queue {
                self.ports.mail_queue().put(&job).await?;
                ledger.forget(&letter.id).await?;
                continue;
            }
            // An operator's call begins anew.
            let tries = if letter.tries >= MAIL_TRIES {
                0
            } else {
                letter.tries
            };
            let delivery = self.deliver_without_queue(&job, tries).await?;
            if !matches!(delivery, Delivery::Later { .. } | Delivery::Dead { .. }) {
                ledger.forget(&letter.id).await?;
            }
            deliveries.push((job.id, delivery));
        }
        let dead_before = self.now().saturating_sub(DEAD_LETTER_TTL);
        let dead = ledger.tidy(dead_before, self.now()).await?;
        Ok((deliveries, dead))
    }

    async fn deliver(&self, job: &Job, tries: u32) -> Delivery {
        match self.try_to_deliver(job, tries).await {
            Ok(Delivery::Later { reason, .. }) if tries.saturating_add(1) >= MAIL_TRIES => {
                Delivery::Dead { reason }
            }
            Ok(delivery) => delivery,
            Err(error) => later(tries, error.to_string()),
        }
    }

    async fn try_to_deliver(&self, job: &Job, tries: u32) -> Result<Delivery, StoreError> {
        let message = match self.compose(job).await? {
            Ok(message) => message,
            Err(why) => return Ok(Delivery::NotDue(why)),
        };
        if job.task.is_limited() && !self.admit_address(&message.to, job).await? {
            return Ok(Delivery::AddressLimit);
        }
        let ledger = self.ports.mail_ledger();
        let now = self.now();
        if !ledger.spend(self.settings().mail.budget, now).await? {
            return Ok(Delivery::Later {
                seconds: HOUR.saturating_sub(now % HOUR),
                reason: "MAIL_BUDGET is spent for this hour".to_owned(),
            });
        }
        let failure = match self.send(&message).await {
            Ok(()) => return Ok(Delivery::Sent),
            Err(failure) => failure,
        };
        ledger.refund(now).await?;
        Ok(match failure {
            MailFailure::Temporary {
                reason,
                retry_after,
            } => Delivery::Later {
                seconds: pause(tries).max(retry_after.unwrap_or(0).min(MAIL_RETRY_MAX)),
                reason,
            },
            MailFailure::Rejected { reason } => Delivery::Dead { reason },
            MailFailure::Undeliverable { reason } => Delivery::Undeliverable(reason),
        })
    }

    async fn send(&self, message: &Message) -> Result<(), MailFailure> {
        self.ports.mailer().send(message).await
    }

    async fn admit_address(&self, to: &EmailAddress, job: &Job) -> Result<bool, StoreError> {
        if !self.settings().limits {
            return Ok(true);
        }
        self.ports
            .mail_ledger()
            .admit_address(
                &self.shared.links.address_key(to),
                &job.id,
                ADDRESS_MAIL_PAUSE,
                ADDRESS_MAILS_A_DAY,
                self.now(),
            )
            .await
    }

    /// Keeps a job for the cron to take up at `retry_at`, or for the operator.
    pub(super) async fn keep(
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

fn later(tries: u32, reason: String) -> Delivery {
    Delivery::Later {
        seconds: pause(tries),
        reason,
    }
}

fn pause(tries: u32) -> u64 {
    let index = usize::try_from(tries).unwrap_or(usize::MAX);
    let [.., last] = MAIL_RETRIES;
    MAIL_RETRIES.get(index).copied().unwrap_or(last)
}
