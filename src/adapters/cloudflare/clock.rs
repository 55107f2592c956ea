//! The Worker's clock and its timer.

use std::time::Duration;

use crate::adapters::kv_sessions::Sleep;
use crate::ports::Clock;

/// A clock that always shows the time when the request arrived. The time is read once, so that
/// everything in a request uses the same time.
#[derive(Clone, Copy, Debug)]
pub struct RequestClock(u64);

impl RequestClock {
    /// Reads the platform's clock.
    #[must_use]
    pub fn read() -> Self {
        Self(PlatformClock.now_ms())
    }
}

impl Clock for RequestClock {
    fn now_ms(&self) -> u64 {
        self.0
    }
}

/// The platform's clock, which only moves while the Worker waits.
#[derive(Clone, Copy, Debug)]
pub struct PlatformClock;

impl Clock for PlatformClock {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole milliseconds since 1970"
    )]
    fn now_ms(&self) -> u64 {
        js_sys::Date::now() as u64
    }
}

/// Sleeps with the platform's timer.
#[derive(Clone, Copy, Debug)]
pub struct Timer;

impl Sleep for Timer {
    async fn sleep(&self, ms: u64) {
        worker::Delay::from(Duration::from_millis(ms)).await;
    }
}
