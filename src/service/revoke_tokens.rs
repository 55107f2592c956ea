//! Revokes all refresh tokens of a user, and the access tokens with them.

use super::AuthService;
use super::access::Bearer;
use super::change_user::Aftermath;
use crate::domain::account::{UserChange, UserId};
use crate::domain::error::Error;
use crate::domain::event::{Act, Actor};
use crate::domain::operator::{Scope, is_operator_ticket};
use crate::domain::policy::ADMIN_ROLE;
use crate::ports::Ports;

impl<P: Ports> AuthService<P> {
    /// Ends every session of `user`. Renewals stop at once in every store. Access tokens become
    /// invalid at once in this isolate. In other isolates they become invalid as soon as the
    /// session store's answers there are no longer stale.
    ///
    /// # Errors
    /// [`Error::UnknownUser`]; [`Error::Store`]. After [`Error::Store`] a retry completes the
    /// revocation.
    pub async fn revoke_tokens(&self, user: UserId) -> Result<(), Error> {
        self.revoke_by(None, user).await
    }

    async fn revoke_by(&self, by: Option<Actor>, user: UserId) -> Result<(), Error> {
        let act = Act::SessionsRevoked { user, by };
        self.change_user(
            user,
            &UserChange::revoke_sessions(),
            Aftermath::of(vec![act]),
        )
        .await
        .map(drop)
    }

    /// Like [`revoke_tokens`](Self::revoke_tokens), but called by the user, an administrator or an
    /// operator. `credential` is an access token or an operator ticket. Returns the bearer of the
    /// access token, or `None` for an operator.
    ///
    /// # Errors
    /// Those of [`revoke_tokens`](Self::revoke_tokens), [`Error::Access`] and [`Error::Forbidden`].
    /// If a store failed half-way, it is possible that the user's own token is outdated already. If
    /// so, a retry with that token completes the work but still returns an error.
    pub async fn revoke_tokens_as(
        &self,
        credential: &str,
        user: UserId,
    ) -> Result<Option<Bearer>, Error> {
        if is_operator_ticket(credential) {
            let operator = self.operator(credential, Scope::Sessions).await?;
            self.revoke_by(Some(Actor::Operator(operator)), user)
                .await?;
            return Ok(None);
        }
        let (bearer, asking) = self.bearer_with_user_for_change(credential).await?;
        if asking.id != user && !asking.roles.contains(ADMIN_ROLE) {
            return Err(self.deny(&bearer));
        }
        self.revoke_by(Some(asking.id.into()), user).await?;
        Ok(Some(bearer))
    }
}
