//! Accounts in memory.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::SeededRandom;
use crate::domain::account::{
    Departure, EmailAddress, EmailPrefix, FreedAddress, LinkNonce, NotFreedSince, PasswordHash,
    RowChange, User, UserChange, UserId, raised_epoch, raised_version,
};
use crate::domain::error::StoreError;
use crate::domain::policy::newest_row_changes;
use crate::ports::{Insertion, Random, UserDirectory};

/// Accounts in memory, lost with the process.
#[derive(Debug, Default)]
pub struct MemoryUsers {
    users: RefCell<BTreeMap<UserId, User>>,
    /// The accounts that were deleted, with the time when the cleanup of each is due.
    departures: RefCell<BTreeMap<UserId, (Departure, Option<u64>)>>,
    freed: RefCell<BTreeMap<String, u64>>,
    /// The users whose rows were deleted, or were changed without a deadline (while their Durable
    /// Object was not on hold), with the time and the number of the last such change.
    row_changes: RefCell<BTreeMap<UserId, (u64, u64)>>,
    changes: Cell<u64>,
    /// While this is above 0, every change with a deadline arrives too late. Each call of
    /// `is_past` lowers the number by one.
    late: Cell<u32>,
    random: SeededRandom,
}

impl MemoryUsers {
    /// Changes a user's row in the way in which an operator changes it directly in the database: no
    /// counter is raised, and no session store learns of the change.
    pub fn change_by_hand(&self, id: UserId, now: u64, change: impl FnOnce(&mut User)) {
        if let Some(user) = self.users.borrow_mut().get_mut(&id) {
            change(user);
        }
        self.list_change(id, now);
    }

    /// Makes changes that have a deadline arrive too late, until
    /// [`is_past`](UserDirectory::is_past) was called `times` times.
    pub fn be_late(&self, times: u32) {
        self.late.set(times);
    }

    fn list_change(&self, id: UserId, now: u64) {
        let number = self.changes.get().saturating_add(1);
        self.changes.set(number);
        self.row_changes.borrow_mut().insert(id, (now, number));
    }

    /// Whether a change arrives after the deadline `within`. This store has no clock of its own, so
    /// it uses the caller's time.
    fn is_too_late(&self, within: Option<u64>, now: u64) -> bool {
        within.is_some_and(|deadline| self.late.get() > 0 || now >= deadline)
    }

    fn free(&self, freed: &FreedAddress) {
        let mut addresses = self.freed.borrow_mut();
        let at = addresses.entry(freed.key.clone()).or_default();
        *at = freed.at.max(*at);
    }

    fn holds(&self, condition: &NotFreedSince) -> bool {
        let freed = self.freed.borrow();
        let mut times = condition.keys.iter().filter_map(|key| freed.get(key));
        times.all(|at| *at < condition.asked_at)
    }
}

fn is_last_administrator(users: &BTreeMap<UserId, User>, id: UserId) -> bool {
    let is_one = users.get(&id).is_some_and(User::is_enabled_administrator);
    let mut others = users.values().filter(|user| user.id != id);
    is_one && !others.any(User::is_administrator_who_can_sign_in)
}

/// Whether the stored account `user` prevents the account `new` from being added, because they have
/// the same id, address or external id.
fn is_in_the_way(user: &User, new: &User) -> bool {
    user.id == new.id
        || user.email.canonical() == new.email.canonical()
        || (new.external_id.is_some() && user.external_id == new.external_id)
}

impl UserDirectory for MemoryUsers {
    async fn find_by_id(&self, id: UserId) -> Result<Option<User>, StoreError> {
        Ok(self.users.borrow().get(&id).cloned())
    }

    async fn find_by_email(&self, email: &EmailAddress) -> Result<Option<User>, StoreError> {
        Ok(self
            .users
            .borrow()
            .values()
            .find(|user| user.email.canonical() == email.canonical())
            .cloned())
    }

