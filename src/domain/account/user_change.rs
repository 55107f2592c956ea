//! A change to a user, made in one atomic step together with the counters that it moves.

use super::{EmailAddress, FreedAddress, Name, PasswordHash, Roles};

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
    /// The address, which its owner has just confirmed: it is verified now.
    pub email: Option<EmailAddress>,
    /// The address that is there is verified, now unless it was before.
    pub verify_email: bool,
    /// The address that the account gives up with the change. It is stored before the change is
    /// made.
    pub frees: Option<FreedAddress>,
    /// Forget both names: a stranger may have typed them.
    pub clear_names: bool,
    /// The password.
    pub password_hash: Option<PasswordHash>,
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
        self.revoke_sessions || self.disabled == Some(true) || self.password_hash.is_some()
    }

    /// Whether the change moves `link_generation`, so that no link from before works.
    ///
    /// A new password does not: a stranger who registered with another's address could spoil its
    /// owner's links with it. Links that a new password ends hold the password's hash.
    #[must_use]
    pub fn spoils_links(&self) -> bool {
        self.email.is_some() || self.verify_email || self.disabled.is_some()
    }

    /// Whether there is anything to change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
