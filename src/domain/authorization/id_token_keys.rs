//! The setting `ID_TOKEN_KEYS`: RSA keys that sign the id_tokens of apps that can verify only
//! RS256. The platform's crypto API computes these signatures.

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};

use crate::domain::policy::{
    ID_TOKEN_KEYS_MAX, ID_TOKEN_KEYS_MAX_BYTES, KID_MAX_BYTES, RSA_MAX_BITS, RSA_MIN_BITS,
};
use crate::domain::secret::Secret;
use edgegate_token::json::Json;

/// Why `ID_TOKEN_KEYS` can't be used. No variant contains text from the setting, which is secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdTokenKeysFault {
    /// The setting is not a JSON object with an array `keys`.
    NotAKeySet,
    /// The setting has no key, or more than five keys.
    NumberOfKeys,
    /// A key is not an RSA key for RS256 signatures.
    NotRs256,
    /// A key has no `kid`, its `kid` is empty or too long, or another key has the same `kid`.
    Kid,
    /// A member of a private RSA key is missing or not base64url.
    Member,
    /// A modulus has fewer than 2,048 or more than 4,096 bits.
    Size,
    /// A public exponent is not 65537.
    Exponent,
}

impl fmt::Display for IdTokenKeysFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAKeySet => "it is not a JSON object with an array \"keys\"",
            Self::NumberOfKeys => "it must have one to five keys",
            Self::NotRs256 => "a key is not an RSA key for signatures with RS256",
            Self::Kid => "a key has no kid of 1 to 128 characters that no other key has",
            Self::Member => {
                "a key lacks n, e, d, p, q, dp, dq or qi, or one of them is not base64url"
            }
            Self::Size => "a key does not have 2048 to 4096 bits",
            Self::Exponent => "the public exponent e of a key is not AQAB",
        })
    }
}

impl std::error::Error for IdTokenKeysFault {}

/// The members of a private JWK that must stay secret (RFC 7518 section 6.3.2).
const PRIVATE: [&str; 6] = ["d", "p", "q", "dp", "dq", "qi"];

/// A private RSA key. `Debug` does not print its private part.
#[derive(Clone, Debug)]
pub struct RsaSigningKey {
    kid: String,
    modulus: String,
    private_jwk: Secret,
}

impl RsaSigningKey {
    /// The key's id.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The private JWK, for the platform's `importKey`.
    #[must_use]
    pub const fn private_jwk(&self) -> &Secret {
        &self.private_jwk
    }

    /// The public JWK, for `/.well-known/jwks.json`.
    #[must_use]
    pub fn public_jwk(&self) -> Json {
        let text = |text: &str| Json::String(text.to_owned());
        Json::object([
            ("kty", text("RSA")),
            ("use", text("sig")),
            ("alg", text("RS256")),
            ("kid", text(&self.kid)),
            ("n", text(&self.modulus)),
            ("e", text(EXPONENT)),
        ])
    }

    fn read(key: &Json) -> Result<Self, IdTokenKeysFault> {
        use IdTokenKeysFault as Fault;
        let text = |name: &str| match key.get(name) {
            Some(Json::String(text)) => Some(text.as_str()),
            _ => None,
        };
        let is = |name: &str, value: &str| match key.get(name) {
            None => true,
            Some(Json::String(text)) => text == value,
            Some(_) => false,
        };
        if text("kty") != Some("RSA") || !is("alg", "RS256") || !is("use", "sig") {
            return Err(Fault::NotRs256);
        }
        let kid = text("kid")
            .filter(|kid| (1..=KID_MAX_BYTES).contains(&kid.len()))
            .ok_or(Fault::Kid)?;
        let modulus = text("n").ok_or(Fault::Member)?;
        let bits = modulus_bits(modulus).ok_or(Fault::Member)?;
        if !(RSA_MIN_BITS..=RSA_MAX_BITS).contains(&bits) {
            return Err(Fault::Size);
        }
        if text("e").ok_or(Fault::Member)? != EXPONENT {
            return Err(Fault::Exponent);
        }
        let mut members = vec![
            ("kty", "RSA"),
            ("alg", "RS256"),
            ("n", modulus),
            ("e", EXPONENT),
        ];
        for name in PRIVATE {
            let value = text(name).ok_or(Fault::Member)?;
            Base64UrlUnpadded::decode_vec(value).map_err(|_| Fault::Member)?;
            members.push((name, value));
        }
        // Only the members that were checked above are copied. Another member of the setting, such
        // as `key_ops`, could make the platform reject the key.
        let members: Vec<String> = members
            .into_iter()
            .map(|(name, value)| format!("\"{name}\":\"{value}\""))
            .collect();
        Ok(Self {
            kid: kid.to_owned(),
            modulus: modulus.to_owned(),
            private_jwk: Secret::new(format!("{{{}}}", members.join(","))),
        })
    }
}

