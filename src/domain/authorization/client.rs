//! Clients: the apps in which people may sign in with this service.

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};

use super::redirect_uri::{RedirectKind, RedirectUri};
use super::resource::Resource;
use super::scope::{Scope, Scopes};
use crate::domain::account::Edit;
use crate::domain::error::FieldProblem;
use crate::domain::id;
use crate::domain::policy::{
    CLIENT_ID_MAX_BYTES, CLIENT_NAME_MAX_CHARS, CLIENT_REDIRECT_URIS_MAX, CLIENT_RESOURCES_MAX,
};
use crate::domain::secret::{Secret, constant_time_eq};
use edgegate_token::unicode::breaks_line;

/// A client's id: 1 to 512 visible ASCII characters. The ids that this service makes are 16 random
/// bytes in base64url. The id of a client that no administrator has registered is the URL of its
/// metadata document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ClientId(String);

impl ClientId {
    /// Reads an id. `None` if it is empty or too long, or has a character that is not allowed.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_id = (1..=CLIENT_ID_MAX_BYTES).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_graphic());
        is_id.then(|| Self(text.to_owned()))
    }

    /// A new id from random bytes: 22 characters. The first is a letter, because a command line
    /// would take a word that begins with `-` for an option.
    #[must_use]
    pub fn generate(random: &[u8; 16]) -> Self {
        let [first, rest @ ..] = random;
        let mut bytes = [0; 16];
        // The first character encodes the first six bits. If the first bit is 0, it is A to Z, or a
        // to f.
        bytes[0] = first & 0x7f;
        bytes[1..].copy_from_slice(rest);
        Self(Base64UrlUnpadded::encode_string(&bytes))
    }

    /// The id as clients send it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The short form of the id that is stored in tickets and records.
    #[must_use]
    pub fn hash(&self) -> ClientHash {
        ClientHash(short_hash(&self.0))
    }

    /// Whether the id is a URL. If it is, the document at this URL describes the client. The ids
    /// that this service generates are never URLs.
    #[must_use]
    pub fn is_url(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ClientId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("not a client id"))
    }
}

/// The first 16 bytes of the text's SHA-256. For a given text, nobody can find a second text with
/// the same 16 bytes.
pub(super) fn short_hash(text: &str) -> [u8; 16] {
    let hash: [u8; 32] = Sha256::digest(text).into();
    hash.first_chunk().copied().unwrap_or_default()
}

/// The first 16 bytes of the SHA-256 of a client's id. Written as text, it has 22 characters of
/// base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientHash([u8; 16]);

impl ClientHash {
    /// Reads 22 characters of base64url.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 16];
        let read = Base64UrlUnpadded::decode(text, &mut bytes).ok()?;
        (read.len() == bytes.len()).then_some(Self(bytes))
    }

    /// The sixteen bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The hash that consists of these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for ClientHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Base64UrlUnpadded::encode_string(&self.0))
    }
}

impl Serialize for ClientHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ClientHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("not a client's hash"))
    }
}

/// Whether a client can keep a secret (RFC 6749 section 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientType {
    /// A website's page or a program on the user's machine. Such a client can't keep a secret, so
    /// it has none.
    Public,
    /// A server. It keeps a secret and authenticates with it.
    Confidential,
}

impl ClientType {
    /// The name in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Confidential => "confidential",
        }
    }

    /// Reads `public` or `confidential`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Public, Self::Confidential]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// An algorithm with which id_tokens are signed (RFC 7518 section 3.1, RFC 8037).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum IdTokenAlg {
    /// Signatures with Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// ECDSA with the curve P-256.
    #[serde(rename = "ES256")]
    Es256,
    /// RSA with SHA-256. The keys are in the setting `ID_TOKEN_KEYS`.
    #[serde(rename = "RS256")]
    Rs256,
}

impl IdTokenAlg {
    /// The name of the algorithm in JSON, in the headers of tokens and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }

