//! An attempt to sign in with a password.

use super::{Comparison, Password, PasswordHash, TriedBy, Verification};

/// The password that someone typed, and the hash to compare it with.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// Who makes the attempt. If `None`, the attempt is never delayed, and a failure is not
    /// counted.
    pub by: Option<TriedBy>,
    /// The password that was typed.
    pub password: &'a Password,
    /// The account's stored hash. `None` if there is no account.
    pub hash: Option<&'a PasswordHash>,
    /// If there is no stored hash to compare with, the typed password is hashed with this salt, and
    /// the result is discarded. So the attempt does the same work as an attempt for an existing
    /// account.
    pub decoy_salt: [u8; 16],
    /// The account is disabled, so even the right password gives no access. Even an attempt with
    /// the right password is counted as a failure. Otherwise the delay of the next attempt would
    /// reveal that the password was right.
    pub in_vain: bool,
}

impl Attempt<'_> {
    /// Whether the attempt counts as a failure. `compared` is the result of comparing the typed
    /// password with the stored hash.
    #[must_use]
    pub fn has_failed(&self, compared: Comparison) -> bool {
        self.in_vain || !matches!(compared, Ok(Verification::Matches { .. }))
    }
}
