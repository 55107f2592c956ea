//! A change to a user, made in one atomic step together with the counters that it raises.

use super::{EmailAddress, FreedAddress, Name, PasswordHash, Roles};
use crate::domain::policy::ADMIN_ROLE;

/// What to change. `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserChange {
    pub first_name: Option<Name>,
    pub last_name: Option<Name>,
    /// Replaces all roles.
    pub roles: Option<Roles>,
    pub disabled: Option<bool>,
    /// A new address, which its owner has just confirmed, so it is verified.
    pub email: Option<EmailAddress>,
    /// Marks the current address as verified now, unless it was before.
    pub verify_email: bool,
    /// The address that the account gives up. It is stored before the change is made.
    pub frees: Option<FreedAddress>,
    /// Deletes both names, because a stranger may have typed them.
    pub clear_names: bool,
    pub password_hash: Option<PasswordHash>,
    /// Ends every session.
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

    /// Whether the change raises `session_epoch`, so that no earlier session renews.
    #[must_use]
    pub fn ends_sessions(&self) -> bool {
        self.revoke_sessions || self.disabled == Some(true) || self.password_hash.is_some()
    }

    /// Whether the change raises `link_generation`, so that no earlier link works.
    ///
    /// A new password does not. Otherwise a stranger who registered with somebody else's address
    /// could invalidate that person's links. Links that a new password ends contain the password's
    /// hash.
    #[must_use]
    pub fn spoils_links(&self) -> bool {
        self.email.is_some() || self.verify_email || self.disabled.is_some()
    }

    /// Whether the user is certainly not an enabled administrator after the change.
    #[must_use]
    pub fn takes_administrator(&self) -> bool {
        let takes_role = |roles: &Roles| !roles.contains(ADMIN_ROLE);
        self.disabled == Some(true) || self.roles.as_ref().is_some_and(takes_role)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
