//! The authorization code: a MACed ticket, not a row.
//!
//! It carries everything that the exchange needs, so that a forged or foreign code is rejected
//! before any storage is read. It has no address in it, and with the longest values that a request
//! may have it stays below 2,000 characters. That it is exchanged once is remembered by the user's
//! object.

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

/// A code's id: sixteen random bytes. The user's object remembers it until the code expires.
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

/// What a code says.
#[derive(Clone, PartialEq, Eq)]
pub struct Code {
    /// To whom it was issued.
    pub client: ClientHash,
    /// The first 16 bytes of the SHA-256 of the redirect URI, as it was presented.
    pub redirect_uri: [u8; 16],
    /// The SHA-256 of the verifier.
    pub challenge: [u8; 32],
    /// Who signed in.
    pub user: UserId,
    /// The user's `session_epoch`.
    pub epoch: u32,
    /// The sign-on from which the app's session comes.
    pub sign_on: SessionId,
    /// The browser's session.
    pub session: SessionId,
    /// When and how the user proved who they are.
    pub proof: Proof,
    /// Comes back in the id_token.
    pub nonce: Option<String>,
    /// What the app gets.
    pub scopes: Scopes,
    /// For which API.
    pub resource: Option<Resource>,
    /// What the user gave.
    pub grant: GrantId,
    /// Its id.
    pub id: CodeId,
    /// When it expires, in seconds since 1970.
    pub expires_at: u64,
}

impl Code {
    /// The short form of a redirect URI that a code carries.
    #[must_use]
    pub fn hash_redirect_uri(uri: &str) -> [u8; 16] {
        short_hash(uri)
    }

    /// The short forms of a client and of a matched redirect URI.
    #[must_use]
    pub fn bound_to(client: &ClientId, redirect_uri: &RedirectUri) -> (ClientHash, [u8; 16]) {
        (client.hash(), short_hash(redirect_uri.as_str()))
    }

    /// Whether it may be exchanged at `now`. If it were valid for longer than any code is, the clock
    /// went back, and it is rejected.
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
    /// The codes of the deployment with these secrets and this issuer.
    #[must_use]
    pub fn new(secrets: &TicketSecrets, issuer: &str) -> Self {
        Self(secrets.keys(Purpose::Code, issuer))
    }

    /// The code as the app gets it: `egk_` and base64url.
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

    /// What the code says. `None` unless this deployment sealed it. Whether it has expired is judged
    /// at its exchange.
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
