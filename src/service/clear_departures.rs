//! Clear up after deleted accounts: what the session store and the kept mails still hold of them.
//! The cron calls it until nothing is left.

use std::collections::HashMap;

use super::AuthService;
use crate::domain::account::{Departure, EmailAddress, UserId};
use crate::domain::error::{Error, StoreError};
use crate::domain::mail::{Job, Task};
use crate::domain::policy::{
    DELETED_VERSION, DEPARTURE_PAGE, DEPARTURE_REMOVALS, DEPARTURE_SETTLES, DEPARTURE_TTL,
    DEPARTURES_AT_ONCE,
};
use crate::ports::{MailLedger, Ports, SessionStore, UserDirectory};

impl<P: Ports> AuthService<P> {
    /// Clears up after accounts that were deleted. Each is looked at again until
    /// [`DEPARTURE_SETTLES`] have passed, since a request that began before the deletion may write
    /// after it. One that fails does not keep the others from their turn.
    ///
    /// # Errors
    /// The first failure of a store. Nothing is lost: the next run goes on.
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
        // Those that fail now go to the end of the line.
        let users = self.ports.users();
        let again = now.saturating_add(DEPARTURE_SETTLES);
        users.postpone_departure(user, Some(again)).await?;
        // The deletion itself may have been cut short before this.
        self.outdate(user, DELETED_VERSION).await?;
        let most = *removals;
        let deleted = self.ports.sessions().forget(user, most).await?;
        *removals = most.saturating_sub(deleted);
        let is_settled = now >= departure.left_at.saturating_add(DEPARTURE_SETTLES);
        if deleted >= most {
            // More are left: it is its turn again at once.
            users.postpone_departure(user, Some(now)).await?;
        } else if is_settled {
            users.postpone_departure(user, None).await?;
        }
        Ok(())
    }

    /// Forgets the kept mails to deleted accounts, but those that tell of the deletion.
    async fn clear_letters(&self) -> Result<(), StoreError> {
        let departed = self.departed().await?;
        if departed.by_user.is_empty() {
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
                let is_of = match Job::parse(&letter.job) {
                    Some(job) => self.is_of(&job, &departed),
                    None => self.names(&letter.job, &departed),
                };
                if is_of {
                    ledger.forget(&letter.id).await?;
                }
            }
        }
        let users = self.ports.users();
        users
            .forget_departures(self.now().saturating_sub(DEPARTURE_TTL))
            .await
    }

    async fn departed(&self) -> Result<Departed, StoreError> {
        let users = self.ports.users();
        let mut departed = Departed::default();
        let mut after = None;
        loop {
            let page = users.departures(after, DEPARTURE_PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(departed);
            };
            after = Some(last.user);
            for Departure {
                user,
                address,
                left_at,
            } in page
            {
                departed.by_user.insert(user, left_at);
                // An address may have had several accounts, one after the other.
                let latest = departed.by_address.entry(address).or_default();
                *latest = left_at.max(*latest);
            }
        }
    }

    /// Whether a job was asked for by or for an account that was deleted after that.
    fn is_of(&self, job: &Job, departed: &Departed) -> bool {
        let left_at = match &job.task {
            // The last mail that the account gets.
            Task::AccountDeleted { .. } => None,
            Task::Invitation { user } => departed.by_user.get(user),
            Task::NewAddress { user, email } => {
                let by_user = departed.by_user.get(user);
                by_user.or_else(|| self.departure_of(email, departed))
            }
            Task::Reset { email }
            | Task::Registration { email, .. }
            | Task::Verification { email }
            | Task::AddressChangeAsked { to: email }
            | Task::AddressChanged { to: email }
            | Task::PasswordChanged { to: email }
            | Task::SessionEnded { to: email, .. } => self.departure_of(email, departed),
        };
        // Somebody may have registered with the address since.
        left_at.is_some_and(|left_at| job.asked_at <= *left_at)
    }

    /// Whether a text that another version queued names a deleted account. This version can't send
    /// it, nor read when it was asked for.
    fn names(&self, text: &str, departed: &Departed) -> bool {
        text.lines().any(|line| {
            let user = UserId::parse(line);
            user.is_some_and(|user| departed.by_user.contains_key(&user))
                || EmailAddress::parse(line)
                    .is_ok_and(|email| self.departure_of(&email, departed).is_some())
        })
    }

    fn departure_of<'a>(&self, email: &EmailAddress, departed: &'a Departed) -> Option<&'a u64> {
        let hashes = self.shared.departed.all(email);
        hashes
            .filter_map(|hash| departed.by_address.get(&hash))
            .max()
    }
}

/// When each account was deleted.
#[derive(Default)]
struct Departed {
    by_user: HashMap<UserId, u64>,
    by_address: HashMap<String, u64>,
}
