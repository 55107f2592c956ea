//! Change one's own password.

use super::change_user::Aftermath;
use super::{AuthService, SignedIn};
use crate::domain::account::UserChange;
use crate::domain::error::{AccessRefusal, Error};
use crate::domain::event::Act;
use crate::domain::mail::{Locale, NoticedAct, Task};
use crate::domain::session::Client;
use crate::ports::Ports;

impl<P: Ports> AuthService<P> {
    /// Sets a new password, ends every session, this one too, and begins another, so that whoever had a part in the old
    /// ones is out and the owner is in. The owner is told by mail, if the address is verified.
    ///
    /// # Errors
    /// [`Error::Access`]; [`Error::CurrentPassword`]; [`Error::WeakPassword`]; [`Error::RateLimited`], also for a sixth
    /// change of the user in a day; [`Error::Store`]
    /// when a store failed: when only the new session could not be recorded, the new password is set and a login works.
    pub async fn change_password(
        &self,
        access_token: &str,
        current: &str,
        new: &str,
        client: &Client,
        locale: Locale,
    ) -> Result<SignedIn, Error> {
        let asking = self.bearer_with_user(access_token).await;
        if let Err(Error::Access(AccessRefusal::Outdated)) = asking {
            self.finish_change_of_bearer(access_token).await?;
        }
        let (bearer, user) = asking?;
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
        // Changed meanwhile: so is the token's `ver`.
        let user = self
            .change_user_if(&user, &change, &mut aftermath)
            .await?
            .ok_or(Error::Access(AccessRefusal::Outdated))?;
        self.begin_session(user, client).await
    }
}
