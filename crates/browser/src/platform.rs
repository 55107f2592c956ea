//! Lets JavaScript verify a signature with the platform's own code, which is faster than wasm.

use super::argument;
use super::claims::to_object;
use super::refusal::Refusal;
use super::verifier::{Verifier, token_text};
use edgegate_token::UntrustedToken;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
impl Verifier {
    /// The key that must have signed the token, by its place in the set. The form of the token and
    /// of its signature is valid then. What the signature covers is the token up to its last dot.
    ///
    /// # Errors
    /// A [`Refusal`]: the first rule of form that the token breaks. [`Verifier::verify`] gives the
    /// same.
    #[wasm_bindgen(js_name = signedBy)]
    pub fn signed_by(&self, token: &JsValue) -> Result<u32, Refusal> {
        let token = token_text(token)?;
        let untrusted = UntrustedToken::parse(&token)?;
        let by = untrusted.signed_with(&self.keys)?;
        by.judge_signature_form()?;
        Ok(u32::try_from(by.key_position()).unwrap_or(u32::MAX))
    }

    /// The coordinates of the public key at a place in the set, in base64url: `x` for Ed25519 and
    /// `x.y` for P-256. Undefined if there is none.
    #[wasm_bindgen(js_name = publicKey)]
    #[must_use]
    pub fn public_key(&self, position: u32) -> Option<String> {
        let (x, y) = self
            .keys
            .public_coordinates(usize::try_from(position).ok()?)?;
        Some(match y {
            Some(y) => [&x, ".", &y].concat(),
            None => x,
        })
    }

    /// [`Verifier::verify`] without its signature check, for a token whose signature was verified
    /// before, with the key that [`Verifier::signed_by`] gave and that is still in this key set.
    /// The caller must make sure of all three.
    ///
    /// # Errors
    /// A [`Refusal`], as [`Verifier::verify`].
    #[wasm_bindgen(js_name = verifySigned)]
    pub fn verify_signed(&self, token: &JsValue, now: &JsValue) -> Result<JsValue, Refusal> {
        let now = argument::now(now)?;
        let token = token_text(token)?;
        let untrusted = UntrustedToken::parse(&token)?;
        let signed = untrusted
            .signed_with(&self.keys)?
            .trust_signature_verified_elsewhere();
        to_object(signed.judge(&self.expected, now)?.claims())
    }
}
