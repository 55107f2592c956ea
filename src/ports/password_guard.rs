//! Checks passwords, and counts the failures of each account.

use serde::{Deserialize, Serialize};

use crate::domain::account::{AccountName, Attempt, Comparison, HashError, Password, PasswordHash};
use crate::domain::error::StoreError;

/// The answer of a [`PasswordGuard`]: the outcome of the work, or a delay before the next attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guarded<T> {
    /// The work was done, with this outcome.
    Done(T),
    /// Nothing was hashed. The client may retry after this many seconds.
    Delayed(u32),
}

/// Hashes and checks the passwords of accounts, and counts the failures of each account exactly.
///
/// An account is only a name here, and nobody has to create or delete it. Nothing is stored for an
/// account without failures. Failures that have lapsed are deleted without a call.
pub trait PasswordGuard {
    /// Asks [`FailedTries`](crate::domain::account::FailedTries) whether the attempt may be made.
    /// If so, makes the attempt. Otherwise answers [`Guarded::Delayed`] without hashing. A failure
    /// MUST be recorded before the caller gets the answer. Simultaneous attempts MUST be decided
    /// one after the other, and each decision MUST count the failures of the attempts before it.
    /// While one hash is computed, at most [`TRIES_WAITING`](crate::domain::policy::TRIES_WAITING)
    /// attempts of strangers may wait; further ones MUST get `Delayed`.
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

    /// Hashes a password that someone has chosen, or answers [`Guarded::Delayed`] when too many
    /// calls wait.
    ///
    /// # Errors
    /// When there is no answer.
    async fn hash(
        &self,
        account: &AccountName,
        password: &Password,
        salt: &[u8; 16],
    ) -> Result<Guarded<Result<PasswordHash, HashError>>, StoreError>;

    /// Forgets all failures of an account, so that everybody may try again at once. An account
    /// without failures is not an error.
    ///
    /// # Errors
    /// When some may still be counted.
    async fn forget(&self, account: &AccountName) -> Result<(), StoreError>;
}
