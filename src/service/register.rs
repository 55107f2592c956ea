//! Register: who may make an account is the setting `REGISTRATION`.

use super::{AuthService, SignedIn};
use crate::domain::account::{EmailAddress, Name, Password, Roles, User, UserId};
use crate::domain::error::{Error, FieldProblem};
use crate::domain::policy::LIMIT_RETRY_AFTER;
use crate::domain::session::Client;
use crate::domain::settings;
use crate::ports::{Insertion, Limit, PasswordHasher, Ports, RateLimiter, UserDirectory};

/// What someone types to make an account.
#[derive(Clone, Copy)]
pub struct Registration<'a> {
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
    /// Makes an account with the role `user` and signs it in. Its address is not verified, so the check by email is
    /// false until it is.
    ///
    /// # Errors
    /// [`Error::RegistrationClosed`]; [`Error::EmailTaken`]; [`Error::Field`] and [`Error::WeakPassword`] before
    /// anything is written; [`Error::Store`] when a store failed: when only the session could not be recorded, the
    /// account is there and a login works.
    pub async fn register(
        &self,
        registration: Registration<'_>,
        client: &Client,
    ) -> Result<SignedIn, Error> {
        if self.settings().registration == settings::Registration::Closed {
            return Err(Error::RegistrationClosed);
        }
        if self.settings().limits
            && !self
                .ports
                .limiter()
                .admit(Limit::Client, &client.limit_key())
                .await
        {
            return Err(Error::RateLimited(LIMIT_RETRY_AFTER));
        }
        let user = self.new_user(registration, Roles::user(), None).await?;
        match self.ports.users().insert(&user).await? {
            Insertion::Inserted => self.begin_session(user, client).await,
            Insertion::EmailTaken => Err(Error::EmailTaken),
        }
    }

    /// A user made from what was typed, with everything checked and nothing written.
    pub(super) async fn new_user(
        &self,
        registration: Registration<'_>,
        roles: Roles,
        email_verified_at: Option<u64>,
    ) -> Result<User, Error> {
        let email = EmailAddress::parse(registration.email)
            .map_err(|why| Error::Field("email", FieldProblem::Invalid(why.reason())))?;
        let first_name = name("first_name", registration.first_name)?;
        let last_name = name("last_name", registration.last_name)?;
        let password = Password::choose(
            registration.password,
            &self.settings().passwords,
            Some(&email),
        )
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

pub(super) fn name(field: &'static str, text: Option<&str>) -> Result<Option<Name>, Error> {
    text.map(|text| {
        Name::parse(text).map_err(|why| Error::Field(field, FieldProblem::Invalid(why.reason())))
    })
    .transpose()
}