    async fn insert(
        &self,
        user: &User,
        condition: Option<&NotFreedSince>,
    ) -> Result<Insertion, StoreError> {
        let mut users = self.users.borrow_mut();
        if users
            .values()
            .any(|other| other.id == user.id || other.email.canonical() == user.email.canonical())
        {
            return Ok(Insertion::EmailTaken);
        }
        if condition.is_some_and(|condition| !self.holds(condition)) {
            return Ok(Insertion::Freed);
        }
        users.insert(user.id, user.clone());
        Ok(Insertion::Inserted)
    }

    async fn import(&self, new: &[User]) -> Result<Vec<UserId>, StoreError> {
        let mut users = self.users.borrow_mut();
        let mut added = Vec::new();
        for user in new {
            if !users.values().any(|other| is_in_the_way(other, user)) {
                users.insert(user.id, user.clone());
                added.push(user.id);
            }
        }
        Ok(added)
    }

    async fn find_in_the_way_of(&self, new: &[User]) -> Result<Vec<User>, StoreError> {
        let users = self.users.borrow();
        let found = users
            .values()
            .filter(|user| new.iter().any(|new| is_in_the_way(user, new)));
        Ok(found.cloned().collect())
    }

    async fn departed_among(
        &self,
        ids: &[UserId],
        left_after: u64,
    ) -> Result<Vec<UserId>, StoreError> {
        let departures = self.departures.borrow();
        let has_departed = |id: &&UserId| {
            let departure = departures.get(*id);
            departure.is_some_and(|(it, due_at)| due_at.is_some() || it.left_at > left_after)
        };
        Ok(ids.iter().filter(has_departed).copied().collect())
    }

    async fn update(
        &self,
        id: UserId,
        if_version: Option<u64>,
        within: Option<u64>,
        change: &UserChange,
        now: u64,
    ) -> Result<Option<User>, StoreError> {
        if self.is_too_late(within, now) {
            return Ok(None);
        }
        let mut users = self.users.borrow_mut();
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
        if let Some(freed) = &change.frees {
            self.free(freed);
        }
        user.first_name = change.first_name.apply(user.first_name.take());
        user.last_name = change.last_name.apply(user.last_name.take());
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
        if change.spoils_links() {
            user.link_generation = user.link_generation.saturating_add(1);
        }
        user.version = user.version.saturating_add(1);
        user.updated_at = now;
        if within.is_none() {
            self.list_change(id, now);
        }
        Ok(Some(user.clone()))
    }

    async fn delete(
        &self,
        id: UserId,
        email: &EmailAddress,
        if_version: Option<u64>,
        within: Option<u64>,
        freed: &FreedAddress,
    ) -> Result<bool, StoreError> {
        if self.is_too_late(within, freed.at) {
            return Ok(false);
        }
        let mut users = self.users.borrow_mut();
        let is_there = users
            .get(&id)
            .filter(|user| if_version.is_none_or(|version| version == user.version))
            .is_some_and(|user| user.email.canonical() == email.canonical())
            && !is_last_administrator(&users, id);
        if is_there {
            self.free(freed);
            users.remove(&id);
            self.list_change(id, freed.at);
            let departure = Departure {
                user: id,
                address: freed.key.clone(),
                left_at: freed.at,
            };
            let mut departures = self.departures.borrow_mut();
            departures.insert(id, (departure, Some(freed.at)));
        }
        Ok(is_there)
    }

    async fn is_past(&self, deadline: u64, now: u64) -> Result<bool, StoreError> {
        let late = self.late.get();
        self.late.set(late.saturating_sub(1));
        Ok(late > 0 || now >= deadline)
    }

    async fn row_changes(&self, limit: u32) -> Result<Vec<RowChange>, StoreError> {
        let changes = self.row_changes.borrow();
        let mut waiting: Vec<_> = changes.iter().collect();
        waiting.sort_by_key(|(_, (at, _))| *at);
        let newest = usize::try_from(newest_row_changes(limit)).unwrap_or(usize::MAX);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let oldest = limit.saturating_sub(newest).min(waiting.len());
        let (oldest, others) = waiting.split_at(oldest);
        let listed = others.iter().rev().take(newest).chain(oldest);
        Ok(listed
            .map(|(id, (_, number))| RowChange {
                id: id.to_string(),
                mark: number.to_string(),
            })
            .collect())
    }

