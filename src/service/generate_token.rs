//! `generate_token`: exchanges an email address and a password for a pair of tokens.

use super::check_challenge::Unanswered;
use super::{AuthService, SignedIn};
use crate::domain::account::{
    Attempt, Comparison, EmailAddress, Password, User, UserId, Verification,
};
use crate::domain::error::{Error, FieldProblem, LoginRefusal};
use crate::domain::event::{Act, Pseudonym};
use crate::domain::policy::EMAIL_BYTES;
use crate::domain::session::Caller;
use crate::ports::{Ports, UserDirectory};

/// What someone types to sign in.
#[derive(Clone, Copy)]
pub struct Login<'a> {
    /// The address, in any spelling.
    pub email: &'a str,
    /// The password.
    pub password: &'a str,
}

impl<P: Ports> AuthService<P> {
    /// Signs a user in, with exactly one write to the session store. If the credentials contain a
    /// refresh token of the same user, the new session joins the single sign-on of that token's
    /// session.
    ///
    /// The caller can't distinguish a wrong password, an unknown address and a disabled account:
    /// the answer and the work are the same for all three. The only exception is an account with an
    /// imported hash whose parameters `IMPORTED_HASHES` does not name. There the work can differ.
    ///
    /// # Errors
    /// - [`Error::Login`]: the login is rejected.
    /// - [`Error::Field`]: a field is too long.
    /// - [`Error::RateLimited`]: there were too many attempts.
    /// - [`Error::Store`]: a store failed.
    pub async fn generate_token(
        &self,
        login: Login<'_>,
        caller: impl Into<Caller<'_>>,
    ) -> Result<SignedIn, Error> {
        let caller = caller.into();
        let client = caller.client;
        let typed = login.email.trim();
        if typed.len() > EMAIL_BYTES {
            return Err(Error::Field("email", FieldProblem::TooLong));
        }
        let password = Password::for_login(login.password)
            .map_err(|_| Error::Field("password", FieldProblem::TooLong))?;
        let email = EmailAddress::parse(typed);
        let canonical = email.as_ref().map_or("", EmailAddress::canonical);
        self.admit_on_account(canonical, client).await?;
        self.check_challenge(caller.credentials, Unanswered::GoesOn)
            .await?;

        let user = match &email {
            Ok(email) => self.ports.users().find_by_email(email).await?,
            Err(_) => None,
        };
        let account = match &email {
            Ok(email) => self.shared.account_names.of(email),
            Err(_) => self.shared.account_names.of_text(typed),
        };
        let attempt = Attempt {
            by: Some(self.tried_by(user.as_ref(), caller.credentials)),
            password: &password,
            hash: user.as_ref().map(|user| &user.password_hash),
            decoy_salt: self.shared.decoy_salts.of(email.as_ref().ok()),
            in_vain: user.as_ref().is_some_and(|user| user.disabled_at.is_some()),
        };
        let compared = self.try_password(&account, attempt).await?;
        let tried = (
            user.as_ref().map(|user| user.id),
            email.is_ok().then(|| Pseudonym::of_account(&account)),
        );
        let user = match email {
            Err(why) => Err(LoginRefusal::NotAnAddress(why)),
            Ok(_) => self.conclude_login(user, compared, &password).await?,
        }
        .map_err(|refusal| self.refuse_login(refusal, tried))?;
        let sign_on = self.sign_on_to_keep(&user, caller.credentials).await?;
        self.begin_session(user, client, sign_on).await
    }

    fn refuse_login(
        &self,
        refusal: LoginRefusal,
        (user, address): (Option<UserId>, Option<Pseudonym>),
    ) -> Error {
        self.record(Act::SignInFailed {
            refusal,
            user,
            address,
        });
        Error::Login(refusal)
    }

    /// Returns the user if the password was right. In that case a hash with outdated parameters is
    /// also replaced.
    async fn conclude_login(
        &self,
        user: Option<User>,
        compared: Comparison,
        password: &Password,
    ) -> Result<Result<User, LoginRefusal>, Error> {
        let Some(user) = user else {
            return Ok(Err(LoginRefusal::UnknownAddress));
        };
        let rehash = match compared {
            Ok(Verification::Matches { rehash }) => rehash,
            Ok(Verification::Differs) => return Ok(Err(LoginRefusal::WrongPassword)),
            Err(_) if !user.has_password() => return Ok(Err(LoginRefusal::NoPassword)),
            Err(error) => return Ok(Err(error.into())),
        };
        if user.disabled_at.is_some() {
            return Ok(Err(LoginRefusal::Disabled));
        }
        if rehash && let Ok(hash) = self.hash_password(password, &user.email).await {
            // The login succeeds even if the hash can't be replaced. The next login tries again.
            let _ = self
                .ports
                .users()
                .rehash(user.id, &user.password_hash, &hash)
                .await;
        }
        Ok(Ok(user))
    }
}
