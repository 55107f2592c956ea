//! A change of a user's database row that was not reported to the user's Durable Object. That
//! object might hold an outdated copy of the row.

use super::UserId;

/// A row that was changed by hand in the database, or by an earlier version of the service. A
/// database trigger records the change in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowChange {
    /// The user's id as it is in the row. It can be invalid, because somebody could have edited it
    /// by hand.
    pub id: String,
    /// A random text. Each further change of the row replaces it by another random text. The entry
    /// is removed from the list only if the list still contains the same text for it, because this
    /// shows that the row has not changed since the entry was read.
    pub mark: String,
}

impl RowChange {
    /// The user whose row was changed. `None` if the id is not a valid user id.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        UserId::parse(&self.id)
    }
}
