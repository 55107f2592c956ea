//! Client ID metadata documents: a client whose id is the URL of a document about itself
//! (draft-ietf-oauth-client-id-metadata-document). Nobody vouches for such a client.
//!
//! This service fetches the document, so a URL that a stranger chose decides where it connects to.
//! [`MetadataUrl`] accepts only public names; the platform's flag `global_fetch_strictly_public` does
//! the rest.

use super::client::{AppClient, ClientId, ClientType, client_name};
use super::redirect_uri::{RedirectUri, WebUri};
use crate::domain::policy::{
    CLIENT_REDIRECT_URIS_MAX, METADATA_CACHE_MAX, METADATA_CACHE_MIN, METADATA_MAX_BYTES,
};
use crate::domain::settings::host_of;
use edgegate_token::json::Json;

/// The URL of a client's document, which may be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataUrl {
    id: ClientId,
    host: String,
}

/// Why a client's id is not a URL that may be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetadataUrlFault {
    /// It is not an https URL in the only spelling that is accepted: no user, no fragment, no dot
    /// segments, lower case.
    NotAUrl,
    /// It has a query.
    Query,
    /// It has no path.
    Path,
    /// It names a port.
    Port,
    /// Its host is an IP address, or a name that is not public.
    Host,
    /// Its host is that of this service.
    OurOwn,
}

/// Endings of names that no public server has: RFC 6761, RFC 6762, RFC 7686, RFC 8375, and
/// `internal`, which ICANN reserved for private use.
const NOT_PUBLIC: [&str; 11] = [
    ".local",
    ".internal",
    ".localhost",
    ".localdomain",
    ".test",
    ".invalid",
    ".example",
    ".onion",
    ".home.arpa",
    ".lan",
    ".alt",
];

impl MetadataUrl {
    /// Reads a client's id.
    ///
    /// # Errors
    /// It may not be fetched.
    pub fn parse(id: &ClientId, issuer: &str) -> Result<Self, MetadataUrlFault> {
        use MetadataUrlFault as Fault;
        let uri = WebUri::parse(id.as_str())
            .ok()
            .filter(WebUri::is_https)
            .ok_or(Fault::NotAUrl)?;
        if id.as_str().contains('?') {
            return Err(Fault::Query);
        }
        if matches!(uri.path(), "" | "/") {
            return Err(Fault::Path);
        }
        if uri.has_port() {
            return Err(Fault::Port);
        }
        let host = uri.host();
        let last = host.rsplit('.').next().unwrap_or_default();
        let is_public = host.contains('.')
            && !host.starts_with('[')
            && !last.bytes().all(|b| b.is_ascii_digit())
            && !NOT_PUBLIC.iter().any(|ending| host.ends_with(ending));
        if !is_public {
            return Err(Fault::Host);
        }
        let ours = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
        if host == host_of(ours) {
            return Err(Fault::OurOwn);
        }
        Ok(Self {
            host: host.to_owned(),
            id: id.clone(),
        })
    }

    /// The URL to fetch, which is the client's id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.id.as_str()
    }

    /// Its host, as the consent page shows it.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }
}

/// Why a document is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentFault {
    /// It has more than 5 KB.
    TooLong,
    /// It is not a JSON object.
    NotJson,
    /// Its `client_id` is not its URL, byte for byte.
    ClientId,
    /// `token_endpoint_auth_method` is not `none`, or it has a secret.
    AuthMethod,
    /// It does not use authorization codes.
    GrantTypes,
    /// `redirect_uris` has none that could be registered here, or too many.
    RedirectUris,
    /// `client_name` is not a name.
    Name,
}

impl DocumentFault {
    /// A stable reason, `snake_case`.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::TooLong => "document_too_long",
            Self::NotJson => "document_not_json",
            Self::ClientId => "document_client_id",
            Self::AuthMethod => "document_auth_method",
            Self::GrantTypes => "document_grant_types",
            Self::RedirectUris => "document_redirect_uris",
            Self::Name => "document_name",
        }
    }
}

/// Reads documents.
#[derive(Clone, Copy, Debug)]
pub struct MetadataDocument;

