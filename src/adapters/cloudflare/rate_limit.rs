//! Cloudflare's rate-limit bindings, which count requests per minute, separately at each location.

use std::cell::Cell;

use js_sys::{Object, Promise};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::binding::{bound, member, set, settled};
use super::console::log_trouble;
use crate::domain::error::StoreError;
use crate::domain::log_line::Trouble;
use crate::ports::{Limit, RateLimiter};

#[wasm_bindgen]
extern "C" {
    /// The platform's `RateLimit`.
    #[derive(Debug)]
    type Binding;
    #[wasm_bindgen(method, catch)]
    fn limit(this: &Binding, options: &Object) -> Result<Promise, JsValue>;
}

/// The three rate-limit bindings of `wrangler.toml`.
#[derive(Debug)]
pub struct BindingLimits {
    client: Option<Binding>,
    client_on_account: Option<Binding>,
    client_renewals: Option<Binding>,
    /// Which problem was logged already. Each isolate logs each problem once, because one line per
    /// request would not say more.
    told_missing: Cell<bool>,
    told_failed: Cell<bool>,
}

impl BindingLimits {
    /// The bindings `IP_LIMITER`, `ACCOUNT_LIMITER` and `RENEWAL_LIMITER`. If a binding is not
    /// configured, its limit admits everything.
    #[must_use]
    pub fn new(env: &worker::Env) -> Self {
        Self {
            client: bound(env, "IP_LIMITER"),
            client_on_account: bound(env, "ACCOUNT_LIMITER"),
            client_renewals: bound(env, "RENEWAL_LIMITER"),
            told_missing: Cell::default(),
            told_failed: Cell::default(),
        }
    }
}

/// Whether the binding admits the key.
async fn ask(binding: &Binding, key: &str) -> Result<bool, StoreError> {
    let options = Object::new();
    set(&options, "key", &key.into());
    let outcome = settled("limiter", binding.limit(&options)).await?;
    let success = member(&outcome, "success").as_bool();
    success.ok_or_else(|| StoreError::new("limiter", "an answer without success"))
}

impl RateLimiter for BindingLimits {
    async fn admit(&self, limit: Limit, key: &str) -> bool {
        let (binding, name) = match limit {
            Limit::Client => (&self.client, "IP_LIMITER"),
            Limit::ClientOnAccount => (&self.client_on_account, "ACCOUNT_LIMITER"),
            Limit::ClientRenewals => (&self.client_renewals, "RENEWAL_LIMITER"),
        };
        let Some(binding) = binding else {
            if !self.told_missing.replace(true) {
                let remedy = " is not bound, so nothing is limited by it. Add it to wrangler.toml \
                              or wrangler.jsonc, or set LIMITS = \"off\"";
                log_trouble(Trouble::LimiterMissing, &[name, remedy].concat());
            }
            return true;
        };
        ask(binding, key).await.unwrap_or_else(|error| {
            if !self.told_failed.replace(true) {
                log_trouble(Trouble::LimiterFailed, &error.to_string());
            }
            true
        })
    }
}
