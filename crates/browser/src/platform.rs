//! Lets JavaScript verify a signature with the platform's own code, which is faster than wasm.

use super::argument;
use super::refusal::Refusal;
use super::verifier::{Verifier, to_json};
use edgegate_token::{TokenError, UntrustedToken};
use serde::Serialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// The platform's check of one signature.
    pub type SignatureCheck;

    /// Begins to verify the signature with the key at this position of the key set. The wasm calls
    /// this method only if the form of the token and of its signature is valid. The signature
    /// covers the text of the token up to the last dot.
    #[wasm_bindgen(method)]
    fn begin(this: &SignatureCheck, position: u32, signature: &[u8]);
}

/// The coordinates of a public key in base64url, in the form of a JWK. Only a key for P-256 has
/// `y`.
#[derive(Serialize)]
struct PublicKey {
    x: String,
    y: Option<String>,
}

#[wasm_bindgen]
impl Verifier {
    /// Judges everything about a token except whether its signature matches, at `now`, in Unix
    /// seconds. If the form of the token and of its signature is valid, this method calls
    /// `check.begin`, and judges the claims while the platform verifies the signature.
    ///
    /// Returns JSON: either the claims, or a string with the reason ([`TokenError::reason`]) why
    /// the claims are refused. **The caller must not use either result before it knows that the
    /// signature is valid.** `token` is the text of the token in ASCII.
    ///
    /// # Errors
    /// A [`Refusal`]: `now` is not a valid time, the form of the token or of its signature breaks a
    /// rule, or the key set has no key for the token. If a rule is broken, the error is the first
    /// such rule.
    #[wasm_bindgen(js_name = judgeUnverified)]
    pub fn judge_unverified(
        &self,
        token: &[u8],
        now: f64,
        check: &SignatureCheck,
    ) -> Result<String, Refusal> {
        let now = argument::now(now)?;
        let token = core::str::from_utf8(token).map_err(|_| TokenError::BadCharacter)?;
        let untrusted = UntrustedToken::parse(token)?;
        let by = untrusted.signed_with(&self.keys)?;
        by.judge_signature_form()?;
        let position = u32::try_from(by.key_position()).unwrap_or(u32::MAX);
        check.begin(position, by.signature());
        let signed = by.trust_signature_verified_elsewhere();
        let verified = signed.judge(&self.expected, now);
        match &verified {
            Ok(verified) => to_json(verified.claims()),
            Err(error) => to_json(error.reason()),
        }
    }

    /// The public key at this position of the key set. Undefined if there is no public key at this
    /// position.
    #[wasm_bindgen(js_name = publicKey)]
    #[must_use]
    pub fn public_key(&self, position: u32) -> JsValue {
        let position = usize::try_from(position).ok();
        let found = position.and_then(|position| self.keys.public_coordinates(position));
        let key = found.map(|(x, y)| PublicKey { x, y });
        // Strings can always be converted.
        serde_wasm_bindgen::to_value(&key).unwrap_or(JsValue::UNDEFINED)
    }
}
