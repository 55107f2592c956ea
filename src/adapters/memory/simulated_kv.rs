//! Workers KV as it is in production, in memory: what the local simulator forgives, this does not.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::random::SeededRandom;
use super::virtual_time::VirtualTime;
use crate::domain::error::StoreError;
use crate::domain::policy::{KV_BULK_KEYS, KV_MIN_TTL, KV_STALENESS};
use crate::ports::{Clock, KeyValue, Page, Random, Sleep, Values, WriteError};

/// A key takes one write in so many milliseconds.
const WRITE_INTERVAL_MS: u64 = 1000;
/// The shortest time for which a location keeps an answer, in seconds.
const SHORTEST_CACHE_TTL: u64 = 30;
const KEY_BYTES: usize = 512;
const METADATA_BYTES: usize = 1024;

/// A namespace as seen from one location.
///
/// - A key takes one write a second; another is refused. The last write wins, by the time at which it arrives.
/// - A location keeps what it read, a value or an absence, for 60 s (or the TTL that was asked for, 30 s at least); its
///   own writes it sees at once.
/// - A list comes in pages, and shows what another location wrote or deleted 60 s late.
/// - A TTL under 60 s, a key over 512 bytes, metadata over 1,024 bytes and a bulk read of over 100 keys fail.
/// - Calls may be slow, and may fail, writes before or after they took effect.
#[derive(Clone, Debug)]
pub struct SimulatedKv {
    central: Rc<Central>,
    location: Rc<Location>,
}

#[derive(Debug)]
struct Central {
    time: VirtualTime,
    random: SeededRandom,
    keys: RefCell<BTreeMap<String, Vec<Version>>>,
    counts: Cell<Calls>,
    faults: RefCell<Faults>,
}

#[derive(Debug)]
struct Location {
    number: u32,
    cache: RefCell<HashMap<String, Cached>>,
}

#[derive(Clone, Debug)]
struct Version {
    /// `None` is a deletion.
    value: Option<String>,
    metadata: Option<serde_json::Value>,
    expires_ms: u64,
    at_ms: u64,
    by: u32,
}

#[derive(Clone, Debug)]
struct Cached {
    value: Option<String>,
    until_ms: u64,
}

/// What was asked of the namespace, from all locations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// Reads, a bulk read being one.
    pub reads: u32,
    /// Writes, refused and failed ones among them.
    pub writes: u32,
    /// Writes that were refused for their rate.
    pub refused: u32,
    /// Deletions.
    pub deletes: u32,
    /// Pages of lists.
    pub lists: u32,
}

/// What goes wrong.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// From and up to how many milliseconds each call waits before it does anything.
    pub delay_ms: (u64, u64),
    /// Nothing is answered.
    pub down: bool,
    /// How many writes fail before they take effect.
    pub writes_before: u32,
    /// How many writes fail after they took effect: the answer is lost.
    pub writes_after: u32,
    /// How many calls in 256 fail; writes half of the time after they took effect.
    pub failures_in_256: u8,
    /// How many keys a page of a list holds; 0 is 1,000.
    pub page: usize,
}

impl SimulatedKv {
    /// An empty namespace on this time, seen from a first location.
    #[must_use]
    pub fn new(time: VirtualTime) -> Self {
        Self {
            central: Rc::new(Central {
                time,
                random: SeededRandom::default(),
                keys: RefCell::default(),
                counts: Cell::default(),
                faults: RefCell::default(),
            }),
            location: Rc::new(Location {
                number: 0,
                cache: RefCell::default(),
            }),
        }
    }

    /// The same namespace from another location. Two calls with one number are two locations all the same, but each
    /// sees the other's writes in a list.
    #[must_use]
    pub fn at(&self, number: u32) -> Self {
        Self {
            central: Rc::clone(&self.central),
            location: Rc::new(Location {
                number,
                cache: RefCell::default(),
            }),
        }
    }

    /// Sets what goes wrong from now on.
    pub fn set_faults(&self, faults: Faults) {
        *self.central.faults.borrow_mut() = faults;
    }

    /// The calls since the last time, which sets them to nothing.
    #[must_use]
    pub fn take_calls(&self) -> Calls {
        self.central.counts.take()
    }

    /// What stands under a key by the central clock, whatever a location shows.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<String> {
        self.central.latest(key)?.value
    }

    fn count(&self, count: impl FnOnce(&mut Calls)) {
        let mut calls = self.central.counts.get();
        count(&mut calls);
        self.central.counts.set(calls);
    }

    /// Waits as long as calls do, and fails when they do.
    async fn call(&self) -> Result<(), StoreError> {
        let (least, most) = self.central.faults.borrow().delay_ms;
        let span = most.saturating_sub(least).saturating_add(1);
        let wait = u64::from(self.byte()).checked_rem(span).unwrap_or(0);
        if most > 0 {
            self.central.time.sleep(least.saturating_add(wait)).await;
        }
        if self.central.faults.borrow().down {
            return Err(failed("down"));
        }
        Ok(())
    }

    fn strikes(&self) -> bool {
        let failures = self.central.faults.borrow().failures_in_256;
        failures > 0 && self.byte() < failures
    }

    fn byte(&self) -> u8 {
        let mut byte = [0];
        self.central.random.fill(&mut byte);
        let [byte] = byte;
        byte
    }

    /// One write or deletion.
    fn apply(&self, key: &str, version: Version) -> Result<(), WriteError> {
        let now = version.at_ms;
        let too_soon = self
            .central
            .keys
            .borrow()
            .get(key)
            .and_then(|versions| versions.last())
            .is_some_and(|last| now < last.at_ms.saturating_add(WRITE_INTERVAL_MS));
        if too_soon {
            self.count(|calls| calls.refused = calls.refused.saturating_add(1));
            return Err(WriteError::Refused);
        }
        self.location.cache.borrow_mut().insert(
            key.to_owned(),
            Cached {
                value: version.value.clone(),
                until_ms: now.saturating_add(KV_STALENESS.saturating_mul(1000)),
            },
        );
        self.central
            .keys
            .borrow_mut()
            .entry(key.to_owned())
            .or_default()
            .push(version);
        Ok(())
    }

    fn lost_before(&self) -> bool {
        let mut faults = self.central.faults.borrow_mut();
        let lost = faults.writes_before > 0;
        faults.writes_before = faults.writes_before.saturating_sub(1);
        lost
    }

    fn lost_after(&self) -> bool {
        let mut faults = self.central.faults.borrow_mut();
        let lost = faults.writes_after > 0;
        faults.writes_after = faults.writes_after.saturating_sub(1);
        lost
    }

    async fn change(
        &self,
        key: &str,
        change: impl FnOnce(u64) -> Version,
    ) -> Result<(), WriteError> {
        self.call().await.map_err(WriteError::Failed)?;
        let strikes = self.strikes();
        let before = strikes && self.byte() < 128;
        if self.lost_before() || before {
            return Err(WriteError::Failed(failed("lost before the write")));
        }
        self.apply(key, change(self.central.time.now_ms()))?;
        if self.lost_after() || strikes {
            return Err(WriteError::Failed(failed("lost after the write")));
        }
        Ok(())
    }
}

