//! The request that the routes get. `exchange.js` writes the parts of the platform's `Request` as
//! lines of text, and this module reads these lines.

use super::problem::Problem;
use crate::domain::error::{AccessRefusal, Error};
use crate::domain::mail::Locale;
use crate::domain::operator::{OperatorRefusal, is_operator_ticket};
use crate::domain::session::Client;
use crate::domain::settings::host_of;

/// A request. For an RPC call of another Worker, only the id and the method are set.
#[derive(Clone, Default)]
pub struct Request<'a> {
    /// A random UUID. The answer and the log lines of the request contain it.
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
    /// The part of the URL after the question mark, without a fragment.
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
    /// `Content-Encoding`.
    pub content_encoding: Option<&'a str>,
    /// `Cookie`. `None` when the method is safe (RFC 9110 section 9.2.1), because such a request
    /// must not use the cookie.
    pub cookie: Option<&'a str>,
    /// The headers that a browser sends when it navigates to a page of the Worker.
    pub navigation: Navigation<'a>,
    /// `Accept-Language`.
    pub accept_language: Option<&'a str>,
    /// What is known about the client that sent the request.
    pub client: Client,
    /// Whether the request has a body. The body is read later.
    pub has_body: bool,
    /// The body.
    pub body: Vec<u8>,
}

/// The headers that a browser sends when it navigates. Only the sign-on cookie is read from its
/// `Cookie` header, by [`cookies::sign_on`](super::cookies::sign_on).
#[derive(Clone, Copy, Default)]
pub struct Navigation<'a> {
    /// `Cookie`, whatever the method is. `None` unless the path is [one where the sign-on cookie is
    /// read](NAVIGATED).
    pub cookie: Option<&'a str>,
    /// `Sec-Fetch-Site`: whether the page that caused the navigation has the same origin as this
    /// service, is on the same site, or is on another site.
    pub fetch_site: Option<&'a str>,
    /// `Sec-Fetch-Dest`: `document` for a navigation of a whole tab, `iframe` inside a frame.
    pub fetch_dest: Option<&'a str>,
    /// `Sec-Purpose`: present if the browser loads the page in advance, before the user asks for
    /// it.
    pub purpose: Option<&'a str>,
}

/// The paths where the sign-on cookie is read.
pub const NAVIGATED: [&str; 2] = ["/auth/authorize", "/auth/logout"];

impl<'a> Request<'a> {
    /// Reads the lines that `exchange.js` writes. If a request only asks whether an access token is
    /// valid, `exchange.js` writes fewer headers. The missing headers are `None`.
    #[must_use]
    pub fn parse(text: &'a str) -> Self {
        let mut lines = text.split('\n');
        let mut line = || lines.next().unwrap_or_default();
        let (id, method, url, has_body) = (line(), line(), line(), line() == "1");
        let mut header = || lines.next().filter(|value| *value != ABSENT);
        let (own_origin, host, path, query) = split_url(url);
        let (authorization, origin) = (header(), header());
        let (content_type, content_length, content_encoding) = (header(), header(), header());
        let (cookie, accept_language) = (header(), header());
        let client = Client::new(header(), header());
        let navigation = Navigation {
            cookie: cookie.filter(|_| NAVIGATED.contains(&path)),
            fetch_site: header(),
            fetch_dest: header(),
            purpose: header(),
        };
        Self {
            id,
            method,
            own_origin,
            host,
            path,
            query,
            authorization,
            origin,
            from_allowed_origin: false,
            content_type,
            content_length,
            content_encoding,
            cookie: cookie.filter(|_| !matches!(method, "GET" | "HEAD")),
            navigation,
            accept_language,
            client,
            has_body,
            body: Vec::new(),
        }
    }

