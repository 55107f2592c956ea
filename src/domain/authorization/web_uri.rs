//! URLs in the only spelling that the service accepts. This module is used for the redirect URIs of
//! websites and of programs that listen on a loopback port, for the URIs of APIs, and for the ids
//! of clients that are described by a metadata document.

use crate::domain::settings::{host_of, is_origin};

/// An https URL, or an http URL on a loopback host.
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
    pub(super) fn without_port(&self) -> String {
        format!("{}://{}", self.scheme, self.host())
    }

    pub(super) fn host(&self) -> &str {
        host_of(&self.authority)
    }

    /// Whether the URL contains a port.
    pub(super) fn has_port(&self) -> bool {
        self.host().len() != self.authority.len()
    }

    pub(super) fn into_path_and_query(self) -> String {
        self.rest
    }

    /// The path, without the query.
    pub(super) fn path(&self) -> &str {
        self.rest.split('?').next().unwrap_or_default()
    }

    pub(super) fn is_https(&self) -> bool {
        self.scheme == "https"
    }
}

/// Checks that a text has only characters that RFC 3986 allows, that it has no fragment, and that
/// each percent sign is followed by two hexadecimal digits.
pub(super) fn check_characters(text: &str) -> Result<(), WebUriFault> {
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

/// Rejects dot segments and encoded slashes in the path, because browsers and servers might read
/// them in different ways.
pub(super) fn check_path(path_and_query: &str) -> Result<(), WebUriFault> {
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
