//! The traits that a platform implements so that sessions can be stored in a key-value store.
#![allow(
    async_fn_in_trait,
    reason = "a Worker's isolate has one thread: no future needs to be Send"
)]

use std::collections::HashMap;
use std::future::Future;

use crate::domain::error::StoreError;

/// A namespace of an eventually consistent key-value store, as Workers KV is.
pub trait KeyValue {
    /// Reads several keys at once. The answer has no entry for an absent key.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn read(&self, keys: &[String], cache_ttl: Option<u64>) -> Result<Values, StoreError>;

    /// Writes one key, whatever its value was. The key expires after `ttl` seconds (at least 60).
    ///
    /// # Errors
    /// [`WriteError::Refused`] when the key was written too often. [`WriteError::Failed`] when it
    /// is not certain whether the value was written.
    async fn write(
        &self,
        key: &str,
        value: &str,
        metadata: Option<String>,
        ttl: u64,
    ) -> Result<(), WriteError>;

    /// A page of the keys that begin with `prefix`, with their metadata. A key that was written
    /// recently might be missing, and a key that was deleted recently might still be listed.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn list(&self, prefix: &str, cursor: Option<&str>) -> Result<KeyPage, StoreError>;

    /// Deletes a key. Deleting an absent key is not an error.
    ///
    /// # Errors
    /// When it is not certain that the key was deleted.
    async fn delete(&self, key: &str) -> Result<(), StoreError>;
}

/// The values of a read, by key.
pub type Values = HashMap<String, String>;

/// A page of a list of keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyPage {
    /// The keys, each with its metadata.
    pub keys: Vec<(String, Option<String>)>,
    /// Where the next page begins. `None` on the last page.
    pub cursor: Option<String>,
}

/// Why a write failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteError {
    /// Refused: the key was written less than a second ago.
    Refused,
    /// It is unknown whether the write took effect.
    Failed(StoreError),
}

/// Sleeps. Separate from [`Clock`](crate::ports::Clock) so that tests can skip it.
pub trait Sleep {
    /// Returns after about `ms` milliseconds.
    async fn sleep(&self, ms: u64);
}

/// Work after the response.
pub trait Background {
    /// Does the job after the response. A failure is logged, and has no other effect.
    fn after_response<F>(&self, job: F)
    where
        F: Future<Output = Result<(), StoreError>> + 'static;
}
