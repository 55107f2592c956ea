//! `revoke_tokens`: all of a user's refresh tokens are revoked, and the access tokens with them.

use super::AuthService;
use super::access::Bearer;
use crate::domain::account::{UserChange, UserId};
use crate::domain::error::Error;
use crate::domain::policy::ADMIN_ROLE;
use crate::ports::Ports;

impl<P: Ports> AuthService<P> {
    /// Ends every session of `user`. Renewals stop at once and exactly, in every store; access tokens stop at once
    /// here and elsewhere within the session store's staleness.
    ///
    /// # Errors
    /// [`Error::UnknownUser`]; [`Error::Store`] when a store failed: a repeat finishes it.
    pub async fn revoke_tokens(&self, user: UserId) -> Result<(), Error> {
        self.change_user(user, &UserChange::revoke_sessions())
            .await
            .map(drop)
    }

    /// As [`revoke_tokens`](Self::revoke_tokens), asked for by the bearer of an access token: the user, or an
    /// administrator.
    ///
    /// # Errors
    /// As there, and [`Error::Access`] or [`Error::Forbidden`].
    pub async fn revoke_tokens_as(
        &self,
        access_token: &str,
        user: UserId,
    ) -> Result<Bearer, Error> {
        let (bearer, asking) = self.bearer_with_user(access_token).await?;
        if asking.id != user && !asking.roles.contains(ADMIN_ROLE) {
            return Err(Error::Forbidden);
        }
        self.revoke_tokens(user).await?;
        Ok(bearer)
    }
}
