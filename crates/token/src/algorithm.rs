//! The three signature algorithms. The key decides which algorithm is used. The token can't choose
//! it.

use super::error::TokenError;
use alloc::borrow::Cow;
use jwt_compact::Algorithm as _;
use jwt_compact::AlgorithmSignature as _;
use jwt_compact::alg::Es256;
use jwt_compact::alg::{Hs256, Hs256Key, Hs256Signature};

/// A signature algorithm (RFC 7518 section 3.1, RFC 8037 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519, named `EdDSA`.
    EdDsa,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// HMAC with SHA-256. The key is symmetric, so everybody who can verify can also sign.
    Hs256,
}

impl Algorithm {
    /// The name of the algorithm in the headers of issued tokens.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Hs256 => "HS256",
        }
    }

    /// The algorithm with the name that a header or a JWK contains. The name must match exactly.
    /// `Ed25519` is the newer name of `EdDSA` with an Ed25519 key (RFC 9864). Both names are
    /// accepted, so that an issuer can change from one to the other.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "EdDSA" | "Ed25519" => Some(Self::EdDsa),
            "ES256" => Some(Self::Es256),
            "HS256" => Some(Self::Hs256),
            _ => None,
        }
    }
}

/// The part of a key that verifies signatures.
pub(super) enum VerifyingKey {
    Ed25519(ed25519_dalek::VerifyingKey),
    P256(p256::ecdsa::VerifyingKey),
    /// A symmetric key can only be in a private key set. The npm package reads only published sets,
    /// so it never has one.
    Hmac(Hs256Key),
}

/// The part of a key that signs. The crates that define these three types erase them from memory on
/// drop.
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
        // The length is checked first, because jwt-compact's HMAC panics if the length is wrong.
        // Signatures of Ed25519 and P-256 are read with the crates of these curves, because the
        // reader of jwt-compact depends on the crate `anyhow`.
        let matches = match self {
            Self::Ed25519(key) => {
                let signature = ed25519_dalek::Signature::from_bytes(exactly(signature)?);
                StrictEd25519.verify_signature(&signature, key, message)
            }
            Self::P256(key) => {
                let bytes: &[u8; 64] = exactly(signature)?;
                p256::ecdsa::Signature::from_slice(bytes)
                    .is_ok_and(|signature| Es256.verify_signature(&signature, key, message))
            }
            Self::Hmac(key) => {
                let bytes: &[u8; 32] = exactly(signature)?;
                Hs256Signature::try_from_slice(bytes)
                    .is_ok_and(|signature| Hs256.verify_signature(&signature, key, message))
            }
        };
        if matches {
            Ok(())
        } else {
            Err(TokenError::SignatureInvalid)
        }
    }
}

impl VerifyingKey {
    /// Checks the rules about a signature that need no computation on the curve. Some platforms
    /// accept signatures that break these rules, so this method is called before a platform
    /// verifies a signature. A signature that is accepted here can still be invalid.
    pub(super) fn judge_form(&self, signature: &[u8]) -> Result<(), TokenError> {
        let is_canonical = match self {
            Self::Ed25519(_) => {
                let signature = ed25519_dalek::Signature::from_bytes(exactly(signature)?);
                let (r, s) = (signature.r_bytes(), signature.s_bytes());
                is_canonical_y(r) && !has_small_order(r) && is_below_order(s)
            }
            // This rejects an r or s that is zero or not below the order of the group.
            Self::P256(_) => {
                let bytes: &[u8; 64] = exactly(signature)?;
                p256::ecdsa::Signature::from_slice(bytes).is_ok()
            }
            Self::Hmac(_) => exactly::<32>(signature).map(|_| true)?,
        };
        if is_canonical {
            Ok(())
        } else {
            Err(TokenError::SignatureInvalid)
        }
    }
}

/// Ed25519. The verification is as strict as `verify_strict` of the crate ed25519-dalek.
///
/// jwt-compact uses the method `verify` of ed25519-dalek, which accepts an R of small order and a
/// public key A of small order. With such a key, one signature is valid for any message. Keys of
/// small order are rejected in `jwk.rs`. R is checked here. `verify` compares the bytes of R with
/// the bytes that it has computed, so an R in an encoding that is not canonical is never accepted.
/// It is therefore enough to compare R with the canonical encodings of the eight points of small
/// order. `verify_strict` would decode R instead, for which it computes a square root. Without the
/// square root, verification takes a seventh less time.
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
        !SMALL_ORDER.contains(signature.r_bytes())
            && ed25519_dalek::Verifier::verify(key, message, signature).is_ok()
    }
}

