//! A change to a user. The new values of the fields, and the counters that the change raises, are
//! stored in one atomic step.

use super::{EmailAddress, FreedAddress, Name, PasswordHash, Roles, User};
use crate::domain::policy::ADMIN_ROLE;

/// What to do with an optional value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Edit<T> {
    /// Leave the value as it is.
    #[default]
    Keep,
    /// Replace the value by this one.
    Set(T),
    /// Remove the value.
    Remove,
}

impl<T> Edit<T> {
    /// The new value, if the edit sets one.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Keep | Self::Remove => None,
        }
    }

    pub const fn removes(&self) -> bool {
        matches!(self, Self::Remove)
    }

    /// The same edit with its value converted to another type.
    ///
    /// # Errors
    /// The error that `convert` returns.
    pub fn try_map<U, E>(self, convert: impl FnOnce(T) -> Result<U, E>) -> Result<Edit<U>, E> {
        Ok(match self {
            Self::Keep => Edit::Keep,
            Self::Set(value) => Edit::Set(convert(value)?),
            Self::Remove => Edit::Remove,
        })
    }
}

impl<T: Clone + PartialEq> Edit<T> {
    /// The value after the edit.
    #[must_use]
    pub fn apply(&self, before: Option<T>) -> Option<T> {
        match self {
            Self::Keep => before,
            Self::Set(value) => Some(value.clone()),
            Self::Remove => None,
        }
    }

    /// The same edit, or `Keep` if it would change nothing.
    #[must_use]
    fn unless_equal(self, now: &Option<T>) -> Self {
        if self.apply(now.clone()) == *now {
            Self::Keep
        } else {
            self
        }
    }
}

/// What to change about a user. A field that is `None` is not changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserChange {
    pub first_name: Edit<Name>,
    pub last_name: Edit<Name>,
    /// Replaces all roles.
    pub roles: Option<Roles>,
    pub disabled: Option<bool>,
    /// The new email address. Its owner has just confirmed it, so it is stored as verified.
    pub email: Option<EmailAddress>,
    /// Marks the current address as verified now, unless it is verified already.
    pub verify_email: bool,
    /// The address that the account gives up. The store records this address as freed before it
    /// makes the change.
    pub frees: Option<FreedAddress>,
    pub password_hash: Option<PasswordHash>,
    /// Ends every session.
    pub revoke_sessions: bool,
    /// Allows the change even if it leaves no enabled administrator who has a password.
    pub may_leave_no_administrator: bool,
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

    /// The same change, but without the names, roles and states (disabled, verified) that the user
    /// already has. Writing these again would needlessly invalidate the user's access tokens.
    #[must_use]
    pub fn without_current_values(self, user: &User) -> Self {
        Self {
            first_name: self.first_name.unless_equal(&user.first_name),
            last_name: self.last_name.unless_equal(&user.last_name),
            roles: self.roles.filter(|roles| *roles != user.roles),
            disabled: self
                .disabled
                .filter(|disabled| *disabled != user.disabled_at.is_some()),
            verify_email: self.verify_email && user.email_verified_at.is_none(),
            ..self
        }
    }

    /// Whether the change raises `session_epoch`. If it does, no session that began before the
    /// change can be renewed.
    #[must_use]
    pub fn ends_sessions(&self) -> bool {
        self.revoke_sessions || self.disabled == Some(true) || self.password_hash.is_some()
    }

    /// Whether the change raises `link_generation`. If it does, no link that was mailed before the
    /// change works any more.
    ///
    /// A new password does not raise `link_generation`. If it did, a stranger who registered with
    /// somebody else's address could invalidate that person's links. Some links must become invalid
    /// when the user gets a new password. Such links contain a fingerprint that depends on the hash
    /// of the password, so they don't need `link_generation` for this.
    #[must_use]
    pub fn spoils_links(&self) -> bool {
        self.email.is_some() || self.verify_email || self.disabled.is_some()
    }

    /// Whether the change disables the user or sets roles without the admin role. If the user is an
    /// administrator, such a change is allowed only if another administrator remains. The answer is
    /// always no if `may_leave_no_administrator` is set.
    #[must_use]
    pub fn takes_administrator(&self) -> bool {
        let takes_role = |roles: &Roles| !roles.contains(ADMIN_ROLE);
        !self.may_leave_no_administrator
            && (self.disabled == Some(true) || self.roles.as_ref().is_some_and(takes_role))
    }

    /// Whether the change changes nothing. `may_leave_no_administrator` is ignored, because it is
    /// not a change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let nothing = Self {
            may_leave_no_administrator: self.may_leave_no_administrator,
            ..Self::default()
        };
        *self == nothing
    }
}