    /// The access token or operator ticket in the `Authorization` header (RFC 6750 section 2.1). A
    /// token in the query or the body is never used. The scheme `Bearer` may be in upper or lower
    /// case. One or more spaces must follow it; a tab is not accepted (RFC 9110 section 11.4).
    ///
    /// # Errors
    /// - [`AccessRefusal::Missing`]: when there is no token.
    /// - [`OperatorRefusal::FromPage`]: for an operator ticket in a request with an `Origin`,
    ///   because operator tickets must not be used in a browser. Browsers send an `Origin` with
    ///   every request, except with a `GET` to the page's own origin.
    pub fn bearer(&self) -> Result<&'a str, Problem> {
        let token = self
            .authorization
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim_start_matches(' '))
            .filter(|token| !token.is_empty())
            .ok_or(Error::Access(AccessRefusal::Missing))?;
        if self.origin.is_some() && is_operator_ticket(token) {
            let refusal = AccessRefusal::Operator(OperatorRefusal::FromPage);
            return Err(Error::Access(refusal).into());
        }
        Ok(token)
    }

    /// The id in a path such as `/auth/users/{id}`. The id is not checked, so it can be any text.
    #[must_use]
    pub fn id_in_path(&self) -> &'a str {
        self.part_of_path(3)
    }

    /// The second id in a path such as `/auth/users/{id}/sessions/{sid}`. The id is not checked, so
    /// it can be any text.
    #[must_use]
    pub fn second_id_in_path(&self) -> &'a str {
        self.part_of_path(5)
    }

    fn part_of_path(&self, number: usize) -> &'a str {
        self.path.split('/').nth(number).unwrap_or_default()
    }

    /// The language of a mail that this request causes.
    #[must_use]
    pub fn locale(&self, default: Locale) -> Locale {
        Locale::negotiate(self.accept_language, default)
    }

    /// The media type of the body without its parameters, in lower case. If the request has several
    /// `Content-Type` headers, the platform joins their values with commas (RFC 9110 section 5.3).
    /// If the values name different media types, the result is `None`.
    #[must_use]
    pub fn media_type(&self) -> Option<String> {
        let mut is_quoted = false;
        let mut types = self.content_type?.split(|c| {
            is_quoted ^= c == '"';
            c == ',' && !is_quoted
        });
        let essence = |value: &str| {
            let essence = value.split(';').next().unwrap_or_default();
            essence.trim().to_ascii_lowercase()
        };
        let first = essence(types.next()?);
        types.all(|other| essence(other) == first).then_some(first)
    }
}

/// The text that `exchange.js` writes in place of a header that the request does not have. The
/// value of a header never contains this character.
const ABSENT: &str = "\0";

