//! Verifies an address with a mailed link: finishes a registration, or verifies the address of an
//! existing account.

use super::AuthService;
use super::change_user::Aftermath;
use super::new_user::Identity;
use crate::domain::account::{Edit, Roles, User, UserChange};
use crate::domain::error::{Error, LinkRefusal};
use crate::domain::event::Act;
use crate::domain::link::{RegistrationLink, State, UserLink};
use crate::domain::mail::{Locale, Task};
use crate::domain::session::Client;
use crate::domain::settings::Registration;
use crate::ports::{Insertion, Ports, UserDirectory};

impl<P: Ports> AuthService<P> {
    /// With the link of a registration, creates the account with this password. With the link of an
    /// account whose address is not verified, marks the address as verified. If `password` is not
    /// the account's password, it becomes the new one, and every session ends. So if a stranger
    /// created the account with this address, the owner of the address takes over the account, and
    /// nothing that the stranger entered remains.
    ///
    /// # Errors
    /// - [`Error::Link`]; [`Error::RateLimited`]; [`Error::Store`].
    /// - [`Error::WeakPassword`]: the link still works.
    pub async fn verify_email(
        &self,
        ticket: &str,
        password: &str,
        client: &Client,
        locale: Locale,
    ) -> Result<User, Error> {
        self.admit_client(client).await?;
        let now = self.now();
        if let Some(link) = self.shared.links.open_registration(ticket, now) {
            self.admit_client_on(link.email.canonical(), client).await?;
            return self.finish_registration(link, password).await;
        }
        let link = self
            .shared
            .links
            .open_verification(ticket, now)
            .ok_or_else(|| self.refuse_link(LinkRefusal::Ticket, None))?;
        self.admit_client_on(&link.user.to_string(), client).await?;
        self.verify_account(link, password, locale).await
    }

    async fn finish_registration(
        &self,
        link: RegistrationLink,
        password: &str,
    ) -> Result<User, Error> {
        if self.settings().registration == Registration::Closed {
            return Err(self.refuse_link(LinkRefusal::RegistrationClosed, None));
        }
        let hash = self.choose_password(password, &link.email).await?;
        let asked_at = link.asked_at;
        let identity = Identity {
            email: link.email,
            first_name: link.first_name,
            last_name: link.last_name,
        };
        let user = self.new_user(identity, hash, Roles::user(), Some(self.now()));
        let condition = self
            .shared
            .freed_addresses
            .not_freed_since(&user.email, asked_at);
        match self.ports.users().insert(&user, Some(&condition)).await? {
            Insertion::Inserted => {
                self.record_registered(&user);
                Ok(user)
            }
            Insertion::EmailTaken | Insertion::Freed => {
                Err(self.refuse_link(LinkRefusal::Spent, None))
            }
        }
    }

    async fn verify_account(
        &self,
        link: UserLink,
        password: &str,
        locale: Locale,
    ) -> Result<User, Error> {
        let user = self.user_of_link(link, State::for_verification).await?;
        // The person who has the link owns the mailbox. With this id the password guard recognises
        // the person, so wrong guesses of strangers do not delay them.
        let by = link.state.known_id();
        let same = self.require_password(&user, password, by).await?.is_ok();
        // If `password` was not the account's password, it is possible that a stranger registered
        // with this address and typed the names, so the names are removed. The names of an invited
        // user (who has no password yet) come from an administrator and are not removed.
        let names = if !same && user.has_password() {
            Edit::Remove
        } else {
            Edit::Keep
        };
        let change = UserChange {
            verify_email: true,
            first_name: names.clone(),
            last_name: names,
            password_hash: if same {
                None
            } else {
                Some(self.choose_password(password, &user.email).await?)
            },
            ..UserChange::default()
        };
        let mut acts = vec![Act::EmailVerified {
            user: user.id,
            by: None,
        }];
        if !same {
            acts.push(Act::PasswordReset { user: user.id });
        }
        let mut aftermath = Aftermath::of(acts);
        if !same {
            let to = user.email.clone();
            aftermath = aftermath.telling(Task::PasswordChanged { to }, locale);
        }
        let user = self
            .redeem(link, State::for_verification, user, &change, aftermath)
            .await?
            .ok_or_else(|| self.refuse_link(LinkRefusal::Spent, Some(link.user)))?;
        Ok(user)
    }
}
