//! A change of a user's database row that was not reported to the user's Durable Object. That
//! object may hold an outdated copy of the row.

use super::UserId;

/// A row that was changed by hand in the database, or by an earlier version of the service. A
/// database trigger records the change in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowChange {
    /// The user's id as the row has it. It may be invalid, because someone may have edited it by
    /// hand.
    pub id: String,
    /// A random text. Each further change of the row replaces it, so this entry of the list can be
    /// removed only if the row has not changed since.
    pub mark: String,
}

impl RowChange {
    /// The user. `None` if no user can have this id.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        UserId::parse(&self.id)
    }
}
