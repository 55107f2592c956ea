//! Verifies signatures with the platform's WebCrypto, which takes half as long as wasm for EdDSA and
//! a tenth for ES256 (docs/decisions/0018).

use std::cell::RefCell;
use std::collections::BTreeMap;

use js_sys::Promise;
use js_sys::futures::JsFuture;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::ports::SignatureVerifier;
use edgegate_token::SignedBy;

#[wasm_bindgen(module = "/src/adapters/cloudflare/signatures.js")]
extern "C" {
    #[wasm_bindgen(catch, js_name = importKey)]
    fn import_key(x: &str, y: Option<&str>) -> Result<Promise, JsValue>;
    #[wasm_bindgen(catch)]
    fn verify(key: &JsValue, signature: &[u8], message: &[u8]) -> Result<Promise, JsValue>;
}

/// The public keys, imported once for each isolate. It belongs to one key set: an isolate's
/// settings never change.
#[derive(Debug, Default)]
pub struct PlatformSignatures {
    /// By their place in the key set. A key with which the platform has failed is `None`: it is
    /// never tried again.
    imported: RefCell<BTreeMap<usize, Option<JsValue>>>,
}

impl SignatureVerifier for PlatformSignatures {
    /// Symmetric keys are not imported: the wasm verifies an HMAC faster than the platform.
    async fn verify(&self, signed_by: &SignedBy<'_>) -> Option<bool> {
        let position = signed_by.key_position();
        // The borrow ends here: other requests run while this one waits.
        let known = self.imported.borrow().get(&position).cloned();
        let key = match known {
            Some(key) => key,
            None => self.import(signed_by).await,
        }?;
        let signature = signed_by.signature();
        let is_valid = outcome(verify(&key, signature, signed_by.signing_input()))
            .await
            .and_then(|answer| answer.as_bool());
        if is_valid.is_none() {
            self.imported.borrow_mut().insert(position, None);
        }
        is_valid
    }
}

impl PlatformSignatures {
    /// Requests that come before the key is imported import it too: a Worker must not wait for a
    /// promise of another request.
    async fn import(&self, signed_by: &SignedBy<'_>) -> Option<JsValue> {
        let key = match signed_by.public_coordinates() {
            None => None,
            Some((x, y)) => outcome(import_key(&x, y.as_deref())).await,
        };
        let mut imported = self.imported.borrow_mut();
        // What another request has found in the meantime stays.
        let known = imported.entry(signed_by.key_position()).or_insert(key);
        known.clone()
    }
}

/// What a promise of `signatures.js` resolves to, unless it is null.
async fn outcome(promise: Result<Promise, JsValue>) -> Option<JsValue> {
    let value = JsFuture::from(promise.ok()?).await.ok()?;
    (!value.is_null()).then_some(value)
}
