//! Mails that are stored in the mail ledger. Some wait until the cron job sends them again, others
//! until an operator decides about them.

use super::AuthService;
use crate::domain::error::StoreError;
use crate::domain::event::Act;
use crate::domain::mail::{Delivery, Job};
use crate::domain::policy::{DEAD_LETTER_TTL, MAIL_TRIES, REQUEUED_AT_ONCE};
use crate::ports::{DeadLetter, MailLedger, MailQueue, Ports};

impl<P: Ports> AuthService<P> {
    /// Stores a job that the queue has given up, so that the operator can decide about it.
    ///
    /// # Errors
    /// It is not certain that the job was stored, so the queue must deliver it again.
    pub async fn keep_dead_letter(&self, text: &str, id: &str) -> Result<(), StoreError> {
        self.keep_text(id, text, "the queue gave it up", MAIL_TRIES, None)
            .await
    }

    /// Called by the cron job. Sends the stored mails that are due and those that an operator wants
    /// to be retried, or queues them if there is a queue. Deletes old mails. If the mail provider
    /// keeps failing, records an event about it. Returns the result for each mail that it tried to
    /// send, and how many mails wait for an operator.
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
                // Only a newer version of the service can read this job.
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
            // 0 means that an operator asked for the retry. In this case the attempts are counted
            // from zero, and the mail is not charged to `MAIL_BUDGET`.
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
            // If the attempt stored the job again, it stored it under the job's own id. That entry
            // must not be deleted.
            if !is_kept || letter.id != id {
                ledger.forget(&letter.id).await?;
            }
            deliveries.push((id, delivery));
        }
        let dead_before = self.now().saturating_sub(DEAD_LETTER_TTL);
        let dead = ledger.tidy(dead_before, self.now()).await?;
        for failures in ledger.provider_failures().await? {
            if failures.needs_operator(self.now()) {
                self.record(Act::ProviderFails(failures));
            }
        }
        Ok((deliveries, dead))
    }

    /// Stores a job until the cron job sends it at `retry_at`. Without `retry_at` it waits for an
    /// operator.
    pub(super) async fn keep(
        &self,
        job: &Job,
        reason: &str,
        retry_at: Option<u64>,
    ) -> Result<(), StoreError> {
        self.keep_text(&job.id, &job.encode(), reason, job.tries, retry_at)
            .await
    }

    pub(super) async fn keep_text(
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
