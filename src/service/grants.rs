//! Lists and withdraws grants: what a user allowed apps to do.

use super::AuthService;
use super::access::Bearer;
use crate::domain::authorization::GrantId;
use crate::domain::error::Error;
use crate::domain::event::Act;
use crate::domain::policy::WITHDRAWN_GRANT_TTL;
use crate::ports::{GivenGrant, Grants, Ports, SessionStore};

impl<P: Ports> AuthService<P> {
    /// What the bearer has granted to apps, the newest first.
    ///
    /// # Errors
    /// [`Error::Access`]; [`Error::Store`].
    pub async fn list_grants(&self, access_token: &str) -> Result<Vec<GivenGrant>, Error> {
        let (bearer, _) = self.bearer_with_user(access_token).await?;
        Ok(self.ports.grants().list(bearer.user).await?)
    }

    /// Withdraws what the bearer granted to an app. Renewals by the app fail at once, because they
    /// read the grant. The app's sessions of this user end. The app's access tokens become invalid
    /// as soon as the session store's answers are no longer stale.
    ///
    /// # Errors
    /// [`Error::Access`]; [`Error::UnknownGrant`] if the bearer has no such grant. After
    /// [`Error::Store`] a retry completes the withdrawal.
    pub async fn withdraw_grant(&self, access_token: &str, id: GrantId) -> Result<Bearer, Error> {
        let (bearer, user) = self.bearer_with_user(access_token).await?;
        let now = self.now();
        let grants = self.ports.grants();
        let grant = grants.withdraw(id, user.id, now).await?;
        let grant = grant.ok_or(Error::UnknownGrant)?;
        self.record(Act::GrantWithdrawn {
            user: user.id,
            session: bearer.session,
            client: grant.client.clone(),
        });
        self.ports
            .sessions()
            .end_client(user.id, grant.client.hash(), now)
            .await?;
        Ok(bearer)
    }

    /// Deletes grants that were withdrawn so long ago that no session can still read them. The cron
    /// job calls this method.
    ///
    /// # Errors
    /// [`Error::Store`]; the next run continues.
    pub async fn forget_withdrawn_grants(&self) -> Result<(), Error> {
        let before = self.now().saturating_sub(WITHDRAWN_GRANT_TTL);
        Ok(self.ports.grants().forget_withdrawn(before).await?)
    }
}
