//! Redirect URIs: where the answer to an authorization request may go.
//!
//! A presented URI must equal a registered one byte for byte (RFC 9700 section 4.1.3). Only the port
//! of a loopback address may differ, because a native app gets its port from the system (RFC 8252
//! section 7.3). What a URI looks like is judged when it is registered, so a presented one is never
//! normalised.

use std::fmt;

use serde::{Deserialize, Serialize, de};

use crate::domain::policy::REDIRECT_URI_MAX_BYTES;
use crate::domain::settings::{is_loopback_host, is_origin};

/// The parameters that our answers add to a redirect URI. A registered query must not have them.
const OF_ANSWERS: [&str; 6] = [
    "code",
    "state",
    "iss",
    "error",
    "error_description",
    "error_uri",
];

/// The hosts whose port is not compared, as they begin a URI.
const LOOPBACK: [&str; 3] = ["http://127.0.0.1", "http://[::1]", "http://localhost"];

/// A redirect URI: registered, or presented and found equal to a registered one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RedirectUri(String);

/// Who receives the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectKind {
    /// A website: only its owner gets the answer.
    Https,
    /// A program on the user's machine, by http or https. Any other program there may claim the
    /// port.
    Loopback,
    /// An app with a scheme of its own. Any other app on the device may claim the scheme.
    PrivateUse,
}

/// Why a redirect URI can't be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectUriFault {
    /// It has more than 512 bytes.
    TooLong,
    /// It has a space, a control character, a character outside ASCII, or one that a URI can't have.
    Character,
    /// A percent sign is not followed by two hexadecimal digits.
    PercentEncoding,
    /// It has a fragment (RFC 6749 section 3.1.2).
    Fragment,
    /// It has a user or a password.
    UserInfo,
    /// Its host or port is not written as a browser writes it: lower case, IDN as `xn--`, no default
    /// port.
    Host,
    /// Its path has a `.` or `..` segment.
    DotSegment,
    /// Its path has an encoded slash or backslash.
    EncodedSlash,
    /// It is http on a host other than `127.0.0.1`, `[::1]` and `localhost`.
    NotHttps,
    /// Its scheme is neither https nor a reversed domain name such as `com.example.app` (RFC 8252
    /// section 7.1).
    Scheme,
    /// Its query has a parameter that our answers add, such as `code`.
    Query,
}

impl RedirectUriFault {
    /// A stable reason, `snake_case`.
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
    /// It could not be matched exactly, or its answer could be read by others.
    pub fn register(text: &str) -> Result<Self, RedirectUriFault> {
        use RedirectUriFault as Fault;
        if text.len() > REDIRECT_URI_MAX_BYTES {
            return Err(Fault::TooLong);
        }
        let uri = if text.starts_with("https://") || text.starts_with("http://") {
            let uri = WebUri::parse(text).map_err(Fault::from)?;
            let is_loopback = LOOPBACK.contains(&uri.without_port().as_str());
            if uri.scheme == "http" && !is_loopback {
                return Err(Fault::NotHttps);
            }
            uri.rest
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

    /// The URI to redirect to, if the presented one may be used: it is equal to this registered one
    /// but for the port of a loopback host.
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

    /// Whether the presented URI may be used instead of this registered one.
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

    /// Where the answer goes, as a consent page shows it: the host of a website, `127.0.0.1`,
    /// `[::1]` or `localhost` of a program, the scheme of an app.
    #[must_use]
    pub fn host(&self) -> &str {
        let Some((scheme, rest)) = self.0.split_once("://") else {
            return self.0.split(':').next().unwrap_or_default();
        };
        if !matches!(scheme, "https" | "http") {
            return scheme;
        }
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        crate::domain::settings::host_of(authority)
    }

    /// The URI as it was presented.
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

    /// A URI that was matched before and comes back in a ticket.
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

/// The loopback host that a URI begins with, and what follows its port.
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

/// What follows the scheme of a URI with a private-use scheme.
fn private_use(text: &str) -> Result<String, RedirectUriFault> {
    use RedirectUriFault as Fault;
    let (scheme, rest) = text.split_once(':').ok_or(Fault::Scheme)?;
    // A scheme without a dot has no owner: `javascript`, `data`, or one that any app may claim.
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

/// An https URL, or an http one on a loopback host, in the only spelling that we accept.
pub(super) struct WebUri {
    scheme: &'static str,
    /// Host and port.
    authority: String,
    /// Path and query.
    rest: String,
}

/// Why a text is not a [`WebUri`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WebUriFault {
    Character,
    PercentEncoding,
    Fragment,
    UserInfo,
    Host,
    DotSegment,
    EncodedSlash,
    NotHttps,
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

impl WebUri {
    pub(super) fn parse(text: &str) -> Result<Self, WebUriFault> {
        check_characters(text)?;
        let (scheme, after) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(after), _) => ("https", after),
            (_, Some(after)) => ("http", after),
            _ => return Err(WebUriFault::NotHttps),
        };
        let end = after.find(['/', '?']).unwrap_or(after.len());
        let (authority, rest) = after.split_at_checked(end).ok_or(WebUriFault::Host)?;
        if authority.contains('@') {
            return Err(WebUriFault::UserInfo);
        }
        if !is_origin(&format!("{scheme}://{authority}")) {
            let is_https = scheme == "http" && is_origin(&format!("https://{authority}"));
            return Err(if is_https {
                WebUriFault::NotHttps
            } else {
                WebUriFault::Host
            });
        }
        check_path(rest)?;
        Ok(Self {
            scheme,
            authority: authority.to_owned(),
            rest: rest.to_owned(),
        })
    }

    /// Scheme, host and port.
    pub(super) fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.authority)
    }

