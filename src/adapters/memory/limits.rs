//! No limits.

use crate::ports::{Limit, RateLimiter};

/// Allows everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLimits;

impl RateLimiter for NoLimits {
    async fn admit(&self, _limit: Limit, _key: &str) -> bool {
        true
    }
}
