//! Registers an account. The setting `REGISTRATION` says who may register.

use super::check_challenge::Unanswered;
use super::mail::MailOptions;
use super::new_user::Identity;
use super::{AuthService, SignedIn};
use crate::domain::account::Roles;
use crate::domain::error::{Error, FieldProblem};
use crate::domain::event::Act;
use crate::domain::mail::{Pool, Task};
use crate::domain::session::Caller;
use crate::domain::settings::Registration;
use crate::ports::{Insertion, Ports, UserDirectory};

/// What somebody types to create an account.
#[derive(Clone, Copy)]
pub struct NewAccount<'a> {
    pub email: &'a str,
    /// The password, only with `REGISTRATION = "open"`.
    pub password: Option<&'a str>,
    pub first_name: Option<&'a str>,
    pub last_name: Option<&'a str>,
}

/// The result of a registration.
#[derive(Clone, Debug)]
pub enum Registered {
    /// A mail with a link is queued. The account is created when the link is used. Until then
    /// nothing is stored.
    Asked,
    /// The account is created, and its owner is signed in. A mail with a link to verify the address
    /// is queued.
    SignedIn(Box<SignedIn>),
}

impl<P: Ports> AuthService<P> {
    /// Registers with the role `user`. With `REGISTRATION = "verified"` the users' table is never
    /// read, so neither the answer nor its time reveals whether the address has an account.
    ///
    /// # Errors
    /// - [`Error::RegistrationClosed`]; [`Error::RateLimited`]; [`Error::Field`].
    /// - With `verified`: [`Error::NoMailProvider`]; [`Error::Store`] if the mail could not be
    ///   queued.
    /// - With `open`: [`Error::WeakPassword`], before anything is written; [`Error::EmailTaken`];
    ///   [`Error::Store`]. If storing the session is the only step that failed, the account exists
    ///   and its owner can log in.
    pub async fn register(
        &self,
        account: NewAccount<'_>,
        caller: impl Into<Caller<'_>>,
        options: impl Into<MailOptions>,
    ) -> Result<Registered, Error> {
        let (caller, options) = (caller.into(), options.into());
        let client = caller.client;
        let registration = self.settings().registration;
        if registration == Registration::Closed {
            return Err(Error::RegistrationClosed);
        }
        self.admit_client(client).await?;
        let identity = Identity::parse(account.email, account.first_name, account.last_name)?;
        self.admit_client_on(identity.email.canonical(), client)
            .await?;
        self.check_challenge(caller.credentials, Unanswered::IsRefused)
            .await?;
        if registration == Registration::Verified {
            if account.password.is_some() {
                // The password is chosen later, on the page that the mailed link opens, so that
                // only the owner of the mailbox can choose it.
                let why = FieldProblem::Invalid("chosen_by_mail");
                return Err(Error::Field("password", why));
            }
            let address = self.pseudonym(&identity.email);
            let task = Task::Registration {
                email: identity.email,
                first_name: identity.first_name,
                last_name: identity.last_name,
            };
            self.ask_for_mail(task, caller, options).await?;
            self.record(Act::RegistrationRequested { address });
            return Ok(Registered::Asked);
        }
        let password = account
            .password
            .ok_or(Error::Field("password", FieldProblem::Missing))?;
        let hash = self.choose_password(password, &identity.email).await?;
        let email = identity.email.clone();
        let verification = Task::Verification { email };
        let pool = match self.admit_mail(&verification, caller).await {
            // Without a mail provider the account is created all the same.
            Err(Error::NoMailProvider) => Pool::None,
            admitted => admitted?,
        };
        let user = self.new_user(identity, hash, Roles::user(), None);
        match self.ports.users().insert(&user, None).await? {
            Insertion::Inserted => {}
            Insertion::EmailTaken | Insertion::Freed => return Err(Error::EmailTaken),
        }
        self.record_registered(&user);
        self.queue_from(pool, verification, options).await;
        let signed_in = self.begin_session(user, client, None).await?;
        Ok(Registered::SignedIn(Box::new(signed_in)))
    }
}