    /// Scheme and host.
    fn without_port(&self) -> String {
        format!("{}://{}", self.scheme, self.host())
    }

    /// The host.
    pub(super) fn host(&self) -> &str {
        crate::domain::settings::host_of(&self.authority)
    }

    /// Whether it names a port.
    pub(super) fn has_port(&self) -> bool {
        self.host().len() != self.authority.len()
    }

    /// The path, without the query.
    pub(super) fn path(&self) -> &str {
        self.rest.split('?').next().unwrap_or_default()
    }

    /// Whether it is https.
    pub(super) fn is_https(&self) -> bool {
        self.scheme == "https"
    }
}

/// Only the characters of RFC 3986, no fragment, and complete percent-encodings.
fn check_characters(text: &str) -> Result<(), WebUriFault> {
    if text.contains('#') {
        return Err(WebUriFault::Fragment);
    }
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/?[]@!$&'()*+,;=%".contains(&b);
    if !text.bytes().all(is_allowed) {
        return Err(WebUriFault::Character);
    }
    let is_encoded = |after: &str| {
        let mut digits = after.bytes();
        let mut is_digit = || digits.next().is_some_and(|b| b.is_ascii_hexdigit());
        is_digit() && is_digit()
    };
    if text.split('%').skip(1).all(is_encoded) {
        Ok(())
    } else {
        Err(WebUriFault::PercentEncoding)
    }
}