/// The only accepted public exponent: 65537 in base64url (RFC 7518 section 6.3.1.2). Smaller
/// exponents have led to attacks, and larger ones are slow.
const EXPONENT: &str = "AQAB";

/// The number of bits of a modulus. `None` if it is not base64url or begins with a zero byte.
fn modulus_bits(text: &str) -> Option<usize> {
    let bytes = Base64UrlUnpadded::decode_vec(text).ok()?;
    let first = bytes.first().copied().filter(|first| *first != 0)?;
    let unused = usize::try_from(first.leading_zeros()).ok()?;
    bytes.len().checked_mul(8)?.checked_sub(unused)
}

/// The RSA keys for id_tokens. The first key signs new id_tokens. The public parts of all keys are
/// published.
#[derive(Clone, Debug, Default)]
pub struct IdTokenKeys(Vec<RsaSigningKey>);

impl IdTokenKeys {
    /// Reads a JWK Set with private RSA keys.
    ///
    /// # Errors
    /// The text is not a JWK Set, has no key or too many keys, or has a key that can't be used.
    pub fn parse(text: &str) -> Result<Self, IdTokenKeysFault> {
        use IdTokenKeysFault as Fault;
        if text.len() > ID_TOKEN_KEYS_MAX_BYTES {
            return Err(Fault::NotAKeySet);
        }
        let set = Json::read(text.as_bytes()).map_err(|_| Fault::NotAKeySet)?;
        let Some(Json::Array(keys)) = set.get("keys") else {
            return Err(Fault::NotAKeySet);
        };
        if !(1..=ID_TOKEN_KEYS_MAX).contains(&keys.len()) {
            return Err(Fault::NumberOfKeys);
        }
        let mut read: Vec<RsaSigningKey> = Vec::new();
        for key in keys {
            let key = RsaSigningKey::read(key)?;
            if read.iter().any(|other| other.kid == key.kid) {
                return Err(Fault::Kid);
            }
            read.push(key);
        }
        Ok(Self(read))
    }

    /// The key that signs new id_tokens.
    #[must_use]
    pub fn signer(&self) -> Option<&RsaSigningKey> {
        self.0.first()
    }

