//! A simulation in memory of Workers KV as it is in production. It is stricter than Cloudflare's
//! local simulator.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::virtual_time::VirtualTime;
use crate::adapters::kv_sessions::{KeyPage, KeyValue, Sleep, Values, WriteError};
use crate::domain::error::StoreError;
use crate::domain::policy::{KV_BULK_KEYS, KV_MIN_TTL, KV_STALENESS};
use crate::ports::Clock;

/// A key accepts one write in this many milliseconds.
const WRITE_INTERVAL_MS: u64 = 1000;
/// The shortest time for which a location caches an answer, in seconds.
const SHORTEST_CACHE_TTL: u64 = 30;
const KEY_BYTES: usize = 512;
const METADATA_BYTES: usize = 1024;
const PAGE: usize = 1000;

/// A namespace as seen from one of Cloudflare's locations. Clones share the location.
///
/// - A key accepts one write or deletion a second. Another write or deletion within that second is
///   refused. The last write to arrive wins.
/// - A location caches what it read, a value or an absence, for 60 s (or the TTL of the read, at
///   least 30 s). At Cloudflare a later read with a shorter TTL might ask the central store again.
///   In the simulation a later read never does, so that no code relies on that.
/// - A location sees its own writes at once, unless [`Faults::late_at_home`].
/// - A list comes in pages. What another location wrote or deleted shows in a list only after 60 s.
/// - A TTL under 60 s, a key over 512 bytes, metadata over 1,024 bytes and a bulk read of over 100
///   keys fail.
/// - Calls can be slow, and can fail. A write can fail before or after it has taken effect.
#[derive(Clone, Debug)]
pub struct SimulatedKv {
    central: Rc<Central>,
    location: Rc<Location>,
}

#[derive(Debug)]
struct Central {
    time: VirtualTime,
    dice: Cell<u64>,
    /// The versions of each key that a location might still see, the newest last.
    keys: RefCell<BTreeMap<String, Vec<Version>>>,
    locations: RefCell<BTreeMap<String, Rc<Location>>>,
    calls: Cell<Calls>,
    calls_by_key: RefCell<HashMap<String, Calls>>,
    faults: RefCell<Faults>,
}

#[derive(Debug, Default)]
struct Location {
    cache: RefCell<HashMap<String, Cached>>,
}

#[derive(Clone, Debug)]
struct Version {
    /// `None` is a deletion.
    value: Option<String>,
    metadata: Option<String>,
    expires_ms: u64,
    at_ms: u64,
    by: Rc<Location>,
}

#[derive(Clone, Debug)]
struct Cached {
    value: Option<String>,
    until_ms: u64,
}

/// The calls of a namespace, from all locations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// Reads. A bulk read counts once.
    pub reads: u32,
    /// Writes, including refused and failed ones.
    pub writes: u32,
    /// Writes and deletions that were refused as too frequent, also because of
    /// [`Faults::refusals`].
    pub refused: u32,
    /// Deletions, including refused and failed ones.
    pub deletes: u32,
    /// Pages of lists.
    pub lists: u32,
}

/// Which faults happen. A field that is a number of faults is lowered by one when such a fault
/// happens, until it is 0. A deletion counts as a write.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// The least and the most milliseconds that a call takes to arrive. Its answer takes a time
    /// from the same range.
    pub delay_ms: (u64, u64),
    /// For how many milliseconds a failing call hangs.
    pub timeout_ms: u64,
    /// Every call fails.
    pub down: bool,
    /// How many of the next writes are refused, even if the key was not written within the last
    /// second.
    pub refusals: u32,
    /// How many writes fail before they take effect.
    pub writes_before: u32,
    /// How many writes fail after they took effect: the answer is lost, and the location does not
    /// see the write.
    pub writes_after: u32,
    /// How many of the next reads and lists fail.
    pub reads: u32,
    /// How many of 256 calls fail, on average. Half of the failing writes fail after they took
    /// effect.
    pub failures_in_256: u8,
    /// A location sees its own writes as late as other locations do. Cloudflare says only that a
    /// location "usually" sees its own writes at once.
    pub late_at_home: bool,
    /// How many keys a page of a list holds. 0 means 1,000, as in KV.
    pub page: usize,
}

impl SimulatedKv {
    /// An empty namespace with this clock, seen from a location without a name. `seed` decides
    /// delays and failures.
    #[must_use]
    pub fn new(time: VirtualTime, seed: u64) -> Self {
        let central = Central {
            time,
            dice: Cell::new(seed),
            keys: RefCell::default(),
            locations: RefCell::default(),
            calls: Cell::default(),
            calls_by_key: RefCell::default(),
            faults: RefCell::default(),
        };
        Self {
            central: Rc::new(central),
            location: Rc::default(),
        }
    }

