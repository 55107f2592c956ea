//! A key-value namespace in memory, which counts its calls.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::adapters::kv_sessions::{KeyPage, KeyValue, Values, WriteError};
use crate::domain::error::StoreError;

/// How often the namespace was read and written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyValueCounts {
    /// Reads. A bulk read counts once.
    pub reads: u32,
    /// Writes, including refused and failed ones. Deletions and lists are not counted.
    pub writes: u32,
}

/// A value and its metadata.
type Entry = (String, Option<String>);

/// A key-value namespace in memory. Clones share their content. Nothing expires: the namespace only
/// checks that KV would accept the TTL.
#[derive(Clone, Debug, Default)]
pub struct MemoryKeyValue {
    values: Rc<RefCell<BTreeMap<String, Entry>>>,
    counts: Rc<Cell<KeyValueCounts>>,
    refusals: Rc<Cell<u32>>,
    down: Rc<Cell<bool>>,
}

impl MemoryKeyValue {
    /// The counts since the last call of this method. Resets them.
    #[must_use]
    pub fn take_counts(&self) -> KeyValueCounts {
        self.counts.take()
    }

    /// Makes the next `writes` writes fail in the same way as KV refuses a second write to a key
    /// within a second.
    pub fn refuse_writes(&self, writes: u32) {
        self.refusals.set(writes);
    }

    /// With `true`, all calls fail from now on.
    pub fn set_down(&self, down: bool) {
        self.down.set(down);
    }

    /// The value of a key.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<String> {
        self.values
            .borrow()
            .get(key)
            .map(|(value, _)| value.clone())
    }

    fn up(&self) -> Result<(), StoreError> {
        if self.down.get() {
            Err(StoreError::new("key-value", "down"))
        } else {
            Ok(())
        }
    }
}

impl KeyValue for MemoryKeyValue {
    async fn read(&self, keys: &[String], _cache_ttl: Option<u64>) -> Result<Values, StoreError> {
        let KeyValueCounts { reads, writes } = self.counts.get();
        self.counts.set(KeyValueCounts {
            reads: reads.saturating_add(1),
            writes,
        });
        self.up()?;
        let values = self.values.borrow();
        Ok(keys
            .iter()
            .filter_map(|key| Some((key.clone(), values.get(key)?.0.clone())))
            .collect())
    }

    async fn write(
        &self,
        key: &str,
        value: &str,
        metadata: Option<String>,
        ttl: u64,
    ) -> Result<(), WriteError> {
        let KeyValueCounts { reads, writes } = self.counts.get();
        self.counts.set(KeyValueCounts {
            reads,
            writes: writes.saturating_add(1),
        });
        self.up().map_err(WriteError::Failed)?;
        if ttl < 60 {
            return Err(WriteError::Failed(StoreError::new(
                "key-value",
                "a TTL under 60 s",
            )));
        }
        if let Some(left) = self.refusals.get().checked_sub(1) {
            self.refusals.set(left);
            return Err(WriteError::Refused);
        }
        self.values
            .borrow_mut()
            .insert(key.to_owned(), (value.to_owned(), metadata));
        Ok(())
    }

    async fn list(&self, prefix: &str, _cursor: Option<&str>) -> Result<KeyPage, StoreError> {
        self.up()?;
        let keys = self
            .values
            .borrow()
            .iter()
            .filter(|(key, _)| key.starts_with(prefix))
            .map(|(key, (_, metadata))| (key.clone(), metadata.clone()))
            .collect();
        Ok(KeyPage { keys, cursor: None })
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.up()?;
        self.values.borrow_mut().remove(key);
        Ok(())
    }
}
