//! A change of a user's row that nobody announced to the user's object.

use super::UserId;

/// A row that was changed by hand in the database, or by an earlier version of the service. A
/// trigger lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowChange {
    /// The id in the row, as it is stored. Whoever changes rows by hand may have written anything.
    pub id: String,
    /// A random text that each further change of the row replaces.
    pub mark: String,
}

impl RowChange {
    /// The user. `None` if no user can have this id.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        UserId::parse(&self.id)
    }
}
