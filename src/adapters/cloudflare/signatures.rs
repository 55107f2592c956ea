//! Verifies signatures with the platform's own code, which takes half as long as wasm for EdDSA and
//! a tenth for ES256 (docs/decisions/0018).

use std::cell::{Cell, RefCell};
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
    #[wasm_bindgen(js_name = verifyAtOnce)]
    fn verify_at_once(key: &JsValue, signature: &[u8], message: &[u8]) -> JsValue;
    #[wasm_bindgen(js_name = loadNodeCrypto)]
    fn load_node_crypto() -> Promise;
}

/// How many signatures an isolate verifies with WebCrypto's promises before it loads `node:crypto`.
/// Each promise costs about 20 µs, and loading the module costs 3 ms. After 150 promises, an
/// isolate has spent as much time on promises as it takes to load the module.
const PROMISES: u32 = 150;

/// Verifies signatures with public keys that are imported once for each isolate. All keys belong to
/// one key set, because an isolate's settings never change.
#[derive(Debug)]
pub struct PlatformSignatures {
    /// The imported keys, by their position in the key set. `None` for a key that the platform
    /// failed to import or to use. That key is never tried again.
    imported: RefCell<BTreeMap<usize, Option<JsValue>>>,
    /// How many more signatures are verified with promises. `None` once `node:crypto` was loaded,
    /// or could not be loaded.
    promises_left: Cell<Option<u32>>,
}

impl Default for PlatformSignatures {
    fn default() -> Self {
        Self::new(PROMISES)
    }
}

impl SignatureVerifier for PlatformSignatures {
    /// Symmetric keys are not imported: the wasm verifies an HMAC faster than the platform.
    async fn verify(&self, signed_by: &SignedBy<'_>) -> Option<bool> {
        let position = signed_by.key_position();
        // The borrow must end in this line: while this request waits below, other requests run and
        // borrow the map too.
        let known = self.imported.borrow().get(&position).cloned();
        let key = match known {
            Some(key) => key,
            None => self.import(signed_by).await,
        }?;
        let (signature, message) = (signed_by.signature(), signed_by.signing_input());
        let answer = match self.at_once(&key, signature, message).await {
            Some(answer) => Some(answer),
            None => outcome(verify(&key, signature, message)).await,
        };
        let is_valid = answer.and_then(|answer| answer.as_bool());
        if is_valid.is_none() {
            self.imported.borrow_mut().insert(position, None);
        }
        is_valid
    }
}

impl PlatformSignatures {
    /// Verifies this many signatures with promises, then loads `node:crypto`.
    #[must_use]
    pub fn new(promises: u32) -> Self {
        Self {
            imported: RefCell::default(),
            promises_left: Cell::new(Some(promises)),
        }
    }

    /// What `node:crypto` answers, or `None` if it is not loaded.
    async fn at_once(&self, key: &JsValue, signature: &[u8], message: &[u8]) -> Option<JsValue> {
        if let Some(left) = self.promises_left.get() {
            self.promises_left.set(left.checked_sub(1));
            if left > 0 {
                return None;
            }
            // This promise never rejects.
            let _ = JsFuture::from(load_node_crypto()).await;
        }
        let answer = verify_at_once(key, signature, message);
        (!answer.is_undefined()).then_some(answer)
    }

    /// Imports the key. If other requests arrive before the key is imported, each imports the key
    /// itself, because a Worker must not wait for a promise of another request.
    async fn import(&self, signed_by: &SignedBy<'_>) -> Option<JsValue> {
        let key = match signed_by.public_coordinates() {
            None => None,
            Some((x, y)) => outcome(import_key(&x, y.as_deref())).await,
        };
        let mut imported = self.imported.borrow_mut();
        // If another request has stored its result in the meantime, that result stays.
        let known = imported.entry(signed_by.key_position()).or_insert(key);
        known.clone()
    }
}

/// The value to which a promise of `signatures.js` resolves. `None` if the value is null.
async fn outcome(promise: Result<Promise, JsValue>) -> Option<JsValue> {
    let value = JsFuture::from(promise.ok()?).await.ok()?;
    (!value.is_null()).then_some(value)
}
