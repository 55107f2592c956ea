//! Issues access tokens, and signs tokens of other kinds.

use super::algorithm::{SigningKey, StrictEd25519};
use super::claims::Claims;
use super::error::TokenError;
use super::key_set::KeySet;
use super::verify::{TYP, is_access_token_type};
use crate::limits::{ACCESS_TOKEN_MAX_BYTES, ID_TOKEN_MAX_BYTES};
use alloc::string::String;
use core::fmt;
use jwt_compact::alg::{Es256, Hs256};
use jwt_compact::{AlgorithmExt as _, Header};
use serde::Serialize;

/// Makes an access token, and signs it with the first key of `keys`. The header of the token has
/// the members `alg`, `kid` and `typ`. Signing is deterministic (RFC 8032, RFC 6979), so the same
/// key and the same claims give the same token.
///
/// ```
/// use edgegate_token::{Claims, KeySet, issue};
///
/// // The key of RFC 8037 appendix A.1. Everybody knows it: never use it.
/// let keys = KeySet::from_private_jwks(r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"2026-01","use":"sig",
///     "d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#)?;
/// let now = 1_800_000_000;
/// let token = issue(&keys, &Claims {
///     iss: "https://auth.example.com".into(),
///     sub: "0198c2f4-7b1e-7c3a-9d55-1f0a6f2f8b11".into(),
///     aud: "https://api.example.com".into(),
///     client_id: "edgegate".into(),
///     exp: now + 600,
///     iat: now,
///     nbf: None,
///     auth_time: Some(now),
///     jti: "0198c2f4-8000-7000-8000-000000000001".into(),
///     sid: "0198c2f4-7fff-7000-8000-000000000002".into(),
///     ver: 1,
///     roles: vec!["user".into()],
///     email: Some("ada@example.com".into()),
///     email_verified: true,
///     scope: None,
///     sign_on: None,
/// })?;
/// assert_eq!(token.split('.').count(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`IssueError`]: when the first key can't sign, when verification would reject the claims, or
/// when the token would be too long.
pub fn issue(keys: &KeySet, claims: &Claims) -> Result<String, IssueError> {
    claims.check().map_err(IssueError::Claims)?;
    let most = if claims.scope.is_some() { 2 } else { 1 };
    if claims.aud.iter().count() > most {
        return Err(IssueError::SeveralAudiences);
    }
    let token = write(keys, TYP, claims)?;
    if token.len() > ACCESS_TOKEN_MAX_BYTES {
        return Err(IssueError::TooLong);
    }
    Ok(token)
}

/// Makes a token of another kind with these claims, and signs it with the first key of `keys`. The
/// header has the members `alg`, `kid` and `typ`. Because of its `typ`, the token is never accepted
/// as an access token.
///
/// ```
/// use edgegate_token::{TokenError, sign, verify};
#[doc = include_str!("example.txt")]
///
/// let token = sign(&private, "JWT", &std::collections::BTreeMap::from([("sub", "ada")]))?;
/// assert_eq!(verify(&token, &keys, &expected, now), Err(TokenError::TypWrong));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`IssueError`]: when `typ` is that of access tokens, when the first key can't sign, when the
/// claims can't be written as JSON, or when the token would be longer than 8 KiB.
pub fn sign<T: Serialize>(keys: &KeySet, typ: &str, claims: &T) -> Result<String, IssueError> {
    if is_access_token_type(typ) {
        return Err(IssueError::Type);
    }
    let token = write(keys, typ, claims)?;
    if token.len() > ID_TOKEN_MAX_BYTES {
        return Err(IssueError::TooLong);
    }
    Ok(token)
}

fn write<T: Serialize>(keys: &KeySet, typ: &str, claims: &T) -> Result<String, IssueError> {
    let (kid, key) = keys.signer().ok_or(IssueError::NoSigningKey)?;
    let header = Header::empty().with_key_id(kid).with_token_type(typ);
    // jwt-compact has its own optional fields for the time claims. They stay unset, because their
    // type differs from that of the time claims in this crate.
    let claims = jwt_compact::Claims::new(claims);
    match key {
        SigningKey::Ed25519(key) => StrictEd25519.token(&header, &claims, key),
        SigningKey::P256(key) => Es256.token(&header, &claims, key),
        SigningKey::Hmac(key) => Hs256.token(&header, &claims, key),
    }
    .map_err(|_| IssueError::NotWritable)
}

/// Why no token was issued. The caller or the operator has made a mistake. No request can cause
/// this error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssueError {
    /// The set has no private key.
    NoSigningKey,
    /// Verification would reject these claims, for this reason.
    Claims(TokenError),
    /// The claims have more than one audience, or more than two if they have a scope (ASVS 9.2.4).
    SeveralAudiences,
    /// [`sign`] was called with the `typ` of access tokens.
    Type,
    /// The claims can't be written as JSON.
    NotWritable,
    /// The token would be too long for verification to accept it.
    TooLong,
}

impl IssueError {
    /// A stable code in snake_case. For [`IssueError::Claims`] it is the code of the
    /// [`TokenError`].
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NoSigningKey => "no_signing_key",
            Self::Claims(error) => error.reason(),
            Self::SeveralAudiences => "several_audiences",
            Self::Type => "type",
            Self::NotWritable => "claims_not_writable",
            Self::TooLong => "token_too_long",
        }
    }
}

impl fmt::Display for IssueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSigningKey => f.write_str("the key set has no key to sign with"),
            Self::Claims(error) => write!(f, "the claims would be refused: {error}"),
            Self::SeveralAudiences => f.write_str("the claims name several audiences"),
            Self::Type => f.write_str("the type is that of an access token"),
            Self::NotWritable => f.write_str("the claims cannot be written as json"),
            Self::TooLong => f.write_str("the token would be too long"),
        }
    }
}

impl core::error::Error for IssueError {}
