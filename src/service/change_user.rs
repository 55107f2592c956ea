//! A change to a user, made to count: the row first, then the access tokens from before.

use super::AuthService;
use crate::domain::account::{User, UserChange, UserId};
use crate::domain::error::Error;
use crate::domain::policy::STALE_MARGIN;
use crate::ports::{Ports, SessionStore, UserDirectory};

impl<P: Ports> AuthService<P> {
    /// Changes a user's row, then makes the access tokens from before count no more.
    pub(super) async fn change_user(&self, id: UserId, change: &UserChange) -> Result<User, Error> {
        let now = self.now();
        let user = self
            .ports
            .users()
            .update(id, change, now)
            .await?
            .ok_or(Error::UnknownUser)?;
        self.outdate(&user).await?;
        Ok(user)
    }

    /// Makes the access tokens from before the user's last change count no more.
    pub(super) async fn outdate(&self, user: &User) -> Result<(), Error> {
        let ttl = self
            .settings()
            .access_token_ttl
            .saturating_add(STALE_MARGIN);
        let sessions = self.ports.sessions();
        sessions
            .outdate(user.id, user.version, ttl, self.now())
            .await?;
        Ok(())
    }
}
