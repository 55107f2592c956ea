//! Cleans up after deleted accounts: deletes their sessions, their grants and their mails that wait
//! in the mail ledger. The cron job repeats the cleanup until nothing is left.

use super::AuthService;
use crate::domain::account::{Departure, EmailAddress, UserId};
use crate::domain::error::{Error, StoreError};
use crate::domain::mail::{Job, Task};
use crate::domain::policy::{
    DELETED_VERSION, DEPARTURE_PAGE, DEPARTURE_REMOVALS, DEPARTURE_SETTLES, DEPARTURE_TTL,
    DEPARTURES_AT_ONCE,
};
use crate::ports::{Grants, MailLedger, Ports, SessionStore, UserDirectory};

impl<P: Ports> AuthService<P> {
    /// Cleans up after deleted accounts. The cleanup of each account is repeated until
    /// [`DEPARTURE_SETTLES`] seconds have passed, because a request that began before the deletion
    /// could write after it. If the cleanup of one account fails, the others are still cleaned up.
    ///
    /// # Errors
    /// The first failure of a store. Nothing is lost: the next run continues.
    pub async fn clear_departures(&self) -> Result<(), Error> {
        let sessions = self.clear_sessions().await;
        let letters = self.clear_letters().await;
        sessions.and(letters.map_err(Error::from))
    }

    async fn clear_sessions(&self) -> Result<(), Error> {
        let users = self.ports.users();
        let now = self.now();
        let mut removals = DEPARTURE_REMOVALS;
        let mut outcome = Ok(());
        for departure in users.due_departures(DEPARTURES_AT_ONCE, now).await? {
            let cleared = self.clear_sessions_of(&departure, &mut removals).await;
            outcome = outcome.and(cleared);
            if removals == 0 {
                break;
            }
        }
        outcome
    }

    async fn clear_sessions_of(
        &self,
        departure: &Departure,
        removals: &mut usize,
    ) -> Result<(), Error> {
        let now = self.now();
        let user = departure.user;
        // The account's next cleanup is scheduled before the work. If the work fails, the next run
        // starts with the other accounts.
        let users = self.ports.users();
        let again = now.saturating_add(DEPARTURE_SETTLES);
        users.postpone_departure(user, Some(again)).await?;
        // It is possible that the request that deleted the account stopped before it made this
        // call.
        self.outdate(user, DELETED_VERSION).await?;
        self.ports.grants().forget(user).await?;
        let most = *removals;
        let deleted = self.ports.sessions().forget(user, most).await?;
        *removals = most.saturating_sub(deleted);
        let is_settled = now >= departure.left_at.saturating_add(DEPARTURE_SETTLES);
        if deleted >= most {
            // There might be more sessions of this account, so the next run continues with this
            // account.
            users.postpone_departure(user, Some(now)).await?;
        } else if is_settled {
            users.postpone_departure(user, None).await?;
        }
        Ok(())
    }

    /// Deletes the mails to deleted accounts from the mail ledger, except the mails that report the
    /// deletion.
    async fn clear_letters(&self) -> Result<(), StoreError> {
        let departed = self.departed().await?;
        if departed.is_empty() {
            return Ok(());
        }
        let ledger = self.ports.mail_ledger();
        let mut after = String::new();
        loop {
            let letters = ledger.kept(&after, DEPARTURE_PAGE).await?;
            let Some(last) = letters.last() else {
                break;
            };
            after.clone_from(&last.id);
            for letter in letters {
                if self.is_of_departed(&letter.job, &departed) {
                    ledger.forget(&letter.id).await?;
                }
            }
        }
        let left_before = self.now().saturating_sub(DEPARTURE_TTL);
        self.ports.users().forget_departures(left_before).await
    }

    async fn departed(&self) -> Result<Vec<Departure>, StoreError> {
        let users = self.ports.users();
        let mut departed = Vec::new();
        loop {
            let after = departed.last().map(|departure: &Departure| departure.user);
            let page = users.departures(after, DEPARTURE_PAGE).await?;
            if page.is_empty() {
                return Ok(departed);
            }
            departed.extend(page);
        }
    }

    /// Whether the job was requested by or for an account that has been deleted since.
    fn is_of_departed(&self, text: &str, departed: &[Departure]) -> bool {
        let Some(job) = Job::decode(text) else {
            // Another version of the service queued the job. This version can neither send the mail
            // nor read when it was requested. So it looks for the id or the address of a deleted
            // account in each line of the job.
            return text.lines().any(|line| {
                let email = EmailAddress::parse(line).ok();
                self.has_departed(UserId::parse(line), email.as_ref(), 0, departed)
            });
        };
        let (user, email) = match &job.task {
            // This mail reports the deletion, so it is not deleted.
            Task::AccountDeleted { .. } => (None, None),
            task => (task.user(), task.address()),
        };
        self.has_departed(user, email, job.asked_at, departed)
    }

    /// Whether this user, or the account with this address, was deleted at or after `asked_at`.
    /// Jobs that were requested after the deletion are not affected, because somebody might have
    /// registered with the address again.
    fn has_departed(
        &self,
        user: Option<UserId>,
        email: Option<&EmailAddress>,
        asked_at: u64,
        departed: &[Departure],
    ) -> bool {
        let keys = email.map(|email| self.shared.freed_addresses.not_freed_since(email, 0).keys);
        let keys = keys.unwrap_or_default();
        departed.iter().any(|departure| {
            asked_at <= departure.left_at
                && (user == Some(departure.user) || keys.contains(&departure.address))
        })
    }
}
