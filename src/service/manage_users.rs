//! Users, for an administrator: read one, give and take roles, disable.

use super::AuthService;
use super::new_user::name;
use crate::domain::account::{Roles, User, UserChange, UserId};
use crate::domain::error::{Error, FieldProblem};
use crate::domain::policy::ADMIN_ROLE;
use crate::ports::{Ports, UserDirectory};

/// What an administrator may change; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct Amendment {
    /// The given name.
    pub first_name: Option<String>,
    /// The family name.
    pub last_name: Option<String>,
    /// All roles, in place of those before.
    pub roles: Option<Vec<String>>,
    /// Disabled or not.
    pub disabled: Option<bool>,
}

impl<P: Ports> AuthService<P> {
    /// Reads a user.
    ///
    /// # Errors
    /// [`Error::Access`]; [`Error::Forbidden`] when the bearer is no administrator; [`Error::UnknownUser`];
    /// [`Error::Store`].
    pub async fn read_user(&self, access_token: &str, id: UserId) -> Result<User, Error> {
        self.administrator(access_token).await?;
        self.ports
            .users()
            .find_by_id(id)
            .await?
            .ok_or(Error::UnknownUser)
    }

    /// Changes a user. The change counts at once for renewals, and for checks within the session store's bound.
    ///
    /// # Errors
    /// As [`read_user`](Self::read_user), and [`Error::Field`]; after [`Error::Store`] a repeat finishes it.
    pub async fn amend_user(
        &self,
        access_token: &str,
        id: UserId,
        amendment: Amendment,
    ) -> Result<User, Error> {
        self.administrator(access_token).await?;
        let change = UserChange {
            first_name: name("first_name", amendment.first_name.as_deref())?,
            last_name: name("last_name", amendment.last_name.as_deref())?,
            roles: amendment
                .roles
                .map(Roles::new)
                .transpose()
                .map_err(|why| Error::Field("roles", FieldProblem::Invalid(why.reason())))?,
            disabled: amendment.disabled,
            revoke_sessions: false,
        };
        if change.is_empty() {
            return Err(Error::NothingToChange);
        }
        self.change_user(id, &change).await
    }

    async fn administrator(&self, access_token: &str) -> Result<User, Error> {
        let (_, user) = self.bearer_with_user(access_token).await?;
        if user.roles.contains(ADMIN_ROLE) {
            Ok(user)
        } else {
            Err(Error::Forbidden)
        }
    }
}
