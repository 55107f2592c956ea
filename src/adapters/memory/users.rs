//! Accounts in memory.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::domain::account::{EmailAddress, PasswordHash, User, UserChange, UserId};
use crate::domain::error::StoreError;
use crate::ports::{Insertion, UserDirectory};

/// Accounts in memory, lost with the process.
#[derive(Debug, Default)]
pub struct MemoryUsers(RefCell<BTreeMap<UserId, User>>);

fn is_last_administrator(users: &BTreeMap<UserId, User>, id: UserId) -> bool {
    let mut administrators = users
        .values()
        .filter(|user| user.is_enabled_administrator());
    let is_one = users.get(&id).is_some_and(User::is_enabled_administrator);
    is_one && administrators.all(|user| user.id == id)
}

impl UserDirectory for MemoryUsers {
    async fn find_by_id(&self, id: UserId) -> Result<Option<User>, StoreError> {
        Ok(self.0.borrow().get(&id).cloned())
    }

    async fn find_by_email(&self, email: &EmailAddress) -> Result<Option<User>, StoreError> {
        Ok(self
            .0
            .borrow()
            .values()
            .find(|user| user.email.canonical() == email.canonical())
            .cloned())
    }

    async fn insert(&self, user: &User) -> Result<Insertion, StoreError> {
        let mut users = self.0.borrow_mut();
        if users
            .values()
            .any(|other| other.id == user.id || other.email.canonical() == user.email.canonical())
        {
            return Ok(Insertion::EmailTaken);
        }
        users.insert(user.id, user.clone());
        Ok(Insertion::Inserted)
    }

    async fn update(
        &self,
        id: UserId,
        if_version: Option<u64>,
        change: &UserChange,
        now: u64,
    ) -> Result<Option<User>, StoreError> {
        let mut users = self.0.borrow_mut();
        let is_taken = |email: &EmailAddress| {
            users
                .values()
                .any(|other| other.id != id && other.email.canonical() == email.canonical())
        };
        if change.email.as_ref().is_some_and(is_taken) {
            return Ok(None);
        }
        if change.takes_administrator() && is_last_administrator(&users, id) {
            return Ok(None);
        }
        let Some(user) = users
            .get_mut(&id)
            .filter(|user| if_version.is_none_or(|version| version == user.version))
        else {
            return Ok(None);
        };
        if let Some(name) = &change.first_name {
            user.first_name = Some(name.clone());
        }
        if let Some(name) = &change.last_name {
            user.last_name = Some(name.clone());
        }
        if let Some(roles) = &change.roles {
            user.roles = roles.clone();
        }
        if let Some(email) = &change.email {
            user.email = email.clone();
            user.email_verified_at = Some(now);
        }
        if change.verify_email {
            user.email_verified_at = user.email_verified_at.or(Some(now));
        }
        if let Some(hash) = &change.password_hash {
            user.password_hash = hash.clone();
        }
        match change.disabled {
            Some(true) => user.disabled_at = user.disabled_at.or(Some(now)),
            Some(false) => user.disabled_at = None,
            None => {}
        }
        if change.ends_sessions() {
            user.session_epoch = user.session_epoch.wrapping_add(1);
        }
        user.version = user.version.saturating_add(1);
        user.updated_at = now;
        Ok(Some(user.clone()))
    }

    async fn delete(&self, id: UserId) -> Result<bool, StoreError> {
        let mut users = self.0.borrow_mut();
        if is_last_administrator(&users, id) {
            return Ok(false);
        }
        Ok(users.remove(&id).is_some())
    }

    async fn list(&self, after: Option<UserId>, limit: u32) -> Result<Vec<User>, StoreError> {
        let users = self.0.borrow();
        let behind = users
            .values()
            .filter(|user| after.is_none_or(|after| user.id > after));
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(behind.take(limit).cloned().collect())
    }

    async fn rehash(
        &self,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<(), StoreError> {
        if let Some(user) = self.0.borrow_mut().get_mut(&id)
            && user.password_hash == *old
        {
            user.password_hash = new.clone();
        }
        Ok(())
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
