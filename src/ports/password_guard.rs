//! Passwords, checked where failures are counted.

use super::PasswordHasher;
use crate::domain::account::{
    AccountName, HashError, Password, PasswordHash, TriedBy, Verification,
};
use crate::domain::error::StoreError;

/// A password that somebody typed, and what it is held against.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// Who tries; `None` is never delayed and never counted.
    pub by: Option<TriedBy>,
    /// What was typed.
    pub password: &'a Password,
    /// What is kept of the account's password; `None` where there is no account.
    pub hash: Option<&'a PasswordHash>,
    /// The salt for the work where nothing can be compared.
    pub decoy_salt: [u8; 16],
    /// The right password opens nothing either (the account is disabled): a failure all the same, or the wait after it
    /// would tell.
    pub in_vain: bool,
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// The password was compared, with the hash or, where there is none, with nothing.
    Compared(Verification),
    /// What is stored can't be compared with.
    Unusable,
    /// Nothing was hashed: the client may come back after so many seconds.
    Delayed(u32),
}

impl Attempt<'_> {
    /// Compares. Costs one hash, whatever there is to compare with.
    pub async fn compare(&self, hasher: &impl PasswordHasher) -> Checked {
        let verified = match self.hash {
            Some(hash) => hasher.verify(self.password, hash).await,
            None => Ok(Verification::Differs),
        };
        if self.hash.is_none() || verified.is_err() {
            hasher.verify_nothing(self.password, &self.decoy_salt).await;
        }
        verified.map_or(Checked::Unusable, Checked::Compared)
    }

    /// Whether this outcome is a failure to count.
    #[must_use]
    pub fn has_failed(&self, outcome: Checked) -> bool {
        let matches = matches!(outcome, Checked::Compared(Verification::Matches { .. }));
        self.in_vain || !matches
    }
}

/// Does the password work of accounts, and counts the failures of each exactly.
///
/// An account is a name. There is nothing to make and nothing to delete: an account without failures is not stored, and one whose
/// failures have lapsed is forgotten by itself.
pub trait PasswordGuard {
    /// Asks [`FailedTries`](crate::domain::account::FailedTries) whether the attempt may be made; makes it, or answers
    /// [`Checked::Delayed`] without hashing. A failure MUST be recorded before it is answered, and of attempts at once each
    /// MUST be decided after the failures of those before it. MUST answer `Delayed` rather than let more than
    /// [`TRIES_WAITING`](crate::domain::policy::TRIES_WAITING) attempts of strangers wait for another's hash.
    ///
    /// `now` is in milliseconds since 1970.
    ///
    /// # Errors
    /// When it may not have been decided, or a failure may not have been recorded. The caller tells nothing of the outcome.
    async fn check(
        &self,
        account: &AccountName,
        attempt: &Attempt<'_>,
        now: u64,
    ) -> Result<Checked, StoreError>;

    /// Hashes a password that someone has chosen. Where too many wait, that is [`Hashed::Delayed`].
    ///
    /// # Errors
    /// When there is no answer.
    async fn hash(
        &self,
        account: &AccountName,
        password: &Password,
        salt: &[u8; 16],
    ) -> Result<Hashed, StoreError>;
}

/// What became of a password that was to be hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hashed {
    /// The hash, or why there is none.
    Done(Result<PasswordHash, HashError>),
    /// The client may come back after so many seconds.
    Delayed(u32),
}
