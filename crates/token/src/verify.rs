//! Verifies access tokens: turns the text of a token into claims that can be trusted. This module
//! reads no clock and writes nothing.

use super::claims::{Claims, fault, refuse_if};
use super::error::TokenError;
use super::jws::Jws;
use super::key_set::KeySet;
use super::signed_by::{SignedBy, SignedToken};
use crate::json::{Json, read_object};
use crate::limits::{CLOCK_TOLERANCE_SECONDS, FUTURE_SKEW_SECONDS, ID_TOKEN_MAX_BYTES};
use alloc::string::String;

/// `typ` of an access token (RFC 9068 section 2.1).
pub(super) const TYP: &str = "at+jwt";

/// Verifies an access token at `now`, in Unix seconds. Checks first the token's form, then its
/// signature, then its claims.
///
/// ```
/// use edgegate_token::{TokenError, has_any_role, verify};
#[doc = include_str!("example.txt")]
///
/// let verified = verify(&token, &keys, &expected, now + 599)?;
/// assert!(has_any_role(&verified, &["user", "admin"]));
///
/// let late = verify(&token, &keys, &expected, now + 600);
/// assert_eq!(late, Err(TokenError::Expired));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`TokenError`]: the first rule that the token breaks. It is meant for the log.
pub fn verify(
    token: &str,
    keys: &KeySet,
    expected: &Expected,
    now: u64,
) -> Result<VerifiedToken, TokenError> {
    UntrustedToken::parse(token)?.verify(keys, expected, now)
}

/// Verifies the form, the `typ` and the signature of a token that [`sign`](crate::sign) made, and
/// returns its claims. **The claims are not checked:** it is possible that the token has expired,
/// or was issued for another recipient.
///
/// ```
/// use edgegate_token::{TokenError, read_signed, sign};
#[doc = include_str!("example.txt")]
///
/// let hint = sign(&private, "JWT", &std::collections::BTreeMap::from([("sub", "ada")]))?;
/// let claims = read_signed(&hint, "JWT", &keys)?;
/// assert_eq!(claims.get("sub").and_then(|sub| sub.as_str()), Some("ada"));
/// assert_eq!(read_signed(&token, "JWT", &keys).err(), Some(TokenError::TypWrong));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`TokenError`]: the first rule that the token breaks.
pub fn read_signed(token: &str, typ: &str, keys: &KeySet) -> Result<Json, TokenError> {
    let jws = Jws::parse_up_to(token, ID_TOKEN_MAX_BYTES)?;
    match &jws.header.typ {
        None => return Err(TokenError::TypMissing),
        Some(Json::String(own)) if own == typ => {}
        Some(Json::String(_)) => return Err(TokenError::TypWrong),
        Some(_) => return Err(TokenError::TypNotString),
    }
    let signed = SignedBy::find(&jws, keys)?.verify()?;
    read_object(signed.payload).map(Json::Object).map_err(fault)
}

/// The issuer and the audience that a verifier expects in a token, and by how many seconds the
/// verifier's clock can be wrong.
///
/// ```
/// use edgegate_token::verify;
#[doc = include_str!("example.txt")]
///
/// // A browser's clock may be wrong by five minutes.
/// let lenient = expected.clone().with_clock_tolerance(300).with_future_skew(300);
/// assert!(verify(&token, &keys, &lenient, now + 899).is_ok());
/// assert!(verify(&token, &keys, &lenient, now - 300).is_ok());
///
/// assert!(verify(&token, &keys, &expected, now + 600).is_err());
/// assert!(verify(&token, &keys, &expected, now - 61).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    issuer: String,
    audience: String,
    /// If this is set, a token of another client is refused, and so is a token with a `scope`.
    client_id: Option<String>,
    clock_tolerance: u64,
    future_skew: u64,
}

impl Expected {
    /// Expects tokens that `issuer` has issued for `audience`. Both are compared exactly. A token
    /// is valid until its `exp`, and its `iat` and `nbf` may be up to 60 seconds in the future.
    #[must_use]
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            audience: audience.into(),
            client_id: None,
            clock_tolerance: CLOCK_TOLERANCE_SECONDS,
            future_skew: FUTURE_SKEW_SECONDS,
        }
    }

    /// Accepts only tokens that were issued to this client and have no `scope`. These are the
    /// tokens of the account's own pages. A token that was issued to another app is refused,
    /// whatever its audience is.
    ///
    /// ```
    /// use edgegate_token::{TokenError, verify};
    #[doc = include_str!("example.txt")]
    ///
    /// let ours = expected.clone().with_client_id("edgegate");
    /// assert!(verify(&token, &keys, &ours, now).is_ok());
    ///
    /// let theirs = expected.with_client_id("another-app");
    /// assert_eq!(verify(&token, &keys, &theirs, now), Err(TokenError::ClientIdWrong));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_client_id(self, client_id: impl Into<String>) -> Self {
        Self {
            client_id: Some(client_id.into()),
            ..self
        }
    }

    /// How many seconds after `exp` a token is still valid. This is for a client whose clock can be
    /// wrong.
    #[must_use]
    pub fn with_clock_tolerance(self, seconds: u64) -> Self {
        Self {
            clock_tolerance: seconds,
            ..self
        }
    }

    /// How many seconds `iat` and `nbf` may be in the future.
    #[must_use]
    pub fn with_future_skew(self, seconds: u64) -> Self {
        Self {
            future_skew: seconds,
            ..self
        }
    }
}

