//! Checks and hashes new passwords, and compares typed passwords with the stored hashes. No other
//! use case hashes passwords.
//!
//! The setting `PASSWORD_WORK` says where passwords are hashed: in the request, or in the account's
//! password guard (a Durable Object), which counts failures and delays the next attempt.

use super::AuthService;
use crate::domain::account::{
    AccountName, Attempt, Comparison, EmailAddress, KnownId, Password, PasswordHash, TriedBy, User,
    Verification, Weakness,
};
use crate::domain::error::{Error, FieldProblem, LoginRefusal};
use crate::domain::event::Act;
use crate::domain::session::{Client, Credentials, SessionId};
use crate::domain::settings::PasswordWork;
use crate::ports::{Guarded, PasswordGuard, PasswordHasher, Ports, Vendors};

impl<P: Ports> AuthService<P> {
    /// Checks a new password and hashes it.
    pub(super) async fn choose_password(
        &self,
        typed: &str,
        email: &EmailAddress,
    ) -> Result<PasswordHash, Error> {
        let password = Password::choose(typed, &self.settings().passwords, Some(email))
            .map_err(Error::WeakPassword)?;
        match self.ports.vendors().is_breached(&password).await {
            Ok(false) => {}
            Ok(true) => return Err(Error::WeakPassword(vec![Weakness::Breached])),
            // The password has passed all other checks. A failure of the vendor must not prevent
            // the user from choosing it.
            Err(error) => self.record(Act::VendorUnreachable {
                vendor: "breached_passwords",
                reason: error.to_string(),
            }),
        }
        self.hash_password(&password, email).await
    }

    /// Hashes a password that needs no further check.
    pub(super) async fn hash_password(
        &self,
        password: &Password,
        email: &EmailAddress,
    ) -> Result<PasswordHash, Error> {
        let salt = self.random();
        let hashed = match self.settings().password_work {
            PasswordWork::Inline => self.ports.hasher().hash(password, &salt).await,
            PasswordWork::Durable => {
                let account = self.shared.account_names.of(email);
                let guard = self.ports.password_guard();
                match guard.hash(&account, password, &salt).await? {
                    Guarded::Done(hashed) => hashed,
                    Guarded::Delayed(seconds) => return Err(self.delayed(&account, seconds)),
                }
            }
        };
        hashed.map_err(|_| Error::Internal("a password could not be hashed"))
    }

    /// Requires that `typed` is the user's password. If there were too many attempts, this attempt
    /// is refused and nothing is hashed.
    pub(super) async fn require_password(
        &self,
        user: &User,
        typed: &str,
        by: KnownId,
    ) -> Result<Result<(), LoginRefusal>, Error> {
        let password = Password::for_login(typed)
            .map_err(|_| Error::Field("password", FieldProblem::TooLong))?;
        let attempt = Attempt {
            by: Some(TriedBy::Known(by)),
            password: &password,
            hash: Some(&user.password_hash),
            decoy_salt: self.shared.decoy_salts.of(Some(&user.email)),
            in_vain: false,
        };
        let account = self.shared.account_names.of(&user.email);
        let compared = self.try_password(&account, attempt).await?;
        Ok(match compared {
            Ok(Verification::Matches { .. }) => Ok(()),
            Ok(Verification::Differs) => Err(LoginRefusal::WrongPassword),
            Err(error) => Err(error.into()),
        })
    }

    /// Asks a signed-in user for their password again (OWASP ASVS 6.2.3, 7.5.1), so that a stolen
    /// access token alone is not enough to change the account. The attempts are limited like those
    /// of a login. Wrong guesses of strangers do not delay the user, because the account's password
    /// guard recognises the user's session.
    pub(super) async fn check_current_password(
        &self,
        user: &User,
        typed: &str,
        session: SessionId,
        client: &Client,
    ) -> Result<(), Error> {
        self.admit_on_account(user.email.canonical(), client)
            .await?;
        let by = KnownId(*session.as_bytes());
        let Err(refusal) = self.require_password(user, typed, by).await? else {
            return Ok(());
        };
        self.record(Act::PasswordCheckFailed {
            user: user.id,
            session,
            refusal,
        });
        Err(Error::CurrentPassword)
    }

    /// Compares a typed password with the stored hash.
    pub(super) async fn try_password(
        &self,
        account: &AccountName,
        mut attempt: Attempt<'_>,
    ) -> Result<Comparison, Error> {
        match self.settings().password_work {
            PasswordWork::Inline => Ok(self.ports.hasher().compare(&attempt).await),
            PasswordWork::Durable => {
                attempt.by = attempt.by.filter(|_| self.settings().limits);
                let guard = self.ports.password_guard();
                match guard.check(account, &attempt, self.now_ms()).await? {
                    Guarded::Done(compared) => Ok(compared),
                    Guarded::Delayed(seconds) => Err(self.delayed(account, seconds)),
                }
            }
        }
    }

    /// Whether the attempt comes from a device that the account knows. The account knows the device
    /// if the credentials contain a valid device ticket (a signed token from an earlier login).
    pub(super) fn tried_by(&self, user: Option<&User>, credentials: &Credentials) -> TriedBy {
        let now = self.now();
        credentials
            .device_token()
            .and_then(|token| self.shared.devices.open(token))
            .filter(|ticket| user.is_some_and(|user| ticket.is_valid_for(user, now)))
            .map_or(TriedBy::Stranger, |ticket| TriedBy::Known(ticket.id))
    }
}
