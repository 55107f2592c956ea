//! Cloudflare's rate-limit bindings, which count at each location, per minute.

use js_sys::{Object, Promise};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::binding::{bound, member, set, settled};
use crate::ports::{Limit, RateLimiter};

#[wasm_bindgen]
extern "C" {
    /// `RateLimit`.
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
}

impl BindingLimits {
    /// The bindings `IP_LIMITER`, `ACCOUNT_LIMITER` and `RENEWAL_LIMITER`. One that is not
    /// configured admits everything.
    #[must_use]
    pub fn new(env: &worker::Env) -> Self {
        Self {
            client: bound(env, "IP_LIMITER"),
            client_on_account: bound(env, "ACCOUNT_LIMITER"),
            client_renewals: bound(env, "RENEWAL_LIMITER"),
        }
    }
}

/// Whether the binding admits the key; `None` if it failed.
async fn ask(binding: &Binding, key: &str) -> Option<bool> {
    let options = Object::new();
    set(&options, "key", &key.into());
    let outcome = settled("limiter", binding.limit(&options)).await.ok()?;
    member(&outcome, "success").as_bool()
}

impl RateLimiter for BindingLimits {
    async fn admit(&self, limit: Limit, key: &str) -> bool {
        let binding = match limit {
            Limit::Client => &self.client,
            Limit::ClientOnAccount => &self.client_on_account,
            Limit::ClientRenewals => &self.client_renewals,
        };
        let Some(binding) = binding else { return true };
        ask(binding, key).await.unwrap_or(true)
    }
}
