//! Calls other services over HTTP: a range API of breached passwords, and Cloudflare Turnstile.

use js_sys::{Promise, Uint8Array};
use serde::Serialize;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::binding::settled;
use crate::domain::account::{ChallengeVerdict, PREFIX_DIGITS, Password, is_in_range};
use crate::domain::error::StoreError;
use crate::domain::policy::{
    BREACHES_MAX_BYTES, BREACHES_TIMEOUT_MS, CHALLENGE_MAX_BYTES, CHALLENGE_TIMEOUT_MS,
};
use crate::domain::settings::VendorSettings;
use crate::ports::Vendors;

#[wasm_bindgen(module = "/src/adapters/cloudflare/vendors.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    fn sha1(bytes: Uint8Array) -> Result<Promise, JsValue>;
    #[wasm_bindgen(catch)]
    fn ask(url: &str, json: Option<&str>, milliseconds: u32, most: u32)
    -> Result<Promise, JsValue>;
}

/// The services' names in errors.
const BREACHES: &str = "breached_passwords";
const TURNSTILE: &str = "turnstile";

/// The services that the settings name.
#[derive(Debug)]
pub struct HttpVendors(VendorSettings);

impl HttpVendors {
    /// From the settings `BREACHED_PASSWORDS` and `TURNSTILE_SECRET`.
    #[must_use]
    pub fn new(settings: VendorSettings) -> Self {
        Self(settings)
    }
}

impl Vendors for HttpVendors {
    async fn is_breached(&self, password: &Password) -> Result<bool, StoreError> {
        let Some(url) = &self.0.breached_passwords else {
            return Ok(false);
        };
        let hash = text(BREACHES, sha1(Uint8Array::from(password.as_bytes()))).await?;
        let (prefix, rest) = hash
            .split_at_checked(PREFIX_DIGITS)
            .ok_or_else(|| odd(BREACHES))?;
        let url = [url, "/", prefix].concat();
        let asked = ask(&url, None, BREACHES_TIMEOUT_MS, BREACHES_MAX_BYTES);
        is_in_range(&text(BREACHES, asked).await?, rest).ok_or_else(|| odd(BREACHES))
    }

    async fn has_met_challenge(&self, token: &str) -> Result<bool, StoreError> {
        let Some(turnstile) = &self.0.turnstile else {
            return Ok(true);
        };
        let body = Challenge {
            secret: turnstile.secret.expose(),
            response: token,
        };
        // Strings can always be written as JSON.
        let json = serde_json::to_string(&body).unwrap_or_default();
        let asked = ask(
            &turnstile.url,
            Some(&json),
            CHALLENGE_TIMEOUT_MS,
            CHALLENGE_MAX_BYTES,
        );
        match ChallengeVerdict::read(text(TURNSTILE, asked).await?.as_bytes()) {
            Some(ChallengeVerdict::Met) => Ok(true),
            Some(ChallengeVerdict::NotMet) => Ok(false),
            Some(ChallengeVerdict::NotJudged(why)) => Err(StoreError::new(TURNSTILE, why)),
            None => Err(odd(TURNSTILE)),
        }
    }
}

/// The body of a request to Turnstile.
#[derive(Serialize)]
struct Challenge<'a> {
    secret: &'a str,
    response: &'a str,
}

async fn text(
    vendor: &'static str,
    promise: Result<Promise, JsValue>,
) -> Result<String, StoreError> {
    let answer = settled(vendor, promise).await?;
    answer.as_string().ok_or_else(|| odd(vendor))
}

fn odd(vendor: &'static str) -> StoreError {
    StoreError::new(vendor, "the answer is malformed")
}
