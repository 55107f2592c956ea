//! Resources (RFC 8707): the API that a token is for.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize, de};

use super::redirect_uri::{WebUri, WebUriFault};
use super::scope::Scope;
use crate::domain::policy::RESOURCE_MAX_BYTES;

/// The URI of an API: https, or http on a loopback host, without a fragment. `https://h` and
/// `https://h/` are equal; paths are compared exactly.
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
    /// It has more than 512 bytes.
    TooLong,
    /// It is not an https URL (or http on a loopback host) as a browser would write it.
    NotAUrl,
    /// It has a fragment (RFC 8707 section 2).
    Fragment,
    /// It is the service itself: its origin, or its `AUDIENCE`.
    OurOwn,
}

impl ResourceFault {
    /// A stable reason, `snake_case`.
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
    /// It is too long or not such a URI.
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

    /// The URI as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same text for all spellings that are equal: without the only slash of its path. For
    /// comparisons in a database.
    #[must_use]
    pub fn canonical(&self) -> &str {
        match self.0.strip_suffix('/') {
            Some(rest) if rest.matches('/').count() == 2 => rest,
            _ => &self.0,
        }
    }

    /// Whether a token for it would be one for this service: it is on the origin of the issuer, or
    /// it is `AUDIENCE`.
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

/// An API of `RESOURCES`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtectedResource {
    /// Its URI, as its tokens name it in `aud`.
    pub uri: Resource,
    /// What a consent page calls it.
    pub name: String,
    /// Its scopes. An app that asks for none gets all that it may have.
    pub scopes: Vec<Scope>,
}
