//! Reads and writes one JSON Web Key (RFC 7517, RFC 7518 section 6, RFC 8037). Only the public half
//! of a key is ever written.

use super::algorithm::{Algorithm, SigningKey, VerifyingKey, is_canonical_y};
use super::key_error::{KeyError, KeyFault};
use crate::json::{Json, Members};
use crate::limits::HMAC_KEY_MIN_BYTES;
use crate::limits::KID_MAX_BYTES;
use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;
use base64ct::{Base64UrlUnpadded, Encoding as _};
use jwt_compact::alg::Hs256Key;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// Whether a key set is the issuer's secret set or a published set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum SetKind {
    Private,
    Public,
}

/// A key that is valid by itself. Whether it fits the other keys of its set is checked in
/// `key_set.rs`.
pub(super) struct Jwk {
    pub(super) kid: String,
    pub(super) verifying: VerifyingKey,
    pub(super) signing: Option<SigningKey>,
}

/// The `kid`, if it can be shown in an error. `None` if it is not a string or is too long.
pub(super) fn presentable_kid(members: &Members) -> Option<&str> {
    match members.get("kid") {
        Some(Json::String(kid)) if kid.len() <= KID_MAX_BYTES => Some(kid),
        _ => None,
    }
}

impl Jwk {
    pub(super) fn read(members: &Members, kind: SetKind) -> Result<Self, KeyError> {
        // This check comes first. Otherwise another fault of the key could be reported instead of a
        // leaked secret.
        if kind == SetKind::Public {
            refuse_private_members(members)?;
        }
        let kty = string(members, "kty")?;
        // These functions look for a private half only after they have checked `kind`. The npm
        // package reads only public sets, so the compiler can omit the code for signing from that
        // package.
        let (verifying, signing) = match kty {
            "OKP" => ed25519(members, kind)?,
            "EC" => p256(members, kind)?,
            "oct" => hmac(members)?,
            _ => return Err(KeyFault::UnsupportedKty.into()),
        };
        check_use(members, &verifying, signing.is_some())?;
        let kid = kid(members, &verifying)?;
        Ok(Self {
            kid,
            verifying,
            signing,
        })
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.verifying.algorithm()
    }

    /// The coordinates x and y of the public key. An Ed25519 key has no y. `None` for a symmetric
    /// key.
    pub(super) fn coordinates(&self) -> Option<(String, Option<String>)> {
        match &self.verifying {
            VerifyingKey::Ed25519(key) => Some((encode(key.as_bytes()), None)),
            VerifyingKey::P256(key) => {
                let (x, y) = coordinates(key)?;
                Some((x, Some(y)))
            }
            VerifyingKey::Hmac(_) => None,
        }
    }

    /// The public half. `None` for a symmetric key.
    pub(super) fn public(&self) -> Option<Json> {
        let (x, y) = self.coordinates()?;
        let (kty, crv) = match y {
            None => ("OKP", "Ed25519"),
            Some(_) => ("EC", "P-256"),
        };
        let mut public = Members::default();
        for (name, value) in [
            ("kty", kty),
            ("crv", crv),
            ("x", &x),
            ("kid", &self.kid),
            ("use", "sig"),
            ("alg", self.algorithm().name()),
        ] {
            public.set(name, value.into());
        }
        if let Some(y) = y {
            public.set("y", y.into());
        }
        Some(Json::Object(public))
    }
}

type Halves = (VerifyingKey, Option<SigningKey>);

fn ed25519(members: &Members, kind: SetKind) -> Result<Halves, KeyError> {
    match string(members, "crv")? {
        "Ed25519" => {}
        "X25519" | "X448" => return Err(KeyFault::KeyAgreementCrv.into()),
        _ => return Err(KeyFault::UnsupportedCrv.into()),
    }
    let x = fixed(members, "x")?;
    if !is_canonical_y(&x) {
        return Err(KeyFault::NotOnCurve.into());
    }
    let verifying =
        ed25519_dalek::VerifyingKey::from_bytes(&x).map_err(|_| KeyFault::NotOnCurve)?;
    if verifying.is_weak() {
        return Err(KeyFault::WeakKey.into());
    }
    let signing = if kind == SetKind::Private && members.contains("d") {
        let key = ed25519_dalek::SigningKey::from_bytes(&*fixed(members, "d")?);
        // If a key pair had a public half that does not belong to its secret, its signatures would
        // reveal the secret (RUSTSEC-2022-0093).
        if key.verifying_key() != verifying {
            return Err(KeyFault::SecretMismatch.into());
        }
        Some(SigningKey::Ed25519(key))
    } else {
        None
    };
    Ok((VerifyingKey::Ed25519(verifying), signing))
}

// This is a separate function, so that a JavaScript engine compiles it only if a key set has a
// P-256 key.
#[inline(never)]
fn p256(members: &Members, kind: SetKind) -> Result<Halves, KeyError> {
    if string(members, "crv")? != "P-256" {
        return Err(KeyFault::UnsupportedCrv.into());
    }
    let (x, y) = (fixed(members, "x")?, fixed(members, "y")?);
    let point = p256::EncodedPoint::from_affine_coordinates((&*x).into(), (&*y).into(), false);
    let verifying =
        p256::ecdsa::VerifyingKey::from_encoded_point(&point).map_err(|_| KeyFault::NotOnCurve)?;
    let signing = if kind == SetKind::Private && members.contains("d") {
        let d = fixed(members, "d")?;
        let key =
            p256::ecdsa::SigningKey::from_slice(&*d).map_err(|_| KeyFault::SecretOutOfRange)?;
        if *key.verifying_key() != verifying {
            return Err(KeyFault::SecretMismatch.into());
        }
        Some(SigningKey::P256(key))
    } else {
        None
    };
    Ok((VerifyingKey::P256(verifying), signing))
}

