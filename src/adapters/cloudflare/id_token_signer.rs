//! Signs id_tokens with RS256 by WebCrypto, because no library in the Worker implements RSA.

use std::cell::RefCell;
use std::collections::BTreeMap;

use js_sys::{Promise, Uint8Array};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::binding::settled;
use crate::domain::authorization::RsaSigningKey;
use crate::domain::error::StoreError;
use crate::ports::IdTokenSigner;

#[wasm_bindgen(module = "/src/adapters/cloudflare/id_token_signer.js")]
extern "C" {
    #[wasm_bindgen(catch, js_name = importPrivateKey)]
    fn import_private_key(jwk: &str) -> Result<Promise, JsValue>;
    #[wasm_bindgen(catch)]
    fn sign(key: &JsValue, message: Uint8Array) -> Result<Promise, JsValue>;
}

/// The port's name in errors.
const SIGNER: &str = "id_token_signer";

/// Contains the keys, each of which an isolate imports once. `Debug` can't print a key, because the
/// imported keys are handles of WebCrypto that can't be exported.
#[derive(Debug, Default)]
pub struct PlatformIdTokenSigner(RefCell<BTreeMap<String, JsValue>>);

impl IdTokenSigner for PlatformIdTokenSigner {
    async fn sign(&self, key: &RsaSigningKey, message: &[u8]) -> Result<Vec<u8>, StoreError> {
        // The borrow must end in this line: while this request waits below, other requests run and
        // borrow the map too.
        let known = self.0.borrow().get(key.kid()).cloned();
        let imported = match known {
            Some(imported) => imported,
            None => {
                let promise = import_private_key(key.private_jwk().expose());
                let imported = settled(SIGNER, promise).await?;
                let kid = key.kid().to_owned();
                self.0.borrow_mut().insert(kid, imported.clone());
                imported
            }
        };
        let signature = settled(SIGNER, sign(&imported, Uint8Array::from(message))).await?;
        Ok(Uint8Array::new(&signature).to_vec())
    }
}