/// A token that has the form of an access token. Nobody has verified it.
///
/// It is verified in three more steps. The types ensure the order of the steps:
///
/// - [`UntrustedToken::signed_with`] finds the key and returns a [`SignedBy`].
/// - [`SignedBy::verify`] verifies the signature and returns a [`SignedToken`].
/// - [`SignedToken::judge`] checks the claims and returns a [`VerifiedToken`].
///
/// [`UntrustedToken::verify`] takes all three steps at once.
///
/// ```
/// use edgegate_token::{TokenError, UntrustedToken};
#[doc = include_str!("example.txt")]
///
/// let untrusted = UntrustedToken::parse(&token)?;
/// let signed = untrusted.signed_with(&keys)?.verify()?;
/// let verified = signed.judge(&expected, now)?;
/// assert_eq!(untrusted.verify(&keys, &expected, now), Ok(verified));
///
/// assert_eq!(UntrustedToken::parse("a.b").err(), Some(TokenError::NotThreeParts));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct UntrustedToken<'a> {
    jws: Jws<'a>,
}

impl<'a> UntrustedToken<'a> {
    /// Reads a compact JWT (RFC 7515 section 3.1), and checks its form and its header (RFC 9068
    /// section 4). The claims are not read yet.
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

    /// The claims, **unverified**: the sender of the token could have invented them. Use them only
    /// for display and for debugging.
    ///
    /// ```
    /// use edgegate_token::UntrustedToken;
    #[doc = include_str!("example.txt")]
    ///
    /// assert_eq!(UntrustedToken::parse(&token)?.unverified_claims()?.exp, now + 600);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`TokenError`]: when the claims are not those of an access token.
    pub fn unverified_claims(&self) -> Result<Claims, TokenError> {
        Claims::read(&self.jws.payload)
    }

    /// The key id that the header names, **unverified**. If your copy of the issuer's key set has
    /// no key with this id, the copy might be outdated, so it can help to fetch the key set again.
    /// But the sender of the token might have invented the id, so limit how often you do so.
    ///
    /// ```
    /// use edgegate_token::UntrustedToken;
    #[doc = include_str!("example.txt")]
    ///
    /// assert_eq!(UntrustedToken::parse(&token)?.unverified_kid(), Some("2026-01"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn unverified_kid(&self) -> Option<&str> {
        self.jws.header.kid.as_deref()
    }

    /// Finds the key that must have signed the token. See [`SignedBy`].
    ///
    /// # Errors
    /// - [`TokenError::KidMissing`] or [`TokenError::KidUnknown`]: when `keys` has no such key.
    /// - [`TokenError::AlgNotTheKeys`]: when the header names another algorithm than that of the
    ///   key.
    pub fn signed_with<'t>(&'t self, keys: &'t KeySet) -> Result<SignedBy<'t>, TokenError> {
        SignedBy::find(&self.jws, keys)
    }

    /// Verifies the signature. Only then reads the claims (ASVS 9.1.1), and checks them at `now`,
    /// in Unix seconds.
    ///
    /// # Errors
    /// [`TokenError`]: the first rule that the token breaks.
    pub fn verify(
        &self,
        keys: &KeySet,
        expected: &Expected,
        now: u64,
    ) -> Result<VerifiedToken, TokenError> {
        self.signed_with(keys)?.verify()?.judge(expected, now)
    }
}

impl SignedToken<'_> {
    /// Reads the claims and checks them at `now`, in Unix seconds.
    ///
    /// ```
    /// use edgegate_token::{TokenError, UntrustedToken};
    #[doc = include_str!("example.txt")]
    ///
    /// let untrusted = UntrustedToken::parse(&token)?;
    /// let signed = untrusted.signed_with(&keys)?.verify()?;
    /// assert_eq!(signed.judge(&expected, now)?.claims().aud.iter().count(), 1);
    ///
    /// let other = Expected::new("https://auth.example.com", "https://other.example.com");
    /// assert_eq!(signed.judge(&other, now), Err(TokenError::AudWrong));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`TokenError`]: the first rule that the claims break.
    pub fn judge(&self, expected: &Expected, now: u64) -> Result<VerifiedToken, TokenError> {
        let claims = Claims::read(self.payload)?;
        claims.check()?;
        refuse_if(claims.iss != expected.issuer, TokenError::IssWrong)?;
        refuse_if(
            !claims.aud.contains(&expected.audience),
            TokenError::AudWrong,
        )?;
        if let Some(client_id) = &expected.client_id {
            refuse_if(claims.client_id != *client_id, TokenError::ClientIdWrong)?;
            refuse_if(claims.scope.is_some(), TokenError::ScopePresent)?;
        }
        // A token is rejected "on or after" its `exp` (RFC 7519 section 4.1.4).
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

/// An access token whose form, signature and claims are valid. A value of this type can only be
/// made by verifying a token.
///
/// ```
/// use edgegate_token::verify;
#[doc = include_str!("example.txt")]
///
/// let verified = verify(&token, &keys, &expected, now)?;
/// assert_eq!(verified.claims().email.as_deref(), Some("ada@example.com"));
/// assert_eq!(verified.into_claims().roles, ["user"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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

    /// The claims as a plain value, whose type no longer shows that they were verified.
    #[must_use]
    pub fn into_claims(self) -> Claims {
        self.claims
    }
}

/// Whether `typ` is that of an access token. `typ` is a media type, so its case doesn't matter, and
/// `application/` may be left out (RFC 7515 section 4.1.9).
pub(super) fn is_access_token_type(typ: &str) -> bool {
    typ.eq_ignore_ascii_case(TYP) || typ.eq_ignore_ascii_case("application/at+jwt")
}
