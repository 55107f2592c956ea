//! Revokes all refresh tokens of a user, and the access tokens with them.

use super::AuthService;
use super::access::Bearer;
use super::change_user::Aftermath;
use crate::domain::account::{UserChange, UserId};
use crate::domain::error::Error;
use crate::domain::event::Act;
use crate::domain::policy::ADMIN_ROLE;
use crate::ports::Ports;

impl<P: Ports> AuthService<P> {
    /// Ends every session of `user`. Renewals stop at once in every store. Access tokens stop at
    /// once here, and elsewhere within the session store's staleness.
    ///
    /// # Errors
    /// [`Error::UnknownUser`]; [`Error::Store`]: a retry completes it.
    pub async fn revoke_tokens(&self, user: UserId) -> Result<(), Error> {
        self.revoke_by(None, user).await
    }

    async fn revoke_by(&self, by: Option<UserId>, user: UserId) -> Result<(), Error> {
        let act = Act::SessionsRevoked { user, by };
        self.change_user(
            user,
            &UserChange::revoke_sessions(),
            Aftermath::of(vec![act]),
        )
        .await
        .map(drop)
    }

    /// Like [`revoke_tokens`](Self::revoke_tokens), for the bearer of an access token: the user, or
    /// an administrator.
    ///
    /// # Errors
    /// Those of [`revoke_tokens`](Self::revoke_tokens), [`Error::Access`] and [`Error::Forbidden`].
    /// If a store failed half-way, the user's own token may be outdated already: a retry with it
    /// completes the work but is still refused.
    pub async fn revoke_tokens_as(
        &self,
        access_token: &str,
        user: UserId,
    ) -> Result<Bearer, Error> {
        let (bearer, asking) = self.bearer_with_user_for_change(access_token).await?;
        if asking.id != user && !asking.roles.contains(ADMIN_ROLE) {
            return Err(self.deny(&bearer));
        }
        self.revoke_by(Some(asking.id), user).await?;
        Ok(bearer)
    }
}