/// A path that browsers and servers read in the same way.
fn check_path(path_and_query: &str) -> Result<(), WebUriFault> {
    let path = path_and_query.split('?').next().unwrap_or_default();
    let path = path.to_ascii_lowercase();
    if path.contains("%2f") || path.contains("%5c") {
        return Err(WebUriFault::EncodedSlash);
    }
    let is_dots = |segment: &str| matches!(segment.replace("%2e", ".").as_str(), "." | "..");
    if path.split('/').any(is_dots) {
        return Err(WebUriFault::DotSegment);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use RedirectUriFault as Fault;

    const GOOD: [(&str, RedirectKind, &str); 16] = [
        (
            "https://app.example.com",
            RedirectKind::Https,
            "app.example.com",
        ),
        (
            "https://app.example.com/",
            RedirectKind::Https,
            "app.example.com",
        ),
        (
            "https://app.example.com/cb?a=b",
            RedirectKind::Https,
            "app.example.com",
        ),
        (
            "https://app.example.com:8443/cb",
            RedirectKind::Https,
            "app.example.com",
        ),
        (
            "https://xn--bcher-kva.example/cb",
            RedirectKind::Https,
            "xn--bcher-kva.example",
        ),
        (
            "https://app.example.com/%C3%A4",
            RedirectKind::Https,
            "app.example.com",
        ),
        (
            "http://127.0.0.1/callback",
            RedirectKind::Loopback,
            "127.0.0.1",
        ),
        (
            "http://127.0.0.1:8080/callback",
            RedirectKind::Loopback,
            "127.0.0.1",
        ),
        ("http://[::1]/callback", RedirectKind::Loopback, "[::1]"),
        ("http://localhost", RedirectKind::Loopback, "localhost"),
        (
            "com.example.app:/callback",
            RedirectKind::PrivateUse,
            "com.example.app",
        ),
        (
            "https://localhost:8443/callback",
            RedirectKind::Loopback,
            "localhost",
        ),
        ("https://127.0.0.2/cb", RedirectKind::Loopback, "127.0.0.2"),
        ("https://[::1]/cb", RedirectKind::Loopback, "[::1]"),
        (
            "com.example.app://callback",
            RedirectKind::PrivateUse,
            "com.example.app",
        ),
        (
            "com.example.app-2:/callback",
            RedirectKind::PrivateUse,
            "com.example.app-2",
        ),
    ];

    #[test]
    fn what_can_be_registered() {
        for (text, kind, host) in GOOD {
            let uri = RedirectUri::register(text).unwrap();
            assert_eq!((uri.kind(), uri.host()), (kind, host), "{text}");
            assert_eq!(uri.to_string(), text);
        }
        let longest = format!("https://app.example.com/{}", "a".repeat(488));
        assert_eq!(longest.len(), 512);
        assert!(RedirectUri::register(&longest).is_ok());
    }

    #[test]
    fn what_can_not() {
        for (text, fault) in [
            ("", Fault::Scheme),
            ("app.example.com/cb", Fault::Scheme),
            ("/callback", Fault::Scheme),
            ("//app.example.com", Fault::Scheme),
            ("https:app.example.com", Fault::Scheme),
            ("HTTPS://app.example.com", Fault::Scheme),
            ("javascript:alert(1)", Fault::Scheme),
            ("javascript://app.example.com/%0aalert(1)", Fault::Scheme),
            ("data:text/html,x", Fault::Scheme),
            ("myapp://callback", Fault::Scheme),
            ("com.example.App:/callback", Fault::Scheme),
            ("com..example:/callback", Fault::Scheme),
            (".com.example:/callback", Fault::Scheme),
            ("com.example.app:callback", Fault::Host),
            ("com.example.app:", Fault::Host),
            ("com.example.app://user@callback", Fault::UserInfo),
            ("com.example.app:/a/../b", Fault::DotSegment),
            ("com.example.app:/a#b", Fault::Fragment),
            ("http://app.example.com/cb", Fault::NotHttps),
            ("http://127.0.0.2/cb", Fault::NotHttps),
            ("http://127.0.0.1.evil.example/cb", Fault::NotHttps),
            ("http://localhost.evil.example/cb", Fault::NotHttps),
            ("http://APP.example.com/cb", Fault::Host),
            ("https://", Fault::Host),
            ("https://App.example.com/cb", Fault::Host),
            ("https://app.example.com:443/cb", Fault::Host),
            ("https://app.example.com:0/cb", Fault::Host),
            ("https://app.example.com:/cb", Fault::Host),
            ("https://app.example.com:65536/cb", Fault::Host),
            ("https://app..example.com/cb", Fault::Host),
            ("https://b%C3%BCcher.example/cb", Fault::Host),
            ("https://b\u{fc}cher.example/cb", Fault::Character),
            ("https://*.example.com/cb", Fault::Host),
            ("https://127.1/cb", Fault::Host),
            ("https://user@app.example.com/cb", Fault::UserInfo),
            ("https://user:word@app.example.com/cb", Fault::UserInfo),
            ("https://app.example.com/cb#", Fault::Fragment),
            ("https://app.example.com/cb#a", Fault::Fragment),
            ("https://app.example.com/ cb", Fault::Character),
            ("https://app.example.com/cb\n", Fault::Character),
            ("https://app.example.com\\cb", Fault::Character),
            ("https://app.example.com/<cb>", Fault::Character),
            ("https://app.example.com/%", Fault::PercentEncoding),
            ("https://app.example.com/%2", Fault::PercentEncoding),
            ("https://app.example.com/%zz", Fault::PercentEncoding),
            ("https://app.example.com/a/../b", Fault::DotSegment),
            ("https://app.example.com/a/.", Fault::DotSegment),
            ("https://app.example.com/%2e%2E/b", Fault::DotSegment),
            ("https://app.example.com/.%2e/b", Fault::DotSegment),
            ("https://app.example.com/a%2fb", Fault::EncodedSlash),
            ("https://app.example.com/a%5Cb", Fault::EncodedSlash),
            ("https://app.example.com/cb?code=1", Fault::Query),
            ("https://app.example.com/cb?a=1&%73tate=2", Fault::Query),
            ("https://app.example.com/cb?iss", Fault::Query),
            (
                &format!("https://app.example.com/{}", "a".repeat(489)),
                Fault::TooLong,
            ),
        ] {
            assert_eq!(RedirectUri::register(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn a_presented_uri_is_equal_or_differs_in_a_loopback_port() {
        for (registered, presented) in [
            ("http://127.0.0.1/callback", "http://127.0.0.1:1/callback"),
            (
                "http://127.0.0.1/callback",
                "http://127.0.0.1:65535/callback",
            ),
            (
                "http://127.0.0.1:8080/callback",
                "http://127.0.0.1/callback",
            ),
            (
                "http://127.0.0.1:8080/callback",
                "http://127.0.0.1:9090/callback",
            ),
            ("http://[::1]/callback", "http://[::1]:1024/callback"),
            (
                "http://localhost/callback",
                "http://localhost:1024/callback",
            ),
            ("http://localhost", "http://localhost:1024"),
        ] {
            let uri = RedirectUri::register(registered).unwrap();
            let matched = uri.matched(presented).unwrap();
            assert_eq!(
                matched.as_str(),
                presented,
                "answers go to the presented port"
            );
            assert_eq!(matched.kind(), RedirectKind::Loopback);
        }
        for (registered, presented) in [
            ("https://app.example.com/cb", "https://app.example.com/cb/"),
            ("https://app.example.com/cb", "https://app.example.com/CB"),
            ("https://app.example.com/cb", "https://APP.example.com/cb"),
            ("https://app.example.com/cb", "HTTPS://app.example.com/cb"),
            (
                "https://app.example.com/cb",
                "https://app.example.com:443/cb",
            ),
            (
                "https://app.example.com/cb",
                "https://app.example.com:8443/cb",
            ),
            ("https://app.example.com/cb", "https://app.example.com/cb?"),
            (
                "https://app.example.com/cb",
                "https://app.example.com/cb?a=b",
            ),
            ("https://app.example.com/cb", "https://app.example.com/cb#a"),
            (
                "https://app.example.com/cb",
                "https://app.example.com/a/../cb",
            ),
            ("https://app.example.com/cb", "https://app.example.com/%63b"),
            ("https://app.example.com/cb", "https://app.example.com//cb"),
            (
                "https://app.example.com/cb",
                "https://app.example.com.evil.example/cb",
            ),
            (
                "https://app.example.com/cb",
                "https://evil.example@app.example.com/cb",
            ),
            (
                "https://app.example.com/cb",
                "https://app.example.com@evil.example/cb",
            ),
            ("https://app.example.com", "https://app.example.com/"),
            (
                "https://app.example.com",
                "https://app.example.com.evil.example",
            ),
            (
                "https://xn--bcher-kva.example/",
                "https://b\u{fc}cher.example/",
            ),
            ("http://127.0.0.1/callback", "http://localhost/callback"),
            ("http://127.0.0.1/callback", "http://[::1]/callback"),
            ("http://127.0.0.1/callback", "https://127.0.0.1/callback"),
            ("http://127.0.0.1/callback", "http://127.0.0.1:/callback"),
            ("http://127.0.0.1/callback", "http://127.0.0.1:0/callback"),
            ("http://127.0.0.1/callback", "http://127.0.0.1:080/callback"),
            (
                "http://127.0.0.1/callback",
                "http://127.0.0.1:65536/callback",
            ),
            ("http://127.0.0.1/callback", "http://127.0.0.1:+80/callback"),
            ("http://127.0.0.1/callback", "http://127.0.0.1:80/callback/"),
            (
                "http://127.0.0.1/callback",
                "http://127.0.0.1:80@evil.example/callback",
            ),
            (
                "http://127.0.0.1/callback",
                "http://127.0.0.1.evil.example/callback",
            ),
            ("http://127.0.0.1/callback", "http://127.0.0.11/callback"),
            ("http://localhost", "http://localhost:80.evil.example"),
            ("http://localhost", "http://localhostevil.example"),
            ("http://localhost", "http://localhost@evil.example"),
            ("com.example.app:/callback", "com.example.app:/callback/"),
            ("com.example.app:/callback", "com.example.app://callback"),
            ("com.example.app:/callback", "COM.example.app:/callback"),
        ] {
            let uri = RedirectUri::register(registered).unwrap();
            assert!(!uri.matches(presented), "{registered} {presented}");
        }
    }

    #[test]
    fn a_presented_uri_of_the_largest_size_matches() {
        let start = "http://127.0.0.1/";
        let path = "a".repeat(REDIRECT_URI_MAX_BYTES - start.len() - ":1".len());
        let uri = RedirectUri::register(&format!("{start}{path}")).unwrap();
        assert!(uri.matches(&format!("http://127.0.0.1:1/{path}")));
        assert!(!uri.matches(&format!("http://127.0.0.1:80/{path}")));
    }

    #[test]
    fn parameters_are_appended_and_encoded() {
        for (registered, expected) in [
            (
                "https://a.example",
                "https://a.example?code=a%26b&state=%C3%A4",
            ),
            (
                "https://a.example/?",
                "https://a.example/?code=a%26b&state=%C3%A4",
            ),
            (
                "https://a.example/?x=1",
                "https://a.example/?x=1&code=a%26b&state=%C3%A4",
            ),
            (
                "https://a.example/a&b",
                "https://a.example/a&b?code=a%26b&state=%C3%A4",
            ),
            (
                "com.example.app:/cb",
                "com.example.app:/cb?code=a%26b&state=%C3%A4",
            ),
        ] {
            let uri = RedirectUri::register(registered).unwrap();
            let url = uri.with_parameters(&[("code", "a&b"), ("state", "\u{e4}")]);
            assert_eq!(url, expected);
        }
    }

    /// The URI without the part that may differ, the port of a loopback host. Written independently
    /// of the code under test.
    fn without_loopback_port(uri: &str) -> String {
        let hosts = ["http://127.0.0.1:", "http://[::1]:", "http://localhost:"];
        match hosts.iter().find(|host| uri.starts_with(**host)) {
            Some(host) => {
                let rest = uri[host.len()..].trim_start_matches(|c: char| c.is_ascii_digit());
                format!("{}{rest}", host.trim_end_matches(':'))
            }
            None => uri.to_owned(),
        }
    }

    fn registered() -> impl Strategy<Value = &'static str> {
        proptest::sample::select(GOOD.iter().map(|(text, ..)| *text).collect::<Vec<_>>())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn one_changed_character_never_matches(
            uri in registered(),
            at in 0usize..64,
            with in "[ -~]|[%./:@#?\\\\0-9]|ä",
            cut in 0usize..3,
        ) {
            let at = at % (uri.len() + 1);
            let end = (at + cut).min(uri.len());
            let presented = format!("{}{with}{}", &uri[..at], &uri[end..]);
            let is_same = without_loopback_port(&presented) == without_loopback_port(uri);
            let uri = RedirectUri::register(uri).unwrap();
            if let Some(matched) = uri.matched(&presented) {
                prop_assert!(is_same);
                prop_assert_eq!(matched.as_str(), &presented);
                prop_assert_eq!(matched.kind(), uri.kind());
                prop_assert_eq!(matched.host(), uri.host());
            }
            prop_assert!(uri.matches(uri.as_str()));
        }

        #[test]
        fn no_text_panics_and_what_registers_matches_itself(text in "\\PC{0,40}") {
            for text in [text.clone(), format!("https://a.example/{text}"), format!("com.a:/{text}")] {
                if let Ok(uri) = RedirectUri::register(&text) {
                    prop_assert!(uri.matches(&text));
                    prop_assert!(text.is_ascii() && !text.contains(['#', ' ', '\\']));
                    let url = uri.with_parameters(&[("state", "a b")]);
                    prop_assert!(url.starts_with(&text) && url.ends_with("state=a+b"));
                }
            }
        }

        #[test]
        fn any_port_of_a_loopback_host(port in 1u16.., host in 0usize..3) {
            let host = LOOPBACK[host];
            let uri = RedirectUri::register(&format!("{host}/cb")).unwrap();
            let presented = format!("{host}:{port}/cb");
            prop_assert!(uri.matches(&presented));
        }
    }
}
