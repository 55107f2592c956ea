//! A change to a user, made in one atomic step together with the counters that it moves.

use super::{Name, Roles};

/// What to change; `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserChange {
    /// The given name.
    pub first_name: Option<Name>,
    /// The family name.
    pub last_name: Option<Name>,
    /// All roles, in place of those before.
    pub roles: Option<Roles>,
    /// Disabled or not.
    pub disabled: Option<bool>,
    /// End every session, with nothing else changed.
    pub revoke_sessions: bool,
}

impl UserChange {
    /// Ends every session of the user and changes nothing else.
    #[must_use]
    pub fn revoke_sessions() -> Self {
        Self {
            revoke_sessions: true,
            ..Self::default()
        }
    }

    /// Whether the change moves `session_epoch`, so that no session from before renews.
    #[must_use]
    pub fn ends_sessions(&self) -> bool {
        self.revoke_sessions || self.disabled == Some(true)
    }

    /// Whether there is anything to change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
