//! Has the session store forget its copies of rows that were changed without a hold: by hand in the
//! database, or by an earlier version of the service. The cron calls it each minute.

use futures_util::future::join5;

use super::AuthService;
use crate::domain::account::RowChange;
use crate::domain::error::{Error, StoreError};
use crate::domain::policy::{COPY_TTL, ROW_CHANGES_AT_ONCE};
use crate::ports::{Ports, SessionStore, UserDirectory};

impl<P: Ports> AuthService<P> {
    /// Has the copies of changed rows forgotten. If one object fails, the others are still told.
    /// The failed one is told again by a later run, after those that have waited longer.
    ///
    /// A session store without copies needs nothing. The changes stay listed for as long as a copy
    /// may decide, since `SESSION_STORE` may be switched back within that time.
    ///
    /// # Errors
    /// The first failure of a store. Nothing is lost: the next run continues.
    pub async fn follow_row_changes(&self) -> Result<(), Error> {
        let (users, sessions) = (self.ports.users(), self.ports.sessions());
        if !sessions.keeps_copies() {
            let before = self.now().saturating_sub(COPY_TTL);
            return Ok(users.forget_row_changes(before).await?);
        }
        // No copy from before that time is used, so nothing has to be told of those changes. A time
        // in the future may be taken back, and then older copies are used.
        let since = self.settings().copies_since;
        if (1..=self.now()).contains(&since) {
            users.forget_row_changes(since).await?;
        }
        let changes = users.row_changes(ROW_CHANGES_AT_ONCE).await?;
        if changes.is_empty() {
            return Ok(());
        }
        // Before the work, so that those which fail let the others go first in the next run. If the
        // database can't write, the objects can still be told.
        let mut outcome = users.postpone_row_changes(&changes, self.now()).await;
        // Five at once: an object that does not answer takes its time limit.
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
        // Only then: otherwise a failure would leave the copy for a day.
        self.ports.users().forget_row_change(change).await
    }
}
