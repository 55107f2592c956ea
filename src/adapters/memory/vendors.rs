//! Other services, in memory.

use std::cell::{Cell, RefCell};

use crate::domain::account::Password;
use crate::domain::error::StoreError;
use crate::ports::Vendors;

/// Gives the answers that it was told to give.
#[derive(Debug, Default)]
pub struct MemoryVendors {
    /// Passwords that are known from a breach.
    pub breached: RefCell<Vec<String>>,
    /// The token of a challenge that was passed. With `None` every token is one.
    pub met: RefCell<Option<String>>,
    /// Whether all services are unreachable.
    pub unreachable: Cell<bool>,
}

impl MemoryVendors {
    fn reach(&self) -> Result<(), StoreError> {
        if self.unreachable.get() {
            return Err(StoreError::new("vendor", "it does not answer"));
        }
        Ok(())
    }
}

impl Vendors for MemoryVendors {
    async fn is_breached(&self, password: &Password) -> Result<bool, StoreError> {
        self.reach()?;
        let breached = self.breached.borrow();
        Ok(breached
            .iter()
            .any(|known| known.as_bytes() == password.as_bytes()))
    }

    async fn has_met_challenge(&self, token: &str) -> Result<bool, StoreError> {
        self.reach()?;
        Ok(self.met.borrow().as_ref().is_none_or(|met| met == token))
    }
}
