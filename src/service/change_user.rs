//! A change to a user, made to count: the row first, then the access tokens from before. What has become so is recorded in
//! between, since a repeat of what failed after it may find nothing to do.

use super::AuthService;
use crate::domain::account::{User, UserChange, UserId};
use crate::domain::error::Error;
use crate::domain::event::Act;
use crate::domain::policy::STALE_MARGIN;
use crate::ports::{Ports, SessionStore, UserDirectory};

impl<P: Ports> AuthService<P> {
    /// Changes a user's row, then makes the access tokens from before count no more.
    pub(super) async fn change_user(
        &self,
        id: UserId,
        change: &UserChange,
        acts: &mut Vec<Act>,
    ) -> Result<User, Error> {
        let now = self.now();
        let user = self
            .ports
            .users()
            .update(id, None, change, now)
            .await?
            .ok_or(Error::UnknownUser)?;
        self.record_all(acts);
        self.outdate(user.id, user.version).await?;
        Ok(user)
    }

    /// The same, unless the user has changed since it was read, or another account has the new address: then nothing is
    /// done and the answer is `None`.
    pub(super) async fn change_user_if(
        &self,
        user: &User,
        change: &UserChange,
        acts: &mut Vec<Act>,
    ) -> Result<Option<User>, Error> {
        let users = self.ports.users();
        let changed = users
            .update(user.id, Some(user.version), change, self.now())
            .await?;
        if let Some(user) = &changed {
            self.record_all(acts);
            self.outdate(user.id, user.version).await?;
        }
        Ok(changed)
    }

    fn record_all(&self, acts: &mut Vec<Act>) {
        for act in acts.drain(..) {
            self.record(act);
        }
    }

    /// Writes again what the row says of older access tokens, when it was changed so lately that they may still be
    /// presented: the change may have been cut short before that. It changes nothing that is not so already.
    pub(super) async fn finish_change(&self, user: &User) -> Result<(), Error> {
        let ends_at = user.updated_at.saturating_add(self.stale_ttl());
        if ends_at > self.now() {
            self.outdate(user.id, user.version).await?;
        }
        Ok(())
    }

    /// Makes a user's access tokens from before this version count no more.
    pub(super) async fn outdate(&self, user: UserId, version: u64) -> Result<(), Error> {
        let sessions = self.ports.sessions();
        sessions
            .outdate(user, version, self.stale_ttl(), self.now())
            .await?;
        Ok(())
    }

    fn stale_ttl(&self) -> u64 {
        self.settings()
            .access_token_ttl
            .saturating_add(STALE_MARGIN)
    }
}
