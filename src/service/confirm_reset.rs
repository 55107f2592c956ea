//! Sets a new password with a mailed link.

use super::AuthService;
use super::change_user::Aftermath;
use crate::domain::account::{Edit, User, UserChange};
use crate::domain::error::{Error, LinkRefusal};
use crate::domain::event::Act;
use crate::domain::link::State;
use crate::domain::mail::{Locale, Task};
use crate::domain::session::Client;
use crate::ports::Ports;

impl<P: Ports> AuthService<P> {
    /// Sets the password, ends every session and marks the address as verified, because the link
    /// was mailed to it. The password is checked before anything is written, so a weak password
    /// does not use up the link. Of two concurrent requests, one succeeds.
    ///
    /// Setting the password does not sign the user in (OWASP Forgot Password Cheat Sheet). The user
    /// gets a notice by mail.
    ///
    /// # Errors
    /// [`Error::Link`]; [`Error::WeakPassword`]; [`Error::RateLimited`]; [`Error::Store`]. After
    /// [`Error::Store`] a retry completes the change, or the answer to the retry says that the link
    /// was used already.
    pub async fn confirm_reset(
        &self,
        ticket: &str,
        password: &str,
        client: &Client,
        locale: Locale,
    ) -> Result<User, Error> {
        self.admit_client(client).await?;
        let link = self
            .shared
            .links
            .open_reset(ticket, self.now())
            .ok_or_else(|| self.refuse_link(LinkRefusal::Ticket, None))?;
        self.admit_client_on(&link.user.to_string(), client).await?;
        let user = self.user_of_link(link, State::for_reset).await?;
        // If nobody verified the address, it is possible that a stranger registered with it and
        // typed the names, so the names are removed. The names of an invited user (who has no
        // password yet) come from an administrator and are not removed.
        let names = if user.email_verified_at.is_none() && user.has_password() {
            Edit::Remove
        } else {
            Edit::Keep
        };
        let change = UserChange {
            password_hash: Some(self.choose_password(password, &user.email).await?),
            verify_email: true,
            first_name: names.clone(),
            last_name: names,
            ..UserChange::default()
        };
        let to = user.email.clone();
        let aftermath = Aftermath::of(vec![Act::PasswordReset { user: user.id }])
            .telling(Task::PasswordChanged { to }, locale);
        let user = self
            .redeem(link, State::for_reset, user, &change, aftermath)
            .await?
            .ok_or_else(|| self.refuse_link(LinkRefusal::Spent, Some(link.user)))?;
        Ok(user)
    }
}
