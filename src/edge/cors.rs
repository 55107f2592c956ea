//! Decides which pages may call the service from a browser. This is the CORS protocol of the Fetch
//! standard, with credentials. Origins are compared as whole strings. The origin `null` is never
//! allowed, and an allowed origin can't contain wildcards.

use std::borrow::Cow;

use super::answer::{Answer, Note};
use super::problem::Problem;
use super::request::Request;
use super::router;
use crate::domain::error::Code;
use crate::domain::policy::{MAX_PREFLIGHT_HEADER_BYTES, PREFLIGHT_SECONDS};
use crate::domain::settings::{SettingError, Settings, is_loopback_host};

/// Who may read a route's answers in a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// Only pages of allowed origins.
    AllowedOrigins,
    /// Pages of allowed origins may read all answers. Pages of all other origins may read the
    /// answers to requests without credentials (cookies), because apps can run on any origin, and
    /// their requests contain a token or a code instead of a cookie.
    Apps,
    /// Every page.
    Everyone,
    /// No page of another origin.
    Nobody,
}

/// Whether pages of the request's `Origin` may use the cookie and read answers. The allowed origins
/// are the issuer's own origin and those of `ALLOWED_ORIGINS`.
///
/// There is one more allowed origin if the issuer is a loopback address: the origin that the
/// request was sent to, if that is a loopback address too. For example, a developer might open
/// `http://localhost:8787` while the issuer is `http://127.0.0.1:8787`.
#[must_use]
pub fn is_allowed(settings: &Settings, request: &Request<'_>) -> bool {
    let Some(origin) = request.origin else {
        return false;
    };
    let mut listed = settings.allowed_origins.iter();
    origin == settings.issuer
        || listed.any(|listed| listed == origin)
        || (origin == request.own_origin
            && settings.issuer_is_loopback()
            && is_loopback_host(request.host))
}

/// What a preflight request asks for: the headers by which a browser says which request it is going
/// to send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preflight {
    /// `Access-Control-Request-Method`.
    pub method: String,
    /// `Access-Control-Request-Headers`.
    pub headers: Option<String>,
}

impl Preflight {
    /// The answer to the preflight of a page that may read the path's answers. It names all allowed
    /// methods and request headers. The browser compares them with the request that the page wants
    /// to send.
    ///
    /// All request headers that the page asks for are allowed too, because monitoring tools add
    /// headers of their own to a page's requests. The answer lists each header by its name, because
    /// `*` would not include `Authorization` (Fetch standard, CORS-preflight fetch).
    #[must_use]
    pub fn allow(&self, readers: Readers) -> Answer {
        let methods = match readers {
            Readers::Everyone => "GET, HEAD",
            Readers::Apps => "GET, HEAD, POST",
            Readers::AllowedOrigins | Readers::Nobody => "GET, POST, PATCH, DELETE",
        };
        let mut names = "Authorization, Content-Type".to_owned();
        let asked = header_names(self.headers.as_deref().unwrap_or_default());
        for name in asked.iter().flatten() {
            if !["authorization", "content-type"].contains(&name.as_str()) {
                names.extend([", ", name]);
            }
        }
        let is_safelisted = ["GET", "HEAD", "POST"].contains(&&*self.method);
        let reason = if asked.is_none() {
            Some("the browser will refuse: the preflight asks for too many or invalid headers")
        } else if !is_safelisted && !methods.split(", ").any(|method| method == self.method) {
            Some("the browser will refuse: no route that this page may read takes the method")
        } else {
            None
        };
        let mut answer = Answer::empty(204);
        push(&mut answer, "Access-Control-Allow-Methods", methods);
        push(&mut answer, "Access-Control-Allow-Headers", names);
        push(&mut answer, "Access-Control-Max-Age", PREFLIGHT_SECONDS);
        answer.noted(Note {
            reason: reason.map(str::to_owned),
            ..Note::default()
        })
    }
}

