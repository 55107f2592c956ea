//! Which pages may call from a browser (the Fetch standard's CORS protocol): origins compared as whole texts, with
//! credentials, never a wildcard, never `null`.

use std::borrow::Cow;

use super::answer::Answer;
use crate::domain::policy::PREFLIGHT_SECONDS;
use crate::domain::settings::{Settings, is_loopback_host};

/// Whether pages of `origin` may use the cookie and read answers: the issuer's own, and those of `ALLOWED_ORIGINS`. With a
/// loopback issuer also the origin `own` that the request itself came to, on a loopback `host`: a developer opens
/// `http://localhost:8787` while the issuer says `127.0.0.1`.
#[must_use]
pub fn is_allowed(settings: &Settings, origin: &str, own: &str, host: &str) -> bool {
    origin == settings.issuer
        || settings
            .allowed_origins
            .iter()
            .any(|listed| listed == origin)
        || (origin == own && settings.issuer_is_loopback() && is_loopback_host(host))
}

/// The answer to a preflight, which asks nothing of the service. What it names is a constant: the browser compares. Who is
/// not allowed gets it without the headers.
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

/// Adds what lets pages read an answer, an error too: of `/auth/` those of the `allowed` origin, of `/.well-known/` all.
pub fn add(answer: &mut Answer, path: &str, allowed: Option<&str>) {
    if path.starts_with("/.well-known/") {
        push(answer, "Access-Control-Allow-Origin", "*");
    } else if path.starts_with("/auth/") {
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

    #[test]
    fn an_origin_is_allowed_as_a_whole() {
        let origins = "https://app.example.com, https://b.example:8443";
        let settings = settings("https://auth.example.com", origins);
        let own = "https://auth.example.com";
        let allowed = |origin| is_allowed(&settings, origin, own, "auth.example.com");
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
    fn its_own_loopback_origin_counts_with_a_loopback_issuer() {
        let local = settings("http://127.0.0.1:8787", "");
        let own = "http://localhost:8787";
        assert!(is_allowed(&local, own, own, "localhost"));
        assert!(is_allowed(
            &local,
            "http://127.0.0.1:8787",
            own,
            "localhost"
        ));
        assert!(!is_allowed(
            &local,
            "http://localhost:3000",
            own,
            "localhost"
        ));
        // A name that an attacker points at this machine.
        let rebound = "http://evil.example:8787";
        assert!(!is_allowed(&local, rebound, rebound, "evil.example"));
        let deployed = settings("https://auth.example.com", "");
        assert!(!is_allowed(&deployed, own, own, "localhost"));
        let alias = "https://edgegate.workers.example";
        assert!(!is_allowed(
            &deployed,
            alias,
            alias,
            "edgegate.workers.example"
        ));
    }

    fn headers(path: &str, allowed: Option<&str>) -> Vec<(&'static str, Cow<'static, str>)> {
        let mut answer = Answer::empty(503);
        add(&mut answer, path, allowed);
        answer.headers
    }

    #[test]
    fn who_may_read_what() {
        let any = vec![("Access-Control-Allow-Origin", Cow::from("*"))];
        let varies = ("Vary", Cow::from("Origin"));
        assert_eq!(
            headers("/.well-known/jwks.json", Some("https://a.example")),
            any
        );
        assert_eq!(headers("/.well-known/nothing", None), any);
        assert_eq!(headers("/auth/login", None), vec![varies.clone()]);
        let some = headers("/auth/login", Some("https://a.example"));
        assert_eq!(some.first(), Some(&varies));
        assert!(some.contains(&("Access-Control-Allow-Origin", "https://a.example".into())));
        assert!(some.contains(&("Access-Control-Allow-Credentials", "true".into())));
        for path in ["/healthz", "/dev/outbox", "/authx/login", "/auth", "/"] {
            assert!(
                headers(path, Some("https://a.example")).is_empty(),
                "{path}"
            );
        }
    }

    #[test]
    fn a_preflight_says_nothing_to_others() {
        assert_eq!(preflight(false), Answer::empty(204));
        assert_eq!(preflight(true).headers.len(), 3);
    }
}
