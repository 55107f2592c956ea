//! Verifying: a token's text becomes claims that may be believed. Pure: it never writes.

use super::claims::{Claims, refuse_if};
use super::error::TokenError;
use super::jws::Jws;
use super::key_set::KeySet;
use crate::json::Json;
use crate::limits::{CLOCK_TOLERANCE_SECONDS, FUTURE_SKEW_SECONDS};
use alloc::string::String;

/// `typ` of an access token (RFC 9068 section 2.1).
pub(super) const TYP: &str = "at+jwt";

/// Reads and verifies an access token at `now`, in Unix seconds.
///
/// ```
/// use edgegate_token::{Expected, KeySet, TokenError, has_any_role, verify};
/// # use edgegate_token::{Claims, issue};
/// # let private = KeySet::from_private_jwks(r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"2026-01",
/// #     "d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#)?;
/// # let token = issue(&private, &Claims {
/// #     iss: "https://auth.example.com".into(), sub: "ada".into(), aud: "https://api.example.com".into(),
/// #     client_id: "edgegate".into(), exp: 1_800_000_600, iat: 1_800_000_000, nbf: None, auth_time: None,
/// #     jti: "1".into(), sid: "2".into(), ver: 1, roles: vec!["user".into()], email: None, email_verified: false,
/// # })?;
///
/// let keys = KeySet::from_public_jwks(r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"2026-01","use":"sig",
///     "alg":"EdDSA","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#)?;
/// let expected = Expected::new("https://auth.example.com", "https://api.example.com");
///
/// let verified = verify(&token, &keys, &expected, 1_800_000_599)?;
/// assert!(has_any_role(&verified, &["user", "admin"]));
///
/// let late = verify(&token, &keys, &expected, 1_800_000_600);
/// assert_eq!(late.unwrap_err(), TokenError::Expired);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`TokenError`]: the first rule that the token breaks, for the log.
pub fn verify(
    token: &str,
    keys: &KeySet,
    expected: &Expected,
    now: u64,
) -> Result<VerifiedToken, TokenError> {
    UntrustedToken::parse(token)?.verify(keys, expected, now)
}

/// What a verifier expects of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    issuer: String,
    audience: String,
    clock_tolerance: u64,
    future_skew: u64,
}

impl Expected {
    /// Tokens of `issuer` for `audience`, both compared exactly, with the tolerances that a server has: none after `exp`,
    /// 60 seconds for `iat` and `nbf`.
    #[must_use]
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            audience: audience.into(),
            clock_tolerance: CLOCK_TOLERANCE_SECONDS,
            future_skew: FUTURE_SKEW_SECONDS,
        }
    }

    /// For how many seconds after `exp` a token still passes: for a client whose clock may be wrong.
    #[must_use]
    pub fn with_clock_tolerance(self, seconds: u64) -> Self {
        Self {
            clock_tolerance: seconds,
            ..self
        }
    }

    /// How many seconds `iat` and `nbf` may lie ahead of the clock.
    #[must_use]
    pub fn with_future_skew(self, seconds: u64) -> Self {
        Self {
            future_skew: seconds,
            ..self
        }
    }
}

/// A token in the right form, which nobody has verified: it can be looked at, and verified, and nothing else.
pub struct UntrustedToken<'a> {
    jws: Jws<'a>,
}

impl<'a> UntrustedToken<'a> {
    /// Reads a compact JWT (RFC 7515 section 3.1) and judges its form and header (RFC 9068 section 4). The claims are not
    /// read yet.
    ///
    /// # Errors
    /// [`TokenError`]: the first rule of form that the token breaks.
    pub fn parse(token: &'a str) -> Result<Self, TokenError> {
        let jws = Jws::parse(token)?;
        match &jws.header.typ {
            None => Err(TokenError::TypMissing),
            Some(Json::String(typ)) if is_access_token_type(typ) => Ok(Self { jws }),
            Some(Json::String(_)) => Err(TokenError::TypWrong),
            Some(_) => Err(TokenError::TypNotString),
        }
    }

    /// What the token claims, **unverified**: whoever sent it may have written all of it. For display and debugging only.
    ///
    /// # Errors
    /// [`TokenError`]: the claims are not those of an access token.
    pub fn unverified_claims(&self) -> Result<Claims, TokenError> {
        Claims::read(self.jws.unverified_payload())
    }

    /// The key id that the header names, **unverified**: to see whether a fresh key set is worth fetching.
    #[must_use]
    pub fn unverified_kid(&self) -> Option<&str> {
        self.jws.header.kid.as_deref()
    }

    /// Verifies the signature, and only then reads the claims and judges them (ASVS 9.1.1) at `now`, in Unix seconds.
    ///
    /// # Errors
    /// [`TokenError`]: the first rule that the token breaks.
    pub fn verify(
        &self,
        keys: &KeySet,
        expected: &Expected,
        now: u64,
    ) -> Result<VerifiedToken, TokenError> {
        let claims = Claims::read(self.jws.verify(keys)?)?;
        claims.check()?;
        refuse_if(claims.iss != expected.issuer, TokenError::IssWrong)?;
        refuse_if(
            !claims.aud.contains(&expected.audience),
            TokenError::AudWrong,
        )?;
        // "on or after" (RFC 7519 section 4.1.4)
        refuse_if(
            now >= claims.exp.saturating_add(expected.clock_tolerance),
            TokenError::Expired,
        )?;
        let latest = now.saturating_add(expected.future_skew);
        refuse_if(claims.iat > latest, TokenError::IatInFuture)?;
        refuse_if(
            claims.nbf.is_some_and(|nbf| nbf > latest),
            TokenError::NbfInFuture,
        )?;
        Ok(VerifiedToken { claims })
    }
}

/// An access token whose signature, form and claims were found good. Only verification makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedToken {
    claims: Claims,
}

impl VerifiedToken {
    /// The claims.
    #[must_use]
    pub const fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The claims, without the proof that they were verified.
    #[must_use]
    pub fn into_claims(self) -> Claims {
        self.claims
    }
}

/// A media type, so its case does not matter and `application/` may be left out (RFC 7515 section 4.1.9).
fn is_access_token_type(typ: &str) -> bool {
    typ.eq_ignore_ascii_case(TYP) || typ.eq_ignore_ascii_case("application/at+jwt")
}