    /// Reads the name of an algorithm, such as `ES256`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::EdDsa, Self::Es256, Self::Rs256]
            .into_iter()
            .find(|alg| alg.as_str() == text)
    }
}

/// A client: an app. It is stored in the database, or it is described by the document at its URL.
/// Times are in seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppClient {
    pub id: ClientId,
    /// The name that people see.
    pub name: String,
    /// Whether the client has a secret.
    pub kind: ClientType,
    /// Whether the app belongs to the operator of the service. Such an app may see the user's
    /// roles. The user is asked for consent only if the app requests it (`prompt=consent`).
    pub first_party: bool,
    /// The URIs to which the answers to authorization requests may be sent.
    pub redirect_uris: Vec<RedirectUri>,
    /// The URIs to which the browser may be sent after a log-out that the app requested.
    pub post_logout_redirect_uris: Vec<RedirectUri>,
    /// The APIs for which the client may get tokens. If a metadata document describes the client,
    /// this list is ignored, and the client may get tokens for the APIs in the setting `RESOURCES`.
    pub resources: Vec<Resource>,
    /// The scopes of APIs that the client may get. The scopes of the account, such as `openid`,
    /// need not be listed here.
    pub scopes: Vec<Scope>,
    /// The algorithm with which the client's id_tokens are signed. `None` means the algorithm of
    /// the service's signing key.
    pub id_token_alg: Option<IdTokenAlg>,
    /// When the client was disabled.
    pub disabled_at: Option<u64>,
    /// When the client was created.
    pub created_at: u64,
    /// This number is raised by every change of the client.
    pub version: u64,
}

impl AppClient {
    /// A public app of which the service knows only the id. The id is also used as the app's name.
    pub(crate) fn known_by_id(id: ClientId) -> Self {
        Self {
            name: id.to_string(),
            id,
            kind: ClientType::Public,
            first_party: false,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            resources: Vec::new(),
            scopes: Vec::new(),
            id_token_alg: None,
            disabled_at: None,
            created_at: 0,
            version: 0,
        }
    }

    /// The URI to which the browser is redirected. `None` unless one of the registered URIs matches
    /// the `presented` URI.
    #[must_use]
    pub fn redirect_uri(&self, presented: &str) -> Option<RedirectUri> {
        self.redirect_uris
            .iter()
            .find_map(|uri| uri.matched(presented))
    }

    /// The URI to which the browser is redirected after a log-out. `None` unless one of the URIs
    /// that are registered for log-outs matches the `presented` URI.
    #[must_use]
    pub fn post_logout_redirect_uri(&self, presented: &str) -> Option<RedirectUri> {
        self.post_logout_redirect_uris
            .iter()
            .find_map(|uri| uri.matched(presented))
    }

    /// Whether the client's id is a URL, so that the document at this URL describes the client. No
    /// administrator has registered or checked such a client.
    #[must_use]
    pub fn is_unregistered(&self) -> bool {
        self.id.is_url()
    }

    /// Whether the app is a page on a website. A page keeps its refresh token only in memory, so
    /// the token is lost when the page is closed. The session of a page ends soon after that.
    ///
    /// When an unregistered app renews its tokens, the service knows only the app's id and not its
    /// redirect URIs. So an unregistered app is treated as a page, unless its session continues
    /// after a log-out (`offline_access`), which is usual for programs on the user's machine.
    #[must_use]
    pub fn is_page(&self, outlives_log_out: bool) -> bool {
        let mut kinds = self.redirect_uris.iter().map(RedirectUri::kind);
        let is_website = if self.is_unregistered() {
            !outlives_log_out
        } else {
            kinds.any(|kind| kind == RedirectKind::Https)
        };
        self.kind == ClientType::Public && is_website
    }
}

/// The id of a client's secret: a UUIDv7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SecretId(#[serde(with = "id")] uuid::Uuid);

