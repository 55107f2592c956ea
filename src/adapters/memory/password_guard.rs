//! Checks passwords, and counts the failures of each account in memory.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use crate::adapters::argon2::Argon2Hasher;
use crate::domain::account::{
    AccountName, Attempt, Comparison, FailedTries, HashError, Password, PasswordHash,
};
use crate::domain::error::StoreError;
use crate::ports::{Guarded, PasswordGuard, PasswordHasher};

/// Counts failed attempts in memory. The counts are lost with the process. With a hasher that never
/// yields, such as [`Argon2Hasher`], one attempt ends before the next one begins, so no attempt
/// waits for another.
#[derive(Debug)]
pub struct MemoryPasswordGuard<H = Argon2Hasher> {
    accounts: RefCell<BTreeMap<AccountName, FailedTries>>,
    hasher: H,
    hashed: Cell<u32>,
}

// Implemented only for `Argon2Hasher`. With an implementation for every `H`, the compiler could not
// infer `H` from `MemoryPasswordGuard::default()`.
impl Default for MemoryPasswordGuard {
    fn default() -> Self {
        Self::new(Argon2Hasher::default())
    }
}

impl<H: PasswordHasher> MemoryPasswordGuard<H> {
    /// A guard that hashes with this hasher.
    #[must_use]
    pub fn new(hasher: H) -> Self {
        Self {
            accounts: RefCell::default(),
            hasher,
            hashed: Cell::default(),
        }
    }

    /// How many accounts have stored failures.
    #[must_use]
    pub fn accounts(&self) -> usize {
        self.accounts.borrow().len()
    }

    /// How many times this guard has hashed a password.
    #[must_use]
    pub fn hashed(&self) -> u32 {
        self.hashed.get()
    }
}

impl<H: PasswordHasher> PasswordGuard for MemoryPasswordGuard<H> {
    async fn check(
        &self,
        account: &AccountName,
        attempt: &Attempt<'_>,
        now: u64,
    ) -> Result<Guarded<Comparison>, StoreError> {
        self.accounts
            .borrow_mut()
            .retain(|_, tries| tries.lapses_at() > now);
        let mut tries = self
            .accounts
            .borrow()
            .get(account)
            .cloned()
            .unwrap_or_default();
        let admitted = match attempt.by.map(|by| tries.admit(by, now)).transpose() {
            Ok(admitted) => admitted,
            Err(wait) => return Ok(Guarded::Delayed(wait)),
        };
        self.hashed.set(self.hashed.get().saturating_add(1));
        let compared = self.hasher.compare(attempt).await;
        if let Some(admitted) = admitted
            && attempt.has_failed(compared)
        {
            tries.fail(admitted, now);
            self.accounts.borrow_mut().insert(account.clone(), tries);
        }
        Ok(Guarded::Done(compared))
    }

    async fn hash(
        &self,
        _account: &AccountName,
        password: &Password,
        salt: &[u8; 16],
    ) -> Result<Guarded<Result<PasswordHash, HashError>>, StoreError> {
        self.hashed.set(self.hashed.get().saturating_add(1));
        Ok(Guarded::Done(self.hasher.hash(password, salt).await))
    }

    async fn forget(&self, account: &AccountName) -> Result<(), StoreError> {
        self.accounts.borrow_mut().remove(account);
        Ok(())
    }
}
