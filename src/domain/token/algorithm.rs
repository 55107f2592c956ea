//! The three algorithms, behind jwt-compact's `Algorithm`. Which one is used is the key's choice, never the token's.

use super::error::TokenError;
use jwt_compact::AlgorithmSignature as _;
use jwt_compact::alg::{Es256, Hs256, Hs256Key};
use std::borrow::Cow;

/// A signature algorithm (RFC 7518 section 3.1, RFC 8037 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519, named `EdDSA`.
    EdDsa,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// HMAC with SHA-256: who can verify can sign.
    Hs256,
}

impl Algorithm {
    /// The name in headers that we write.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Hs256 => "HS256",
        }
    }

    /// The algorithm that a header or a JWK names, exactly spelt. `Ed25519` is RFC 9864's name for what `EdDSA` means with
    /// an Ed25519 key: both are read, so that an issuer may change over.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "EdDSA" | "Ed25519" => Some(Self::EdDsa),
            "ES256" => Some(Self::Es256),
            "HS256" => Some(Self::Hs256),
            _ => None,
        }
    }
}

/// What a key verifies with.
pub(super) enum VerifyingKey {
    Ed25519(ed25519_dalek::VerifyingKey),
    P256(p256::ecdsa::VerifyingKey),
    Hmac(Hs256Key),
}

/// What a key signs with. The crates wipe all three on drop.
pub(super) enum SigningKey {
    Ed25519(ed25519_dalek::SigningKey),
    P256(p256::ecdsa::SigningKey),
    Hmac(Hs256Key),
}

impl VerifyingKey {
    pub(super) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ed25519(_) => Algorithm::EdDsa,
            Self::P256(_) => Algorithm::Es256,
            Self::Hmac(_) => Algorithm::Hs256,
        }
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), TokenError> {
        match self {
            Self::Ed25519(key) => check(&StrictEd25519, key, message, signature),
            Self::P256(key) => check(&Es256, key, message, signature),
            Self::Hmac(key) => check(&Hs256, key, message, signature),
        }
    }
}

/// Ed25519 by `verify_strict`: jwt-compact's own uses dalek's `verify`, which takes small-order R and A, so that a weak key
/// has signatures over every message.
pub(super) struct StrictEd25519;

impl jwt_compact::Algorithm for StrictEd25519 {
    type SigningKey = ed25519_dalek::SigningKey;
    type VerifyingKey = ed25519_dalek::VerifyingKey;
    type Signature = ed25519_dalek::Signature;

    fn name(&self) -> Cow<'static, str> {
        Cow::Borrowed(Algorithm::EdDsa.name())
    }

    fn sign(&self, key: &Self::SigningKey, message: &[u8]) -> Self::Signature {
        ed25519_dalek::Signer::sign(key, message)
    }

    fn verify_signature(
        &self,
        signature: &Self::Signature,
        key: &Self::VerifyingKey,
        message: &[u8],
    ) -> bool {
        key.verify_strict(message, signature).is_ok()
    }
}

/// The length comes first: jwt-compact's HMAC would panic on another.
fn check<A: jwt_compact::Algorithm>(
    algorithm: &A,
    key: &A::VerifyingKey,
    message: &[u8],
    signature: &[u8],
) -> Result<(), TokenError> {
    if A::Signature::LENGTH.is_none_or(|length| length.get() != signature.len()) {
        return Err(TokenError::SignatureLength);
    }
    let signature =
        A::Signature::try_from_slice(signature).map_err(|_| TokenError::SignatureInvalid)?;
    if algorithm.verify_signature(&signature, key, message) {
        Ok(())
    } else {
        Err(TokenError::SignatureInvalid)
    }
}