/// The canonical encodings of the eight points of small order (points whose order divides eight).
const SMALL_ORDER: [[u8; 32]; 8] = [
    [
        0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
    [
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x80,
    ],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0x7f,
    ],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x85,
    ],
    [
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0xfa,
    ],
];

/// Whether a point has the same y as a point of small order. For y = 1 and y = -1, the encodings
/// with the sign bit are not canonical. This function is true for them too, so they are rejected.
fn has_small_order(r: &[u8; 32]) -> bool {
    let [low @ .., high] = r;
    SMALL_ORDER.iter().any(|point| {
        let [other_low @ .., other_high] = point;
        // The highest bit is the sign of x.
        low == other_low && (high ^ other_high) & 0x7f == 0
    })
}

/// Whether an Ed25519 point has a y below p = 2^255 - 19, as RFC 8032 section 5.1.3 asks.
/// ed25519-dalek accepts a larger y and reduces it modulo p.
pub(super) fn is_canonical_y(point: &[u8; 32]) -> bool {
    let [low, middle @ .., high] = point;
    !(*low >= 0xed && middle.iter().all(|byte| *byte == 0xff) && high & 0x7f == 0x7f)
}

/// Whether `s` is below the order of the group (RFC 8032 section 5.1.7). If `s` could be larger, a
/// valid signature could be changed into another valid signature.
fn is_below_order(s: &[u8; 32]) -> bool {
    s.iter().rev().lt(ORDER.iter().rev())
}

/// The order of the base point of Ed25519, 2^252 + 27742317777372353535851937790883648493, in
/// little-endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10,
];

fn exactly<const N: usize>(signature: &[u8]) -> Result<&[u8; N], TokenError> {
    signature
        .try_into()
        .map_err(|_| TokenError::SignatureLength)
}

#[cfg(test)]
mod tests {
    use super::{ORDER, SMALL_ORDER, TokenError, VerifyingKey};
    use alloc::vec::Vec;
    use ed25519_dalek::{Signer as _, Verifier as _};

    /// The public key of RFC 8032 section 7.1, test 1.
    const KEY: [u8; 32] = [
        0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07,
        0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07,
        0x51, 0x1a,
    ];
    /// The S of a signature that was made with the secret of `KEY` and a nonce of zero, so that its
    /// R is the identity.
    const S: [u8; 32] = [
        0x0c, 0x87, 0x1e, 0x8b, 0x46, 0xf4, 0xc0, 0x24, 0x2a, 0xdb, 0xa4, 0xab, 0xe5, 0xa2, 0xc6,
        0x32, 0x9e, 0x12, 0x32, 0x83, 0xfe, 0x6c, 0xe7, 0x3c, 0x4b, 0xcb, 0x00, 0xeb, 0x7a, 0x05,
        0xf3, 0x08,
    ];

    #[test]
    fn dalek_accepts_an_r_of_small_order_and_we_reject_it() {
        let key = ed25519_dalek::VerifyingKey::from_bytes(&KEY).unwrap();
        let mut r = [0; 32];
        r[0] = 1;
        let signature = ed25519_dalek::Signature::from_components(r, S);
        assert!(key.verify(b"any message", &signature).is_ok());
        let refused = VerifyingKey::Ed25519(key).verify(b"any message", &signature.to_bytes());
        assert_eq!(refused, Err(TokenError::SignatureInvalid));
    }

    #[test]
    fn the_table_has_all_eight_points_of_small_order() {
        for (at, point) in SMALL_ORDER.iter().enumerate() {
            assert!(!SMALL_ORDER.iter().skip(at + 1).any(|other| other == point));
            let key = ed25519_dalek::VerifyingKey::from_bytes(point).unwrap();
            assert!(key.is_weak());
            // The encoding is canonical if y is below p = 2^255 - 19, which is ed ff .. ff 7f, and
            // if the sign of x is 0 where x is 0.
            let y: Vec<u8> = point.iter().rev().copied().collect();
            let is_high = y[0] & 0x7f == 0x7f && y[1..31].iter().all(|byte| *byte == 0xff);
            assert!(!is_high || y[31] < 0xed);
            let is_one = |bytes: [u8; 32]| bytes[0] == 1 || bytes[0] == 0xec;
            assert!(!is_one(*point) || point[31] & 0x80 == 0);
        }
    }

