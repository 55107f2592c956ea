//! Other services, in memory.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use crate::domain::account::Password;
use crate::domain::authorization::MetadataUrl;
use crate::domain::error::StoreError;
use crate::ports::{FetchedDocument, Vendors};

/// Gives the answers that a test has set.
#[derive(Debug, Default)]
pub struct MemoryVendors {
    /// Passwords that are known from a breach.
    pub breached: RefCell<Vec<String>>,
    /// The token of a challenge that the user solved: the only one that is accepted. With `None`
    /// every token is accepted.
    pub met: RefCell<Option<String>>,
    /// The documents at the URLs of apps. All other URLs answer 404.
    pub documents: RefCell<BTreeMap<String, FetchedDocument>>,
    /// The URLs that were fetched.
    pub fetched: RefCell<Vec<String>>,
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

    async fn client_document(&self, url: &MetadataUrl) -> Result<FetchedDocument, StoreError> {
        self.fetched.borrow_mut().push(url.as_str().to_owned());
        self.reach()?;
        let found = self.documents.borrow().get(url.as_str()).cloned();
        Ok(found.unwrap_or(FetchedDocument {
            status: 404,
            ..FetchedDocument::default()
        }))
    }
}
