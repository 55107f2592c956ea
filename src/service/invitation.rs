//! Invites the owner of an account without a password: by a mail, or by a link that an operator
//! gets.

use super::AuthService;
use crate::domain::account::{EmailAddress, User};
use crate::domain::error::Error;
use crate::domain::event::{Act, Actor};
use crate::domain::link::{State, UserLink};
use crate::domain::mail::{Locale, Task};
use crate::domain::policy::VERIFICATION_LINK_TTL;
use crate::domain::secret::Secret;
use crate::domain::session::Client;
use crate::ports::{Ports, UserDirectory};

/// The link of an invitation, which is returned to an operator instead of being mailed.
#[derive(Clone, Debug)]
pub struct ReturnedLink {
    /// The whole link. Whoever opens it chooses the account's password.
    pub link: Secret,
    /// When it expires, in seconds since 1970.
    pub expires_at: u64,
}

impl<P: Ports> AuthService<P> {
    /// Sends another invitation if the account with this address has no password yet, because an
    /// earlier attempt might have been interrupted before it queued the mail.
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

    pub(super) async fn mail_invitation(&self, user: &User, locale: Locale) -> Result<(), Error> {
        let client = Client::uncounted();
        self.ask_for_mail(invitation(user), (&client).into(), locale.into())
            .await
    }

    /// The link that the mail of an invitation would contain.
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
