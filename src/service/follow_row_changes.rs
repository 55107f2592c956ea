//! Has the session store forget its copies of rows that were changed without a hold: by hand in the
//! database, or by an earlier version of the service. The cron calls it each minute.

use super::AuthService;
use crate::domain::error::Error;
use crate::domain::policy::{COPY_TTL, ROW_CHANGES_AT_ONCE};
use crate::ports::{Ports, SessionStore, UserDirectory};

impl<P: Ports> AuthService<P> {
    /// Has the copies of changed rows forgotten. If one object fails, the others are still told,
    /// and the next run continues.
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
        let mut outcome = Ok(());
        for change in users.row_changes(ROW_CHANGES_AT_ONCE).await? {
            let forgotten = match change.user() {
                Some(user) => sessions.forget_copy(user).await,
                None => Ok(()),
            };
            // Only then: otherwise a failure would leave the copy for a day.
            let done = match forgotten {
                Ok(()) => users.forget_row_change(&change).await,
                Err(error) => Err(error),
            };
            outcome = outcome.and(done.map_err(Error::from));
        }
        outcome
    }
}
