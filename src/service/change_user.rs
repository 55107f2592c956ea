//! Changes a user. The user's row is written first. Then the change is recorded in the audit log,
//! and the user is notified. Last, the user's older access tokens are invalidated. Recording and
//! notifying come before the last step, because the last step can fail. A retry might then find
//! that the row has the change already, and record nothing.

use super::AuthService;
use super::access::Bearer;
use crate::domain::account::{User, UserChange, UserId};
use crate::domain::error::{AccessRefusal, Error, StoreError};
use crate::domain::event::Act;
use crate::domain::mail::{Locale, Task};
use crate::domain::policy::{DELETED_VERSION, HOLD_TRIES, STALE_TTL};
use crate::ports::{Ports, SessionStore, UserDirectory};

/// What happens once a change is stored.
#[derive(Default)]
pub(super) struct Aftermath {
    /// The events to record.
    pub(super) acts: Vec<Act>,
    /// The mail to send.
    pub(super) notice: Option<(Task, Locale)>,
}

impl Aftermath {
    /// Records these events and notifies nobody.
    pub(super) fn of(acts: Vec<Act>) -> Self {
        Self { acts, notice: None }
    }

    /// Also notifies the user, but only if their address is verified, because an unverified address
    /// could belong to anybody.
    pub(super) fn telling_user(self, user: &User, task: Task, locale: Locale) -> Self {
        if user.email_verified_at.is_some() {
            self.telling(task, locale)
        } else {
            self
        }
    }

    /// Also queues this notice.
    pub(super) fn telling(self, task: Task, locale: Locale) -> Self {
        Self {
            notice: Some((task, locale)),
            ..self
        }
    }
}

impl<P: Ports> AuthService<P> {
    /// Changes a user's row, then invalidates the older access tokens.
    pub(super) async fn change_user(
        &self,
        id: UserId,
        change: &UserChange,
        aftermath: Aftermath,
    ) -> Result<User, Error> {
        let user = self.update_held(id, None, change).await?;
        self.finish(id, user, aftermath).await
    }

    /// Like [`change_user`](Self::change_user), but changes the names, the roles or the state
    /// (enabled or disabled) of the user `before`, whom the caller has just read. If the store made
    /// the change and only its answer was lost, this method continues as if the answer had arrived.
    /// If this method returned an error instead, a retry would find nothing to change, and the
    /// change would never be recorded.
    pub(super) async fn amend(
        &self,
        before: &User,
        change: &UserChange,
        aftermath: Aftermath,
    ) -> Result<User, Error> {
        let users = self.ports.users();
        let user = match self.update_held(before.id, None, change).await {
            Ok(user) => user,
            Err(error) => {
                let found = users.find_by_id(before.id).await.ok().flatten();
                let is_made = |user: &User| {
                    user.version > before.version
                        && change.clone().without_current_values(user).is_empty()
                };
                Some(found.filter(is_made).ok_or(error)?)
            }
        };
        self.finish(before.id, user, aftermath).await
    }

    /// Like [`amend`](Self::amend), for a change that depends on the content of the row that the
    /// caller has read (`before`). If the row has changed since the caller read it, nothing is done
    /// and the result is `None`. `is_made` says whether a user already has the change.
    pub(super) async fn amend_if_unchanged(
        &self,
        before: &User,
        change: &UserChange,
        mut aftermath: Aftermath,
        is_made: impl Fn(&User) -> bool,
    ) -> Result<Option<User>, Error> {
        let users = self.ports.users();
        let changed = match self
            .update_held(before.id, Some(before.version), change)
            .await
        {
            Ok(changed) => changed,
            Err(error) => {
                let found = users.find_by_id(before.id).await.ok().flatten();
                let is_ours = |user: &User| user.version > before.version && is_made(user);
                Some(found.filter(is_ours).ok_or(error)?)
            }
        };
        let Some(user) = changed else {
            return match users.find_by_id(before.id).await? {
                None => Err(Error::UnknownUser),
                // The version is unchanged, so the database refused the change to protect the last
                // administrator.
                Some(user) if user.version == before.version => Err(Error::LastAdministrator),
                Some(_) => Ok(None),
            };
        };
        self.follow(&mut aftermath).await;
        self.outdate(user.id, user.version).await?;
        Ok(Some(user))
    }

    /// Changes the row while the user's Durable Object is on hold, see
    /// [`within_hold`](Self::within_hold).
    async fn update_held(
        &self,
        id: UserId,
        if_version: Option<u64>,
        change: &UserChange,
    ) -> Result<Option<User>, StoreError> {
        let users = self.ports.users();
        self.within_hold(id, async |within| {
            users
                .update(id, if_version, within, change, self.now())
                .await
        })
        .await
    }

    /// Changes a user's row while the user's Durable Object is on hold. Until the deadline of the
    /// hold, the object does not use its copy of the row, so it never uses a copy that is older
    /// than the change. The function `change` gets the deadline, and returns `None` if it changed
    /// nothing. If it changed nothing because its statement reached the database after the
    /// deadline, it is called again with a new hold (at most `HOLD_TRIES` times in all).
    pub(super) async fn within_hold<T>(
        &self,
        id: UserId,
        change: impl AsyncFn(Option<u64>) -> Result<Option<T>, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        for _ in 0..HOLD_TRIES {
            let within = self.ports.sessions().hold(id, self.now()).await?;
            let changed = change(within).await?;
            let Some(deadline) = within.filter(|_| changed.is_none()) else {
                return Ok(changed);
            };
            if !self.ports.users().is_past(deadline, self.now()).await? {
                return Ok(None);
            }
        }
        Err(StoreError::new(
            "d1",
            "it took too long to change a user, so nothing was changed",
        ))
    }

