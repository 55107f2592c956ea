//! Redirect URIs: the URIs to which the service may send the answer to an authorization request.
//!
//! The URI in a request must be equal, byte for byte, to a URI that the app has registered (RFC
//! 9700 section 4.1.3). Only the port of a loopback address may differ, because a native app does
//! not know its port in advance: the operating system gives it a free port (RFC 8252 section 7.3).
//! The form of a URI is checked when an app registers it. So the URI in a request needs no
//! normalisation before the comparison.

use std::fmt;

use serde::{Deserialize, Serialize, de};

use super::web_uri::{WebUri, WebUriFault, check_characters, check_path};
use crate::domain::policy::REDIRECT_URI_MAX_BYTES;
use crate::domain::settings::{host_of, is_loopback_host};

/// The parameters that the service adds to a redirect URI when it answers a request. The query of a
/// registered URI must not contain any of them.
const OF_ANSWERS: [&str; 6] = [
    "code",
    "state",
    "iss",
    "error",
    "error_description",
    "error_uri",
];

/// If a URI begins with one of these schemes and loopback hosts, its port is not compared.
const LOOPBACK: [&str; 3] = ["http://127.0.0.1", "http://[::1]", "http://localhost"];

/// A redirect URI. Either an app has registered it, or it was presented in a request and matches a
/// registered URI.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RedirectUri(String);

/// Who receives the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectKind {
    /// A website. Only its owner gets the answer.
    Https,
    /// A program on the user's machine, which listens on a port for http or https. Any other
    /// program on this machine could listen on the port and get the answer.
    Loopback,
    /// An app with its own URI scheme. Any other app on the device could register the scheme and
    /// get the answer.
    PrivateUse,
}

/// Why a redirect URI can't be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectUriFault {
    /// The URI has more than 512 bytes.
    TooLong,
    /// The URI has a space, a control character, a character outside ASCII, or another character
    /// that is not allowed in a URI.
    Character,
    /// A percent sign is not followed by two hexadecimal digits.
    PercentEncoding,
    /// The URI has a fragment (RFC 6749 section 3.1.2).
    Fragment,
    /// The URI contains a user name or a password.
    UserInfo,
    /// The host or port of the URI is not written as a browser writes it: the host in lower case,
    /// international names as `xn--…`, and no default port.
    Host,
    /// The path of the URI has a `.` or `..` segment.
    DotSegment,
    /// The path of the URI has a percent-encoded slash or backslash.
    EncodedSlash,
    /// The scheme of the URI is http, and its host is not `127.0.0.1`, `[::1]` or `localhost`.
    NotHttps,
    /// The scheme of the URI is neither https nor a reversed domain name such as `com.example.app`
    /// (RFC 8252 section 7.1).
    Scheme,
    /// The query of the URI has a parameter that the service adds when it answers, such as `code`.
    Query,
}

impl RedirectUriFault {
    /// A stable name for the reason, in `snake_case`.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Character => "character",
            Self::PercentEncoding => "percent_encoding",
            Self::Fragment => "fragment",
            Self::UserInfo => "user_info",
            Self::Host => "host",
            Self::DotSegment => "dot_segment",
            Self::EncodedSlash => "encoded_slash",
            Self::NotHttps => "not_https",
            Self::Scheme => "scheme",
            Self::Query => "query",
        }
    }
}

impl From<WebUriFault> for RedirectUriFault {
    fn from(fault: WebUriFault) -> Self {
        match fault {
            WebUriFault::Character => Self::Character,
            WebUriFault::PercentEncoding => Self::PercentEncoding,
            WebUriFault::Fragment => Self::Fragment,
            WebUriFault::UserInfo => Self::UserInfo,
            WebUriFault::Host => Self::Host,
            WebUriFault::DotSegment => Self::DotSegment,
            WebUriFault::EncodedSlash => Self::EncodedSlash,
            WebUriFault::NotHttps => Self::NotHttps,
        }
    }
}

impl RedirectUri {
    /// Reads a URI that an app registers.
    ///
    /// ```
    /// use edgegate::domain::authorization::{RedirectUri, RedirectUriFault};
    ///
    /// let uri = RedirectUri::register("http://127.0.0.1/callback").unwrap();
    /// assert!(uri.matches("http://127.0.0.1:49152/callback"));
    /// assert!(!uri.matches("http://localhost:49152/callback"));
    ///
    /// let refused = RedirectUri::register("https://app.example.com/callback#token");
    /// assert_eq!(refused, Err(RedirectUriFault::Fragment));
    /// ```
    ///
    /// # Errors
    /// Why the URI can't be registered. With such a URI, either an exact comparison with the URI in
    /// a request would not be possible, or somebody other than the app could read the answer.
    pub fn register(text: &str) -> Result<Self, RedirectUriFault> {
        use RedirectUriFault as Fault;
        if text.len() > REDIRECT_URI_MAX_BYTES {
            return Err(Fault::TooLong);
        }
        let uri = if text.starts_with("https://") || text.starts_with("http://") {
            let uri = WebUri::parse(text).map_err(Fault::from)?;
            let is_loopback = LOOPBACK.contains(&uri.without_port().as_str());
            if !uri.is_https() && !is_loopback {
                return Err(Fault::NotHttps);
            }
            uri.into_path_and_query()
        } else {
            private_use(text)?
        };
        let query = uri.split_once('?').map_or("", |(_, query)| query);
        let is_answers = |name: &str| OF_ANSWERS.contains(&name);
        if form_urlencoded::parse(query.as_bytes()).any(|(name, _)| is_answers(&name)) {
            return Err(Fault::Query);
        }
        Ok(Self(text.to_owned()))
    }

