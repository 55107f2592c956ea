//! Deleted accounts whose remaining data is not cleared up yet.

use super::UserId;

/// A deleted account whose remaining data is not cleared up everywhere yet. It holds no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departure {
    pub user: UserId,
    /// The [key](super::FreedAddress) of the address that it freed, by which its kept mails are
    /// found.
    pub address: String,
    /// When the account was deleted, in seconds since 1970.
    pub left_at: u64,
}