    /// The last steps of a change that was made whatever the version of the row was.
    async fn finish(
        &self,
        id: UserId,
        user: Option<User>,
        mut aftermath: Aftermath,
    ) -> Result<User, Error> {
        let user = match user {
            Some(user) => user,
            None => return Err(self.not_removed(id).await?),
        };
        self.follow(&mut aftermath).await;
        self.outdate(user.id, user.version).await?;
        Ok(user)
    }

    /// The error for a user whom the store did not change or delete, if the reason was not that the
    /// row has another version than expected. The user does not exist, or is the last
    /// administrator.
    pub(super) async fn not_removed(&self, id: UserId) -> Result<Error, Error> {
        Ok(match self.ports.users().find_by_id(id).await? {
            Some(_) => Error::LastAdministrator,
            None => Error::UnknownUser,
        })
    }

    /// Like [`change_user`](Self::change_user), but does nothing and returns `None` if the user's
    /// row has changed since it was read, or if another account has the new address.
    pub(super) async fn change_user_if(
        &self,
        user: &User,
        change: &UserChange,
        aftermath: &mut Aftermath,
    ) -> Result<Option<User>, Error> {
        let changed = match self.update_held(user.id, Some(user.version), change).await {
            Ok(changed) => changed,
            Err(error) => Some(self.changed_after_all(user, change, error).await?),
        };
        if let Some(user) = &changed {
            self.follow(aftermath).await;
            self.outdate(user.id, user.version).await?;
        }
        Ok(changed)
    }

    /// The changed user, if the store made the change and only its answer was lost. Returns `error`
    /// if the store did not make the change. A new password hash has a new salt, and an address
    /// belongs to only one account, so a row with the new hash or the new address can only come
    /// from this change.
    async fn changed_after_all(
        &self,
        before: &User,
        change: &UserChange,
        error: StoreError,
    ) -> Result<User, Error> {
        let found = self.ports.users().find_by_id(before.id).await;
        let is_made = |user: &User| {
            user.version == before.version.saturating_add(1)
                && (change.password_hash.is_some() || change.email.is_some())
                && change
                    .password_hash
                    .as_ref()
                    .is_none_or(|hash| *hash == user.password_hash)
                && change
                    .email
                    .as_ref()
                    .is_none_or(|email| *email == user.email)
        };
        found
            .ok()
            .flatten()
            .filter(is_made)
            .ok_or_else(|| error.into())
    }

    async fn follow(&self, aftermath: &mut Aftermath) {
        for act in aftermath.acts.drain(..) {
            self.record(act);
        }
        if let Some((task, locale)) = aftermath.notice.take() {
            self.notify(task, locale).await;
        }
    }

    /// Finishes a change that might have failed after its row was written. Invalidates again all
    /// access tokens that are older than the version in the row. Does nothing if the change is so
    /// old that all such tokens have expired. `row` is the user's row. `None` means that the user
    /// was deleted.
    pub(super) async fn finish_change(&self, id: UserId, row: Option<&User>) -> Result<(), Error> {
        match row {
            None => self.outdate(id, DELETED_VERSION).await,
            Some(user) if user.updated_at.saturating_add(STALE_TTL) > self.now() => {
                self.outdate(id, user.version).await
            }
            Some(_) => Ok(()),
        }
    }

    /// Like [`bearer_with_user`](Self::bearer_with_user), for a request that might repeat a change.
    /// If the token is rejected because the first attempt has changed or deleted the user, this
    /// method finishes that change. This is safe, because the last steps of a change only repeat
    /// what the row already says.
    ///
    /// The change is finished even if the session store already rejects the token. It is possible
    /// that only the memory of this isolate says that the token is invalid, because the write to
    /// the store has failed.
    pub(super) async fn bearer_with_user_for_change(
        &self,
        access_token: &str,
    ) -> Result<(Bearer, User), Error> {
        let bearer = self.bearer_with_user(access_token).await;
        if let Err(Error::Access(AccessRefusal::Outdated | AccessRefusal::NoUser)) = bearer {
            let id = self.verified_bearer(access_token).await?.user;
            let row = self.ports.users().find_by_id(id).await?;
            self.finish_change(id, row.as_ref()).await?;
        }
        bearer
    }

    /// Invalidates a user's access tokens of earlier versions.
    ///
    /// A write that is slow or retried can arrive after the write of a later change, and replace
    /// the larger version by a smaller one. So the row is read again after each write. If the row
    /// has a larger version by then, that version is written too.
    pub(super) async fn outdate(&self, user: UserId, version: u64) -> Result<(), Error> {
        let sessions = self.ports.sessions();
        let mut version = version;
        loop {
            sessions
                .outdate(user, version, STALE_TTL, self.now())
                .await?;
            if sessions.versions_only_rise() || version == DELETED_VERSION {
                return Ok(());
            }
            let row = self.ports.users().find_by_id(user).await?;
            let latest = row.map_or(DELETED_VERSION, |user| user.version);
            if latest <= version {
                return Ok(());
            }
            version = latest;
        }
    }
}
