//! A password hasher that counts its computations instead of making them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use edgegate::domain::account::{
    Attempt, HashError, HashRefusal, Password, PasswordHash, Verification,
};
use edgegate::ports::PasswordHasher;

/// Counts each computation that a real hasher would make. Clones share their counts.
#[derive(Clone, Default)]
pub(crate) struct CountingHasher {
    pub(crate) computed: Rc<Cell<u32>>,
    pub(crate) decoys: Rc<RefCell<Vec<[u8; 16]>>>,
}

impl CountingHasher {
    fn compute(&self) {
        self.computed.set(self.computed.get() + 1);
    }
}

impl PasswordHasher for CountingHasher {
    async fn hash(&self, password: &Password, salt: &[u8; 16]) -> Result<PasswordHash, HashError> {
        self.compute();
        let typed = password.as_bytes();
        Ok(PasswordHash::new(format!("counted {salt:?} {typed:?}")))
    }

    async fn verify(
        &self,
        password: &Password,
        hash: &PasswordHash,
    ) -> Result<Verification, HashError> {
        // Like Argon2Hasher, this hasher rejects an unreadable hash before it computes anything.
        if !hash.as_str().starts_with("counted ") {
            return Err(HashError::Malformed);
        }
        self.compute();
        let typed = format!(" {:?}", password.as_bytes());
        Ok(if hash.as_str().ends_with(&typed) {
            Verification::Matches { rehash: false }
        } else {
            Verification::Differs
        })
    }

    fn judge(&self, _hash: &PasswordHash) -> Result<(), HashRefusal> {
        Ok(())
    }

    async fn level_failure(&self, _attempt: &Attempt<'_>) {}

    async fn verify_nothing(&self, _password: &Password, salt: &[u8; 16]) {
        self.compute();
        self.decoys.borrow_mut().push(*salt);
    }
}
