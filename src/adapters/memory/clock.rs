//! Clocks: a manual one and the system's.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::adapters::kv_sessions::Sleep;
use crate::ports::Clock;

/// A clock that stands still until it is advanced. Clones show the same time.
#[derive(Clone, Debug)]
pub struct ManualClock(Rc<Cell<u64>>);

impl ManualClock {
    /// A clock at this time, in milliseconds since 1970.
    #[must_use]
    pub fn at_ms(now_ms: u64) -> Self {
        Self(Rc::new(Cell::new(now_ms)))
    }

    /// Advances the clock by `seconds`.
    pub fn advance(&self, seconds: u64) {
        self.0
            .set(self.0.get().saturating_add(seconds.saturating_mul(1000)));
    }
}

impl Default for ManualClock {
    /// A clock at 2026-01-01T00:00:00Z.
    fn default() -> Self {
        Self::at_ms(1_767_225_600_000)
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> u64 {
        self.0.get()
    }
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> u64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .ok()
            .and_then(|age| u64::try_from(age.as_millis()).ok())
            .unwrap_or_default()
    }
}

/// A sleep that returns at once.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSleep;

impl Sleep for NoSleep {
    async fn sleep(&self, _ms: u64) {}
}