impl MetadataDocument {
    /// Whether a response may be read at all: 200, and JSON. Anything else, a redirect too, is no
    /// document.
    #[must_use]
    pub fn accepts(status: u16, content_type: Option<&str>) -> bool {
        let media_type = content_type.and_then(|text| text.split(';').next());
        let media_type = media_type.unwrap_or_default().trim().to_ascii_lowercase();
        let is_json = media_type == "application/json"
            || (media_type.starts_with("application/") && media_type.ends_with("+json"));
        status == 200 && is_json
    }

    /// The client that a document describes, at `now`, in seconds since 1970. Of its redirect URIs
    /// those that could be registered here are kept.
    ///
    /// # Errors
    /// The document is not that of this URL, or not of a public client with authorization codes.
    pub fn parse(bytes: &[u8], url: &MetadataUrl, now: u64) -> Result<AppClient, DocumentFault> {
        use DocumentFault as Fault;
        if bytes.len() > METADATA_MAX_BYTES {
            return Err(Fault::TooLong);
        }
        let document = Json::read(bytes).map_err(|_| Fault::NotJson)?;
        if !matches!(document, Json::Object(_)) {
            return Err(Fault::NotJson);
        }
        let text = |name: &str| match document.get(name) {
            Some(Json::String(text)) => Some(text.as_str()),
            _ => None,
        };
        if text("client_id") != Some(url.as_str()) {
            return Err(Fault::ClientId);
        }
        let has_secret = document.get("client_secret").is_some();
        if text("token_endpoint_auth_method") != Some("none") || has_secret {
            return Err(Fault::AuthMethod);
        }
        for (name, needed) in [
            ("grant_types", "authorization_code"),
            ("response_types", "code"),
        ] {
            let has_it = match document.get(name) {
                None => true,
                Some(Json::Array(values)) => values
                    .iter()
                    .any(|value| matches!(value, Json::String(text) if text == needed)),
                Some(_) => false,
            };
            if !has_it {
                return Err(Fault::GrantTypes);
            }
        }
        let name = match document.get("client_name") {
            None => url.host().to_owned(),
            Some(Json::String(name)) => client_name(name).map_err(|_| Fault::Name)?,
            Some(_) => return Err(Fault::Name),
        };
        Ok(AppClient {
            id: url.id.clone(),
            name,
            kind: ClientType::Public,
            first_party: false,
            redirect_uris: redirect_uris(&document)?,
            post_logout_redirect_uris: Vec::new(),
            resources: Vec::new(),
            scopes: Vec::new(),
            id_token_alg: None,
            disabled_at: None,
            created_at: now,
            version: 0,
        })
    }

    /// How long a document may be kept, in seconds: what `Cache-Control` says, but five minutes at
    /// least and a day at most. Failures are not kept.
    #[must_use]
    pub fn kept_for(cache_control: Option<&str>) -> u64 {
        let mut seconds = METADATA_CACHE_MIN;
        for directive in cache_control.unwrap_or_default().split(',') {
            let directive = directive.trim().to_ascii_lowercase();
            if matches!(directive.as_str(), "no-store" | "no-cache") {
                return METADATA_CACHE_MIN;
            }
            if let Some(age) = directive.strip_prefix("max-age=") {
                let age = age.trim_matches('"');
                seconds = age.parse().unwrap_or(METADATA_CACHE_MIN);
            }
        }
        seconds.clamp(METADATA_CACHE_MIN, METADATA_CACHE_MAX)
    }
}

fn redirect_uris(document: &Json) -> Result<Vec<RedirectUri>, DocumentFault> {
    let Some(Json::Array(values)) = document.get("redirect_uris") else {
        return Err(DocumentFault::RedirectUris);
    };
    let mut uris: Vec<RedirectUri> = Vec::new();
    for value in values {
        let Json::String(text) = value else {
            return Err(DocumentFault::RedirectUris);
        };
        if let Ok(uri) = RedirectUri::register(text)
            && !uris.contains(&uri)
        {
            uris.push(uri);
        }
    }
    if (1..=CLIENT_REDIRECT_URIS_MAX).contains(&uris.len()) {
        Ok(uris)
    } else {
        Err(DocumentFault::RedirectUris)
    }
}
