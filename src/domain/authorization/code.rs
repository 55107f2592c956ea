//! The authorization code. It is a ticket with a MAC. When the service issues a code, it stores
//! nothing about the code.
//!
//! The code itself contains all the data that are needed to exchange it for tokens. A code that
//! this deployment did not issue has no valid MAC, so it is rejected before any storage is read.
//! The code contains no email address. Even if a request has the longest allowed values, its code
//! has fewer than 2,000 characters. When a code is exchanged, the user's Durable Object remembers
//! the code's id until the code expires, so that no code is exchanged twice.

use super::client::{ClientHash, ClientId, short_hash};
use super::grant::GrantId;
use super::redirect_uri::RedirectUri;
use super::resource::Resource;
use super::scope::Scopes;
use super::ticket_body::{Reader, Writer};
use crate::domain::account::UserId;
use crate::domain::policy::{CODE_MAX_BYTES, CODE_TTL, FUTURE_SKEW_SECONDS};
use crate::domain::secret::Secret;
use crate::domain::session::{Methods, Proof, SessionId};
use crate::domain::ticket::{Purpose, TicketKeys, TicketSecrets};
use base64ct::{Base64UrlUnpadded, Encoding};
use std::fmt;

/// A code's id: sixteen random bytes. When the code is exchanged, the user's Durable Object stores
/// this id until the code expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CodeId([u8; 16]);

impl CodeId {
    /// A new id from random bytes.
    #[must_use]
    pub const fn new(random: [u8; 16]) -> Self {
        Self(random)
    }

    /// The sixteen bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Reads 22 characters of base64url.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 16];
        let read = Base64UrlUnpadded::decode(text, &mut bytes).ok()?;
        (read.len() == bytes.len()).then_some(Self(bytes))
    }
}

impl fmt::Display for CodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Base64UrlUnpadded::encode_string(&self.0))
    }
}

impl serde::Serialize for CodeId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for CodeId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a code's id"))
    }
}

/// The content of a code.
#[derive(Clone, PartialEq, Eq)]
pub struct Code {
    /// The client to which the code was issued.
    pub client: ClientHash,
    /// The first 16 bytes of the SHA-256 of the redirect URI in the authorization request.
    pub redirect_uri: [u8; 16],
    /// The SHA-256 of the verifier that the app must present to exchange the code (PKCE).
    pub challenge: [u8; 32],
    /// The user who signed in.
    pub user: UserId,
    /// The user's `session_epoch` when the code was issued.
    pub epoch: u32,
    /// The id of the sign-on (the login that the apps in one browser share) through which the user
    /// enters the app.
    pub sign_on: SessionId,
    /// The browser's session when the code was issued.
    pub session: SessionId,
    /// When and how the user proved who they are.
    pub proof: Proof,
    /// The `nonce` of the authorization request. The id_token will contain it.
    pub nonce: Option<String>,
    /// The scopes that the app gets.
    pub scopes: Scopes,
    /// The API for which the app gets tokens.
    pub resource: Option<Resource>,
    /// The id of the grant: the record of what the user granted to the app.
    pub grant: GrantId,
    pub id: CodeId,
    /// When the code expires, in seconds since 1970.
    pub expires_at: u64,
}

impl Code {
    /// The values of [`client`](Self::client) and [`redirect_uri`](Self::redirect_uri) for this
    /// client and this redirect URI.
    #[must_use]
    pub fn bound_to(client: &ClientId, redirect_uri: &RedirectUri) -> (ClientHash, [u8; 16]) {
        (client.hash(), short_hash(redirect_uri.as_str()))
    }

