//! Makes tokens, good ones and any others, with keys that sign whatever they are given.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

use base64ct::{Base64UrlUnpadded, Encoding as _};
use edgegate::domain::token::{Expected, KeySet, TokenError, VerifiedToken, verify};
use hmac::Mac as _;
use p256::ecdsa::signature::Signer as _;
use serde_json::{Value, json};

pub const NOW: u64 = 1_800_000_000;
pub const ISS: &str = "https://auth.example.com";
pub const AUD: &str = "https://api.example.com";
pub const ED_SEED: [u8; 32] = [1; 32];
pub const EC_SECRET: [u8; 32] = [2; 32];
pub const MAC_SECRET: [u8; 32] = [3; 32];

/// A key of the verifier's set, by its kid: `ed` and `es` are one set, `mac` is another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    Ed,
    Es,
    Mac,
}

pub const ALL_KEYS: [Key; 3] = [Key::Ed, Key::Es, Key::Mac];

impl Key {
    pub fn kid(self) -> &'static str {
        match self {
            Self::Ed => "ed",
            Self::Es => "es",
            Self::Mac => "mac",
        }
    }

    pub fn alg(self) -> &'static str {
        match self {
            Self::Ed => "EdDSA",
            Self::Es => "ES256",
            Self::Mac => "HS256",
        }
    }

    /// The set that holds it; it signs there.
    pub fn set(self) -> KeySet {
        let keys = match self {
            Self::Ed => vec![ed_jwk(), es_jwk()],
            Self::Es => vec![es_jwk(), ed_jwk()],
            Self::Mac => vec![json!({ "kty": "oct", "kid": "mac", "k": encode(&MAC_SECRET) })],
        };
        KeySet::from_private_jwks(&json!({ "keys": keys }).to_string()).unwrap()
    }

    pub fn sign(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Ed => ed_secret().sign(message).to_bytes().to_vec(),
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

    /// A right signature over the literal text.
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

pub fn ed_secret() -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::from_bytes(&ED_SEED)
}

pub fn es_secret() -> p256::ecdsa::SigningKey {
    p256::ecdsa::SigningKey::from_slice(&EC_SECRET).unwrap()
}

pub fn ed_jwk() -> Value {
    let x = encode(ed_secret().verifying_key().as_bytes());
    json!({ "kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": x, "d": encode(&ED_SEED) })
}

pub fn es_jwk() -> Value {
    let point = es_secret().verifying_key().to_encoded_point(false);
    let (x, y) = (encode(point.x().unwrap()), encode(point.y().unwrap()));
    json!({ "kty": "EC", "crv": "P-256", "kid": "es", "x": x, "y": y, "d": encode(&EC_SECRET) })
}

pub fn mac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

pub fn claims() -> Value {
    json!({
        "iss": ISS, "sub": "user-1", "aud": AUD, "client_id": "edgegate", "exp": NOW + 600, "iat": NOW,
        "auth_time": NOW, "jti": "token-1", "sid": "session-1", "ver": 3, "roles": ["user"],
        "email": "ada@example.com", "email_verified": true,
    })
}

/// `members` with one changed, or taken out for `None`.
pub fn with(mut members: Value, name: &str, value: Option<Value>) -> Value {
    let object = members.as_object_mut().unwrap();
    match value {
        Some(value) => object.insert(name.into(), value),
        None => object.remove(name),
    };
    members
}

/// `members` as text, with `more` written before the closing brace: for what `Value` can't hold.
pub fn and(members: &Value, more: &str) -> String {
    let text = members.to_string();
    format!("{},{more}}}", text.strip_suffix('}').unwrap())
}

pub fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// A token of the MAC key with this header, its signature right: the cheapest to make.
pub fn header_case(header: impl AsRef<[u8]>) -> Result<VerifiedToken, TokenError> {
    Key::Mac.check(&Key::Mac.token(header, claims().to_string()))
}

/// The same for the claims.
pub fn claims_case(claims: impl AsRef<[u8]>) -> Result<VerifiedToken, TokenError> {
    Key::Mac.check(&Key::Mac.token(Key::Mac.header().to_string(), claims))
}

#[track_caller]
pub fn refused(name: &str, outcome: Result<VerifiedToken, TokenError>, reason: TokenError) {
    assert_eq!(outcome.err(), Some(reason), "{name}");
}
