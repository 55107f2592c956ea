//! What JavaScript can call: the claims of a token, unverified or verified, and the three checks.

use super::argument::{self, TextProblem, setting, text};
use super::claims::to_object;
use super::refusal::Refusal;
use edgegate_token::limits::{
    ACCESS_TOKEN_MAX_BYTES, CLOCK_TOLERANCE_MAX_SECONDS, EMAIL_BYTES, EXPECTED_MAX_BYTES,
    FUTURE_SKEW_SECONDS, KEY_SET_MAX_BYTES,
};
use edgegate_token::{
    EmailAddress, Expected, KeyError, KeyFault, KeySet, TokenError, UntrustedToken, VerifiedToken,
    has_any_role, has_verified_email, is_user,
};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// The claims of a token that nobody has verified.
///
/// # Errors
/// A [`Refusal`]: the token doesn't have the form of an access token.
#[wasm_bindgen]
pub fn peek(token: &JsValue) -> Result<JsValue, Refusal> {
    let token = token_text(token)?;
    to_object(&UntrustedToken::parse(&token)?.unverified_claims()?)
}

/// One issuer's keys, and what is expected of its tokens.
#[wasm_bindgen]
pub struct Verifier {
    pub(super) keys: KeySet,
    pub(super) expected: Expected,
}

#[wasm_bindgen]
impl Verifier {
    /// Reads a JWK Set, as text, and what is expected of tokens.
    ///
    /// # Errors
    /// A [`Refusal`] of an argument or of the key set.
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
            // A clock that may be slow may also be fast.
            expected: Expected::new(issuer, audience)
                .with_clock_tolerance(tolerance)
                .with_future_skew(tolerance.max(FUTURE_SKEW_SECONDS)),
        })
    }

    /// The claims of a token, verified at `now`, in Unix seconds.
    ///
    /// # Errors
    /// A [`Refusal`] of an argument, or the first rule that the token breaks.
    pub fn verify(&self, token: &JsValue, now: &JsValue) -> Result<JsValue, Refusal> {
        to_object(self.verified(token, now)?.claims())
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
        let roles = argument::roles(roles)?;
        Ok(has_any_role(&self.verified(token, now)?, &roles))
    }

    /// Whether the token is valid at `now` and was issued to the user with this id.
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

    /// Whether the token is valid at `now` and was issued to a user who verified this address. The
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
    fn verified(&self, token: &JsValue, now: &JsValue) -> Result<VerifiedToken, Refusal> {
        let now = argument::now(now)?;
        let token = token_text(token)?;
        Ok(UntrustedToken::parse(&token)?.verify(&self.keys, &self.expected, now)?)
    }
}

/// A value that isn't a string is the caller's mistake. A string that isn't a token is the
/// sender's.
pub(super) fn token_text(token: &JsValue) -> Result<String, Refusal> {
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
