//! The two steps that follow the check of a token's form: finding the key that must have signed the
//! token, and verifying the signature.

use super::algorithm::Algorithm;
use super::error::TokenError;
use super::jwk::Jwk;
use super::jws::Jws;
use super::key_set::KeySet;
use crate::json::Json;
use alloc::string::String;

/// A signature that must be verified before anybody reads the claims, with the text that it covers,
/// and the only key and algorithm with which it can be valid.
///
/// [`SignedBy::verify`] verifies the signature in this process, without the platform. A platform
/// that verifies faster, such as WebCrypto, can verify it instead, after
/// [`SignedBy::judge_signature_form`] was called:
///
/// ```
/// use edgegate_token::{Algorithm, UntrustedToken};
#[doc = include_str!("example.txt")]
///
/// let untrusted = UntrustedToken::parse(&token)?;
/// let signed_by = untrusted.signed_with(&keys)?;
/// assert_eq!(signed_by.kid(), "2026-01");
/// assert_eq!(signed_by.algorithm(), Algorithm::EdDsa);
/// assert!(token.as_bytes().starts_with(signed_by.signing_input()));
/// assert_eq!(signed_by.signature().len(), 64);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SignedBy<'t> {
    pub(super) key: &'t Jwk,
    position: usize,
    signing_input: &'t [u8],
    signature: &'t [u8],
    payload: &'t [u8],
}

impl<'t> SignedBy<'t> {
    /// Finds the key. The key that the header names must be one of `keys`, and the header must name
    /// the algorithm of that key.
    pub(super) fn find(jws: &'t Jws<'_>, keys: &'t KeySet) -> Result<Self, TokenError> {
        let (position, key) = keys.find(jws.header.kid.as_deref(), jws.header.algorithm)?;
        if key.algorithm() != jws.header.algorithm {
            return Err(TokenError::AlgNotTheKeys);
        }
        Ok(Self {
            key,
            position,
            signing_input: jws.signing_input.as_bytes(),
            signature: &jws.signature,
            payload: &jws.payload,
        })
    }

    /// A signature over any message. The message has no claims.
    pub(super) fn detached(
        (position, key): (usize, &'t Jwk),
        message: &'t [u8],
        signature: &'t [u8],
    ) -> Self {
        Self {
            key,
            position,
            signing_input: message,
            signature,
            payload: &[],
        }
    }

    /// The id of the key.
    #[must_use]
    pub fn kid(&self) -> &'t str {
        &self.key.kid
    }