    async fn postpone_row_changes(
        &self,
        changes: &[RowChange],
        now: u64,
    ) -> Result<(), StoreError> {
        let mut listed = self.row_changes.borrow_mut();
        for user in changes.iter().filter_map(RowChange::user) {
            if let Some((at, _)) = listed.get_mut(&user) {
                *at = now.max(*at);
            }
        }
        Ok(())
    }

    async fn forget_row_change(&self, change: &RowChange) -> Result<(), StoreError> {
        self.row_changes.borrow_mut().retain(|id, (_, number)| {
            id.to_string() != change.id || number.to_string() != change.mark
        });
        Ok(())
    }

    async fn forget_row_changes(&self, before: u64) -> Result<(), StoreError> {
        self.row_changes
            .borrow_mut()
            .retain(|_, (at, _)| *at >= before);
        Ok(())
    }

    async fn due_departures(&self, limit: u32, now: u64) -> Result<Vec<Departure>, StoreError> {
        let departures = self.departures.borrow();
        let mut due: Vec<_> = departures
            .values()
            .filter(|(_, due_at)| due_at.is_some_and(|at| at <= now))
            .collect();
        due.sort_by_key(|(_, due_at)| *due_at);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let departures = due.into_iter().map(|(departure, _)| departure.clone());
        Ok(departures.take(limit).collect())
    }

    async fn departures(
        &self,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<Departure>, StoreError> {
        let departures = self.departures.borrow();
        let behind = departures
            .values()
            .map(|(departure, _)| departure)
            .filter(|departure| after.is_none_or(|after| departure.user > after));
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(behind.take(limit).cloned().collect())
    }

    async fn postpone_departure(&self, id: UserId, due_at: Option<u64>) -> Result<(), StoreError> {
        if let Some((_, due)) = self.departures.borrow_mut().get_mut(&id) {
            *due = due_at;
        }
        Ok(())
    }

    async fn forget_departures(&self, left_before: u64) -> Result<(), StoreError> {
        self.departures
            .borrow_mut()
            .retain(|_, (departure, due_at)| due_at.is_some() || departure.left_at >= left_before);
        Ok(())
    }

    async fn is_not_freed(&self, condition: &NotFreedSince) -> Result<bool, StoreError> {
        Ok(self.holds(condition))
    }

    async fn forget_freed(&self, before: u64) -> Result<(), StoreError> {
        self.freed.borrow_mut().retain(|_, at| *at >= before);
        Ok(())
    }

    async fn list(&self, after: Option<UserId>, limit: u32) -> Result<Vec<User>, StoreError> {
        let users = self.users.borrow();
        let behind = users
            .values()
            .filter(|user| after.is_none_or(|after| user.id > after));
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(behind.take(limit).cloned().collect())
    }

    async fn find_by_prefix(
        &self,
        prefix: &EmailPrefix,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<User>, StoreError> {
        let users = self.users.borrow();
        let is_found = |user: &&User| {
            let address = user.email.canonical();
            address.starts_with(prefix.as_str()) && after.is_none_or(|after| address > after)
        };
        let mut found: Vec<&User> = users.values().filter(is_found).collect();
        found.sort_by_key(|user| user.email.canonical());
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(found.into_iter().take(limit).cloned().collect())
    }

    async fn raise_counters(
        &self,
        after: Option<UserId>,
        limit: u32,
        now: u64,
    ) -> Result<Vec<UserId>, StoreError> {
        let mut users = self.users.borrow_mut();
        let behind = users
            .values_mut()
            .filter(|user| after.is_none_or(|after| user.id > after));
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut raised = Vec::new();
        for user in behind.take(limit) {
            let mut nonce = [0; 16];
            self.random.fill(&mut nonce);
            user.version = raised_version(user.version, now);
            user.session_epoch = raised_epoch(user.session_epoch, now);
            user.link_nonce = LinkNonce::new(&nonce);
            user.updated_at = now;
            self.list_change(user.id, now);
            raised.push(user.id);
        }
        Ok(raised)
    }

    async fn rehash(
        &self,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<(), StoreError> {
        if let Some(user) = self.users.borrow_mut().get_mut(&id)
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
