//! Client ID metadata documents (draft-ietf-oauth-client-id-metadata-document). A client can
//! describe itself in such a document. The id of the client is the URL of the document. No
//! administrator has checked such a client.
//!
//! This service fetches the document, so a stranger can choose a URL to which the service connects.
//! The stranger must not be able to make the service connect to a private server. Two things
//! prevent this. [`MetadataUrl`] accepts only public host names. And the platform's flag
//! `global_fetch_strictly_public` makes the service's requests go only through the public internet.

use super::client::{AppClient, ClientId, client_name};
use super::redirect_uri::RedirectUri;
use super::web_uri::WebUri;
use crate::domain::policy::{
    CLIENT_REDIRECT_URIS_MAX, METADATA_CACHE_MAX, METADATA_CACHE_MIN, METADATA_MAX_BYTES,
};
use crate::domain::settings::host_of;
use edgegate_token::json::Json;

/// The URL of a client's document. The URL was checked, so the service may fetch it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataUrl {
    id: ClientId,
    host: String,
}

/// Why a client's id is not a URL that may be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetadataUrlFault {
    /// The id is not an https URL, or it is not written in the only accepted way: without a user, a
    /// fragment or dot segments, and with the scheme and host in lower case.
    NotAUrl,
    /// The URL has a query.
    Query,
    /// The URL has no path.
    Path,
    /// The URL contains a port.
    Port,
    /// The host of the URL is an IP address, or a name that is not public.
    Host,
    /// The host of the URL is this service's own host.
    OurOwn,
}

/// Endings of host names that are never public, but can belong to a private server. They are
/// reserved by RFC 6761, RFC 6762, RFC 7686, RFC 8375 and RFC 9476. ICANN has reserved `internal`
/// for private use.
const NOT_PUBLIC: [&str; 8] = [
    ".local",
    ".internal",
    ".localhost",
    ".localdomain",
    ".onion",
    ".home.arpa",
    ".lan",
    ".alt",
];

impl MetadataUrl {
    /// Checks a client's id, which must be the URL of its document.
    ///
    /// # Errors
    /// The id is not a URL that the service may fetch.
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

    /// The URL from which the document is fetched. It is the client's id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.id.as_str()
    }

    /// The host of the URL, as the consent page shows it.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }
}

/// Why a document is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentFault {
    /// The document has more than 5 KB.
    TooLong,
    /// The document is not a JSON object.
    NotJson,
    /// The document's `client_id` is not the URL of the document, byte for byte.
    ClientId,
    /// `token_endpoint_auth_method` is not `none`, or the document has a `client_secret`.
    AuthMethod,
    /// `grant_types` is malformed or is a list without `authorization_code`. Or `response_types` is
    /// malformed or is a list without `code`.
    GrantTypes,
    /// `redirect_uris` is malformed, has no URI that could be registered at this service, or has
    /// too many URIs.
    RedirectUris,
    /// `client_name` is not a valid name.
    Name,
}

impl DocumentFault {
    /// A stable name for the reason, in `snake_case`.
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

/// Reads metadata documents.
#[derive(Clone, Copy, Debug)]
pub struct MetadataDocument;

impl MetadataDocument {
    /// Whether an HTTP response can contain a metadata document: its status must be 200, and its
    /// content type must be JSON. A redirect is not accepted.
    #[must_use]
    pub fn accepts(status: u16, content_type: Option<&str>) -> bool {
        let media_type = content_type.and_then(|text| text.split(';').next());
        let media_type = media_type.unwrap_or_default().trim().to_ascii_lowercase();
        let is_json = media_type == "application/json"
            || (media_type.starts_with("application/") && media_type.ends_with("+json"));
        status == 200 && is_json
    }

