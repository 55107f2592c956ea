//! Calls other services over HTTP: a range API of breached passwords, and Cloudflare Turnstile.

use js_sys::{Promise, Uint8Array};
use serde::Serialize;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::binding::settled;
use crate::domain::account::{ChallengeVerdict, PREFIX_DIGITS, Password, is_in_range};
use crate::domain::authorization::MetadataUrl;
use crate::domain::error::StoreError;
use crate::domain::policy::{
    BREACHES_MAX_BYTES, BREACHES_TIMEOUT_MS, CHALLENGE_MAX_BYTES, CHALLENGE_TIMEOUT_MS,
    METADATA_MAX_BYTES, METADATA_TIMEOUT_MS,
};
use crate::domain::settings::VendorSettings;
use crate::ports::{FetchedDocument, Vendors};

#[wasm_bindgen(module = "/src/adapters/cloudflare/vendors.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    fn sha1(bytes: Uint8Array) -> Result<Promise, JsValue>;
    #[wasm_bindgen(catch)]
    fn document(url: &str, milliseconds: u32, most: u32) -> Result<Promise, JsValue>;
    #[wasm_bindgen(js_name = fetchesOnlyPublic)]
    fn fetches_only_public() -> bool;
    #[wasm_bindgen(catch)]
    fn ask(url: &str, json: Option<&str>, milliseconds: u32, most: u32)
    -> Result<Promise, JsValue>;
}

/// The services' names in errors.
const BREACHES: &str = "breached_passwords";
const TURNSTILE: &str = "turnstile";
const DOCUMENT: &str = "client_document";

/// The services that the settings name.
#[derive(Debug)]
pub struct HttpVendors(VendorSettings);

impl HttpVendors {
    /// Uses the settings `BREACHED_PASSWORDS` and `TURNSTILE_SECRET`.
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

    async fn client_document(&self, url: &MetadataUrl) -> Result<FetchedDocument, StoreError> {
        let most = u32::try_from(METADATA_MAX_BYTES).unwrap_or(u32::MAX);
        let asked = document(url.as_str(), METADATA_TIMEOUT_MS, most);
        read_document(&text(DOCUMENT, asked).await?).ok_or_else(|| odd(DOCUMENT))
    }
}

/// Whether the compatibility flag `global_fetch_strictly_public` is set. With this flag `fetch`
/// reaches only public addresses, and not the Workers of the operator's own zone.
#[must_use]
pub fn connects_to_public_addresses_only() -> bool {
    fetches_only_public()
}

/// Reads what `document` of `vendors.js` writes: status, `Content-Type` and `Cache-Control`, each
/// on its own line, then the body.
fn read_document(text: &str) -> Option<FetchedDocument> {
    let mut lines = text.splitn(4, '\n');
    let status = lines.next()?.parse().ok()?;
    let mut header = || {
        lines
            .next()
            .map(|value| Some(value).filter(|it| !it.is_empty()))
    };
    let (content_type, cache_control) = (header()?, header()?);
    Some(FetchedDocument {
        status,
        content_type: content_type.map(str::to_owned),
        cache_control: cache_control.map(str::to_owned),
        body: lines.next()?.as_bytes().to_vec(),
    })
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