    /// The same namespace from the location of this name.
    #[must_use]
    pub fn at(&self, location: &str) -> Self {
        let mut locations = self.central.locations.borrow_mut();
        let location = locations.entry(location.to_owned()).or_default();
        Self {
            central: Rc::clone(&self.central),
            location: Rc::clone(location),
        }
    }

    /// Sets what goes wrong from now on, in all locations.
    pub fn set_faults(&self, faults: Faults) {
        *self.central.faults.borrow_mut() = faults;
    }

    /// The calls since the last call of this method. Resets all counts, including those by key.
    #[must_use]
    pub fn take_calls(&self) -> Calls {
        self.central.calls_by_key.take();
        self.central.calls.take()
    }

    /// The calls that named this key since [`take_calls`](Self::take_calls). For lists, the key is
    /// the prefix.
    #[must_use]
    pub fn calls_of(&self, key: &str) -> Calls {
        let calls = self.central.calls_by_key.borrow();
        calls.get(key).copied().unwrap_or_default()
    }

    /// The value of a key in the central store, whatever a location shows.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<String> {
        self.central.latest(key)
    }

    /// When a key expires, in seconds since 1970.
    #[must_use]
    pub fn expires_at(&self, key: &str) -> Option<u64> {
        let keys = self.central.keys.borrow();
        Some(keys.get(key)?.last()?.expires_ms / 1000)
    }

    /// The keys with this prefix in the central store.
    #[must_use]
    pub fn keys(&self, prefix: &str) -> Vec<String> {
        let keys: Vec<String> = self.central.keys.borrow().keys().cloned().collect();
        keys.into_iter()
            .filter(|key| key.starts_with(prefix) && self.value(key).is_some())
            .collect()
    }

    /// Counts one call, in total and by each key.
    fn count<'a>(
        &self,
        keys: impl IntoIterator<Item = &'a str>,
        count: fn(&mut Calls) -> &mut u32,
    ) {
        let add = |calls: &mut Calls| *count(calls) = count(calls).saturating_add(1);
        let mut calls = self.central.calls.get();
        add(&mut calls);
        self.central.calls.set(calls);
        let mut by_key = self.central.calls_by_key.borrow_mut();
        for key in keys {
            add(by_key.entry(key.to_owned()).or_default());
        }
    }

    /// A pseudo-random number below `end`. `end` must not be 0.
    fn dice(&self, end: u64) -> u64 {
        // SplitMix64.
        let state = self.central.dice.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.central.dice.set(state);
        let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)).checked_rem(end).unwrap_or(0)
    }

    fn now_ms(&self) -> u64 {
        self.central.time.now_ms()
    }

    /// Waits as long as a call, or its answer, takes to arrive.
    async fn travel(&self) {
        let (least, most) = self.central.faults.borrow().delay_ms;
        if most > 0 {
            let span = most.saturating_sub(least).saturating_add(1);
            let wait = least.saturating_add(self.dice(span));
            self.central.time.sleep(wait).await;
        }
    }

    async fn failed(&self, detail: &str) -> StoreError {
        let timeout = self.central.faults.borrow().timeout_ms;
        if timeout > 0 {
            self.central.time.sleep(timeout).await;
        }
        StoreError::new("simulated_kv", detail)
    }

    /// Whether a scripted fault is left. If so, uses one up.
    fn scripted(&self, left: fn(&mut Faults) -> &mut u32) -> bool {
        let mut faults = self.central.faults.borrow_mut();
        let left = left(&mut faults);
        let strikes = *left > 0;
        *left = left.saturating_sub(1);
        strikes
    }

    fn strikes(&self) -> bool {
        let faults = self.central.faults.borrow();
        let (down, failures) = (faults.down, u64::from(faults.failures_in_256));
        drop(faults);
        down || (failures > 0 && self.dice(256) < failures)
    }

    /// A read or a list reaches the namespace, or fails.
    async fn ask(&self) -> Result<(), StoreError> {
        self.travel().await;
        if self.scripted(|faults| &mut faults.reads) || self.strikes() {
            return Err(self.failed("lost").await);
        }
        Ok(())
    }

    /// Makes a write or a deletion.
    async fn change(
        &self,
        key: &str,
        value: Option<&str>,
        metadata: Option<String>,
        ttl: u64,
    ) -> Result<(), WriteError> {
        self.travel().await;
        let strikes = self.strikes();
        let before = strikes && (self.central.faults.borrow().down || self.dice(2) == 0);
        if self.scripted(|faults| &mut faults.writes_before) || before {
            return Err(WriteError::Failed(self.failed("lost before").await));
        }
        let now = self.now_ms();
        let last = self.central.written_at(key);
        let too_soon = last.is_some_and(|last| now < last.saturating_add(WRITE_INTERVAL_MS));
        if too_soon || self.scripted(|faults| &mut faults.refusals) {
            self.count([key], |calls| &mut calls.refused);
            self.travel().await;
            return Err(WriteError::Refused);
        }
        let version = Version {
            value: value.map(str::to_owned),
            metadata,
            expires_ms: now.saturating_add(ttl.saturating_mul(1000)),
            at_ms: now,
            by: Rc::clone(&self.location),
        };
        self.central.keep(key, version);
        if self.scripted(|faults| &mut faults.writes_after) || strikes {
            return Err(WriteError::Failed(self.failed("lost after").await));
        }
        if !self.central.faults.borrow().late_at_home {
            self.location.remember(key, value, now, KV_STALENESS);
        }
        self.travel().await;
        Ok(())
    }
}