/// The origin, the host, the path and the query of a URL such as `http://host:port/path?query`. The
/// platform has already parsed the URL and written it in its normal form, so splitting the text is
/// enough.
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
                    https://app.example.com\napplication/json\n2\ngzip\na=b\nde\n203.0.113.9\nexample/1\n\
                    cross-site\ndocument\nprefetch";
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
        assert_eq!(request.content_encoding, Some("gzip"));
        assert_eq!(request.cookie, Some("a=b"));
        assert_eq!(request.accept_language, Some("de"));
        let client = Client::new(Some("203.0.113.9"), Some("example/1"));
        assert_eq!(request.client, client);
        let navigation = request.navigation;
        assert_eq!(navigation.fetch_site, Some("cross-site"));
        assert_eq!(navigation.fetch_dest, Some("document"));
        assert_eq!(navigation.purpose, Some("prefetch"));
    }

    #[test]
    fn a_navigation_brings_its_cookie_to_two_paths_only() {
        for (method, path, brought) in [
            ("GET", "/auth/authorize", true),
            ("GET", "/auth/logout", true),
            ("POST", "/auth/logout", true),
            ("GET", "/auth/authorize/request", false),
            ("GET", "/auth/me", false),
            ("POST", "/auth/token", false),
        ] {
            let text = format!("7c1e\n{method}\nhttp://a{path}?x\n0\n\0\n\0\n\0\n\0\n\0\na=b");
            let request = Request::parse(&text);
            let cookie = request.navigation.cookie;
            assert_eq!(cookie.is_some(), brought, "{method} {path}");
            assert_eq!(
                request.cookie.is_some(),
                method == "POST",
                "{method} {path}"
            );
        }
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

    /// RFC 9110 sections 11.1 and 11.4, RFC 6750 section 2.1.
    #[test]
    fn the_scheme_has_any_case_and_is_followed_by_one_or_more_spaces() {
        let bearer = |authorization| {
            let request = Request {
                authorization: Some(authorization),
                ..Request::default()
            };
            request.bearer().ok()
        };
        for text in [
            "Bearer a.b.c",
            "bearer a.b.c",
            "BEARER a.b.c",
            "bEaReR  a.b.c",
            "Bearer      a.b.c",
        ] {
            assert_eq!(bearer(text), Some("a.b.c"), "{text}");
        }
        for text in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer   ",
            "Bearer\ta.b.c",
            "Bearera.b.c",
            "Basic a.b.c",
            "Bearers a.b.c",
            " Bearer a.b.c",
            "a.b.c",
        ] {
            assert_eq!(bearer(text), None, "{text}");
        }
        // In these cases, everything after the spaces is taken as the token. Later it will be
        // rejected as an invalid token.
        for (text, token) in [
            ("Bearer \ta.b.c", "\ta.b.c"),
            ("Bearer a.b.c, Bearer d.e.f", "a.b.c, Bearer d.e.f"),
            ("Bearer Bearer a.b.c", "Bearer a.b.c"),
            ("Bearer a.b.c d", "a.b.c d"),
        ] {
            assert_eq!(bearer(text), Some(token), "{text}");
        }
    }

    #[test]
    fn an_operator_ticket_never_comes_from_a_page() {
        let bearer = |origin, authorization| {
            let request = Request {
                authorization: Some(authorization),
                origin,
                from_allowed_origin: true,
                ..Request::default()
            };
            request.bearer().ok()
        };
        for origin in ["https://auth.example.com", "null", ""] {
            assert_eq!(bearer(Some(origin), "Bearer ego_AAEC"), None, "{origin}");
            assert_eq!(
                bearer(Some(origin), "Bearer a.b.c"),
                Some("a.b.c"),
                "{origin}"
            );
        }
        assert_eq!(bearer(None, "Bearer ego_AAEC"), Some("ego_AAEC"));
    }

    /// RFC 9110 sections 5.3 and 8.3.
    #[test]
    fn a_repeated_content_type_has_one_media_type() {
        let media_type = |text| {
            let request = Request {
                content_type: Some(text),
                ..Request::default()
            };
            request.media_type()
        };
        for text in [
            "application/json",
            "Application/JSON",
            "application/json; charset=utf-8",
            "application/json;charset=ISO-8859-1",
            "application/json; profile=\"a, b\"",
            " application/json ;",
            "application/json, application/json",
            "application/json; charset=utf-8, APPLICATION/JSON",
            "application/json,application/json;a=\"x,y\",application/json",
        ] {
            assert_eq!(
                media_type(text).as_deref(),
                Some("application/json"),
                "{text}"
            );
        }
        // A page of any origin can send forms and plain text without a preflight. If one of these
        // values were read as JSON, such a page could send JSON without a preflight.
        for text in [
            "text/plain, application/json",
            "application/json, text/plain",
            "application/x-www-form-urlencoded; a=, application/json",
            "application/json, multipart/form-data",
            "application/json,",
            ", application/json",
            "text/plain; a=\"x, application/json",
            "",
        ] {
            assert_ne!(
                media_type(text).as_deref(),
                Some("application/json"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_safe_method_brings_no_cookie() {
        for (method, cookie) in [("GET", None), ("HEAD", None), ("DELETE", Some("a=b"))] {
            let text = format!("7c1e\n{method}\nhttp://a/\n0\n\0\n\0\n\0\n\0\n\0\na=b\n\0\n\0\n\0");
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
