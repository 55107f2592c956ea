//! Register: who may make an account is the setting `REGISTRATION`.

use super::{AuthService, NewUser, SignedIn};
use crate::domain::account::Roles;
use crate::domain::error::Error;
use crate::domain::policy::LIMIT_RETRY_AFTER;
use crate::domain::session::Client;
use crate::domain::settings::Registration;
use crate::ports::{Insertion, Limit, Ports, RateLimiter, UserDirectory};

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
        new_user: NewUser<'_>,
        client: &Client,
    ) -> Result<SignedIn, Error> {
        if self.settings().registration == Registration::Closed {
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
        let user = self.new_user(new_user, Roles::user(), None).await?;
        match self.ports.users().insert(&user).await? {
            Insertion::Inserted => self.begin_session(user, client).await,
            Insertion::EmailTaken => Err(Error::EmailTaken),
        }
    }
}
