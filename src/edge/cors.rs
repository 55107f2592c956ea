//! Which pages may call from a browser: the CORS protocol of the Fetch standard, with credentials.
//! Origins are compared as whole strings. `null` and wildcards are never allowed.

use std::borrow::Cow;

use super::answer::Answer;
use super::request::Request;
use crate::domain::policy::PREFLIGHT_SECONDS;
use crate::domain::settings::{Settings, is_loopback_host};

/// Who may read a route's answers in a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// Pages of allowed origins.
    AllowedOrigins,
    /// Every page.
    Everyone,
    /// No page of another origin.
    Nobody,
}

/// Whether pages of the request's `Origin` may use the cookie and read answers. These are the
/// issuer's own and those of `ALLOWED_ORIGINS`. With a loopback issuer it is also the origin that
/// the request was sent to, if that is a loopback address: a developer opens
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

/// The answer to a preflight. Its headers name everything that is allowed, and the browser
/// compares. An origin that is not allowed gets it without them.
#[must_use]
pub fn preflight(allowed: bool) -> Answer {
    let mut answer = Answer::empty(204);
    if allowed {
        push(
            &mut answer,
            "Access-Control-Allow-Methods",
            "GET, POST, PATCH, DELETE",
        );
        push(
            &mut answer,
            "Access-Control-Allow-Headers",
            "Authorization, Content-Type",
        );
        push(&mut answer, "Access-Control-Max-Age", PREFLIGHT_SECONDS);
    }
    answer
}

/// Adds the headers that let pages read an answer, which may be an error. `allowed` is the
/// request's origin, if it is allowed.
pub fn let_read(answer: &mut Answer, readers: Readers, allowed: Option<&str>) {
    match readers {
        Readers::Nobody => {}
        Readers::Everyone => push(answer, "Access-Control-Allow-Origin", "*"),
        Readers::AllowedOrigins => {
            push(answer, "Vary", "Origin");
            if let Some(origin) = allowed {
                push(answer, "Access-Control-Allow-Origin", origin.to_owned());
                push(answer, "Access-Control-Allow-Credentials", "true");
                push(
                    answer,
                    "Access-Control-Expose-Headers",
                    "Retry-After, X-Request-Id, Date, WWW-Authenticate",
                );
            }
        }
    }
}

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
                "ALLOWED_ORIGINS" => origins,
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
        // A name that an attacker points at this machine.
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
    fn a_preflight_says_nothing_to_others() {
        assert_eq!(preflight(false), Answer::empty(204));
        assert_eq!(preflight(true).headers.len(), 3);
    }
}