impl Central {
    fn latest(&self, key: &str) -> Option<String> {
        let keys = self.keys.borrow();
        let last = keys.get(key)?.last()?;
        (self.time.now_ms() < last.expires_ms)
            .then(|| last.value.clone())
            .flatten()
    }

    fn written_at(&self, key: &str) -> Option<u64> {
        Some(self.keys.borrow().get(key)?.last()?.at_ms)
    }

    fn keep(&self, key: &str, version: Version) {
        let now = version.at_ms;
        let mut keys = self.keys.borrow_mut();
        let versions = keys.entry(key.to_owned()).or_default();
        // All locations show at least the newest of the versions that have reached every location.
        // Versions older than that one are not shown anywhere any more, so they are deleted.
        if let Some(shown) = versions.iter().rposition(|old| old.is_everywhere(now)) {
            versions.drain(..shown);
        }
        versions.push(version);
    }
}

impl Version {
    fn is_everywhere(&self, now_ms: u64) -> bool {
        self.at_ms.saturating_add(KV_STALENESS.saturating_mul(1000)) <= now_ms
    }
}

impl Location {
    fn remember(&self, key: &str, value: Option<&str>, now_ms: u64, ttl: u64) {
        let cached = Cached {
            value: value.map(str::to_owned),
            until_ms: now_ms.saturating_add(ttl.saturating_mul(1000)),
        };
        self.cache.borrow_mut().insert(key.to_owned(), cached);
    }
}

impl KeyValue for SimulatedKv {
    async fn read(&self, keys: &[String], cache_ttl: Option<u64>) -> Result<Values, StoreError> {
        self.count(keys.iter().map(String::as_str), |calls| &mut calls.reads);
        if keys.len() > KV_BULK_KEYS {
            return Err(self.failed("too many keys").await);
        }
        self.ask().await?;
        let now = self.now_ms();
        let ttl = cache_ttl.unwrap_or(KV_STALENESS).max(SHORTEST_CACHE_TTL);
        let mut values = Values::new();
        for key in keys {
            let cached = self.location.cache.borrow().get(key).cloned();
            let value = match cached.filter(|cached| now < cached.until_ms) {
                Some(cached) => cached.value,
                None => {
                    let value = self.central.latest(key);
                    self.location.remember(key, value.as_deref(), now, ttl);
                    value
                }
            };
            if let Some(value) = value {
                values.insert(key.clone(), value);
            }
        }
        self.travel().await;
        Ok(values)
    }

    async fn write(
        &self,
        key: &str,
        value: &str,
        metadata: Option<String>,
        ttl: u64,
    ) -> Result<(), WriteError> {
        self.count([key], |calls| &mut calls.writes);
        let metadata_bytes = metadata.as_ref().map_or(0, String::len);
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
            return Err(WriteError::Failed(self.failed(problem).await));
        }
        self.change(key, Some(value), metadata, ttl).await
    }

    async fn list(&self, prefix: &str, cursor: Option<&str>) -> Result<KeyPage, StoreError> {
        self.count([prefix], |calls| &mut calls.lists);
        self.ask().await?;
        let now = self.now_ms();
        let late_at_home = self.central.faults.borrow().late_at_home;
        let page = match self.central.faults.borrow().page {
            0 => PAGE,
            page => page,
        };
        let mut found = KeyPage::default();
        for (key, versions) in self.central.keys.borrow().iter() {
            if !key.starts_with(prefix) || cursor.is_some_and(|cursor| key.as_str() <= cursor) {
                continue;
            }
            let shown = versions.iter().rev().find(|version| {
                let own = Rc::ptr_eq(&version.by, &self.location);
                (own && !late_at_home) || version.is_everywhere(now)
            });
            let Some(version) = shown.filter(|it| it.value.is_some() && now < it.expires_ms) else {
                continue;
            };
            if found.keys.len() == page {
                found.cursor = found.keys.last().map(|(key, _)| key.clone());
                break;
            }
            found.keys.push((key.clone(), version.metadata.clone()));
        }
        self.travel().await;
        Ok(found)
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.count([key], |calls| &mut calls.deletes);
        match self.change(key, None, None, 0).await {
            Ok(()) => Ok(()),
            Err(WriteError::Refused) => Err(self.failed("429 Too Many Requests").await),
            Err(WriteError::Failed(error)) => Err(error),
        }
    }
}
