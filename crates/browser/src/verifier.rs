//! What JavaScript can call: the claims of a token, unverified or verified, and the canonical form
//! of an address.

use super::argument::{self, Judged, Seconds, Setting, TextProblem, text};
use super::refusal::Refusal;
use edgegate_token::limits::{
    ACCESS_TOKEN_MAX_BYTES, CLOCK_TOLERANCE_MAX_SECONDS, EMAIL_BYTES, EXPECTED_MAX_BYTES,
    FUTURE_SKEW_SECONDS, KEY_SET_MAX_BYTES,
};
use edgegate_token::{
    EmailAddress, Expected, KeyError, KeyFault, KeySet, TokenError, UntrustedToken,
};
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// The claims of a token that nobody has verified, as JSON.
///
/// # Errors
/// A [`Refusal`]: the token doesn't have the form of an access token.
#[wasm_bindgen]
pub fn peek(token: &JsValue) -> Result<String, Refusal> {
    let token = token_text(token)?;
    to_json(&UntrustedToken::parse(&token)?.unverified_claims()?)
}

/// The canonical form of an email address, which is the form in a token. Undefined if `email` is
/// not an address.
///
/// # Errors
/// A [`Refusal`]: `email` is not a string that can be an address.
#[wasm_bindgen(js_name = canonicalEmail)]
pub fn canonical_email(email: &JsValue) -> Result<Option<String>, Refusal> {
    let Setting(email) = Judged::<Setting<EMAIL_BYTES>>::of(email).named("email")?;
    Ok(EmailAddress::parse(&email)
        .ok()
        .map(|address| address.canonical().to_owned()))
}

/// What a caller expects of tokens.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Options {
    issuer: Judged<Setting<EXPECTED_MAX_BYTES>>,
    audience: Judged<Setting<EXPECTED_MAX_BYTES>>,
    clock_tolerance: Judged<Seconds<CLOCK_TOLERANCE_MAX_SECONDS>>,
}

impl Options {
    fn expected(self) -> Result<Expected, Refusal> {
        let Setting(issuer) = self.issuer.named("issuer")?;
        let Setting(audience) = self.audience.named("audience")?;
        let Seconds(tolerance) = self.clock_tolerance.named("clockTolerance")?;
        Ok(Expected::new(issuer, audience)
            .with_clock_tolerance(tolerance)
            // A client's clock that may be slow may also be fast, so `iat` and `nbf` get at least
            // the same tolerance.
            .with_future_skew(tolerance.max(FUTURE_SKEW_SECONDS)))
    }
}

/// One issuer's keys, and what is expected of its tokens.
#[wasm_bindgen]
pub struct Verifier {
    pub(super) keys: KeySet,
    pub(super) expected: Expected,
}

#[wasm_bindgen]
impl Verifier {
    /// Reads a JWK Set, as text, and what is expected of tokens: an object with `issuer`,
    /// `audience` and `clockTolerance`.
    ///
    /// # Errors
    /// A [`Refusal`] of an argument or of the key set.
    pub fn make(jwks: &JsValue, options: JsValue) -> Result<Self, Refusal> {
        let options: Options = argument::members(options, "options")?;
        let expected = options.expected()?;
        Ok(Self {
            keys: key_set(jwks)?,
            expected,
        })
    }

    /// The claims of a token, verified at `now`, in Unix seconds, as JSON.
    ///
    /// # Errors
    /// A [`Refusal`] of an argument, or the first rule that the token breaks.
    pub fn verify(&self, token: &JsValue, now: f64) -> Result<String, Refusal> {
        let now = argument::now(now)?;
        let token = token_text(token)?;
        let verified = UntrustedToken::parse(&token)?.verify(&self.keys, &self.expected, now)?;
        to_json(verified.claims())
    }
}

/// JSON for `JSON.parse`. It contains nothing that `JSON.parse` could read in another way: names
/// that Rust gives, strings, booleans, lists of strings, and integers. An integer above 2^53 can
/// only be in an unverified token, and JavaScript rounds it.
pub(super) fn to_json(value: &(impl Serialize + ?Sized)) -> Result<String, Refusal> {
    serde_json::to_string(value).map_err(|_| Refusal::argument("token", "can't be written"))
}

/// A value that isn't a string is the caller's mistake. A string that isn't a token is the mistake
/// of whoever sent the token.
fn token_text(token: &JsValue) -> Result<String, Refusal> {
    text(token, ACCESS_TOKEN_MAX_BYTES).map_err(|problem| match problem {
        TextProblem::NotString => Refusal::argument("token", "must be a string"),
        TextProblem::TooLong => TokenError::TooLong.into(),
        TextProblem::NotUnicode => TokenError::BadCharacter.into(),
    })
}

fn key_set(jwks: &JsValue) -> Result<KeySet, Refusal> {
    let refused = |fault: KeyFault| KeyError::from(fault).into();
    let text = text(jwks, KEY_SET_MAX_BYTES).map_err(|problem| match problem {
        TextProblem::NotString => Refusal::argument("jwks", "must be a string"),
        TextProblem::TooLong => refused(KeyFault::SetTooLong),
        TextProblem::NotUnicode => refused(KeyFault::NotUtf8),
    })?;
    Ok(KeySet::from_public_jwks(&text)?)
}
