//! Change one's own password.

use super::{AuthService, SignedIn};
use crate::domain::account::UserChange;
use crate::domain::error::{AccessRefusal, Error};
use crate::domain::event::Act;
use crate::domain::mail::{Locale, Task};
use crate::domain::session::Client;
use crate::ports::Ports;

impl<P: Ports> AuthService<P> {
    /// Sets a new password, ends every session, this one too, and begins another, so that whoever had a part in the old
    /// ones is out and the owner is in. The owner is told by mail.
    ///
    /// # Errors
    /// [`Error::Access`]; [`Error::CurrentPassword`]; [`Error::WeakPassword`]; [`Error::RateLimited`]; [`Error::Store`]
    /// when a store failed: when only the new session could not be recorded, the new password is set and a login works.
    pub async fn change_password(
        &self,
        access_token: &str,
        current: &str,
        new: &str,
        client: &Client,
        locale: Locale,
    ) -> Result<SignedIn, Error> {
        let (bearer, user) = self.bearer_with_user(access_token).await?;
        self.check_current_password(&user, current, bearer.session, client)
            .await?;
        let hash = self.choose_password(new, &user.email).await?;
        let change = UserChange {
            password_hash: Some(hash),
            ..UserChange::default()
        };
        let act = Act::PasswordChanged {
            user: user.id,
            session: bearer.session,
        };
        // Changed meanwhile: so is the token's `ver`.
        let user = self
            .change_user_if(&user, &change, &mut vec![act])
            .await?
            .ok_or(Error::Access(AccessRefusal::Outdated))?;
        let to = user.email.clone();
        self.notify(Task::PasswordChanged { to }, locale).await;
        self.begin_session(user, client).await
    }
}
