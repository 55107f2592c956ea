//! A key-value store: what the KV session store and the outbox are built on.

use crate::domain::error::StoreError;

/// A namespace of an eventually consistent key-value store, as Workers KV is: what the KV session store is built on.
pub trait KeyValue {
    /// Reads several keys at once. An absent key is not in the answer.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn read(&self, keys: &[String], cache_ttl: Option<u64>) -> Result<Values, StoreError>;

    /// Writes one key, blindly, to live for `ttl` seconds (at least 60).
    ///
    /// # Errors
    /// When it may not have been written; [`WriteError::Refused`] when it was refused for its rate.
    async fn write(
        &self,
        key: &str,
        value: &str,
        metadata: Option<String>,
        ttl: u64,
    ) -> Result<(), WriteError>;

    /// A page of the keys that begin with `prefix`, with their metadata. A key that was written or deleted lately may
    /// be missing or still there.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn list(&self, prefix: &str, cursor: Option<&str>) -> Result<Page, StoreError>;

    /// Deletes a key; an absent one is no error.
    ///
    /// # Errors
    /// When it may not have been deleted.
    async fn delete(&self, key: &str) -> Result<(), StoreError>;
}

/// The values of a read, by key.
pub type Values = std::collections::HashMap<String, String>;

/// A page of a list of keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The keys, each with its metadata.
    pub keys: Vec<(String, Option<String>)>,
    /// Where the next page begins; `None` after the last.
    pub cursor: Option<String>,
}

/// Why a write did not go through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteError {
    /// Refused: the key was written less than a second ago.
    Refused,
    /// Failed: it may or may not have taken effect.
    Failed(StoreError),
}
