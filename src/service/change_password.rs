//! Changes the user's own password.

use super::change_user::Aftermath;
use super::{AuthService, SignedIn};
use crate::domain::account::UserChange;
use crate::domain::error::{AccessRefusal, Error};
use crate::domain::event::Act;
use crate::domain::mail::{Locale, NoticedAct, Task};
use crate::domain::session::Client;
use crate::ports::Ports;

impl<P: Ports> AuthService<P> {
    /// Sets a new password, ends every session including the current one, and begins a new one. So
    /// anyone who shared the old sessions is signed out, and the owner is signed in. The owner gets
    /// a notice by mail if the address is verified.
    ///
    /// # Errors
    /// - [`Error::Access`]; [`Error::CurrentPassword`]; [`Error::WeakPassword`].
    /// - [`Error::RateLimited`]: there were too many attempts, or this is the user's sixth change
    ///   in a day.
    /// - [`Error::Store`]: a store failed. If storing the new session is the only step that failed,
    ///   the new password is set, and the user can log in with it.
    pub async fn change_password(
        &self,
        access_token: &str,
        current: &str,
        new: &str,
        client: &Client,
        locale: Locale,
    ) -> Result<SignedIn, Error> {
        let (bearer, user) = self.bearer_with_user_for_change(access_token).await?;
        self.check_current_password(&user, current, bearer.session, client)
            .await?;
        let hash = self.choose_password(new, &user.email).await?;
        self.admit_noticed_act(user.id, NoticedAct::PasswordChange)
            .await?;
        let change = UserChange {
            password_hash: Some(hash),
            ..UserChange::default()
        };
        let act = Act::PasswordChanged {
            user: user.id,
            session: bearer.session,
        };
        let to = user.email.clone();
        let notice = Task::PasswordChanged { to };
        let mut aftermath = Aftermath::of(vec![act]).telling_user(&user, notice, locale);
        // `None` means that the user's row was changed meanwhile, so the access token is outdated.
        let user = self
            .change_user_if(&user, &change, &mut aftermath)
            .await?
            .ok_or(Error::Access(AccessRefusal::Outdated))?;
        self.begin_session(user, client, None).await
    }
}
