//! The functions that JavaScript can call. They return the claims of a token, unverified or
//! verified, and the canonical form of an email address.

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

/// The claims of a token, as JSON. The token is not verified.
///
/// # Errors
/// A [`Refusal`], if the token doesn't have the form of an access token.
#[wasm_bindgen]
pub fn peek(token: &JsValue) -> Result<String, Refusal> {
    let token = token_text(token)?;
    to_json(&UntrustedToken::parse(&token)?.unverified_claims()?)
}

/// The canonical form of an email address. Tokens contain addresses in this form. Undefined if
/// `email` is not an address.
///
/// # Errors
/// A [`Refusal`], if `email` is not a string, or is empty, too long or not valid Unicode.
#[wasm_bindgen(js_name = canonicalEmail)]
pub fn canonical_email(email: &JsValue) -> Result<Option<String>, Refusal> {
    let Setting(email) = Judged::<Setting<EMAIL_BYTES>>::of(email).named("email")?;
    Ok(EmailAddress::parse(&email)
        .ok()
        .map(|address| address.canonical().to_owned()))
}

/// What a caller requires of tokens.
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
            // A client's clock can be fast as well as slow. So `iat` and `nbf` get at least the
            // same tolerance as `exp`.
            .with_future_skew(tolerance.max(FUTURE_SKEW_SECONDS)))
    }
}

/// The keys of one issuer, and what is required of its tokens.
#[wasm_bindgen]
pub struct Verifier {
    pub(super) keys: KeySet,
    pub(super) expected: Expected,
}

#[wasm_bindgen]
impl Verifier {
    /// Makes a verifier. `jwks` is the text of a JWK Set. `options` is an object with `issuer`,
    /// `audience` and `clockTolerance`.
    ///
    /// # Errors
    /// A [`Refusal`], if an argument or the key set is not accepted.
    pub fn make(jwks: &JsValue, options: JsValue) -> Result<Self, Refusal> {
        let options: Options = argument::members(options, "options")?;
        let expected = options.expected()?;
        Ok(Self {
            keys: key_set(jwks)?,
            expected,
        })
    }

    /// Verifies a token at `now`, in Unix seconds. Returns its claims as JSON.
    ///
    /// # Errors
    /// A [`Refusal`], if an argument is not accepted or the token breaks a rule. In the second
    /// case, it contains the first rule that is broken.
    pub fn verify(&self, token: &JsValue, now: f64) -> Result<String, Refusal> {
        let now = argument::now(now)?;
        let token = token_text(token)?;
        let verified = UntrustedToken::parse(&token)?.verify(&self.keys, &self.expected, now)?;
        to_json(verified.claims())
    }
}

/// Writes a value as JSON, which JavaScript reads with `JSON.parse`. The JSON contains only what
/// both languages read in the same way: member names that are fixed in Rust, strings, booleans,
/// lists of strings, and integers. JavaScript rounds integers above 2^53, but only an unverified
/// token can contain such an integer.
pub(super) fn to_json(value: &(impl Serialize + ?Sized)) -> Result<String, Refusal> {
    serde_json::to_string(value).map_err(|_| Refusal::argument("token", "can't be written"))
}

/// Reads the argument `token`. If the value isn't a string, the error is about the argument,
/// because the caller made the mistake. If the string isn't a token, the error is about the token,
/// because the sender of the token made the mistake.
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
