//! Limits by Cloudflare's rate-limit bindings: counted at each location, over a minute.

use worker::RateLimiter as Binding;

use crate::ports::{Limit, RateLimiter};

/// The two rate-limit bindings of `wrangler.toml`.
#[derive(Debug)]
pub struct BindingLimits {
    client: Option<Binding>,
    client_on_account: Option<Binding>,
}

impl BindingLimits {
    /// The bindings `IP_LIMITER` and `ACCOUNT_LIMITER`; one that is not bound admits everything.
    #[must_use]
    pub fn new(env: &worker::Env) -> Self {
        Self {
            client: env.rate_limiter("IP_LIMITER").ok(),
            client_on_account: env.rate_limiter("ACCOUNT_LIMITER").ok(),
        }
    }
}

impl RateLimiter for BindingLimits {
    async fn admit(&self, limit: Limit, key: &str) -> bool {
        let binding = match limit {
            Limit::Client => &self.client,
            Limit::ClientOnAccount => &self.client_on_account,
        };
        let Some(binding) = binding else { return true };
        binding
            .limit(key.to_owned())
            .await
            .map_or(true, |outcome| outcome.success)
    }
}
