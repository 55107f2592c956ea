//! An attempt to sign in with a password.

use super::{Comparison, Password, PasswordHash, TriedBy, Verification};

/// A typed password, and the hash that it is compared with.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// Who tries. An attempt by `None` is never delayed and never counted.
    pub by: Option<TriedBy>,
    /// What was typed.
    pub password: &'a Password,
    /// The account's stored hash. `None` where there is no account.
    pub hash: Option<&'a PasswordHash>,
    /// The salt of the work that is done when there is no hash to compare with.
    pub decoy_salt: [u8; 16],
    /// The account is disabled, so even the right password gives no access. The attempt is still
    /// counted as a failure. Otherwise the next delay would reveal that the password was right.
    pub in_vain: bool,
}

impl Attempt<'_> {
    /// Whether this outcome is a failure to count.
    #[must_use]
    pub fn has_failed(&self, compared: Comparison) -> bool {
        self.in_vain || !matches!(compared, Ok(Verification::Matches { .. }))
    }
}
