//! An account that was deleted, until everything of it is cleared up.

use super::UserId;

/// An account that was deleted and is not yet cleared up everywhere. It holds no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departure {
    /// Whose account it was.
    pub user: UserId,
    /// The [key](super::FreedAddress) of the address that it freed, by which its kept mails are
    /// found.
    pub address: String,
    /// When the account was deleted, in seconds since 1970.
    pub left_at: u64,
}