    /// Whether the code is valid at `now`. A code is also rejected if it expires too far in the
    /// future: later than a code that is issued now, by more than [`FUTURE_SKEW_SECONDS`]. This
    /// happens if the clock has gone back since the code was issued.
    #[must_use]
    pub fn is_alive(&self, now: u64) -> bool {
        let latest = now
            .saturating_add(CODE_TTL)
            .saturating_add(FUTURE_SKEW_SECONDS);
        now < self.expires_at && self.expires_at <= latest
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Code")
            .field("client", &self.client)
            .field("user", &self.user)
            .field("sign_on", &self.sign_on)
            .field("scopes", &self.scopes)
            .field("resource", &self.resource)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Seals and opens the codes of one deployment. `Debug` prints `_`.
#[derive(Clone, Debug)]
pub struct Codes(TicketKeys);

impl Codes {
    /// Derives the keys of the codes from the deployment's ticket secrets and its issuer.
    #[must_use]
    pub fn new(secrets: &TicketSecrets, issuer: &str) -> Self {
        Self(secrets.keys(Purpose::Code, issuer))
    }

    /// The code as the app gets it: `egk_`, followed by base64url.
    #[must_use]
    pub fn seal(&self, code: &Code) -> Secret {
        let body = Writer::default()
            .bytes(code.client.as_bytes())
            .bytes(&code.redirect_uri)
            .bytes(&code.challenge)
            .bytes(code.user.as_bytes())
            .bytes(&code.epoch.to_be_bytes())
            .bytes(code.sign_on.as_bytes())
            .bytes(code.session.as_bytes())
            .number(code.proof.auth_time)
            .bytes(&[code.proof.methods.to_bits()])
            .bytes(code.grant.as_bytes())
            .bytes(code.id.as_bytes())
            .number(code.expires_at)
            .optional_text(code.nonce.as_deref())
            .text(&code.scopes.to_string())
            .optional_text(code.resource.as_ref().map(Resource::as_str))
            .finish();
        Secret::new(self.0.seal(&body))
    }

    /// The content of the code. `None` unless this deployment sealed it. Whether the code has
    /// expired is not checked here, but by [`Code::is_alive`].
    #[must_use]
    pub fn open(&self, text: &str) -> Option<Code> {
        let body = self.0.open_up_to(text, CODE_MAX_BYTES)?;
        let mut body = Reader::new(&body);
        let code = Code {
            client: ClientHash::from_bytes(body.array()?),
            redirect_uri: body.array()?,
            challenge: body.array()?,
            user: UserId::from_bytes(body.array()?)?,
            epoch: u32::from_be_bytes(body.array()?),
            sign_on: SessionId::from_bytes(body.array()?)?,
            session: SessionId::from_bytes(body.array()?)?,
            proof: Proof {
                auth_time: body.number()?,
                methods: Methods::from_bits(body.byte()?),
            },
            grant: GrantId::from_bytes(body.array()?)?,
            id: CodeId(body.array()?),
            expires_at: body.number()?,
            nonce: body.optional_text()?.map(str::to_owned),
            scopes: Scopes::parse(body.text()?).ok()?,
            resource: match body.optional_text()? {
                Some(text) => Some(Resource::parse(text).ok()?),
                None => None,
            },
        };
        body.end()?;
        Some(code)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::samples::{ISSUER, NOW, code, flipped, secrets};
    use super::*;

    fn codes() -> Codes {
        Codes::new(&secrets(), ISSUER)
    }

    /// The code for a request in which every value has the maximum length.
    fn longest() -> Code {
        let scopes: Vec<String> = (0..16).map(|number| format!("{number:031}")).collect();
        let uri = format!("https://api.example.com/{}", "a".repeat(488));
        Code {
            nonce: Some("n".repeat(256)),
            scopes: Scopes::parse(&format!("{} ", scopes.join(" "))).unwrap(),
            resource: Some(Resource::parse(&uri).unwrap()),
            ..code()
        }
    }

    #[test]
    fn the_longest_code_is_shorter_than_2000_characters() {
        let text = codes().seal(&longest());
        assert!(text.expose().len() < 2000, "{}", text.expose().len());
        assert_eq!(codes().open(text.expose()), Some(longest()));
        assert_eq!(longest().scopes.to_string().len(), 511);
        // `Codes::open` rejects a code that is longer than this.
        assert!("egk_".len() + (CODE_MAX_BYTES + 34) * 4 / 3 < 2000);
    }

    #[test]
    fn a_code_lives_for_a_minute() {
        let code = code();
        assert!(code.is_alive(NOW) && code.is_alive(NOW + 59) && !code.is_alive(NOW + 60));
        assert!(code.is_alive(NOW - 60) && !code.is_alive(NOW - 61));
    }

    #[test]
    fn a_code_tells_nothing_of_the_address_and_prints_no_secret() {
        let text = codes().seal(&code());
        let bytes = Base64UrlUnpadded::decode_vec(&text.expose()[4..]).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("ada") && !text.contains("Ada") && !text.contains("app.example"));
        let printed = format!("{:?}", longest());
        assert!(!printed.contains("nnnn") && !printed.contains("challenge"));
        assert!(printed.contains(&longest().user.to_string()), "{printed}");
    }

    fn any_code() -> impl Strategy<Value = Code> {
        (
            proptest::option::of("[!-~]{1,256}"),
            proptest::collection::vec("[a-z:]{1,20}", 0..8),
            proptest::option::of("[a-z]{1,30}"),
            any::<[u8; 16]>(),
            any::<u32>(),
            any::<u64>(),
        )
            .prop_map(|(nonce, scopes, path, id, epoch, expires_at)| Code {
                nonce,
                scopes: Scopes::parse(&scopes.join(" ")).unwrap(),
                resource: path.map(|path| {
                    Resource::parse(&format!("https://api.example.com/{path}")).unwrap()
                }),
                id: CodeId::new(id),
                epoch,
                expires_at,
                ..code()
            })
    }

    proptest! {
        #[test]
        fn a_code_comes_back_as_it_was(code in any_code(), at: usize, bit in 0u8..7) {
            let text = codes().seal(&code);
            prop_assert!(text.expose().starts_with("egk_"));
            prop_assert_eq!(codes().open(text.expose()), Some(code));
            prop_assert_eq!(codes().open(&flipped(text.expose(), at, bit)), None);
        }

        #[test]
        fn no_text_makes_a_code(text in ".*") {
            prop_assert_eq!(codes().open(&text), None);
            let prefixed = format!("egk_{text}");
            prop_assert_eq!(codes().open(&prefixed), None);
        }

        #[test]
        fn an_id_comes_back_as_it_was(id: [u8; 16]) {
            let id = CodeId::new(id);
            prop_assert_eq!(CodeId::parse(&id.to_string()), Some(id));
            let json = crate::domain::json::encode(&id);
            prop_assert_eq!(crate::domain::json::decode(&json), Some(id));
        }
    }
}
