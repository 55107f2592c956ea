//! `generate_token`: email and password in, a pair of tokens and the user out.

use super::{AuthService, SignedIn};
use crate::domain::account::{EmailAddress, Password, User, Verification};
use crate::domain::error::{Error, FieldProblem, LoginRefusal};
use crate::domain::policy::{EMAIL_BYTES, LIMIT_RETRY_AFTER};
use crate::domain::session::Client;
use crate::ports::{Limit, PasswordHasher, Ports, RateLimiter, UserDirectory};

/// What someone types to sign in.
#[derive(Clone, Copy)]
pub struct Login<'a> {
    /// The address, in any spelling.
    pub email: &'a str,
    /// The password.
    pub password: &'a str,
}

impl<P: Ports> AuthService<P> {
    /// Signs a user in: exactly one write to the session store.
    ///
    /// A wrong password, an unknown address and a disabled account are one and the same to the caller, in the
    /// answer and in the work done.
    ///
    /// # Errors
    /// [`Error::Login`] when it is refused, [`Error::Field`] when a field is over its length,
    /// [`Error::RateLimited`] after too many tries, [`Error::Store`] when a store failed.
    pub async fn generate_token(
        &self,
        login: Login<'_>,
        client: &Client,
    ) -> Result<SignedIn, Error> {
        if login.email.len() > EMAIL_BYTES {
            return Err(Error::Field("email", FieldProblem::TooLong));
        }
        let password = Password::for_login(login.password)
            .map_err(|_| Error::Field("password", FieldProblem::TooLong))?;
        let email = EmailAddress::parse(login.email);
        self.admit_login(email.as_ref().ok(), client).await?;

        let user = match &email {
            Ok(email) => self.ports.users().find_by_email(email).await?,
            Err(_) => None,
        };
        let checked = self.check_password(user, &password).await?;
        let user = checked.map_err(|refusal| {
            Error::Login(match email {
                Err(why) => LoginRefusal::NotAnAddress(why),
                Ok(_) => refusal,
            })
        })?;
        self.begin_session(user, client).await
    }

    /// Hashes once, whether there is a user or not.
    async fn check_password(
        &self,
        user: Option<User>,
        password: &Password,
    ) -> Result<Result<User, LoginRefusal>, Error> {
        let hasher = self.ports.hasher();
        let Some(user) = user else {
            hasher.verify_nothing(password).await;
            return Ok(Err(LoginRefusal::UnknownAddress));
        };
        let rehash = match hasher.verify(password, &user.password_hash).await {
            Ok(Verification::Matches { rehash }) => rehash,
            Ok(Verification::Differs) => return Ok(Err(LoginRefusal::WrongPassword)),
            Err(_) => {
                hasher.verify_nothing(password).await;
                return Ok(Err(LoginRefusal::BrokenHash));
            }
        };
        if user.disabled_at.is_some() {
            return Ok(Err(LoginRefusal::Disabled));
        }
        if rehash && let Ok(hash) = hasher.hash(password, &self.random()).await {
            self.ports
                .users()
                .rehash(user.id, &user.password_hash, &hash)
                .await?;
        }
        Ok(Ok(user))
    }

    async fn admit_login(
        &self,
        email: Option<&EmailAddress>,
        client: &Client,
    ) -> Result<(), Error> {
        if !self.settings().limits {
            return Ok(());
        }
        let limiter = self.ports.limiter();
        let who = client.limit_key();
        let account = email.map_or("", EmailAddress::canonical);
        let admitted = limiter.admit(Limit::Client, &who).await
            && limiter
                .admit(Limit::ClientOnAccount, &format!("{who} {account}"))
                .await;
        if admitted {
            Ok(())
        } else {
            Err(Error::RateLimited(LIMIT_RETRY_AFTER))
        }
    }
}