/// The answer to a preflight of a page that is not allowed to call. It has no CORS headers, so the
/// browser does not send the page's request. Only the log says why. The origin itself is not
/// logged, because its host could be an IP address.
#[must_use]
pub fn refuse_preflight(request: &Request<'_>, problem: Option<&SettingError>) -> Answer {
    let reason = match problem {
        Some(error) => error.to_string(),
        None if request.origin == Some("null") => {
            "the Origin is null, as of a file or a sandboxed frame, and null is never allowed"
                .to_owned()
        }
        None => "the Origin is not in ALLOWED_ORIGINS".to_owned(),
    };
    let answer = if router::takes_any_method(request.path) {
        // This preflight might come from a forward-auth proxy that received it from its own client
        // and asks whether the client is allowed. Such a proxy treats any 2xx as "the client is
        // allowed", so the status must be an error.
        Problem::new(Code::Forbidden, "pages of this origin may not call").into_answer()
    } else {
        Answer::empty(204)
    };
    answer.noted(Note {
        reason: Some(format!("preflight refused: {reason}")),
        ..Note::default()
    })
}

/// The names in `Access-Control-Request-Headers`, in lower case. `None` if one of them is not a
/// valid name (RFC 9110 section 5.1), or if the whole value is too long.
fn header_names(text: &str) -> Option<Vec<String>> {
    if text.len() > MAX_PREFLIGHT_HEADER_BYTES {
        return None;
    }
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    let names = text.split(',').map(str::trim);
    let mut found = Vec::new();
    for name in names.filter(|name| !name.is_empty()) {
        if !name.bytes().all(is_token) {
            return None;
        }
        found.push(name.to_ascii_lowercase());
    }
    Some(found)
}

/// Adds the headers that let pages read an answer, even if the answer is an error. `allowed` is the
/// request's origin, or `None` if that origin is not allowed.
pub fn let_read(answer: &mut Answer, readers: Readers, allowed: Option<&str>) {
    match (readers, allowed) {
        (Readers::Nobody, _) => {}
        (Readers::Everyone, _) => push(answer, ALLOW_ORIGIN, "*"),
        (Readers::AllowedOrigins | Readers::Apps, Some(origin)) => {
            push(answer, "Vary", "Origin");
            push(answer, ALLOW_ORIGIN, origin.to_owned());
            push(answer, "Access-Control-Allow-Credentials", "true");
            push(answer, "Access-Control-Expose-Headers", EXPOSED);
        }
        (Readers::AllowedOrigins, None) => push(answer, "Vary", "Origin"),
        // Every page may read this answer, but only if its request had no credentials: browsers
        // don't accept `*` for a request with credentials (Fetch standard, CORS check).
        (Readers::Apps, None) => {
            push(answer, "Vary", "Origin");
            push(answer, ALLOW_ORIGIN, "*");
            push(answer, "Access-Control-Expose-Headers", EXPOSED);
        }
    }
}

const ALLOW_ORIGIN: &str = "Access-Control-Allow-Origin";

/// The response headers that a page may read. In addition, it may always read the headers that the
/// Fetch standard calls safelisted.
const EXPOSED: &str = "Retry-After, X-Request-Id, Date, WWW-Authenticate";