    /// All keys. Their public parts are published.
    pub fn iter(&self) -> impl Iterator<Item = &RsaSigningKey> {
        self.0.iter()
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A JWK Set with one key for tests. The key has the form of an RSA key, but it can't sign.
#[cfg(test)]
pub(super) fn sample(kid: &str) -> String {
    format!(r#"{{"keys":[{}]}}"#, tests::key(kid, 256))
}

#[cfg(test)]
mod tests {
    use super::*;
    use IdTokenKeysFault as Fault;

    /// A key with this `kid`, whose modulus has this many bytes.
    pub(super) fn key(kid: &str, bytes: usize) -> String {
        let n = Base64UrlUnpadded::encode_string(&vec![0x80; bytes]);
        format!(
            r#"{{"kty":"RSA","kid":"{kid}","n":"{n}","e":"AQAB","d":"c2VjcmV0","p":"AQ","q":"AQ","dp":"AQ","dq":"AQ","qi":"AQ"}}"#
        )
    }

    fn set(keys: &[String]) -> String {
        format!(r#"{{"keys":[{}]}}"#, keys.join(","))
    }

    #[test]
    fn the_first_key_signs_and_only_public_halves_are_published() {
        let keys = IdTokenKeys::parse(&set(&[key("new", 256), key("old", 512)])).unwrap();
        let signer = keys.signer().unwrap();
        assert_eq!(signer.kid(), "new");
        assert_eq!(keys.iter().count(), 2);
        assert!(!keys.is_empty() && IdTokenKeys::default().is_empty());
        let public = signer.public_jwk();
        let names = ["alg", "e", "kid", "kty", "n", "use"];
        let Json::Object(members) = &public else {
            panic!("an object");
        };
        assert_eq!(members.names().collect::<Vec<_>>(), names);
        assert!(!public.to_text().contains("c2VjcmV0"));
        let private = Json::read(signer.private_jwk().expose().as_bytes()).unwrap();
        assert_eq!(private.get("d").and_then(Json::as_str), Some("c2VjcmV0"));
        assert_eq!(private.get("alg").and_then(Json::as_str), Some("RS256"));
        assert!(!format!("{keys:?}").contains("c2VjcmV0"));
    }

    #[test]
    fn bad_sets_are_refused() {
        let good = key("a", 256);
        let six: Vec<String> = (0..6).map(|number| key(&number.to_string(), 256)).collect();
        for (text, fault) in [
            (String::new(), Fault::NotAKeySet),
            ("[]".to_owned(), Fault::NotAKeySet),
            ("{}".to_owned(), Fault::NotAKeySet),
            (r#"{"keys":{}}"#.to_owned(), Fault::NotAKeySet),
            (
                format!("{} {}", set(&[]), " ".repeat(20_480)),
                Fault::NotAKeySet,
            ),
            (set(&[]), Fault::NumberOfKeys),
            (set(&six), Fault::NumberOfKeys),
            (set(&["1".to_owned()]), Fault::NotRs256),
            (set(&[good.replace("RSA", "EC")]), Fault::NotRs256),
            (
                set(&[good.replace("\"e\"", "\"alg\":\"PS256\",\"e\"")]),
                Fault::NotRs256,
            ),
            (
                set(&[good.replace("\"e\"", "\"use\":\"enc\",\"e\"")]),
                Fault::NotRs256,
            ),
            (set(&[good.replace("\"kid\":\"a\",", "")]), Fault::Kid),
            (set(&[key("", 256)]), Fault::Kid),
            (set(&[key(&"k".repeat(129), 256)]), Fault::Kid),
            (set(&[good.clone(), good.clone()]), Fault::Kid),
            (set(&[good.replace("\"qi\"", "\"qj\"")]), Fault::Member),
            (
                set(&[good.replace("\"c2VjcmV0\"", "\"c2VjcmV0=\"")]),
                Fault::Member,
            ),
            (set(&[good.replace("\"c2VjcmV0\"", "7")]), Fault::Member),
            (set(&[good.replace("\"AQAB\"", "\"Aw\"")]), Fault::Exponent),
            (set(&[key("a", 255)]), Fault::Size),
            (set(&[key("a", 513)]), Fault::Size),
            (
                set(&[good.replacen("\"n\":\"gI", "\"n\":\"AI", 1)]),
                Fault::Member,
            ),
        ] {
            assert_eq!(IdTokenKeys::parse(&text).err(), Some(fault), "{text}");
        }
        for fault in [Fault::NotAKeySet, Fault::Kid, Fault::Member, Fault::Size] {
            assert!(fault.to_string().len() > 20);
        }
    }

    #[test]
    fn a_set_of_the_largest_size_is_read() {
        let set = set(&[key("a", 256)]);
        let padded = |bytes: usize| format!("{set:<bytes$}");
        assert!(IdTokenKeys::parse(&padded(ID_TOKEN_KEYS_MAX_BYTES)).is_ok());
        let refused = IdTokenKeys::parse(&padded(ID_TOKEN_KEYS_MAX_BYTES + 1));
        assert_eq!(refused.err(), Some(Fault::NotAKeySet));
    }
}
