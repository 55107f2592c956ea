//! Checks passwords, and counts the failures of each account.

use serde::{Deserialize, Serialize};

use crate::domain::account::{AccountName, Attempt, Comparison, HashError, Password, PasswordHash};
use crate::domain::error::StoreError;

/// The answer of a [`PasswordGuard`]: either the outcome of hashing the password, or the time that
/// the client must wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guarded<T> {
    /// The password was hashed, with this outcome.
    Done(T),
    /// No password was hashed. The client may retry after this many seconds.
    Delayed(u32),
}

/// Hashes and checks the passwords of accounts, and counts the failures of each account exactly.
///
/// For this port, an account is only a name. Callers neither create nor delete accounts here.
/// Nothing is stored for an account without failures. Failures are forgotten after a time, and the
/// adapter then deletes them by itself.
pub trait PasswordGuard {
    /// Asks [`FailedTries`](crate::domain::account::FailedTries) whether the attempt may be made.
    /// If it may, compares the password with the hash. Otherwise answers [`Guarded::Delayed`]
    /// without hashing. A failure MUST be recorded before the caller gets the answer. Simultaneous
    /// attempts MUST be decided one after the other, and each decision MUST count the failures of
    /// the attempts before it. While one hash is computed, at most
    /// [`TRIES_WAITING`](crate::domain::policy::TRIES_WAITING) attempts of clients that are not
    /// known to the account may wait. Further attempts of such clients MUST get `Delayed`.
    ///
    /// `now` is in milliseconds since 1970.
    ///
    /// # Errors
    /// When the attempt might not have been decided, or a failure might not have been recorded. The
    /// caller must not reveal the outcome.
    async fn check(
        &self,
        account: &AccountName,
        attempt: &Attempt<'_>,
        now: u64,
    ) -> Result<Guarded<Comparison>, StoreError>;

    /// Hashes a new password that a user has chosen. Answers [`Guarded::Delayed`] when too many
    /// calls are waiting.
    ///
    /// # Errors
    /// When the adapter gets no answer.
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
    /// When some failures might still be counted.
    async fn forget(&self, account: &AccountName) -> Result<(), StoreError>;
}
