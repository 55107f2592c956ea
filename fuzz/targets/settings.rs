//! Reads settings. The input consists of lines `NAME=text`, which change settings of a valid
//! configuration. An error must name its setting and must not show a secret. An accepted value must
//! be within its limits.

use std::collections::HashMap;

use edgegate::domain::policy::{
    MAX_ACCESS_TOKEN_TTL, MAX_SESSION_TTL, MIN_ACCESS_TOKEN_TTL, PASSWORD_MAX_CHARS,
    PASSWORD_MIN_LENGTH_FLOOR,
};
use edgegate::domain::settings::Settings;

const KEYS: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"test","d":"kHiqJjEbTv1Qa8l0B9TWvtZooboGt-DqgRkwqQ6bvoI","x":"WTgIzGjcnPfLLbB3vBGEwLDWIzQcpEqj4yySkPsbHfM"}]}"#;
const SECRETS: [&str; 3] = ["SIGNING_KEYS", "TICKET_SECRET", "MAIL_API_KEY"];

pub fn run(input: &[u8]) {
    let Some(text) = super::text(input) else {
        return;
    };
    let mut given = HashMap::from([
        ("ISSUER", "https://auth.example.com"),
        ("SIGNING_KEYS", KEYS),
        (
            "TICKET_SECRET",
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
        ),
    ]);
    given.extend(text.split('\n').filter_map(|line| line.split_once('=')));
    let lookup = |name: &str| given.get(name).map(|text| (*text).to_owned());
    match Settings::read(lookup) {
        Ok(settings) => {
            assert!(
                (MIN_ACCESS_TOKEN_TTL..=MAX_ACCESS_TOKEN_TTL).contains(&settings.access_token_ttl)
            );
            assert!(settings.sessions.session_ttl <= MAX_SESSION_TTL);
            assert!(settings.sessions.idle_ttl <= settings.sessions.session_ttl);
            let in_use = settings.sessions.rotate_after + settings.access_token_ttl;
            assert!(
                settings.sessions.idle_ttl > in_use
                    || settings.sessions.idle_ttl == settings.sessions.session_ttl
            );
            assert!(
                (PASSWORD_MIN_LENGTH_FLOOR..=PASSWORD_MAX_CHARS)
                    .contains(&settings.passwords.min_length)
            );
            assert!(!settings.dev || settings.issuer_is_loopback());
            assert!(settings.limits || settings.dev);
            assert!(is_origin(&settings.issuer), "{}", settings.issuer);
            assert!(settings.issuer.starts_with("https://") || settings.issuer_is_loopback());
            for origin in &settings.allowed_origins {
                assert!(may_be_listed(origin), "{origin}");
            }
            assert!(!settings.app_url.ends_with('/'));
            hides(&format!("{settings:?}"), &given);
        }
        Err(error) => {
            assert!(
                error
                    .setting
                    .bytes()
                    .all(|b| b.is_ascii_uppercase() || b"_0123456789".contains(&b))
            );
            assert!(!error.remedy.is_empty());
            hides(&error.to_string(), &given);
        }
    }
    assert!(
        Settings::read_allowed_origins(lookup)
            .iter()
            .all(|origin| may_be_listed(origin))
    );
}

/// Whether a text is the origin of a web page, an app or a browser extension: a scheme, followed by
/// a host and nothing else. The scheme must be known, unless the host ends in `.localhost`.
fn may_be_listed(origin: &str) -> bool {
    let Some((scheme, host)) = origin.split_once("://") else {
        return false;
    };
    let is_host = !host.is_empty()
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b));
    is_origin(origin)
        || is_host
            && (OTHER_SCHEMES.contains(&scheme)
                || host
                    .split(':')
                    .next()
                    .is_some_and(|name| name.ends_with(".localhost")))
}

const OTHER_SCHEMES: [&str; 8] = [
    "capacitor",
    "ionic",
    "tauri",
    "wails",
    "app",
    "chrome-extension",
    "moz-extension",
    "safari-web-extension",
];

/// Asserts that `printed` contains none of the secrets in `given`. Two kinds of secrets are not
/// checked, because they can be in the text by chance: short secrets, and secrets that are also
/// part of another setting.
fn hides(printed: &str, given: &HashMap<&str, &str>) {
    for name in SECRETS {
        if let Some(secret) = given.get(name).copied() {
            let elsewhere = given
                .iter()
                .any(|(of, text)| of != &name && text.contains(secret));
            assert!(
                secret.len() < 24 || elsewhere || !printed.contains(secret),
                "{name} is shown"
            );
        }
    }
}

fn is_origin(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.is_empty()
            && rest
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-:[]_".contains(&b))
    })
}
