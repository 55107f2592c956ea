//! Key sets (RFC 7517 section 5).

use super::algorithm::Algorithm;
use super::algorithm::SigningKey;
use super::error::TokenError;
use super::jwk::{Jwk, SetKind, presentable_kid};
use super::key_error::{KeyError, KeyFault};
use super::signed_by::SignedBy;
use crate::json::{self, Json, Members, read_object};
use crate::limits::{KEY_SET_MAX_BYTES, KEYS_MAX};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use zeroize::Zeroize as _;

/// The keys of one issuer. The first key signs tokens, if it has its private half. All keys verify
/// tokens. Secret key material is erased from memory when the set is dropped, and no key material
/// is ever printed.
///
/// The type of a key decides its algorithm (RFC 8725 section 3.1):
///
/// | `kty` | `crv` | algorithm | public members | private member |
/// |---|---|---|---|---|
/// | `OKP` | `Ed25519` | `EdDSA` | `x`, 32 bytes | `d`, the 32-byte seed (RFC 8037) |
/// | `EC` | `P-256` | `ES256` | `x`, `y`, 32 bytes each | `d`, 32 bytes (RFC 7518 section 6.2) |
/// | `oct` | | `HS256` | none | `k`, at least 32 bytes (RFC 7518 section 3.2) |
///
/// All members are base64url without padding. A key without `kid` gets its RFC 7638 thumbprint as
/// its id. `use`, `key_ops` and `alg` are optional. If one of them is present, it must allow the
/// operation for which the key is used. A set has 1 to 20 usable keys in at most 32 KiB, either all
/// symmetric or all asymmetric.
///
/// ```
/// use edgegate_token::KeySet;
///
/// let keys = KeySet::from_public_jwks(r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"2026-01","use":"sig",
///     "alg":"EdDSA","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#)?;
/// assert_eq!(keys.kids().collect::<Vec<_>>(), ["2026-01"]);
///
/// let refused = KeySet::from_public_jwks(r#"{"keys":[]}"#).unwrap_err();
/// assert_eq!(refused.reason(), "empty");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct KeySet {
    keys: Vec<Jwk>,
}

impl KeySet {
    /// Reads the issuer's secret key set. The first key must have its private half. The other keys
    /// may be public.
    ///
    /// # Errors
    /// [`KeyError`]: the first rule that the set breaks, and the key that breaks it.
    pub fn from_private_jwks(text: &str) -> Result<Self, KeyError> {
        let set = Self::read(text, SetKind::Private)?;
        match set.keys.first() {
            Some(Jwk {
                signing: Some(_), ..
            }) => Ok(set),
            first => Err(KeyError::from(KeyFault::FirstKeyCannotSign)
                .of_key(0, first.map(|key| key.kid.as_str()))),
        }
    }

    /// Reads a published key set. Its keys can only verify. A key that can't be used is skipped,
    /// whatever the reason, as RFC 7517 section 5 asks, because an issuer may also publish keys of
    /// other kinds. Keys of one algorithm that have the same `kid` can't be distinguished, so none
    /// of them is used. A set with a private member or a symmetric key is rejected: its issuer has
    /// leaked a secret, so no key of the set can be trusted.
    ///
    /// # Errors
    /// [`KeyError`]: the first rule that the set breaks, and the key that breaks it. If no key can
    /// be used, the error is the first reason for which a key was skipped.
    pub fn from_public_jwks(text: &str) -> Result<Self, KeyError> {
        Self::read(text, SetKind::Public)
    }

    /// The public halves of the keys, as a JWK Set in JSON. It contains no symmetric keys. The
    /// service publishes it at `/.well-known/jwks.json`.
    #[must_use]
    pub fn public_jwks(&self) -> String {
        let keys = self.keys.iter().filter_map(Jwk::public).collect();
        Json::object([("keys", keys)]).to_text()
    }

