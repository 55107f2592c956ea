//! A change to a user, made in one atomic step together with the counters that it raises.

use super::{EmailAddress, FreedAddress, Name, PasswordHash, Roles, User};
use crate::domain::policy::ADMIN_ROLE;

/// What to do with a value that may be absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Edit<T> {
    /// Leave it as it is.
    #[default]
    Keep,
    /// Replace it.
    Set(T),
    /// Remove it.
    Remove,
}

impl<T> Edit<T> {
    /// The value that is set, if one is.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Keep | Self::Remove => None,
        }
    }

    pub const fn removes(&self) -> bool {
        matches!(self, Self::Remove)
    }

    /// The edit of another type, if `convert` accepts the value.
    ///
    /// # Errors
    /// Those of `convert`.
    pub fn try_map<U, E>(self, convert: impl FnOnce(T) -> Result<U, E>) -> Result<Edit<U>, E> {
        Ok(match self {
            Self::Keep => Edit::Keep,
            Self::Set(value) => Edit::Set(convert(value)?),
            Self::Remove => Edit::Remove,
        })
    }
}

impl<T: Clone + PartialEq> Edit<T> {
    /// The value afterwards.
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

/// What to change. `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserChange {
    pub first_name: Edit<Name>,
    pub last_name: Edit<Name>,
    /// Replaces all roles.
    pub roles: Option<Roles>,
    pub disabled: Option<bool>,
    /// A new address, which its owner has just confirmed, so it is verified.
    pub email: Option<EmailAddress>,
    /// Marks the current address as verified now, unless it is verified already.
    pub verify_email: bool,
    /// The address that the account gives up. It is stored before the change is made.
    pub frees: Option<FreedAddress>,
    pub password_hash: Option<PasswordHash>,
    /// Ends every session.
    pub revoke_sessions: bool,
    /// Allows the change even if no enabled administrator with a password remains.
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

    /// The change without the names, roles and states that the user already has. Writing those
    /// again would invalidate the user's access tokens for nothing.
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

    /// Whether the change raises `session_epoch`, so that no earlier session can be renewed.
    #[must_use]
    pub fn ends_sessions(&self) -> bool {
        self.revoke_sessions || self.disabled == Some(true) || self.password_hash.is_some()
    }

    /// Whether the change raises `link_generation`, so that no earlier link works.
    ///
    /// A new password does not raise it. Otherwise a stranger who registered with somebody else's
    /// address could invalidate that person's links. Some links must end with a new password. The
    /// fingerprint in these links covers the password's hash.
    #[must_use]
    pub fn spoils_links(&self) -> bool {
        self.email.is_some() || self.verify_email || self.disabled.is_some()
    }

    /// Whether the user is certainly not an enabled administrator after the change, so that another
    /// one must remain.
    #[must_use]
    pub fn takes_administrator(&self) -> bool {
        let takes_role = |roles: &Roles| !roles.contains(ADMIN_ROLE);
        !self.may_leave_no_administrator
            && (self.disabled == Some(true) || self.roles.as_ref().is_some_and(takes_role))
    }

    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let nothing = Self {
            may_leave_no_administrator: self.may_leave_no_administrator,
            ..Self::default()
        };
        *self == nothing
    }
}
