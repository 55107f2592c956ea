//! The port `KeyValue` on a Workers KV namespace.

use worker::kv::{KvError, KvStore};

use crate::domain::error::StoreError;
use crate::ports::{KeyValue, Page, Values, WriteError};

/// A Workers KV namespace.
#[derive(Clone, Debug)]
pub struct KvNamespace(KvStore);

impl KvNamespace {
    /// The namespace behind a binding.
    #[must_use]
    pub fn new(store: KvStore) -> Self {
        Self(store)
    }
}

impl KeyValue for KvNamespace {
    async fn read(&self, keys: &[String], cache_ttl: Option<u64>) -> Result<Values, StoreError> {
        let mut read = self.0.get_bulk(keys);
        if let Some(seconds) = cache_ttl {
            read = read.cache_ttl(seconds);
        }
        let values = read.text().await.map_err(|error| failed(&error))?;
        Ok(values
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?)))
            .collect())
    }

    async fn write(
        &self,
        key: &str,
        value: &str,
        metadata: Option<serde_json::Value>,
        ttl: u64,
    ) -> Result<(), WriteError> {
        let mut write = self
            .0
            .put(key, value)
            .map_err(|error| WriteError::Failed(failed(&error)))?
            .expiration_ttl(ttl);
        if let Some(metadata) = metadata {
            write = write
                .metadata(metadata)
                .map_err(|error| WriteError::Failed(failed(&error)))?;
        }
        write.execute().await.map_err(|error| {
            let error = failed(&error);
            // "KV PUT failed: 429 Too Many Requests": the status stands in the text only.
            if error.detail.contains("429") {
                WriteError::Refused
            } else {
                WriteError::Failed(error)
            }
        })
    }

    async fn list(&self, prefix: &str, cursor: Option<&str>) -> Result<Page, StoreError> {
        let mut list = self.0.list().prefix(prefix.to_owned());
        if let Some(cursor) = cursor {
            list = list.cursor(cursor.to_owned());
        }
        let page = list.execute().await.map_err(|error| failed(&error))?;
        Ok(Page {
            keys: page
                .keys
                .into_iter()
                .map(|key| (key.name, key.metadata))
                .collect(),
            cursor: page.cursor.filter(|_| !page.list_complete),
        })
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.0.delete(key).await.map_err(|error| failed(&error))
    }
}

fn failed(error: &KvError) -> StoreError {
    StoreError::new("kv", error.to_string())
}