    /// The algorithm of the key. The token can't choose another algorithm (RFC 8725 section 3.1).
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.key.algorithm()
    }

    /// The public key as a JWK in JSON, or `None` for a symmetric key.
    #[must_use]
    pub fn public_jwk(&self) -> Option<String> {
        self.key.public().as_ref().map(Json::to_text)
    }

    /// The coordinates of the public key: see [`KeySet::public_coordinates`].
    #[must_use]
    pub fn public_coordinates(&self) -> Option<(String, Option<String>)> {
        self.key.coordinates()
    }

    /// The position of the key in its [`KeySet`], from 0.
    ///
    /// ```
    /// use edgegate_token::UntrustedToken;
    #[doc = include_str!("example.txt")]
    ///
    /// let untrusted = UntrustedToken::parse(&token)?;
    /// assert_eq!(untrusted.signed_with(&keys)?.key_position(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn key_position(&self) -> usize {
        self.position
    }

    /// The text that the signature covers: the encoded header and claims, exactly as they were
    /// sent.
    #[must_use]
    pub const fn signing_input(&self) -> &'t [u8] {
        self.signing_input
    }

    /// The decoded signature. For ES256 it should be `r` and `s`, 32 bytes each. Its length has not
    /// been checked yet.
    #[must_use]
    pub const fn signature(&self) -> &'t [u8] {
        self.signature
    }

    /// Checks the rules about the signature that need no computation on the curve: its length, and
    /// the ranges of its numbers. Call this method before another program verifies the signature.
    /// Many programs accept some signatures that break these rules and are invalid:
    ///
    /// - a signature of zeros,
    /// - an Ed25519 signature whose S is too large or whose R has a small order,
    /// - a P-256 signature whose r or s is not from 1 to n - 1.
    ///
    /// The keys need no such check, because a [`KeySet`] never contains a key of small order, or a
    /// key that is not on its curve.
    ///
    /// ```
    /// use edgegate_token::{TokenError, UntrustedToken};
    #[doc = include_str!("example.txt")]
    ///
    /// assert_eq!(UntrustedToken::parse(&token)?.signed_with(&keys)?.judge_signature_form(), Ok(()));
    ///
    /// let zeros = format!("{}.{}", token.rsplit_once('.').unwrap().0, "A".repeat(86));
    /// let untrusted = UntrustedToken::parse(&zeros)?;
    /// let judged = untrusted.signed_with(&keys)?.judge_signature_form();
    /// assert_eq!(judged, Err(TokenError::SignatureInvalid));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`TokenError::SignatureLength`] or [`TokenError::SignatureInvalid`]. For such a signature,
    /// [`SignedBy::verify`] returns the same error.
    pub fn judge_signature_form(&self) -> Result<(), TokenError> {
        self.key.verifying.judge_form(self.signature)
    }

    /// Verifies the signature.
    ///
    /// ```
    /// use edgegate_token::{TokenError, UntrustedToken};
    #[doc = include_str!("example.txt")]
    ///
    /// let untrusted = UntrustedToken::parse(&token)?;
    /// let signed = untrusted.signed_with(&keys)?.verify()?;
    /// assert_eq!(signed.judge(&expected, now)?.claims().sub, "0198c2f4");
    ///
    /// // The same header and claims with another signature.
    /// let forged = format!("{}.{}", token.rsplit_once('.').unwrap().0, "A".repeat(86));
    /// let untrusted = UntrustedToken::parse(&forged)?;
    /// let refused = untrusted.signed_with(&keys)?.verify();
    /// assert_eq!(refused.err(), Some(TokenError::SignatureInvalid));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`TokenError::SignatureLength`] or [`TokenError::SignatureInvalid`].
    pub fn verify(&self) -> Result<SignedToken<'t>, TokenError> {
        let key = &self.key.verifying;
        key.verify(self.signing_input(), self.signature)?;
        Ok(SignedToken {
            payload: self.payload,
        })
    }

    /// Trusts the caller that another program has verified the signature. That program must have
    /// used this key and algorithm, and exactly the text [`SignedBy::signing_input`].
    /// [`SignedBy::judge_signature_form`] must have been called before.
    ///
    /// **If nobody has verified the signature, anyone can forge a token.**
    ///
    /// ```
    /// use edgegate_token::UntrustedToken;
    #[doc = include_str!("example.txt")]
    /// # let verify_with_webcrypto = |_: Option<String>, _: &[u8], _: &[u8]| true;
    ///
    /// let untrusted = UntrustedToken::parse(&token)?;
    /// let by = untrusted.signed_with(&keys)?;
    /// if verify_with_webcrypto(by.public_jwk(), by.signing_input(), by.signature()) {
    ///     let signed = by.trust_signature_verified_elsewhere();
    ///     assert_eq!(signed.judge(&expected, now)?.claims().sub, "0198c2f4");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn trust_signature_verified_elsewhere(self) -> SignedToken<'t> {
        SignedToken {
            payload: self.payload,
        }
    }
}

/// A token whose signature was verified. Its claims have not been read yet:
/// [`SignedToken::judge`] reads and judges them.
///
/// Only two methods of [`SignedBy`] make a `SignedToken`: [`SignedBy::verify`] verifies the
/// signature, and [`SignedBy::trust_signature_verified_elsewhere`] trusts its caller. Nobody else
/// can make one:
///
/// ```compile_fail
/// let forged = edgegate_token::SignedToken { payload: b"{}" };
/// ```
pub struct SignedToken<'t> {
    pub(super) payload: &'t [u8],
}