fn hmac(members: &Members) -> Result<Halves, KeyError> {
    let k = decoded(members, "k")?;
    if k.len() < HMAC_KEY_MIN_BYTES {
        return Err(KeyError::at_member(KeyFault::HmacTooShort, "k"));
    }
    let key = Hs256Key::new(&*k);
    Ok((VerifyingKey::Hmac(key.clone()), Some(SigningKey::Hmac(key))))
}

fn refuse_private_members(members: &Members) -> Result<(), KeyError> {
    if matches!(members.get("kty"), Some(Json::String(kty)) if kty == "oct") {
        return Err(KeyFault::SymmetricInPublicSet.into());
    }
    for name in ["d", "k", "p", "q", "dp", "dq", "qi", "oth", "priv"] {
        if members.contains(name) {
            return Err(KeyError::at_member(KeyFault::PrivateMember, name));
        }
    }
    Ok(())
}

/// Checks the members `use`, `key_ops` and `alg`. They are optional. If one of them is present, it
/// must allow the operation for which the key is used (RFC 7517 sections 4.2 to 4.4).
fn check_use(members: &Members, verifying: &VerifyingKey, can_sign: bool) -> Result<(), KeyError> {
    if members.contains("use") && string(members, "use")? != "sig" {
        return Err(KeyFault::UseNotSig.into());
    }
    if let Some(operations) = members.get("key_ops") {
        let needed: &[&str] = match (verifying, can_sign) {
            (VerifyingKey::Hmac(_), _) => &["sign", "verify"],
            (_, true) => &["sign"],
            (_, false) => &["verify"],
        };
        if !allows(operations, needed) {
            return Err(KeyFault::KeyOps.into());
        }
    }
    if members.contains("alg")
        && Algorithm::named(string(members, "alg")?) != Some(verifying.algorithm())
    {
        return Err(KeyFault::AlgNotTheKeys.into());
    }
    Ok(())
}

/// Whether `operations` contains each operation in `needed` once, and no operations besides `sign`
/// and `verify`. So a key that is also used to encrypt is refused.
fn allows(operations: &Json, needed: &[&str]) -> bool {
    let Json::Array(items) = operations else {
        return false;
    };
    let count = |name: &str| {
        items
            .iter()
            .filter(|item| matches!(item, Json::String(text) if text == name))
            .count()
    };
    let (signs, verifies) = (count("sign"), count("verify"));
    signs <= 1
        && verifies <= 1
        && signs.checked_add(verifies) == Some(items.len())
        && needed.iter().all(|name| count(name) == 1)
}

fn kid(members: &Members, verifying: &VerifyingKey) -> Result<String, KeyError> {
    if !members.contains("kid") {
        return thumbprint(verifying);
    }
    match string(members, "kid")? {
        "" => Err(KeyFault::KidEmpty.into()),
        kid if kid.len() > KID_MAX_BYTES => Err(KeyFault::KidTooLong.into()),
        kid => Ok(kid.to_owned()),
    }
}

/// The key's thumbprint: SHA-256 of the required members in alphabetical order (RFC 7638).
fn thumbprint(verifying: &VerifyingKey) -> Result<String, KeyError> {
    let text = Zeroizing::new(match verifying {
        VerifyingKey::Ed25519(key) => {
            let x = encode(key.as_bytes());
            [r#"{"crv":"Ed25519","kty":"OKP","x":""#, &x, r#""}"#].concat()
        }
        VerifyingKey::P256(key) => {
            let (x, y) = coordinates(key).ok_or(KeyFault::NotOnCurve)?;
            [
                r#"{"crv":"P-256","kty":"EC","x":""#,
                &x,
                r#"","y":""#,
                &y,
                r#""}"#,
            ]
            .concat()
        }
        VerifyingKey::Hmac(key) => {
            let k = Zeroizing::new(encode(key.as_ref()));
            [r#"{"k":""#, &k, r#"","kty":"oct"}"#].concat()
        }
    });
    Ok(encode(&Sha256::digest(text.as_bytes())))
}

fn coordinates(key: &p256::ecdsa::VerifyingKey) -> Option<(String, String)> {
    let point = key.to_encoded_point(false);
    Some((encode(point.x()?), encode(point.y()?)))
}

fn string<'m>(members: &'m Members, name: &'static str) -> Result<&'m str, KeyError> {
    match members.get(name) {
        Some(Json::String(text)) => Ok(text),
        Some(_) => Err(KeyError::at_member(KeyFault::MemberNotString, name)),
        None => Err(KeyError::at_member(KeyFault::MemberMissing, name)),
    }
}

fn decoded(members: &Members, name: &'static str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    Base64UrlUnpadded::decode_vec(string(members, name)?)
        .map(Zeroizing::new)
        .map_err(|_| KeyError::at_member(KeyFault::Base64, name))
}

fn fixed(members: &Members, name: &'static str) -> Result<Zeroizing<[u8; 32]>, KeyError> {
    <[u8; 32]>::try_from(decoded(members, name)?.as_slice())
        .map(Zeroizing::new)
        .map_err(|_| KeyError::at_member(KeyFault::WrongLength, name))
}

fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}
