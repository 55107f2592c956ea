//! No limits.

use crate::ports::{Limit, RateLimiter};

/// Admits everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLimits;

impl RateLimiter for NoLimits {
    async fn admit(&self, _limit: Limit, _key: &str) -> bool {
        true
    }
}
