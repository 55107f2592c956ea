//! Deletes an account. Users delete their own. Administrators and operators delete any account.

use super::AuthService;
use super::access::Bearer;
use super::manager::Manager;
use crate::domain::account::{User, UserId};
use crate::domain::error::{AccessRefusal, Error};
use crate::domain::event::{Act, Actor};
use crate::domain::mail::{Locale, Task};
use crate::domain::operator::Scope;
use crate::domain::policy::{DELETED_VERSION, FREED_ADDRESS_TTL, VERSION_TRIES};
use crate::domain::session::Client;
use crate::ports::{Ports, UserDirectory};

impl<P: Ports> AuthService<P> {
    /// Deletes the bearer's own account. Renewals stop at once in every store. Access tokens become
    /// invalid at once in this isolate. In other isolates they become invalid as soon as the
    /// session store's answers there are no longer stale. The owner gets a notice by mail. The
    /// account's data in other stores is deleted later, by
    /// [`clear_departures`](AuthService::clear_departures).
    ///
    /// # Errors
    /// - [`Error::Access`]: the token is not valid, or the account has changed meanwhile.
    /// - [`Error::CurrentPassword`].
    /// - [`Error::RateLimited`].
    /// - [`Error::LastAdministrator`].
    /// - [`Error::Store`]: it is possible that the account is deleted already. If so, a retry with
    ///   the same token completes the work but still gets an error, because the account no longer
    ///   exists.
    pub async fn delete_own_account(
        &self,
        access_token: &str,
        current_password: &str,
        client: &Client,
        locale: Locale,
    ) -> Result<Bearer, Error> {
        let (bearer, user) = self.bearer_with_user_for_change(access_token).await?;
        self.check_current_password(&user, current_password, bearer.session, client)
            .await?;
        // The account is deleted only if it still has the version whose password was checked. A
        // thief who knows the old password must not be able to delete the account after the owner
        // has set a new one.
        let version = Some(user.version);
        self.delete_user_row(&user, version, bearer.user.into(), locale)
            .await?;
        Ok(bearer)
    }

    /// Deletes an account for an administrator or an operator.
    ///
    /// # Errors
    /// [`Error::Access`]; [`Error::Forbidden`]; [`Error::ReauthenticationRequired`];
    /// [`Error::UnknownUser`]; [`Error::LastAdministrator`]; [`Error::Store`]. After
    /// [`Error::Store`] a retry completes the work, and returns [`Error::UnknownUser`] if the
    /// account is deleted already.
    pub async fn delete_account(
        &self,
        credential: &str,
        id: UserId,
        locale: Locale,
    ) -> Result<Manager, Error> {
        let manager = self.manager(credential, Scope::Users).await?;
        self.require_fresh(&manager)?;
        let Some(user) = self.ports.users().find_by_id(id).await? else {
            self.finish_change(id, None).await?;
            return Err(Error::UnknownUser);
        };
        self.delete_user_row(&user, None, manager.actor(), locale)
            .await?;
        Ok(manager)
    }

    async fn delete_user_row(
        &self,
        user: &User,
        if_version: Option<u64>,
        by: Actor,
        locale: Locale,
    ) -> Result<(), Error> {
        let users = self.ports.users();
        let mut user = user.clone();
        for _ in 0..VERSION_TRIES {
            let freed = &self.shared.freed_addresses;
            let freed = freed.freed(&user.email, self.now());
            let deleted = self
                .within_hold(user.id, async |within| {
                    let deleted = users
                        .delete(user.id, &user.email, if_version, within, &freed)
                        .await?;
                    Ok(deleted.then_some(()))
                })
                .await;
            let is_gone = match deleted {
                Ok(deleted) => deleted.is_some(),
                // If the account no longer exists, the store has deleted it and only the answer was
                // lost.
                Err(error) => match users.find_by_id(user.id).await {
                    Ok(None) => true,
                    _ => return Err(error.into()),
                },
            };
            if is_gone {
                return self.finish_deletion(user, by, locale).await;
            }
            // The store did not delete the account, for one of these reasons: it was deleted
            // before, it was changed meanwhile, it is the last administrator, or it has just got
            // another address.
            let found = users.find_by_id(user.id).await?;
            let found = found.ok_or(Error::UnknownUser)?;
            if if_version.is_some_and(|version| version != found.version) {
                return Err(Error::Access(AccessRefusal::Outdated));
            }
            if found.email.canonical() == user.email.canonical() {
                return Err(self.not_removed(user.id).await?);
            }
            user = found;
        }
        Err(Error::Internal(
            "an account's address never stayed the same",
        ))
    }

    async fn finish_deletion(&self, user: User, by: Actor, locale: Locale) -> Result<(), Error> {
        self.record(Act::AccountDeleted { user: user.id, by });
        let to = user.email.clone();
        self.notify_user(&user, Task::AccountDeleted { to }, locale)
            .await;
        // From now on every token with this user id is rejected. New accounts get new ids.
        // Only an import can use the id again, and no sooner than `DEPARTED_ID_TTL` later.
        self.outdate(user.id, DELETED_VERSION).await
    }

    /// Deletes old records of freed addresses (addresses whose account was deleted or moved to
    /// another address). A record is needed while a registration that was requested before the
    /// address was freed could still be completed. After that it is deleted. The cron job calls
    /// this method.
    ///
    /// # Errors
    /// [`Error::Store`]; the next run continues.
    pub async fn forget_freed_addresses(&self) -> Result<(), Error> {
        let before = self.now().saturating_sub(FREED_ADDRESS_TTL);
        Ok(self.ports.users().forget_freed(before).await?)
    }
}
