//! Raises the counters of all accounts after the database was restored from a backup. After that,
//! sessions and links from before the restore no longer work, and new tokens are accepted.

use super::AuthService;
use crate::domain::account::UserId;
use crate::domain::error::Error;
use crate::domain::event::{Act, Actor};
use crate::domain::operator::Scope;
use crate::domain::policy::RAISED_AT_ONCE;
use crate::ports::{Ports, UserDirectory};

/// What one call has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raised {
    /// How many accounts were changed.
    pub accounts: u64,
    /// The last account that was changed, if there are more. The caller continues from there.
    pub next: Option<UserId>,
}

impl<P: Ports> AuthService<P> {
    /// Raises the counters of at most [`RAISED_AT_ONCE`] accounts, in the order of their ids,
    /// beginning after the id `after`. All their sessions end, and all earlier links become invalid.
    /// Earlier access tokens are refused too, but with the store `kv` checks accept them until they
    /// expire, and with `durable` as long as a user's object has a copy of the row from before.
    ///
    /// A restored row has the older counters of the backup. But the session store still records
    /// which versions are outdated, up to the largest version that was used after the backup.
    /// Without this method the session store would reject new access tokens, because they have the
    /// versions of the restored rows.
    ///
    /// # Errors
    /// [`Error::Access`]; [`Error::Forbidden`]; [`Error::Store`]. After [`Error::Store`] a retry is
    /// safe. It also ends sessions that have begun since the first attempt.
    pub async fn raise_counters(
        &self,
        ticket: &str,
        after: Option<UserId>,
    ) -> Result<Raised, Error> {
        let by = Actor::Operator(self.operator(ticket, Scope::Restore).await?);
        let users = self.ports.users();
        let raised = users
            .raise_counters(after, RAISED_AT_ONCE, self.now())
            .await?;
        let accounts = raised.len() as u64;
        self.record(Act::CountersRaised { by, accounts });
        let is_full = accounts >= u64::from(RAISED_AT_ONCE);
        let next = raised.last().copied().filter(|_| is_full);
        Ok(Raised { accounts, next })
    }
}