impl SecretId {
    /// Makes a new id from the current time, in milliseconds since 1970, and ten random bytes.
    #[must_use]
    pub fn new(now_ms: u64, random: &[u8; 10]) -> Self {
        Self(id::new(now_ms, random))
    }

    /// Reads the canonical form of a UUIDv7.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        id::parse(text).map(Self)
    }
}

impl fmt::Display for SecretId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// A client's secret: `egc_`, followed by 256 random bits in base64url. The secret is shown only
/// once, when it is created.
#[derive(Clone, Debug)]
pub struct ClientSecret(Secret);

const SECRET_PREFIX: &str = "egc_";

impl ClientSecret {
    /// A new secret, and the hash of it that is stored.
    #[must_use]
    pub fn generate(random: &[u8; 32]) -> (Self, ClientSecretHash) {
        let text = format!(
            "{SECRET_PREFIX}{}",
            Base64UrlUnpadded::encode_string(random)
        );
        let hash = ClientSecretHash::of(&text);
        (Self(Secret::new(text)), hash)
    }

    /// The secret as text. This is needed only for the one answer that shows the secret to the
    /// administrator.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// The SHA-256 of a client's secret. A slow hash would not add security, because nobody can guess
/// 256 random bits. `Debug` prints `_`.
#[derive(Clone, Copy)]
pub struct ClientSecretHash([u8; 32]);

constant_time_eq!(ClientSecretHash => |it| &it.0);

impl ClientSecretHash {
    /// Hashes a secret of any form. The secret of the demo client, for example, was not generated
    /// by [`ClientSecret`].
    #[must_use]
    pub fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret).into())
    }

    /// Whether this is the hash of the presented secret. The comparison takes constant time.
    #[must_use]
    pub fn matches(&self, presented: &str) -> bool {
        *self == Self::of(presented)
    }

    /// The stored bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Wraps the bytes of a stored hash.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for ClientSecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

/// A client's secret as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSecret {
    pub id: SecretId,
    pub hash: ClientSecretHash,
    /// When the secret was made, in seconds since 1970.
    pub created_at: u64,
}

impl StoredSecret {
    /// Whether one of these stored secrets is the presented secret. The presented secret is
    /// compared with all of them, so the time does not show which of them matched.
    #[must_use]
    pub fn any_matches(secrets: &[Self], presented: &str) -> bool {
        let presented = ClientSecretHash::of(presented);
        secrets
            .iter()
            .fold(false, |found, secret| found | (secret.hash == presented))
    }
}

/// The fields of a request that creates or changes a client. A field that the request does not have
/// is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientFields {
    pub name: Option<String>,
    /// The member `type` of the request.
    pub kind: Option<String>,
    pub first_party: Option<bool>,
    pub redirect_uris: Option<Vec<String>>,
    pub post_logout_redirect_uris: Option<Vec<String>>,
    pub resources: Option<Vec<String>>,
    pub scopes: Option<Vec<String>>,
    /// If a request removes this field, the algorithm of the service's signing key is used.
    pub id_token_signed_response_alg: Edit<String>,
    pub disabled: Option<bool>,
}

/// The settings that are needed to check the fields of a client.
#[derive(Clone, Copy, Debug)]
pub struct ClientRules<'a> {
    /// The setting `ISSUER`.
    pub issuer: &'a str,
    /// The setting `AUDIENCE`.
    pub audience: &'a str,
    /// The algorithms that the keys of this deployment can sign id_tokens with.
    pub id_token_algs: &'a [IdTokenAlg],
}

/// The first field that is not valid, and the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientFault {
    /// The field's name in JSON.
    pub field: &'static str,
    /// Why the field is not valid.
    pub problem: FieldProblem,
}

const fn fault(field: &'static str, problem: FieldProblem) -> ClientFault {
    ClientFault { field, problem }
}

