//! Makes valid and invalid tokens for tests. The keys in this module can sign any text, even one
//! that is not a token.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

use base64ct::{Base64UrlUnpadded, Encoding as _};
use edgegate_token::{Expected, KeySet, TokenError, VerifiedToken, verify};
use hmac::Mac as _;
use p256::ecdsa::signature::Signer as _;
use serde_json::{Value, json};

pub const NOW: u64 = 1_800_000_000;
pub const ISS: &str = "https://auth.example.com";
pub const AUD: &str = "https://api.example.com";
/// A UUIDv7. The service makes such ids for new users.
pub const SUB: &str = "0198c2f4-7b1e-7c3a-9d55-1f0a6f2f8b11";
pub const SID: &str = "0198c2f4-7fff-7000-8000-000000000002";
pub const ED_SEED: [u8; 32] = [1; 32];
pub const EC_SECRET: [u8; 32] = [2; 32];
pub const MAC_SECRET: [u8; 32] = [3; 32];
pub const LONE_SEED: [u8; 32] = [4; 32];
pub const RETIRED_SEED: [u8; 32] = [5; 32];

/// A key that the verifier knows. `Ed`, `Es` and `Retired` are in one key set. `Mac` and `Lone`
/// each have a key set of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    Ed,
    Es,
    Mac,
    /// Ed25519. The JWK of this key has no kid, so the RFC 7638 thumbprint is used as its kid.
    Lone,
    /// Ed25519. Only the public half of this key is still in the set.
    Retired,
}

pub const ALL_KEYS: [Key; 3] = [Key::Ed, Key::Es, Key::Mac];

impl Key {
    pub fn kid(self) -> &'static str {
        match self {
            Self::Ed => "ed",
            Self::Es => "es",
            Self::Mac => "mac",
            Self::Lone => "d8Me3uJ82jhdsCstWyVMr3_I2ueeTYG5agM1-2r1_bY",
            Self::Retired => "retired",
        }
    }

    pub fn alg(self) -> &'static str {
        match self {
            Self::Ed | Self::Lone | Self::Retired => "EdDSA",
            Self::Es => "ES256",
            Self::Mac => "HS256",
        }
    }

    /// The key set that contains this key, as a private JWK Set. If this key can sign, it is the
    /// first key of the set.
    pub fn jwks(self) -> Value {
        let retired = with(ed_jwk("retired", &RETIRED_SEED), "d", None);
        let ed = ed_jwk("ed", &ED_SEED);
        let keys = match self {
            Self::Ed | Self::Retired => vec![ed, es_jwk(), retired],
            Self::Es => vec![es_jwk(), ed, retired],
            Self::Mac => vec![json!({ "kty": "oct", "kid": "mac", "k": encode(&MAC_SECRET) })],
            Self::Lone => vec![with(ed_jwk("", &LONE_SEED), "kid", None)],
        };
        json!({ "keys": keys })
    }

    pub fn set(self) -> KeySet {
        KeySet::from_private_jwks(&self.jwks().to_string()).unwrap()
    }

    pub fn sign(self, message: &[u8]) -> Vec<u8> {
        let ed = |seed| ed_secret(seed).sign(message).to_bytes().to_vec();
        match self {
            Self::Ed => ed(&ED_SEED),
            Self::Lone => ed(&LONE_SEED),
            Self::Retired => ed(&RETIRED_SEED),
            Self::Es => {
                let signature: p256::ecdsa::Signature = es_secret().sign(message);
                signature.to_bytes().to_vec()
            }
            Self::Mac => mac(&MAC_SECRET, message),
        }
    }

    pub fn header(self) -> Value {
        json!({ "alg": self.alg(), "typ": "at+jwt", "kid": self.kid() })
    }

    pub fn token(self, header: impl AsRef<[u8]>, claims: impl AsRef<[u8]>) -> String {
        self.over(&format!(
            "{}.{}",
            encode(header.as_ref()),
            encode(claims.as_ref())
        ))
    }

    /// The signing input for this header and the claims of a valid token.
    pub fn input(self, header: impl AsRef<[u8]>) -> String {
        let claims = claims().to_string();
        format!("{}.{}", encode(header.as_ref()), encode(claims.as_bytes()))
    }

    /// A token: the text `signing_input`, and a valid signature over it.
    pub fn over(self, signing_input: &str) -> String {
        format!(
            "{signing_input}.{}",
            encode(&self.sign(signing_input.as_bytes()))
        )
    }

    pub fn good(self) -> String {
        self.token(self.header().to_string(), claims().to_string())
    }

    pub fn check(self, token: &str) -> Result<VerifiedToken, TokenError> {
        verify(token, &self.set(), &Expected::new(ISS, AUD), NOW)
    }
}

pub fn ed_secret(seed: &[u8; 32]) -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::from_bytes(seed)
}

pub fn es_secret() -> p256::ecdsa::SigningKey {
    p256::ecdsa::SigningKey::from_slice(&EC_SECRET).unwrap()
}

pub fn ed_jwk(kid: &str, seed: &[u8; 32]) -> Value {
    let x = encode(ed_secret(seed).verifying_key().as_bytes());
    json!({ "kty": "OKP", "crv": "Ed25519", "kid": kid, "x": x, "d": encode(seed) })
}

pub fn es_jwk() -> Value {
    let point = es_secret().verifying_key().to_encoded_point(false);
    let (x, y) = (encode(point.x().unwrap()), encode(point.y().unwrap()));
    json!({ "kty": "EC", "crv": "P-256", "kid": "es", "x": x, "y": y, "d": encode(&EC_SECRET) })
}

#[allow(clippy::disallowed_methods, reason = "makes tokens, compares none")]
pub fn mac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

pub fn claims() -> Value {
    json!({
        "iss": ISS, "sub": SUB, "aud": AUD, "client_id": "edgegate", "exp": NOW + 600, "iat": NOW,
        "auth_time": NOW, "jti": "token-1", "sid": SID, "ver": 3, "roles": ["user"],
        "email": "ada@example.com", "email_verified": true,
    })
}

/// `members` with one member changed. With `None` the member is removed.
pub fn with(mut members: Value, name: &str, value: Option<Value>) -> Value {
    let object = members.as_object_mut().unwrap();
    match value {
        Some(value) => object.insert(name.into(), value),
        None => object.remove(name),
    };
    members
}

/// `members` as a JSON text, with `more` added before the closing brace. This is for JSON that
/// `Value` can't represent.
pub fn and(members: &Value, more: &str) -> String {
    let text = members.to_string();
    format!("{},{more}}}", text.strip_suffix('}').unwrap())
}

pub fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// Signs these claims with the MAC key, which is the fastest one, and verifies the token.
pub fn claims_case(claims: impl AsRef<[u8]>) -> Result<VerifiedToken, TokenError> {
    Key::Mac.check(&Key::Mac.token(Key::Mac.header().to_string(), claims))
}
