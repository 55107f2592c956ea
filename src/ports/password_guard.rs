//! Passwords, checked where failures are counted.

use serde::{Deserialize, Serialize};

use crate::domain::account::{AccountName, Attempt, Comparison, HashError, Password, PasswordHash};
use crate::domain::error::StoreError;

/// What a guard answers: the outcome of the work, or that it was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guarded<T> {
    /// The work was done, with this outcome.
    Done(T),
    /// Nothing was hashed. The client may retry after this many seconds.
    Delayed(u32),
}

/// Does the password work of accounts, and counts the failures of each exactly.
///
/// An account is only a name here, so nothing is created or deleted. An account without failures is
/// not stored, and failures that have lapsed are deleted without being asked.
pub trait PasswordGuard {
    /// Asks [`FailedTries`](crate::domain::account::FailedTries) whether the attempt may be made.
    /// Makes it, or answers [`Guarded::Delayed`] without hashing. A failure MUST be recorded before
    /// it is answered. Of simultaneous attempts each MUST be decided after the failures of those
    /// before it. MUST answer `Delayed` rather than let more than
    /// [`TRIES_WAITING`](crate::domain::policy::TRIES_WAITING) attempts of strangers wait for
    /// another's hash.
    ///
    /// `now` is in milliseconds since 1970.
    ///
    /// # Errors
    /// When the attempt may not have been decided, or a failure may not have been recorded. The
    /// caller must not reveal the outcome.
    async fn check(
        &self,
        account: &AccountName,
        attempt: &Attempt<'_>,
        now: u64,
    ) -> Result<Guarded<Comparison>, StoreError>;

    /// Hashes a password that someone has chosen, or answers [`Guarded::Delayed`] when too many wait.
    ///
    /// # Errors
    /// When there is no answer.
    async fn hash(
        &self,
        account: &AccountName,
        password: &Password,
        salt: &[u8; 16],
    ) -> Result<Guarded<Result<PasswordHash, HashError>>, StoreError>;
}