/// A change of a client. The values in it have been checked. A field that is `None` is not changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientChange {
    pub name: Option<String>,
    pub first_party: Option<bool>,
    pub redirect_uris: Option<Vec<RedirectUri>>,
    pub post_logout_redirect_uris: Option<Vec<RedirectUri>>,
    pub resources: Option<Vec<Resource>>,
    pub scopes: Option<Vec<Scope>>,
    pub id_token_alg: Edit<IdTokenAlg>,
    pub disabled: Option<bool>,
}

impl ClientChange {
    /// Checks the fields of a change.
    ///
    /// # Errors
    /// The first field that is not valid. A change of `type` is never valid. Otherwise a client
    /// that has to authenticate with a secret could be changed into a client that does not have to.
    pub fn parse(fields: ClientFields, rules: &ClientRules<'_>) -> Result<Self, ClientFault> {
        if fields.kind.is_some() {
            return Err(fault("type", FieldProblem::Invalid("fixed")));
        }
        Self::parse_all(fields, rules)
    }

    fn parse_all(fields: ClientFields, rules: &ClientRules<'_>) -> Result<Self, ClientFault> {
        let uris = |field, texts: Option<Vec<String>>, least| {
            texts
                .map(|texts| redirect_uris(field, &texts, least))
                .transpose()
        };
        Ok(Self {
            name: fields.name.as_deref().map(client_name).transpose()?,
            first_party: fields.first_party,
            redirect_uris: uris("redirect_uris", fields.redirect_uris, 1)?,
            post_logout_redirect_uris: uris(
                "post_logout_redirect_uris",
                fields.post_logout_redirect_uris,
                0,
            )?,
            resources: fields
                .resources
                .map(|texts| resources(&texts, rules))
                .transpose()?,
            scopes: fields.scopes.map(|texts| scopes(&texts)).transpose()?,
            id_token_alg: fields
                .id_token_signed_response_alg
                .try_map(|text| id_token_alg(&text, rules))?,
            disabled: fields.disabled,
        })
    }

    /// The client after the change. The client's version is raised by one, unless the change makes
    /// no difference.
    #[must_use]
    pub fn apply(&self, client: &AppClient, now: u64) -> AppClient {
        let mut after = client.clone();
        let set = |to: &mut Vec<RedirectUri>, from: &Option<Vec<RedirectUri>>| {
            if let Some(uris) = from {
                to.clone_from(uris);
            }
        };
        set(&mut after.redirect_uris, &self.redirect_uris);
        set(
            &mut after.post_logout_redirect_uris,
            &self.post_logout_redirect_uris,
        );
        if let Some(name) = &self.name {
            after.name.clone_from(name);
        }
        if let Some(first_party) = self.first_party {
            after.first_party = first_party;
        }
        if let Some(resources) = &self.resources {
            after.resources.clone_from(resources);
        }
        if let Some(scopes) = &self.scopes {
            after.scopes.clone_from(scopes);
        }
        after.id_token_alg = self.id_token_alg.apply(client.id_token_alg);
        match self.disabled {
            Some(true) => after.disabled_at = after.disabled_at.or(Some(now)),
            Some(false) => after.disabled_at = None,
            None => {}
        }
        if after != *client {
            after.version = client.version.saturating_add(1);
        }
        after
    }
}

/// A client that an administrator creates. Its fields have been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewClient {
    kind: ClientType,
    fields: ClientChange,
}

impl NewClient {
    /// Checks the fields of a new client. `name`, `type` and `redirect_uris` are required. The
    /// client belongs to the operator (first party) only if the request says so.
    ///
    /// # Errors
    /// The first field that is missing or not valid.
    pub fn parse(fields: ClientFields, rules: &ClientRules<'_>) -> Result<Self, ClientFault> {
        for (field, is_missing) in [
            ("name", fields.name.is_none()),
            ("type", fields.kind.is_none()),
            ("redirect_uris", fields.redirect_uris.is_none()),
        ] {
            if is_missing {
                return Err(fault(field, FieldProblem::Missing));
            }
        }
        let kind = fields
            .kind
            .as_deref()
            .and_then(ClientType::parse)
            .ok_or(fault("type", FieldProblem::Invalid("unknown")))?;
        let fields = ClientChange::parse_all(fields, rules)?;
        Ok(Self { kind, fields })
    }

