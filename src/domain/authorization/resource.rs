//! Resources (RFC 8707): the APIs for which tokens are issued.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize, de};

use super::scope::Scope;
use super::web_uri::{WebUri, WebUriFault};
use crate::domain::policy::RESOURCE_MAX_BYTES;

/// The URI of an API. Its scheme is https, or http if the host is a loopback host. It has no
/// fragment. `https://h` and `https://h/` are treated as equal. All other paths are compared
/// exactly.
///
/// ```
/// use edgegate::domain::authorization::Resource;
///
/// let resource = Resource::parse("https://api.example.com").unwrap();
/// assert_eq!(resource, Resource::parse("https://api.example.com/").unwrap());
/// assert_ne!(resource, Resource::parse("https://api.example.com/v2").unwrap());
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct Resource(String);

/// Why a text is not the URI of an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceFault {
    /// The text has more than 512 bytes.
    TooLong,
    /// The text is not an https URL (or an http URL on a loopback host), written as a browser would
    /// write it.
    NotAUrl,
    /// The URI has a fragment (RFC 8707 section 2).
    Fragment,
    /// The URI names this service itself: it is on the service's origin, or it is the setting
    /// `AUDIENCE`.
    OurOwn,
}

impl ResourceFault {
    /// A stable name for the reason, in `snake_case`.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::NotAUrl => "not_a_url",
            Self::Fragment => "fragment",
            Self::OurOwn => "our_own",
        }
    }
}

impl Resource {
    /// Reads a URI.
    ///
    /// # Errors
    /// The text is too long, or can't be the URI of an API.
    pub fn parse(text: &str) -> Result<Self, ResourceFault> {
        if text.len() > RESOURCE_MAX_BYTES {
            return Err(ResourceFault::TooLong);
        }
        match WebUri::parse(text) {
            Ok(_) => Ok(Self(text.to_owned())),
            Err(WebUriFault::Fragment) => Err(ResourceFault::Fragment),
            Err(_) => Err(ResourceFault::NotAUrl),
        }
    }

    /// The URI as text, in the spelling that was read.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text that is compared in a database. Resources that are equal have the same text: if the
    /// path is only a slash, the slash is left out.
    #[must_use]
    pub fn canonical(&self) -> &str {
        match self.0.strip_suffix('/') {
            // A slash at the end of a query belongs to the query and is not left out.
            Some(rest) if rest.matches('/').count() == 2 && !rest.contains('?') => rest,
            _ => &self.0,
        }
    }

    /// Whether the URI names this service: it is on the origin of the issuer, or it is the setting
    /// `AUDIENCE`.
    #[must_use]
    pub fn is_ours(&self, issuer: &str, audience: &str) -> bool {
        let is_audience = self.as_str() == audience
            || Self::parse(audience).is_ok_and(|audience| audience == *self);
        let origin = WebUri::parse(&self.0).map(|uri| uri.origin());
        is_audience || origin.is_ok_and(|origin| origin == issuer)
    }
}

impl PartialEq for Resource {
    fn eq(&self, other: &Self) -> bool {
        self.canonical() == other.canonical()
    }
}

impl Eq for Resource {}

impl Hash for Resource {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.canonical().hash(state);
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Resource {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(|_| de::Error::custom("not a resource"))
    }
}

/// An entry of the setting `RESOURCES`: an API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtectedResource {
    /// The API's URI. Access tokens for the API have this URI in the claim `aud`.
    pub uri: Resource,
    /// The API's name on the consent page.
    pub name: String,
    /// The API's scopes. If an app asks for no particular scope, it gets every one of these scopes
    /// that it may have.
    pub scopes: Vec<Scope>,
}

#[cfg(test)]
mod tests {
    use std::hash::DefaultHasher;

    use super::*;

    fn hash(resource: &Resource) -> u64 {
        let mut state = DefaultHasher::new();
        resource.hash(&mut state);
        state.finish()
    }

    fn resource(text: &str) -> Resource {
        Resource::parse(text).unwrap()
    }

    #[test]
    fn what_is_a_resource() {
        for text in [
            "https://api.example.com",
            "https://api.example.com/",
            "https://api.example.com:8443/v2/",
            "https://api.example.com/v2?tenant=a",
            "http://127.0.0.1:3000/mcp",
            "http://localhost",
        ] {
            assert_eq!(resource(text).to_string(), text);
        }
        for (text, fault) in [
            ("", ResourceFault::NotAUrl),
            ("api.example.com", ResourceFault::NotAUrl),
            ("urn:example:api", ResourceFault::NotAUrl),
            ("http://api.example.com", ResourceFault::NotAUrl),
            ("https://API.example.com", ResourceFault::NotAUrl),
            ("https://api.example.com/../", ResourceFault::NotAUrl),
            ("https://user@api.example.com", ResourceFault::NotAUrl),
            ("https://api.example.com#a", ResourceFault::Fragment),
            (
                &format!("https://api.example.com/{}", "a".repeat(500)),
                ResourceFault::TooLong,
            ),
        ] {
            assert_eq!(Resource::parse(text).err(), Some(fault), "{text}");
        }
    }

    #[test]
    fn only_the_slash_after_the_host_does_not_matter() {
        for (one, other, equal) in [
            ("https://h", "https://h/", true),
            ("https://h:8443", "https://h:8443/", true),
            ("https://h/a", "https://h/a/", false),
            ("https://h/a", "https://h/A", false),
            ("https://h", "https://h?", false),
            ("https://h?x=", "https://h?x=/", false),
            ("https://h?", "https://h?/", false),
            ("https://h", "http://localhost", false),
            ("https://h", "https://h.h", false),
        ] {
            let (one, other) = (resource(one), resource(other));
            assert_eq!(one == other, equal, "{one} {other}");
            assert_eq!(one.canonical() == other.canonical(), equal);
            assert_eq!(hash(&one) == hash(&other), equal);
        }
    }

    #[test]
    fn the_service_itself_is_no_resource() {
        let issuer = "https://auth.example.com";
        for (text, audience, ours) in [
            ("https://auth.example.com", "edgegate", true),
            ("https://auth.example.com/", "edgegate", true),
            ("https://auth.example.com/api", "edgegate", true),
            ("https://auth.example.com?a", "edgegate", true),
            ("https://auth.example.com:8443", "edgegate", false),
            ("https://auth.example.com.evil.example", "edgegate", false),
            ("https://api.example.com", "https://api.example.com", true),
            ("https://api.example.com/", "https://api.example.com", true),
            (
                "https://api.example.com/a",
                "https://api.example.com",
                false,
            ),
        ] {
            assert_eq!(resource(text).is_ours(issuer, audience), ours, "{text}");
        }
    }
}
