//! What an operator does with mails that could not be sent: list, retry, drop.

use super::AuthService;
use crate::domain::account::{User, UserId};
use crate::domain::error::Error;
use crate::domain::event::{Act, Actor, Pseudonym};
use crate::domain::mail::{Job, Task};
use crate::domain::operator::Scope;
use crate::domain::request_id::RequestId;
use crate::ports::{DeadLetter, MailLedger, Ports, UserDirectory};

/// A mail that could not be sent, as an operator sees it: without the recipient's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedMail {
    /// Its id.
    pub id: String,
    /// Which kind of mail it is. `None` if only another version of the service can read it.
    pub mail: Option<&'static str>,
    /// Why it was not sent.
    pub reason: String,
    /// How often it was tried.
    pub tries: u32,
    /// When it failed last, in seconds since 1970.
    pub failed_at: u64,
    /// When it is tried again, in seconds since 1970. 0 means in the next run of the cron job.
    /// `None` means only when an operator asks for it.
    pub retry_at: Option<u64>,
    /// When the mail was requested.
    pub asked_at: Option<u64>,
    /// The id of the request that asked for the mail.
    pub request: Option<RequestId>,
    /// The user to or about whom the mail is, if the mail's job contains a user id.
    pub user: Option<UserId>,
    /// The pseudonym of the recipient's address.
    pub address: Option<Pseudonym>,
}

/// A page of mails that could not be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedMailPage {
    /// The mails, sorted by id.
    pub mails: Vec<FailedMail>,
    /// The last mail of this page, if there is another page.
    pub next: Option<String>,
}

impl<P: Ports> AuthService<P> {
    /// At most `limit` mails that could not be sent, after the id `after`.
    ///
    /// # Errors
    /// [`Error::Access`]; [`Error::Forbidden`]; [`Error::Store`].
    pub async fn list_failed_mail(
        &self,
        ticket: &str,
        after: &str,
        limit: u32,
    ) -> Result<FailedMailPage, Error> {
        self.operator(ticket, Scope::Mail).await?;
        // One mail more than `limit` is read. If it exists, there is a next page.
        let ledger = self.ports.mail_ledger();
        let letters = ledger.kept(after, limit.saturating_add(1)).await?;
        Ok(self.mail_page(letters, limit, |_| true))
    }

    /// At most `limit` mails to or about a user that could not be sent, after the id `after`. A
    /// page can have fewer mails than `limit` although another page follows.
    ///
    /// # Errors
    /// Those of [`list_failed_mail`](Self::list_failed_mail); [`Error::UnknownUser`].
    pub async fn list_failed_mail_of(
        &self,
        ticket: &str,
        user: UserId,
        after: &str,
        limit: u32,
    ) -> Result<FailedMailPage, Error> {
        self.operator(ticket, Scope::Mail).await?;
        let user = self.ports.users().find_by_id(user).await?;
        let user = user.ok_or(Error::UnknownUser)?;
        let ledger = self.ports.mail_ledger();
        let letters = ledger.kept_naming(user.id, &user.email, after, limit.saturating_add(1));
        Ok(self.mail_page(letters.await?, limit, |letter| is_of(letter, &user)))
    }

    /// A page of the first `limit` mails in `letters`, without the mails that `wanted` rejects. The
    /// caller has asked the ledger for one mail more than `limit`. If it exists, another page
    /// follows.
    fn mail_page(
        &self,
        mut letters: Vec<DeadLetter>,
        limit: u32,
        wanted: impl Fn(&DeadLetter) -> bool,
    ) -> FailedMailPage {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = letters.len() > limit;
        letters.truncate(limit);
        let last = letters.last().filter(|_| more);
        let next = last.map(|letter| letter.id.clone());
        let shown = letters.into_iter().filter(|letter| wanted(letter));
        FailedMailPage {
            mails: shown.map(|letter| self.shown(letter)).collect(),
            next,
        }
    }

    /// Makes the next run of the cron job send mails again: those with the ids `ids`, or all mails
    /// if `ids` is `None`. Returns the number of mails.
    ///
    /// # Errors
    /// [`Error::Access`]; [`Error::Forbidden`]; [`Error::Store`]: a retry is safe.
    pub async fn retry_failed_mail(
        &self,
        ticket: &str,
        ids: Option<&[String]>,
    ) -> Result<u64, Error> {
        let by = Actor::Operator(self.operator(ticket, Scope::Mail).await?);
        let mails = self.ports.mail_ledger().retry(ids).await?;
        self.record(Act::MailRetried { by, mails });
        Ok(mails)
    }

    /// Deletes the mails with these ids, so that they are not sent. Returns how many mails were
    /// deleted.
    ///
    /// # Errors
    /// [`Error::Access`]; [`Error::Forbidden`]; [`Error::Store`]: a retry is safe.
    pub async fn drop_failed_mail(&self, ticket: &str, ids: &[String]) -> Result<u64, Error> {
        let by = Actor::Operator(self.operator(ticket, Scope::Mail).await?);
        let mails = self.ports.mail_ledger().discard(ids).await?;
        self.record(Act::MailDropped { by, mails });
        Ok(mails)
    }

    fn shown(&self, letter: DeadLetter) -> FailedMail {
        let job = Job::decode(&letter.job);
        let task = job.as_ref().map(|job| &job.task);
        let address = task.and_then(Task::address);
        FailedMail {
            mail: task.map(Task::name),
            asked_at: job.as_ref().map(|job| job.asked_at),
            request: job.as_ref().and_then(|job| job.request),
            user: task.and_then(Task::user),
            address: address.map(|email| self.pseudonym(email)),
            id: letter.id,
            reason: letter.reason,
            tries: letter.tries,
            failed_at: letter.failed_at,
            retry_at: letter.retry_at,
        }
    }
}

fn is_of(letter: &DeadLetter, user: &User) -> bool {
    Job::decode(&letter.job).is_some_and(|job| {
        let address = job.task.address();
        job.task.user() == Some(user.id)
            || address.is_some_and(|email| email.canonical() == user.email.canonical())
    })
}
