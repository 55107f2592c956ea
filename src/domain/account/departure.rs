//! Deleted accounts whose data has not been removed from every store yet.

use super::UserId;

/// A deleted account whose data has not been removed from every store yet. This record does not
/// contain the email address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departure {
    pub user: UserId,
    /// A keyed hash of the account's email address (the [key](super::FreedAddress) under which
    /// freed addresses are stored). It is used to find the mails that are still stored for that
    /// address.
    pub address: String,
    /// When the account was deleted, in seconds since 1970.
    pub left_at: u64,
}
