//! Makes the session store discard its copies of users' rows that were changed without its
//! knowledge: by hand in the database, or by an earlier version of the service. The cron job calls
//! it each minute.

use futures_util::future::join5;

use super::AuthService;
use crate::domain::account::RowChange;
use crate::domain::error::{Error, StoreError};
use crate::domain::policy::{COPY_TTL, ROW_CHANGES_AT_ONCE};
use crate::ports::{Ports, SessionStore, UserDirectory};

impl<P: Ports> AuthService<P> {
    /// Tells the users' Durable Objects to discard their copies of changed rows. If one object
    /// fails, the others are still told. A later run tells the failed object again, after the
    /// objects that have waited longer.
    ///
    /// A session store without copies has nothing to discard. The database still keeps the list of
    /// changed rows for as long as a copy may be used, because within that time the operator might
    /// switch `SESSION_STORE` back to the store with copies.
    ///
    /// # Errors
    /// The first failure of a store. Nothing is lost: the next run continues.
    pub async fn follow_row_changes(&self) -> Result<(), Error> {
        let (users, sessions) = (self.ports.users(), self.ports.sessions());
        if !sessions.keeps_copies() {
            let before = self.now().saturating_sub(COPY_TTL);
            return Ok(users.forget_row_changes(before).await?);
        }
        // No copy from before `COPIES_SINCE` is used, so the changes before it are dropped from the
        // list. A `COPIES_SINCE` in the future is ignored, because the operator might correct it
        // before it takes effect. In this case older copies are still in use.
        let since = self.settings().copies_since;
        if (1..=self.now()).contains(&since) {
            users.forget_row_changes(since).await?;
        }
        let changes = users.row_changes(ROW_CHANGES_AT_ONCE).await?;
        if changes.is_empty() {
            return Ok(());
        }
        // The changes are moved to the end of the list before the work, so that the next run
        // handles the failed ones last. If the database fails to move them, the objects are told
        // all the same.
        let mut outcome = users.postpone_row_changes(&changes, self.now()).await;
        // Five objects are told at once, because each object that does not answer delays the run by
        // its whole time limit.
        for some in changes.chunks(5) {
            let follow = |at| self.follow_row_change(some.get(at));
            let done = join5(follow(0), follow(1), follow(2), follow(3), follow(4)).await;
            let (first, second, third, fourth, fifth) = done;
            outcome = outcome.and(first).and(second).and(third);
            outcome = outcome.and(fourth).and(fifth);
        }
        Ok(outcome?)
    }

    async fn follow_row_change(&self, change: Option<&RowChange>) -> Result<(), StoreError> {
        let Some(change) = change else {
            return Ok(());
        };
        if let Some(user) = change.user() {
            self.ports.sessions().forget_copy(user).await?;
        }
        // The change is removed from the list only after the object was told. If it were removed
        // before and the object then failed, the object could use the outdated copy for a day.
        self.ports.users().forget_row_change(change).await
    }
}