fn push(answer: &mut Answer, name: &'static str, value: impl Into<Cow<'static, str>>) {
    answer.headers.push((name, value.into()));
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"test","d":"kHiqJjEbTv1Qa8l0B9TWvtZooboGt-DqgRkwqQ6bvoI","x":"WTgIzGjcnPfLLbB3vBGEwLDWIzQcpEqj4yySkPsbHfM"}]}"#;

    fn settings(issuer: &'static str, origins: &'static str) -> Settings {
        Settings::read(|name| {
            let text = match name {
                "ISSUER" => issuer,
                "ALLOWED_ORIGINS" if !origins.is_empty() => origins,
                "SIGNING_KEYS" => KEYS,
                "TICKET_SECRET" => "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
                _ => return None,
            };
            Some(text.to_owned())
        })
        .unwrap()
    }

    fn request<'a>(origin: &'a str, own_origin: &'a str, host: &'a str) -> Request<'a> {
        Request {
            origin: Some(origin),
            own_origin,
            host,
            ..Request::default()
        }
    }

    #[test]
    fn origins_are_compared_as_whole_strings() {
        let origins = "https://app.example.com, https://b.example:8443";
        let settings = settings("https://auth.example.com", origins);
        let own = "https://auth.example.com";
        let allowed = |origin| is_allowed(&settings, &request(origin, own, "auth.example.com"));
        for origin in [own, "https://app.example.com", "https://b.example:8443"] {
            assert!(allowed(origin), "{origin}");
        }
        for origin in [
            "",
            "null",
            "*",
            "https://app.example.com/",
            "https://app.example.com.",
            "https://app.example.com:443",
            "https://app.example.com.evil.example",
            "https://evil-app.example.com",
            "https://evil.example/https://app.example.com",
            "https://app.example.co",
            "https://App.example.com",
            "http://app.example.com",
            "app.example.com",
            "https://app.example.com, https://b.example:8443",
            "https://b.example",
            "https://example.com",
            "https://sub.auth.example.com",
        ] {
            assert!(!allowed(origin), "{origin}");
        }
    }

    #[test]
    fn its_own_loopback_origin_is_allowed_with_a_loopback_issuer() {
        let local = settings("http://127.0.0.1:8787", "");
        let own = "http://localhost:8787";
        for (origin, allowed) in [
            (own, true),
            ("http://127.0.0.1:8787", true),
            ("http://localhost:3000", false),
        ] {
            assert_eq!(
                is_allowed(&local, &request(origin, own, "localhost")),
                allowed
            );
        }
        // DNS rebinding: the attacker's DNS server resolves the attacker's host name to this
        // machine.
        let rebound = "http://evil.example:8787";
        assert!(!is_allowed(
            &local,
            &request(rebound, rebound, "evil.example")
        ));
        let deployed = settings("https://auth.example.com", "");
        assert!(!is_allowed(&deployed, &request(own, own, "localhost")));
        let alias = "https://edgegate.workers.example";
        let request = request(alias, alias, "edgegate.workers.example");
        assert!(!is_allowed(&deployed, &request));
    }

    fn headers(readers: Readers, allowed: Option<&str>) -> Vec<(&'static str, Cow<'static, str>)> {
        let mut answer = Answer::empty(503);
        let_read(&mut answer, readers, allowed);
        answer.headers
    }

    #[test]
    fn answers_name_the_page_that_may_read_them() {
        let page = Some("https://a.example");
        let everyone = [("Access-Control-Allow-Origin", Cow::from("*"))];
        let varies = ("Vary", Cow::from("Origin"));
        for allowed in [page, None] {
            assert_eq!(headers(Readers::Everyone, allowed), everyone);
            assert!(headers(Readers::Nobody, allowed).is_empty());
        }
        let others = headers(Readers::AllowedOrigins, None);
        assert_eq!(others.as_slice(), std::slice::from_ref(&varies));
        let some = headers(Readers::AllowedOrigins, page);
        assert_eq!(some.first(), Some(&varies));
        assert!(some.contains(&("Access-Control-Allow-Origin", "https://a.example".into())));
        assert!(some.contains(&("Access-Control-Allow-Credentials", "true".into())));
    }

    #[test]
    fn pages_of_apps_read_without_credentials() {
        let page = Some("https://a.example");
        assert_eq!(
            headers(Readers::Apps, page),
            headers(Readers::AllowedOrigins, page)
        );
        let other = headers(Readers::Apps, None);
        assert!(other.contains(&("Access-Control-Allow-Origin", "*".into())));
        assert!(other.contains(&("Vary", "Origin".into())));
        let credentials = "Access-Control-Allow-Credentials";
        assert!(!other.iter().any(|(name, _)| *name == credentials));
        let preflight = asking("POST", "authorization").allow(Readers::Apps);
        assert_eq!(preflight.note.reason, None);
        assert_eq!(
            asking("DELETE", "").allow(Readers::Apps).note.reason,
            Some(
                "the browser will refuse: no route that this page may read takes the method"
                    .to_owned()
            )
        );
    }

    fn asking(method: &str, headers: &str) -> Preflight {
        Preflight {
            method: method.to_owned(),
            headers: Some(headers.to_owned()),
        }
    }

    #[test]
    fn a_preflight_is_allowed_the_headers_that_it_asks_for() {
        let most = "a".repeat(MAX_PREFLIGHT_HEADER_BYTES);
        let long = "a".repeat(MAX_PREFLIGHT_HEADER_BYTES + 1);
        let more = format!(", {most}");
        for (asked, allowed) in [
            ("", Some("")),
            ("authorization,content-type", Some("")),
            ("Content-Type", Some("")),
            (
                "baggage,content-type,sentry-trace",
                Some(", baggage, sentry-trace"),
            ),
            (" X-A ,\tx-b,,", Some(", x-a, x-b")),
            (&most, Some(&more)),
            // These values are not lists of valid header names, so the answer repeats none of them.
            ("x-a, x b", None),
            ("x-a, x:b", None),
            ("x-a\r\nset-cookie: a", None),
            ("x-\u{fc}", None),
            (&long, None),
        ] {
            let answer = asking("POST", asked).allow(Readers::AllowedOrigins);
            let expected = ["Authorization, Content-Type", allowed.unwrap_or_default()].concat();
            assert_eq!(
                answer.header("Access-Control-Allow-Headers"),
                Some(&*expected),
                "{asked}"
            );
            assert_eq!(answer.note.reason.is_some(), allowed.is_none(), "{asked}");
        }
        let none = Preflight::default().allow(Readers::AllowedOrigins);
        assert_eq!(none.headers.len(), 3);
    }

    #[test]
    fn a_method_that_no_page_may_use_is_a_reason() {
        for (readers, method, is_used) in [
            (Readers::AllowedOrigins, "PATCH", true),
            (Readers::AllowedOrigins, "HEAD", true),
            (Readers::AllowedOrigins, "PUT", false),
            (Readers::AllowedOrigins, "patch", false),
            (Readers::Everyone, "GET", true),
            (Readers::Everyone, "DELETE", false),
        ] {
            let answer = asking(method, "").allow(readers);
            assert_eq!(answer.note.reason.is_none(), is_used, "{method}");
        }
    }

    #[test]
    fn a_preflight_of_another_origin_has_no_cors_headers_and_a_reason() {
        let refused = |origin, path, problem| {
            let request = Request {
                path,
                ..request(origin, "", "")
            };
            refuse_preflight(&request, problem)
        };
        let answer = refused("https://b.example", "/auth/login", None);
        assert_eq!((answer.status, answer.headers.len()), (204, 0));
        let reason = |answer: Answer| answer.note.reason.unwrap();
        assert_eq!(
            reason(answer),
            "preflight refused: the Origin is not in ALLOWED_ORIGINS"
        );
        assert!(reason(refused("null", "/auth/login", None)).contains("is null"));
        let wrong = SettingError {
            setting: "ALLOWED_ORIGINS",
            problem: "contains \"x\"".to_owned(),
            remedy: "Correct it.",
        };
        let told = reason(refused("https://a.example", "/auth/login", Some(&wrong)));
        assert!(told.contains("ALLOWED_ORIGINS contains \"x\""), "{told}");
        let check = refused("https://b.example", "/auth/authorized", None);
        assert_eq!(check.status, 403);
        assert!(reason(check).starts_with("preflight refused"));
    }
}
