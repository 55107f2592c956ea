//! Invites the owner of an account that has no password: by mail, or with a link that an operator
//! hands over.

use super::AuthService;
use crate::domain::account::{EmailAddress, User, UserId};
use crate::domain::error::Error;
use crate::domain::event::{Act, Actor};
use crate::domain::link::{State, UserLink};
use crate::domain::mail::{Locale, Task};
use crate::domain::operator::Scope;
use crate::domain::policy::VERIFICATION_LINK_TTL;
use crate::domain::secret::Secret;
use crate::domain::session::Client;
use crate::ports::{Ports, UserDirectory};

/// The link of an invitation, as an operator gets it.
#[derive(Clone, Debug)]
pub struct ReturnedLink {
    /// The whole link. Whoever opens it chooses the account's password.
    pub link: Secret,
    /// When it expires, in seconds since 1970.
    pub expires_at: u64,
}

impl<P: Ports> AuthService<P> {
    /// Mails the owner of an account that has no password another link to choose one.
    ///
    /// # Errors
    /// [`Error::Access`]; [`Error::Forbidden`]; [`Error::UnknownUser`]; [`Error::NotInvitable`] for
    /// an account that has a password or is disabled; [`Error::NoMailProvider`]; [`Error::Store`].
    pub async fn invite(&self, credential: &str, id: UserId, locale: Locale) -> Result<(), Error> {
        let by = self.manager(credential, Scope::Users).await?.actor();
        let user = self.invitable(id).await?;
        self.mail_invitation(&user, locale).await?;
        self.record(Act::Invited { user: id, by });
        Ok(())
    }

    /// The same, but sends no mail and returns the link to an operator. An administrator can't get
    /// such a link: it would be in a browser.
    ///
    /// # Errors
    /// Those of [`invite`](Self::invite), except for mail.
    pub async fn return_invitation(&self, ticket: &str, id: UserId) -> Result<ReturnedLink, Error> {
        let by = Actor::Operator(self.operator(ticket, Scope::Users).await?);
        let user = self.invitable(id).await?;
        Ok(self.returned_link(&user, by))
    }

    async fn invitable(&self, id: UserId) -> Result<User, Error> {
        let user = self.ports.users().find_by_id(id).await?;
        let user = user.ok_or(Error::UnknownUser)?;
        if user.has_password() || user.disabled_at.is_some() {
            return Err(Error::NotInvitable);
        }
        Ok(user)
    }

    /// Invites again to an account that never had a password: an earlier attempt may have been
    /// interrupted before the mail.
    pub(super) async fn invite_again(
        &self,
        email: &EmailAddress,
        locale: Locale,
    ) -> Result<(), Error> {
        let user = self.ports.users().find_by_email(email).await?;
        match user.filter(|user| !user.has_password()) {
            Some(user) => self.mail_invitation(&user, locale).await,
            None => Ok(()),
        }
    }

    async fn mail_invitation(&self, user: &User, locale: Locale) -> Result<(), Error> {
        let client = Client::uncounted();
        self.ask_for_mail(invitation(user), (&client).into(), locale)
            .await
    }

    /// The link that the mail of an invitation would have.
    pub(super) fn returned_link(&self, user: &User, by: Actor) -> ReturnedLink {
        let expires_at = self.now().saturating_add(VERIFICATION_LINK_TTL);
        let ticket = self.shared.links.seal_reset(UserLink {
            user: user.id,
            state: State::for_reset(user),
            expires_at,
        });
        self.record(Act::LinkReturned { user: user.id, by });
        ReturnedLink {
            link: Secret::new(self.reset_link(&ticket)),
            expires_at,
        }
    }
}

pub(super) fn invitation(user: &User) -> Task {
    Task::Invitation {
        user: user.id,
        state: State::for_reset(user),
    }
}