    /// Makes the client with this id. Its version is 1, and `now`, in seconds since 1970, becomes
    /// the time of its creation.
    #[must_use]
    pub fn into_client(self, id: ClientId, now: u64) -> AppClient {
        let empty = AppClient {
            kind: self.kind,
            created_at: now,
            ..AppClient::known_by_id(id)
        };
        AppClient {
            version: 1,
            ..self.fields.apply(&empty, now)
        }
    }
}

/// Whether a text can be the name of a client or of an API.
pub(in crate::domain) fn is_client_name(text: &str) -> bool {
    client_name(text).is_ok_and(|name| name == text)
}

/// The name of a client: 1 to 100 characters, no control characters, no white space around it.
pub(super) fn client_name(text: &str) -> Result<String, ClientFault> {
    let name = text.trim();
    let problem = if name.is_empty() {
        FieldProblem::Empty
    } else if name.chars().count() > CLIENT_NAME_MAX_CHARS {
        FieldProblem::TooLong
    } else if name.chars().any(|c| c.is_control() || breaks_line(c)) {
        FieldProblem::Invalid("control_character")
    } else {
        return Ok(name.to_owned());
    };
    Err(fault("name", problem))
}

fn redirect_uris(
    field: &'static str,
    texts: &[String],
    least: usize,
) -> Result<Vec<RedirectUri>, ClientFault> {
    if texts.len() < least {
        return Err(fault(field, FieldProblem::Empty));
    }
    if texts.len() > CLIENT_REDIRECT_URIS_MAX {
        return Err(fault(field, FieldProblem::TooLong));
    }
    let mut uris = Vec::new();
    for text in texts {
        let uri = RedirectUri::register(text)
            .map_err(|why| fault(field, FieldProblem::Invalid(why.reason())))?;
        if !uris.contains(&uri) {
            uris.push(uri);
        }
    }
    Ok(uris)
}

fn resources(texts: &[String], rules: &ClientRules<'_>) -> Result<Vec<Resource>, ClientFault> {
    const FIELD: &str = "resources";
    if texts.len() > CLIENT_RESOURCES_MAX {
        return Err(fault(FIELD, FieldProblem::TooLong));
    }
    let mut resources = Vec::new();
    for text in texts {
        let resource = Resource::parse(text)
            .map_err(|why| fault(FIELD, FieldProblem::Invalid(why.reason())))?;
        if resource.is_ours(rules.issuer, rules.audience) {
            return Err(fault(FIELD, FieldProblem::Invalid("our_own")));
        }
        if !resources.contains(&resource) {
            resources.push(resource);
        }
    }
    Ok(resources)
}

fn scopes(texts: &[String]) -> Result<Vec<Scope>, ClientFault> {
    let invalid =
        |why: super::scope::ScopeFault| fault("scopes", FieldProblem::Invalid(why.reason()));
    let scopes = texts
        .iter()
        .map(|text| Scope::parse(text))
        .collect::<Result<Vec<_>, _>>()
        .map_err(invalid)?;
    let set = Scopes::new(scopes).map_err(invalid)?;
    Ok(set.iter().cloned().collect())
}

fn id_token_alg(text: &str, rules: &ClientRules<'_>) -> Result<IdTokenAlg, ClientFault> {
    const FIELD: &str = "id_token_signed_response_alg";
    let alg = IdTokenAlg::parse(text).ok_or(fault(FIELD, FieldProblem::Invalid("unknown")))?;
    if rules.id_token_algs.contains(&alg) {
        Ok(alg)
    } else {
        Err(fault(FIELD, FieldProblem::Invalid("no_key")))
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