    /// The client that a document describes. The client gets only those redirect URIs of the
    /// document that could also be registered at this service. `now`, in seconds since 1970,
    /// becomes the time of the client's creation.
    ///
    /// # Errors
    /// The document is malformed, does not belong to this URL, or does not describe a public client
    /// that uses authorization codes.
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
            name,
            redirect_uris: redirect_uris(&document)?,
            created_at: now,
            ..AppClient::known_by_id(url.id.clone())
        })
    }

    /// How long a document may be cached, in seconds. This is the time that `Cache-Control` says,
    /// but at least five minutes and at most a day. If fetching or reading a document failed,
    /// nothing is cached.
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::samples::NOW;
    use super::*;
    use DocumentFault as Fault;

    const URL: &str = "https://client.example.net/oauth/metadata.json";

    fn url(text: &str) -> Result<MetadataUrl, MetadataUrlFault> {
        MetadataUrl::parse(&ClientId::parse(text).unwrap(), "https://auth.example.com")
    }

    fn parse(document: &str) -> Result<AppClient, Fault> {
        MetadataDocument::parse(document.as_bytes(), &url(URL).unwrap(), NOW)
    }

    fn document(changes: &[(&str, &str)]) -> String {
        let url = format!("\"{URL}\"");
        let complete = [
            ("client_id", url.as_str()),
            ("client_name", "\"Example Client\""),
            ("redirect_uris", r#"["http://127.0.0.1/callback"]"#),
            ("token_endpoint_auth_method", "\"none\""),
        ];
        let is_changed = |name: &str| changes.iter().any(|(changed, _)| *changed == name);
        let members: Vec<String> = complete
            .iter()
            .filter(|(name, _)| !is_changed(name))
            .chain(changes.iter().filter(|(_, value)| !value.is_empty()))
            .map(|(name, value)| format!("\"{name}\":{value}"))
            .collect();
        format!("{{{}}}", members.join(","))
    }

    #[test]
    fn which_urls_may_be_fetched() {
        assert_eq!(url(URL).unwrap().host(), "client.example.net");
        for (text, fault) in [
            ("app", MetadataUrlFault::NotAUrl),
            ("http://client.example.net/a", MetadataUrlFault::NotAUrl),
            ("http://localhost/a", MetadataUrlFault::NotAUrl),
            ("HTTPS://client.example.net/a", MetadataUrlFault::NotAUrl),
            ("https://Client.example.net/a", MetadataUrlFault::NotAUrl),
            (
                "https://user@client.example.net/a",
                MetadataUrlFault::NotAUrl,
            ),
            ("https://client.example.net/a#b", MetadataUrlFault::NotAUrl),
            ("https://client.example.net/../a", MetadataUrlFault::NotAUrl),
            (
                "https://client.example.net:443/a",
                MetadataUrlFault::NotAUrl,
            ),
            ("https://127.1/a", MetadataUrlFault::NotAUrl),
            ("https://0x7f.1/a", MetadataUrlFault::NotAUrl),
            ("https://2130706433/a", MetadataUrlFault::NotAUrl),
            ("https://client.example.net./a", MetadataUrlFault::NotAUrl),
            ("https://client.example.net/a?b", MetadataUrlFault::Query),
            ("https://client.example.net", MetadataUrlFault::Path),
            ("https://client.example.net/", MetadataUrlFault::Path),
            ("https://client.example.net:8443/a", MetadataUrlFault::Port),
            ("https://127.0.0.1/a", MetadataUrlFault::Host),
            ("https://169.254.169.254/a", MetadataUrlFault::Host),
            ("https://[::1]/a", MetadataUrlFault::Host),
            ("https://[fd00::1]/a", MetadataUrlFault::Host),
            ("https://localhost/a", MetadataUrlFault::Host),
            ("https://intranet/a", MetadataUrlFault::Host),
            ("https://a.localhost/a", MetadataUrlFault::Host),
            ("https://printer.local/a", MetadataUrlFault::Host),
            ("https://metadata.google.internal/a", MetadataUrlFault::Host),
            ("https://router.home.arpa/a", MetadataUrlFault::Host),
            ("https://auth.example.com/a", MetadataUrlFault::OurOwn),
        ] {
            assert_eq!(url(text).err(), Some(fault), "{text}");
        }
    }

    #[test]
    fn a_document_describes_a_public_client() {
        let client = parse(&document(&[
            (
                "redirect_uris",
                r#"["http://127.0.0.1/callback","cursor://callback","https://client.example.net/cb"]"#,
            ),
            ("grant_types", r#"["authorization_code","refresh_token"]"#),
            ("response_types", r#"["code"]"#),
            ("scope", "\"everything\""),
            ("logo_uri", "\"https://client.example.net/logo.png\""),
            ("first_party", "true"),
            ("policy", r#"{"a":[1.5,null]}"#),
        ]))
        .unwrap();
        assert_eq!(client.id.as_str(), URL);
        assert_eq!(client.name, "Example Client");
        assert_eq!(
            client.kind,
            crate::domain::authorization::ClientType::Public
        );
        assert!(!client.first_party && client.is_unregistered());
        assert!(client.scopes.is_empty() && client.resources.is_empty());
        assert_eq!(
            client.redirect_uris.len(),
            2,
            "one can't be registered here"
        );
        let nameless = parse(&document(&[("client_name", "")])).unwrap();
        assert_eq!(nameless.name, "client.example.net");
    }

    #[test]
    fn which_documents_are_refused() {
        let many: Vec<String> = (0..21)
            .map(|number| format!("\"https://client.example.net/{number}\""))
            .collect();
        let many = format!("[{}]", many.join(","));
        let long = format!("\"{}\"", "x".repeat(5 * 1024));
        let twice = document(&[]).replacen('{', "{\"client_id\":\"x\",", 1);
        for (text, fault) in [
            (String::new(), Fault::NotJson),
            ("[]".to_owned(), Fault::NotJson),
            ("<html>".to_owned(), Fault::NotJson),
            (twice, Fault::NotJson),
            (document(&[("x", &long)]), Fault::TooLong),
            (document(&[("client_id", "")]), Fault::ClientId),
            (document(&[("client_id", "7")]), Fault::ClientId),
            (
                document(&[(
                    "client_id",
                    "\"https://client.example.net/oauth/Metadata.json\"",
                )]),
                Fault::ClientId,
            ),
            (
                document(&[("token_endpoint_auth_method", "")]),
                Fault::AuthMethod,
            ),
            (
                document(&[("token_endpoint_auth_method", "\"client_secret_basic\"")]),
                Fault::AuthMethod,
            ),
            (document(&[("client_secret", "\"x\"")]), Fault::AuthMethod),
            (
                document(&[("grant_types", r#"["implicit"]"#)]),
                Fault::GrantTypes,
            ),
            (
                document(&[("grant_types", "\"authorization_code\"")]),
                Fault::GrantTypes,
            ),
            (
                document(&[("response_types", r#"["token"]"#)]),
                Fault::GrantTypes,
            ),
            (document(&[("redirect_uris", "")]), Fault::RedirectUris),
            (document(&[("redirect_uris", "[]")]), Fault::RedirectUris),
            (document(&[("redirect_uris", "[7]")]), Fault::RedirectUris),
            (
                document(&[("redirect_uris", r#"["javascript:alert(1)"]"#)]),
                Fault::RedirectUris,
            ),
            (document(&[("redirect_uris", &many)]), Fault::RedirectUris),
            (document(&[("client_name", "7")]), Fault::Name),
            (document(&[("client_name", "\" \"")]), Fault::Name),
            (document(&[("client_name", "\"a\\nb\"")]), Fault::Name),
        ] {
            assert_eq!(parse(&text).err(), Some(fault), "{text}");
        }
    }

    #[test]
    fn each_fault_has_a_reason_of_its_own() {
        for (fault, reason) in [
            (Fault::TooLong, "document_too_long"),
            (Fault::NotJson, "document_not_json"),
            (Fault::ClientId, "document_client_id"),
            (Fault::AuthMethod, "document_auth_method"),
            (Fault::GrantTypes, "document_grant_types"),
            (Fault::RedirectUris, "document_redirect_uris"),
            (Fault::Name, "document_name"),
        ] {
            assert_eq!(fault.reason(), reason);
        }
    }

    #[test]
    fn a_document_of_the_largest_size_is_read() {
        let document = document(&[]);
        let padded = |bytes: usize| format!("{document:<bytes$}");
        assert!(parse(&padded(METADATA_MAX_BYTES)).is_ok());
        let refused = parse(&padded(METADATA_MAX_BYTES + 1));
        assert_eq!(refused.err(), Some(Fault::TooLong));
    }

    #[test]
    fn which_answers_are_documents() {
        for (status, content_type, accepted) in [
            (200, Some("application/json"), true),
            (200, Some("Application/JSON; charset=utf-8"), true),
            (200, Some("application/cimd+json"), true),
            (200, Some("text/html"), false),
            (200, Some("text/json"), false),
            (200, Some("text/cimd+json"), false),
            (200, Some("application/xml"), false),
            (200, None, false),
            (204, Some("application/json"), false),
            (302, Some("application/json"), false),
            (404, Some("application/json"), false),
        ] {
            let is_one = MetadataDocument::accepts(status, content_type);
            assert_eq!(is_one, accepted, "{status} {content_type:?}");
        }
    }

    #[test]
    fn how_long_a_document_is_kept() {
        for (header, seconds) in [
            (None, 300),
            (Some(""), 300),
            (Some("no-store"), 300),
            (Some("no-cache, max-age=3600"), 300),
            (Some("public, max-age=3600"), 3600),
            (Some("Max-Age=\"7200\""), 7200),
            (Some("max-age=1"), 300),
            (Some("max-age=99999999"), 86_400),
            (Some("max-age=99999999999999999999999"), 300),
            (Some("max-age=-1"), 300),
        ] {
            assert_eq!(MetadataDocument::kept_for(header), seconds, "{header:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,60}") {
            let _ = MetadataDocument::parse(&bytes, &url(URL).unwrap(), NOW);
            let _ = parse(&document(&[("redirect_uris", &text)]));
            let _ = MetadataDocument::kept_for(Some(&text));
            if let Some(id) = ClientId::parse(&format!("https://{text}"))
                && let Ok(url) = MetadataUrl::parse(&id, "https://auth.example.com")
            {
                prop_assert!(url.host().contains('.') && !url.as_str().contains(['@', '?', '#']));
            }
        }
    }
}
