//! Makes the session store forget its copies of rows that were changed without a hold: by hand in
//! the database, or by an earlier version of the service. The cron calls it each minute.

use futures_util::future::join5;

use super::AuthService;
use crate::domain::account::RowChange;
use crate::domain::error::{Error, StoreError};
use crate::domain::policy::{COPY_TTL, ROW_CHANGES_AT_ONCE};
use crate::ports::{Ports, SessionStore, UserDirectory};

impl<P: Ports> AuthService<P> {
    /// Tells the objects to forget their copies of changed rows. If one object fails, the others
    /// are still told. A later run tells the failed one again, after those that have waited longer.
    ///
    /// A session store without copies has nothing to forget. The changes stay listed for as long as
    /// a copy may be used, because `SESSION_STORE` may be switched back within that time.
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
        // list. A time in the future is ignored, because it may be taken back, and then older
        // copies are used again.
        let since = self.settings().copies_since;
        if (1..=self.now()).contains(&since) {
            users.forget_row_changes(since).await?;
        }
        let changes = users.row_changes(ROW_CHANGES_AT_ONCE).await?;
        if changes.is_empty() {
            return Ok(());
        }
        // Postponed before the work, so that the next run takes the failed ones last. If the
        // database can't write, the objects can still be told.
        let mut outcome = users.postpone_row_changes(&changes, self.now()).await;
        // Five at once, because an object that does not answer takes as long as its time limit.
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
        // The change is forgotten only after the object was told. Otherwise a failure would leave
        // the copy in use for a day.
        self.ports.users().forget_row_change(change).await
    }
}