    /// Compares the `presented` URI with this registered URI. If they are equal, except for the
    /// port of a loopback host, returns the presented URI, to which the browser is then redirected.
    /// Otherwise returns `None`.
    #[must_use]
    pub fn matched(&self, presented: &str) -> Option<Self> {
        if presented == self.0 {
            return Some(self.clone());
        }
        if presented.len() > REDIRECT_URI_MAX_BYTES {
            return None;
        }
        let (host, registered) = loopback(&self.0)?;
        let (presented_host, rest) = loopback(presented)?;
        (host == presented_host && registered == rest).then(|| Self(presented.to_owned()))
    }

    /// Whether the presented URI is equal to this registered URI, except for the port of a loopback
    /// host.
    #[must_use]
    pub fn matches(&self, presented: &str) -> bool {
        self.matched(presented).is_some()
    }

    /// Who receives the answer.
    #[must_use]
    pub fn kind(&self) -> RedirectKind {
        let is_https = self.0.starts_with("https://");
        if is_https && !is_loopback_host(self.host()) {
            RedirectKind::Https
        } else if is_https || self.0.starts_with("http://") {
            RedirectKind::Loopback
        } else {
            RedirectKind::PrivateUse
        }
    }

    /// Who gets the answer, as a consent page shows it. For a website this is the host. For a
    /// program on the user's machine it is the loopback host, such as `127.0.0.1`, `[::1]` or
    /// `localhost`. For an app with its own URI scheme it is the scheme.
    #[must_use]
    pub fn host(&self) -> &str {
        let Some((scheme, rest)) = self.0.split_once("://") else {
            return self.0.split(':').next().unwrap_or_default();
        };
        if !matches!(scheme, "https" | "http") {
            return scheme;
        }
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        host_of(authority)
    }

    /// The URI as text, exactly as it was registered or presented.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The URI with these parameters appended to its query (RFC 6749 section 4.1.2).
    ///
    /// ```
    /// use edgegate::domain::authorization::RedirectUri;
    ///
    /// let uri = RedirectUri::register("https://app.example.com/cb?tenant=a").unwrap();
    /// let url = uri.with_parameters(&[("state", "x y")]);
    /// assert_eq!(url, "https://app.example.com/cb?tenant=a&state=x+y");
    /// ```
    #[must_use]
    pub fn with_parameters(&self, parameters: &[(&str, &str)]) -> String {
        let mut url = self.0.clone();
        let before = if !url.contains('?') {
            "?"
        } else if url.ends_with(['?', '&']) {
            ""
        } else {
            "&"
        };
        url.push_str(before);
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(parameters)
            .finish();
        url.push_str(&query);
        url
    }

    /// Wraps a URI from a ticket without a check, because the URI was compared with the registered
    /// URIs before the ticket was sealed.
    pub(super) fn from_ticket(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for RedirectUri {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::register(&text).map_err(|_| de::Error::custom("not a redirect URI"))
    }
}

/// Splits a URI that begins with one of the texts in [`LOOPBACK`]. Returns this text, and the part
/// of the URI after it and after the port. This part can continue the name of the host, so the
/// caller must compare both. `None` for any other URI, and for a URI whose port is not valid.
fn loopback(uri: &str) -> Option<(&'static str, &str)> {
    let (host, rest) = LOOPBACK
        .iter()
        .find_map(|host| uri.strip_prefix(host).map(|rest| (*host, rest)))?;
    let Some(port_and_rest) = rest.strip_prefix(':') else {
        return Some((host, rest));
    };
    let end = port_and_rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(port_and_rest.len());
    let (port, rest) = port_and_rest.split_at_checked(end)?;
    let is_port = !port.starts_with('0') && port.parse::<u16>().is_ok();
    is_port.then_some((host, rest))
}

/// Checks a URI whose scheme belongs to an app (a private-use scheme). Returns the part after the
/// scheme.
fn private_use(text: &str) -> Result<String, RedirectUriFault> {
    use RedirectUriFault as Fault;
    let (scheme, rest) = text.split_once(':').ok_or(Fault::Scheme)?;
    // Schemes without a dot are rejected: `javascript` and `data` are dangerous, and the others
    // don't belong to anybody, so any app could use them. A scheme with a dot should be a
    // reversed domain name, which has an owner. Whether it is one is not checked.
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let is_scheme = scheme.contains('.')
        && scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme.split('.').all(is_label);
    if !is_scheme {
        return Err(Fault::Scheme);
    }
    check_characters(text).map_err(Fault::from)?;
    if !rest.starts_with('/') {
        return Err(Fault::Host);
    }
    if let Some(after) = rest.strip_prefix("//") {
        let authority = after.split(['/', '?']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(Fault::UserInfo);
        }
    }
    check_path(rest).map_err(Fault::from)?;
    Ok(rest.to_owned())
}

#[cfg(test)]
#[path = "redirect_uri_tests.rs"]
mod tests;
