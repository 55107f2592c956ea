//! What JavaScript can ask: the claims of a token, unverified or verified, and the three checks.

use super::argument::{self, Text, now, setting, text};
use super::claims::to_object;
use super::refusal::Refusal;
use edgegate_token::EmailAddress;
use edgegate_token::limits::{
    ACCESS_TOKEN_MAX_BYTES, CLOCK_TOLERANCE_MAX_SECONDS, EMAIL_BYTES, EXPECTED_MAX_BYTES,
    FUTURE_SKEW_SECONDS, KEY_SET_MAX_BYTES, ROLE_MAX_CHARS, ROLES_ASKED_MAX,
};
use edgegate_token::{
    Expected, KeyFault, KeySet, TokenError, UntrustedToken, VerifiedToken, has_any_role,
    has_verified_email, is_user,
};
use js_sys::Array;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};

/// The claims of a token that nobody has verified.
///
/// # Errors
/// A [`Refusal`]: it has not the form of an access token.
#[wasm_bindgen]
pub fn peek(token: &JsValue) -> Result<JsValue, Refusal> {
    let token = token_text(token)?;
    Ok(to_object(
        &UntrustedToken::parse(&token)?.unverified_claims()?,
    ))
}

/// One issuer's keys, and what is expected of its tokens.
#[wasm_bindgen]
pub struct Verifier {
    keys: KeySet,
    expected: Expected,
}

#[wasm_bindgen]
impl Verifier {
    /// Reads a JWK Set, as text, and the expectations.
    ///
    /// # Errors
    /// A [`Refusal`]: of an argument, or of the key set.
    pub fn make(
        jwks: &JsValue,
        issuer: &JsValue,
        audience: &JsValue,
        clock_tolerance: &JsValue,
    ) -> Result<Self, Refusal> {
        let issuer = setting(issuer, "issuer", EXPECTED_MAX_BYTES)?;
        let audience = setting(audience, "audience", EXPECTED_MAX_BYTES)?;
        let tolerance = argument::seconds(
            clock_tolerance,
            "clockTolerance",
            CLOCK_TOLERANCE_MAX_SECONDS,
        )?;
        Ok(Self {
            keys: key_set(jwks)?,
            // A clock that may be wrong is wrong both ways.
            expected: Expected::new(issuer, audience)
                .with_clock_tolerance(tolerance)
                .with_future_skew(tolerance.max(FUTURE_SKEW_SECONDS)),
        })
    }

    /// The claims of a token, verified at `now`, in Unix seconds.
    ///
    /// # Errors
    /// A [`Refusal`]: of an argument, or the first rule that the token breaks.
    pub fn verify(&self, token: &JsValue, now: &JsValue) -> Result<JsValue, Refusal> {
        Ok(to_object(self.verified(token, now)?.claims()))
    }

    /// Whether the token is valid at `now` and has at least one of `roles`, an array.
    ///
    /// # Errors
    /// A [`Refusal`], as [`Verifier::verify`].
    #[wasm_bindgen(js_name = isAuthorizedByRole)]
    pub fn is_authorized_by_role(
        &self,
        token: &JsValue,
        roles: &JsValue,
        now: &JsValue,
    ) -> Result<bool, Refusal> {
        let roles = role_names(roles)?;
        Ok(has_any_role(&self.verified(token, now)?, &roles))
    }

    /// Whether the token is valid at `now` and was issued to this user.
    ///
    /// # Errors
    /// A [`Refusal`], as [`Verifier::verify`].
    #[wasm_bindgen(js_name = isAuthorizedByUserId)]
    pub fn is_authorized_by_user_id(
        &self,
        token: &JsValue,
        user_id: &JsValue,
        now: &JsValue,
    ) -> Result<bool, Refusal> {
        let user_id = setting(user_id, "userId", EXPECTED_MAX_BYTES)?;
        Ok(is_user(&self.verified(token, now)?, &user_id))
    }

    /// Whether the token is valid at `now` and was issued to the owner of this address, who proved that it is theirs. The
    /// address is compared in its canonical form, as the service does.
    ///
    /// # Errors
    /// A [`Refusal`], as [`Verifier::verify`].
    #[wasm_bindgen(js_name = isAuthorizedByEmail)]
    pub fn is_authorized_by_email(
        &self,
        token: &JsValue,
        email: &JsValue,
        now: &JsValue,
    ) -> Result<bool, Refusal> {
        let email = setting(email, "email", EMAIL_BYTES)?;
        let token = self.verified(token, now)?;
        Ok(EmailAddress::parse(&email)
            .is_ok_and(|email| has_verified_email(&token, email.canonical())))
    }
}

impl Verifier {
    fn verified(&self, token: &JsValue, at: &JsValue) -> Result<VerifiedToken, Refusal> {
        let at = now(at)?;
        let token = token_text(token)?;
        Ok(UntrustedToken::parse(&token)?.verify(&self.keys, &self.expected, at)?)
    }
}

/// What is no string is the caller's mistake; the rest is the sender's.
fn token_text(token: &JsValue) -> Result<String, Refusal> {
    match text(token, ACCESS_TOKEN_MAX_BYTES) {
        Text::Read(text) => Ok(text),
        Text::TooLong => Err(TokenError::TooLong.into()),
        Text::NotUnicode => Err(TokenError::BadCharacter.into()),
        Text::NotString => Err(Refusal::Argument("token", "must be a string")),
    }
}

fn key_set(jwks: &JsValue) -> Result<KeySet, Refusal> {
    match text(jwks, KEY_SET_MAX_BYTES) {
        Text::Read(text) => Ok(KeySet::from_public_jwks(&text)?),
        Text::TooLong => Err(refused(KeyFault::SetTooLong)),
        Text::NotUnicode => Err(refused(KeyFault::NotUtf8)),
        Text::NotString => Err(Refusal::Argument("jwks", "must be a string")),
    }
}

fn refused(fault: KeyFault) -> Refusal {
    edgegate_token::KeyError::from(fault).into()
}

/// All of them must be roles: what else stands in the list is a mistake, and a mistake opens nothing.
fn role_names(roles: &JsValue) -> Result<Vec<String>, Refusal> {
    let list: &Array = roles
        .dyn_ref()
        .ok_or(Refusal::Argument("roles", "must be an array"))?;
    if list.length() > ROLES_ASKED_MAX {
        return Err(Refusal::Argument("roles", "are too many"));
    }
    list.iter()
        .map(|role| setting(&role, "roles", ROLE_MAX_CHARS.saturating_mul(4)))
        .collect()
}
