//! Mails asked for by a use case: queued, not made.

use super::AuthService;
use crate::domain::account::EmailAddress;
use crate::domain::error::{Error, FieldProblem};
use crate::domain::event::Act;
use crate::domain::mail::{Job, Locale, Task};
use crate::domain::settings::MailRoute;
use crate::ports::{MailQueue, Ports};

impl<P: Ports> AuthService<P> {
    /// Queues a mail that the caller waits for.
    pub(super) async fn ask_for_mail(&self, task: Task, locale: Locale) -> Result<(), Error> {
        self.mail_is_possible()?;
        let job = self.job(task, locale);
        Ok(self.ports.mail_queue().put(&job).await?)
    }

    /// Queues a mail about something that has happened; while the queue fails, the ledger keeps it for the cron. That neither took
    /// it is recorded and undoes nothing.
    pub(super) async fn notify(&self, task: Task, locale: Locale) {
        let mail = task.name();
        if let Err(error) = self.queue_or_keep(task, locale).await {
            self.record(Act::MailNotQueued {
                mail,
                reason: error.to_string(),
            });
        }
    }

    async fn queue_or_keep(&self, task: Task, locale: Locale) -> Result<(), Error> {
        self.mail_is_possible()?;
        let job = self.job(task, locale);
        let Err(error) = self.ports.mail_queue().put(&job).await else {
            return Ok(());
        };
        let (text, reason) = (job.to_text(), error.to_string());
        let kept = self.keep(&job.id, &text, &reason, 0, Some(self.now()));
        // The first failure is the one to mend.
        kept.await.map_err(|_| error.into())
    }

    /// Refuses what ends in a mail while no provider is set.
    pub(super) fn mail_is_possible(&self) -> Result<(), Error> {
        match self.settings().mail.route {
            MailRoute::None => Err(Error::NoMailProvider),
            MailRoute::Outbox | MailRoute::Via(_) => Ok(()),
        }
    }

    fn job(&self, task: Task, locale: Locale) -> Job {
        Job {
            id: uuid::Builder::from_random_bytes(self.random())
                .into_uuid()
                .simple()
                .to_string(),
            asked_at: self.now(),
            locale,
            tries: 0,
            pool: task.pool_before_ranks(),
            paid: false,
            task,
        }
    }
}

/// An address that was typed, when it is one.
pub(super) fn typed_address(text: &str) -> Result<EmailAddress, Error> {
    EmailAddress::parse(text)
        .map_err(|why| Error::Field("email", FieldProblem::Invalid(why.reason())))
}
