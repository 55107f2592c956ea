//! A user made from what was typed, checked and not yet written.

use super::AuthService;
use crate::domain::account::{EmailAddress, Name, Password, Roles, User, UserId};
use crate::domain::error::{Error, FieldProblem};
use crate::ports::{PasswordHasher, Ports};

/// What someone types to make an account.
#[derive(Clone, Copy)]
pub struct NewUser<'a> {
    /// The address.
    pub email: &'a str,
    /// The password.
    pub password: &'a str,
    /// The given name.
    pub first_name: Option<&'a str>,
    /// The family name.
    pub last_name: Option<&'a str>,
}

impl<P: Ports> AuthService<P> {
    /// A user made from what was typed, with everything checked and nothing written.
    pub(super) async fn new_user(
        &self,
        typed: NewUser<'_>,
        roles: Roles,
        email_verified_at: Option<u64>,
    ) -> Result<User, Error> {
        let email = EmailAddress::parse(typed.email)
            .map_err(|why| Error::Field("email", FieldProblem::Invalid(why.reason())))?;
        let first_name = name("first_name", typed.first_name)?;
        let last_name = name("last_name", typed.last_name)?;
        let password = Password::choose(typed.password, &self.settings().passwords, Some(&email))
            .map_err(Error::WeakPassword)?;
        let now_ms = self.now_ms();
        let password_hash = self
            .ports
            .hasher()
            .hash(&password, &self.random())
            .await
            .map_err(|_| Error::Internal("a password could not be hashed"))?;
        Ok(User {
            id: UserId::new(now_ms, &self.random()),
            email,
            password_hash,
            first_name,
            last_name,
            roles,
            email_verified_at,
            disabled_at: None,
            session_epoch: 0,
            version: 0,
            created_at: now_ms / 1000,
            updated_at: now_ms / 1000,
        })
    }
}

/// A name, when one was typed.
pub(super) fn name(field: &'static str, text: Option<&str>) -> Result<Option<Name>, Error> {
    text.map(|text| {
        Name::parse(text).map_err(|why| Error::Field(field, FieldProblem::Invalid(why.reason())))
    })
    .transpose()
}
