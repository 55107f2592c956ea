//! Invites the owner of an account that has no password: by mail, or with a link that an operator
//! hands over.

use super::AuthService;
use super::invitation::ReturnedLink;
use crate::domain::account::{User, UserId};
use crate::domain::error::Error;
use crate::domain::event::{Act, Actor};
use crate::domain::mail::Locale;
use crate::domain::operator::Scope;
use crate::ports::{Ports, UserDirectory};

impl<P: Ports> AuthService<P> {
    /// Mails another link to the owner of an account without a password, so that they can choose
    /// one.
    ///
    /// # Errors
    /// - [`Error::Access`]; [`Error::Forbidden`]; [`Error::UnknownUser`];
    ///   [`Error::NoMailProvider`]; [`Error::Store`].
    /// - [`Error::NotInvitable`]: the account has a password or is disabled.
    pub async fn invite(&self, credential: &str, id: UserId, locale: Locale) -> Result<(), Error> {
        let by = self.manager(credential, Scope::Users).await?.actor();
        let user = self.invitable(id).await?;
        self.mail_invitation(&user, locale).await?;
        self.record(Act::Invited { user: id, by });
        Ok(())
    }

    /// Like [`invite`](Self::invite), but sends no mail and returns the link to an operator. An
    /// administrator can't get the link, because administrators work in a browser, where a
    /// malicious script could read the link.
    ///
    /// # Errors
    /// Those of [`invite`](Self::invite), except [`Error::NoMailProvider`].
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
}