    /// The ids of the keys, in the order of the set.
    pub fn kids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| key.kid.as_str())
    }

    /// The coordinates of the public key at this position in the set, in base64url: x, and for
    /// ES256 also y. In the key's JWK, they are the members `x` and `y` (RFC 7518 section 6.2.1,
    /// RFC 8037 section 2). `None` if the key is symmetric, or there is no key at this position.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    ///
    /// let (x, y) = keys.public_coordinates(0).unwrap();
    /// assert_eq!((x.len(), y), (43, None));
    /// assert_eq!(keys.public_coordinates(1), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn public_coordinates(&self, position: usize) -> Option<(String, Option<String>)> {
        self.keys.get(position)?.coordinates()
    }

    /// A message that is not a token, with a signature that is to be verified with the key at this
    /// position in the set. This is for published test vectors. `None` if there is no key at this
    /// position.
    ///
    /// ```
    /// use edgegate_token::TokenError;
    #[doc = include_str!("example.txt")]
    ///
    /// let signed_by = keys.detached(0, b"message", &[0; 64]).unwrap();
    /// assert_eq!(signed_by.verify().err(), Some(TokenError::SignatureInvalid));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn detached<'t>(
        &'t self,
        position: usize,
        message: &'t [u8],
        signature: &'t [u8],
    ) -> Option<SignedBy<'t>> {
        let key = self.keys.get(position)?;
        Some(SignedBy::detached((position, key), message, signature))
    }

    /// Finds the key that a header names, and its position in the set. A header without `kid` is
    /// accepted only if the set has a single key. Keys of different algorithms may have the same
    /// `kid` (RFC 7517 section 4.5), so the algorithm is compared too.
    pub(super) fn find(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<(usize, &Jwk), TokenError> {
        match (kid, self.keys.as_slice()) {
            (None, [only]) => Ok((0, only)),
            (None, _) => Err(TokenError::KidMissing),
            (Some(kid), keys) => {
                let mut named = keys.iter().enumerate().filter(|(_, key)| key.kid == kid);
                let fitting = named.clone().find(|(_, key)| key.algorithm() == algorithm);
                fitting
                    .or_else(|| named.next())
                    .ok_or(TokenError::KidUnknown)
            }
        }
    }

    /// The algorithm of the first key, if it can sign.
    #[must_use]
    pub fn signing_algorithm(&self) -> Option<Algorithm> {
        let first = self.keys.first()?;
        first.signing.is_some().then(|| first.algorithm())
    }

    pub(super) fn signer(&self) -> Option<(&str, &SigningKey)> {
        let first = self.keys.first()?;
        Some((&first.kid, first.signing.as_ref()?))
    }

    fn read(text: &str, kind: SetKind) -> Result<Self, KeyError> {
        if text.len() > KEY_SET_MAX_BYTES {
            return Err(KeyFault::SetTooLong.into());
        }
        let mut members = read_object(text.as_bytes()).map_err(fault)?;
        let set = Self::from_members(&members, kind);
        members.zeroize();
        set
    }

    fn from_members(members: &Members, kind: SetKind) -> Result<Self, KeyError> {
        let Some(Json::Array(items)) = members.get("keys") else {
            return Err(KeyFault::NoKeys.into());
        };
        if items.is_empty() {
            return Err(KeyFault::Empty.into());
        }
        let mut keys: Vec<Jwk> = Vec::with_capacity(items.len().min(KEYS_MAX));
        let mut first_skipped = None;
        let mut ambiguous = Vec::new();
        for (position, item) in items.iter().enumerate() {
            let kid = match item {
                Json::Object(members) => presentable_kid(members),
                _ => None,
            };
            match read_key(item, kind) {
                Ok(key) => {
                    if kind == SetKind::Public
                        && let Some(twin) = keys.iter().position(|other| is_twin(other, &key))
                    {
                        ambiguous.push(twin);
                        first_skipped.get_or_insert_with(|| {
                            KeyError::from(KeyFault::DuplicateKid).of_key(position, kid)
                        });
                        continue;
                    }
                    add(&mut keys, key, kind).map_err(|fault| match fault {
                        KeyFault::TooManyKeys => fault.into(),
                        _ => KeyError::from(fault).of_key(position, kid),
                    })?;
                }
                Err(error) if kind == SetKind::Public && !error.fault().is_leak() => {
                    first_skipped.get_or_insert_with(|| error.of_key(position, kid));
                }
                Err(error) => return Err(error.of_key(position, kid)),
            }
        }
        let keys: Vec<Jwk> = keys
            .into_iter()
            .enumerate()
            .filter_map(|(place, key)| (!ambiguous.contains(&place)).then_some(key))
            .collect();
        if let (true, Some(error)) = (keys.is_empty(), first_skipped) {
            return Err(error);
        }
        Ok(Self { keys })
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut set = f.debug_map();
        for key in &self.keys {
            set.entry(&key.kid, &format_args!("{} _", key.algorithm().name()));
        }
        set.finish()
    }
}

fn read_key(item: &Json, kind: SetKind) -> Result<Jwk, KeyError> {
    match item {
        Json::Object(members) => Jwk::read(members, kind),
        _ => Err(KeyFault::KeyNotObject.into()),
    }
}

/// Whether these keys can't be distinguished by the header of a token.
fn is_twin(one: &Jwk, other: &Jwk) -> bool {
    one.kid == other.kid && one.algorithm() == other.algorithm()
}

/// Adds a key to the set. Fails if the key does not fit the keys that are already in the set.
fn add(keys: &mut Vec<Jwk>, key: Jwk, kind: SetKind) -> Result<(), KeyFault> {
    let is_symmetric = |key: &Jwk| key.algorithm() == Algorithm::Hs256;
    if keys.len() >= KEYS_MAX {
        return Err(KeyFault::TooManyKeys);
    }
    if keys
        .first()
        .is_some_and(|first| is_symmetric(first) != is_symmetric(&key))
    {
        return Err(KeyFault::MixedSet);
    }
    if kind == SetKind::Private && keys.iter().any(|other| other.kid == key.kid) {
        return Err(KeyFault::DuplicateKid);
    }
    keys.push(key);
    Ok(())
}

fn fault(fault: json::Fault) -> KeyError {
    KeyError::from(match fault {
        json::Fault::NotUtf8 => KeyFault::NotUtf8,
        json::Fault::ByteOrderMark => KeyFault::ByteOrderMark,
        json::Fault::Syntax => KeyFault::NotJson,
        json::Fault::NotAnObject => KeyFault::NotObject,
        json::Fault::DuplicateMember => KeyFault::DuplicateMember,
        json::Fault::TooDeep => KeyFault::TooDeep,
    })
}
