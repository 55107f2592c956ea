//! The Worker's clock and its timer.

use std::time::Duration;

use crate::adapters::kv_sessions::Sleep;
use crate::ports::Clock;

/// The time at which the request was taken, read once: a Worker's clock stands still between I/O anyway.
#[derive(Clone, Copy, Debug)]
pub struct RequestClock(u64);

impl RequestClock {
    /// Reads the platform's clock.
    #[must_use]
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole milliseconds after 1970"
    )]
    pub fn read() -> Self {
        Self(js_sys::Date::now() as u64)
    }
}

impl Clock for RequestClock {
    fn now_ms(&self) -> u64 {
        self.0
    }
}

/// Waits on the platform's timer.
#[derive(Clone, Copy, Debug)]
pub struct Timer;

impl Sleep for Timer {
    async fn sleep(&self, ms: u64) {
        worker::Delay::from(Duration::from_millis(ms)).await;
    }
}