    #[test]
    fn a_signature_that_breaks_a_rule_of_form_is_invalid_to_both() {
        let private = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
        let key = VerifyingKey::Ed25519(private.verifying_key());
        let good = private.sign(b"message").to_bytes();
        assert_eq!(key.judge_form(&good), Ok(()));
        assert_eq!(
            key.judge_form(&good[..63]),
            Err(TokenError::SignatureLength)
        );
        let refused = |signature: [u8; 64]| {
            assert_eq!(
                key.judge_form(&signature),
                Err(TokenError::SignatureInvalid)
            );
            assert_eq!(
                key.verify(b"message", &signature),
                Err(TokenError::SignatureInvalid)
            );
        };
        let with = |at: usize, half: [u8; 32]| {
            let mut changed = good;
            changed[at..at + 32].copy_from_slice(&half);
            changed
        };
        // RFC 8032 section 5.1.7: S must be below the order.
        refused(with(32, ORDER));
        refused(with(32, [0xff; 32]));
        let mut below = ORDER;
        below[0] -= 1;
        assert_eq!(key.judge_form(&with(32, below)), Ok(()));
        let mut carry = 0;
        let mut malleated = [0; 32];
        for (at, byte) in malleated.iter_mut().enumerate() {
            let sum = u16::from(good[32 + at]) + u16::from(ORDER[at]) + carry;
            *byte = u8::try_from(sum & 0xff).unwrap();
            carry = sum >> 8;
        }
        refused(with(32, malleated));
        // An R of small order, with either sign, and an R whose y is not below p, are refused.
        for mut point in SMALL_ORDER {
            refused(with(0, point));
            point[31] ^= 0x80;
            refused(with(0, point));
        }
        for low in 0xed..=0xff {
            for high in [0x7f, 0xff] {
                let mut y = [0xff; 32];
                (y[0], y[31]) = (low, high);
                refused(with(0, y));
            }
        }
    }

    #[test]
    fn p256_signatures_outside_the_range_are_refused_by_form() {
        let private = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
        let key = VerifyingKey::P256(*private.verifying_key());
        let good: p256::ecdsa::Signature = private.sign(b"message");
        let good: [u8; 64] = good.to_bytes().into();
        assert_eq!(key.judge_form(&good), Ok(()));
        assert_eq!(key.judge_form(&good[1..]), Err(TokenError::SignatureLength));
        let order: [u8; 32] = [
            0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
            0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2,
            0xfc, 0x63, 0x25, 0x51,
        ];
        for half in [[0; 32], order, [0xff; 32]] {
            for at in [0, 32] {
                let mut changed = good;
                changed[at..at + 32].copy_from_slice(&half);
                assert_eq!(key.judge_form(&changed), Err(TokenError::SignatureInvalid));
                assert!(key.verify(b"message", &changed).is_err());
            }
        }
    }

    #[test]
    fn verify_strict_gives_the_same_result() {
        let private = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
        let public = private.verifying_key();
        let good = private.sign(b"message").to_bytes();
        let ours = |signature: &[u8; 64]| {
            VerifyingKey::Ed25519(public)
                .verify(b"message", signature)
                .is_ok()
        };
        let strict = |signature: &[u8; 64]| {
            let signature = ed25519_dalek::Signature::from_bytes(signature);
            public.verify_strict(b"message", &signature).is_ok()
        };
        assert!(ours(&good) && strict(&good));
        for at in 0..512 {
            let mut changed = good;
            changed[at / 8] ^= 1 << (at % 8);
            assert!(!ours(&changed) && !strict(&changed), "bit {at}");
        }
        for point in SMALL_ORDER {
            let mut changed = good;
            changed[..32].copy_from_slice(&point);
            assert!(!ours(&changed) && !strict(&changed));
        }
    }
}
