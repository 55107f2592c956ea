//! A request, as `exchange.js` read it and as the routes see it.

use super::problem::Problem;
use crate::domain::error::{AccessRefusal, Error};
use crate::domain::mail::Locale;
use crate::domain::session::Client;
use crate::domain::settings::host_of;

/// A request. A call of another Worker has an id and a method, and nothing else of this.
#[derive(Clone, Default)]
pub struct Request<'a> {
    /// A random UUID, which the answer and the log name.
    pub id: &'a str,
    /// The method, upper case.
    pub method: &'a str,
    /// The origin that the request was sent to.
    pub own_origin: &'a str,
    /// The host that the request was sent to, without the port.
    pub host: &'a str,
    /// The path as it was sent. It is never decoded or normalised, so that each route has one
    /// spelling.
    pub path: &'a str,
    /// What follows the question mark.
    pub query: &'a str,
    /// `Authorization`.
    pub authorization: Option<&'a str>,
    /// `Origin`.
    pub origin: Option<&'a str>,
    /// Whether pages of `origin` may use the cookie.
    pub from_allowed_origin: bool,
    /// `Content-Type`.
    pub content_type: Option<&'a str>,
    /// `Content-Length`.
    pub content_length: Option<&'a str>,
    /// `Cookie`. Left out when the method is safe (RFC 9110 section 9.2.1).
    pub cookie: Option<&'a str>,
    /// `Accept-Language`.
    pub accept_language: Option<&'a str>,
    /// What is known of the sender.
    pub client: Client,
    /// Whether a body follows.
    pub has_body: bool,
    /// The body.
    pub body: Vec<u8>,
}

impl<'a> Request<'a> {
    /// Reads the lines that `exchange.js` writes. Of a check it writes fewer headers.
    #[must_use]
    pub fn parse(text: &'a str) -> Self {
        let mut lines = text.split('\n');
        let mut line = || lines.next().unwrap_or_default();
        let (id, method, url, has_body) = (line(), line(), line(), line() == "1");
        let mut header = || lines.next().filter(|value| *value != ABSENT);
        let (own_origin, host, path, query) = split_url(url);
        Self {
            id,
            method,
            own_origin,
            host,
            path,
            query,
            authorization: header(),
            origin: header(),
            from_allowed_origin: false,
            content_type: header(),
            content_length: header(),
            cookie: header().filter(|_| !matches!(method, "GET" | "HEAD")),
            accept_language: header(),
            client: Client::new(header(), header()),
            has_body,
            body: Vec::new(),
        }
    }

    /// The access token of the `Authorization` header (RFC 6750 section 2.1). It is never taken
    /// from the query or the body.
    ///
    /// # Errors
    /// [`AccessRefusal::Missing`] when there is none.
    pub fn bearer(&self) -> Result<&'a str, Problem> {
        self.authorization
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer") && !token.is_empty())
            .map(|(_, token)| token)
            .ok_or_else(|| Error::Access(AccessRefusal::Missing).into())
    }

    /// The id in a path such as `/auth/users/{id}`, unchecked.
    #[must_use]
    pub fn id_in_path(&self) -> &'a str {
        self.path.split('/').nth(3).unwrap_or_default()
    }

    /// The language of a mail that this request causes.
    #[must_use]
    pub fn locale(&self, default: Locale) -> Locale {
        Locale::negotiate(self.accept_language, default)
    }

    /// The media type without its parameters, in lower case.
    #[must_use]
    pub fn media_type(&self) -> Option<String> {
        let value = self.content_type?;
        let essence = value.split(';').next()?;
        Some(essence.trim().to_ascii_lowercase())
    }
}

/// Stands for a header that did not come. No header's value contains it.
const ABSENT: &str = "\0";

/// Origin, host, path and query of `http://host:port/path?query`. The platform has parsed and
/// rewritten the URL, so splitting it is enough.
fn split_url(url: &str) -> (&str, &str, &str, &str) {
    let rest = ["https://", "http://"]
        .iter()
        .find_map(|scheme| url.strip_prefix(scheme))
        .unwrap_or(url);
    let (authority, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let origin = url.strip_suffix(rest).unwrap_or(url);
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    (origin, host_of(authority), path, query)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read_into_its_field() {
        let text = "7c1e\nPOST\nhttp://127.0.0.1:8787/auth/login?a=b?c\n1\nBearer a.b.c\n\
                    https://app.example.com\napplication/json\n2\na=b\nde\n203.0.113.9\nexample/1";
        let request = Request::parse(text);
        assert_eq!((request.id, request.method), ("7c1e", "POST"));
        assert_eq!(request.own_origin, "http://127.0.0.1:8787");
        assert_eq!(request.host, "127.0.0.1");
        assert_eq!((request.path, request.query), ("/auth/login", "a=b?c"));
        assert_eq!(request.authorization, Some("Bearer a.b.c"));
        assert_eq!(request.origin, Some("https://app.example.com"));
        assert!(!request.from_allowed_origin && request.has_body);
        assert_eq!(request.content_type, Some("application/json"));
        assert_eq!(request.content_length, Some("2"));
        assert_eq!(request.cookie, Some("a=b"));
        assert_eq!(request.accept_language, Some("de"));
        let client = Client::new(Some("203.0.113.9"), Some("example/1"));
        assert_eq!(request.client, client);
    }

    #[test]
    fn a_check_brings_two_headers() {
        let url = "https://auth.example.com/auth/authorized?role=user";
        let text = format!("7c1e\nGET\n{url}\n0\nBearer a.b.c\n\0");
        let request = Request::parse(&text);
        assert_eq!(request.authorization, Some("Bearer a.b.c"));
        assert_eq!((request.origin, request.cookie), (None, None));
        assert!(!request.has_body);
        assert_eq!(request.client, Client::new(None, None));
    }

    #[test]
    fn a_safe_method_brings_no_cookie() {
        for (method, cookie) in [("GET", None), ("HEAD", None), ("DELETE", Some("a=b"))] {
            let text = format!("7c1e\n{method}\nhttp://a/\n0\n\0\n\0\n\0\n\0\na=b\n\0\n\0\n\0");
            assert_eq!(Request::parse(&text).cookie, cookie, "{method}");
        }
    }

    #[test]
    fn urls_are_split() {
        for (url, parts) in [
            (
                "https://a.example/",
                ("https://a.example", "a.example", "/", ""),
            ),
            (
                "https://a.example",
                ("https://a.example", "a.example", "", ""),
            ),
            ("http://[::1]:80/x?", ("http://[::1]:80", "[::1]", "/x", "")),
            (
                "http://a/b?http://c/d",
                ("http://a", "a", "/b", "http://c/d"),
            ),
        ] {
            assert_eq!(split_url(url), parts);
        }
    }
}