impl Central {
    fn latest(&self, key: &str) -> Option<Version> {
        let keys = self.keys.borrow();
        let version = keys.get(key)?.last()?;
        (self.time.now_ms() < version.expires_ms).then(|| version.clone())
    }
}

impl KeyValue for SimulatedKv {
    async fn read(&self, keys: &[String], cache_ttl: Option<u64>) -> Result<Values, StoreError> {
        self.count(|calls| calls.reads = calls.reads.saturating_add(1));
        if keys.len() > KV_BULK_KEYS {
            return Err(failed("too many keys"));
        }
        self.call().await?;
        if self.strikes() {
            return Err(failed("lost"));
        }
        let now = self.central.time.now_ms();
        let ttl = cache_ttl.unwrap_or(KV_STALENESS).max(SHORTEST_CACHE_TTL);
        let mut cache = self.location.cache.borrow_mut();
        let mut values = Values::new();
        for key in keys {
            let cached = cache.get(key).filter(|cached| now < cached.until_ms);
            let value = match cached {
                Some(cached) => cached.value.clone(),
                None => {
                    let value = self.central.latest(key).and_then(|version| version.value);
                    cache.insert(
                        key.clone(),
                        Cached {
                            value: value.clone(),
                            until_ms: now.saturating_add(ttl.saturating_mul(1000)),
                        },
                    );
                    value
                }
            };
            if let Some(value) = value {
                values.insert(key.clone(), value);
            }
        }
        Ok(values)
    }

    async fn write(
        &self,
        key: &str,
        value: &str,
        metadata: Option<serde_json::Value>,
        ttl: u64,
    ) -> Result<(), WriteError> {
        self.count(|calls| calls.writes = calls.writes.saturating_add(1));
        let metadata_bytes = metadata
            .as_ref()
            .map_or(0, |metadata| metadata.to_string().len());
        let problem = if ttl < KV_MIN_TTL {
            Some("a TTL under 60 s")
        } else if key.len() > KEY_BYTES {
            Some("a key over 512 bytes")
        } else if metadata_bytes > METADATA_BYTES {
            Some("metadata over 1,024 bytes")
        } else {
            None
        };
        if let Some(problem) = problem {
            return Err(WriteError::Failed(failed(problem)));
        }
        self.change(key, |now| Version {
            value: Some(value.to_owned()),
            metadata,
            expires_ms: now.saturating_add(ttl.saturating_mul(1000)),
            at_ms: now,
            by: self.location.number,
        })
        .await
    }

    async fn list(&self, prefix: &str, cursor: Option<&str>) -> Result<Page, StoreError> {
        self.count(|calls| calls.lists = calls.lists.saturating_add(1));
        self.call().await?;
        if self.strikes() {
            return Err(failed("lost"));
        }
        let now = self.central.time.now_ms();
        let seen = |version: &&Version| {
            version.by == self.location.number
                || version
                    .at_ms
                    .saturating_add(KV_STALENESS.saturating_mul(1000))
                    <= now
        };
        let page = match self.central.faults.borrow().page {
            0 => 1000,
            page => page,
        };
        let mut found = Page::default();
        for (key, versions) in self.central.keys.borrow().iter() {
            if !key.starts_with(prefix) || cursor.is_some_and(|cursor| key.as_str() <= cursor) {
                continue;
            }
            let Some(version) = versions.iter().rev().find(seen) else {
                continue;
            };
            if version.value.is_none() || now >= version.expires_ms {
                continue;
            }
            if found.keys.len() == page {
                found.cursor = found.keys.last().map(|(key, _)| key.clone());
                break;
            }
            found.keys.push((key.clone(), version.metadata.clone()));
        }
        Ok(found)
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.count(|calls| calls.deletes = calls.deletes.saturating_add(1));
        let deletion = |now| Version {
            value: None,
            metadata: None,
            expires_ms: u64::MAX,
            at_ms: now,
            by: self.location.number,
        };
        match self.change(key, deletion).await {
            Ok(()) => Ok(()),
            Err(WriteError::Refused) => Err(failed("429 Too Many Requests")),
            Err(WriteError::Failed(error)) => Err(error),
        }
    }
}

fn failed(detail: &str) -> StoreError {
    StoreError::new("simulated_kv", detail)
}
