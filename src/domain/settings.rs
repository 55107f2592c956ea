//! The configuration: every setting of `wrangler.toml` and every secret, read and checked once.
//!
//! An unknown value, a missing or a weak secret is one clear error that names the setting and how to set it right,
//! never a guess. The error never holds a secret.

use std::fmt;

use super::account::PasswordPolicy;
use super::policy;
use super::session::{Reuse, Rules};
use super::ticket::TicketSecrets;
use super::token::KeySet;

/// `REGISTRATION`: who may make an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// Anyone, at once; the address stays unverified.
    Open,
    /// Only an administrator.
    Closed,
}

/// `SESSION_STORE`: where sessions are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionStoreKind {
    /// Workers KV: fast everywhere, and stale for about a minute.
    Kv,
    /// A Durable Object for each user: exact.
    Durable,
}

/// What is wrong with the configuration: the operator's to mend, never a client's fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingError {
    /// The setting's name.
    pub setting: &'static str,
    /// What is wrong with it.
    pub problem: String,
    /// How to set it right.
    pub remedy: &'static str,
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.setting, self.problem, self.remedy)
    }
}

impl std::error::Error for SettingError {}

/// The checked configuration.
#[derive(Debug)]
pub struct Settings {
    /// `ISSUER`: the origin of the service, `iss` of every token.
    pub issuer: String,
    /// `AUDIENCE`: `aud` of every token.
    pub audience: String,
    /// `CLIENT_ID`: `client_id` of every token, and the only one that `/auth/token` takes.
    pub client_id: String,
    /// `ACCESS_TOKEN_TTL`, in seconds.
    pub access_token_ttl: u64,
    /// `SESSION_TTL`, `SESSION_IDLE_TTL`, `REFRESH_GRACE`, `ROTATE_AFTER`, `REUSE`.
    pub sessions: Rules,
    /// `SESSION_STORE`.
    pub session_store: SessionStoreKind,
    /// `PASSWORD_MIN_LENGTH`.
    pub passwords: PasswordPolicy,
    /// `REGISTRATION`.
    pub registration: Registration,
    /// `LIMITS`: false only in local development.
    pub limits: bool,
    /// `DEV = "1"` together with a loopback issuer: two of the three conditions of local development; the third is
    /// the request's own host.
    pub dev: bool,
    /// `SIGNING_KEYS`.
    pub keys: KeySet,
    /// `TICKET_SECRET`.
    pub ticket_secrets: TicketSecrets,
}

impl Settings {
    /// Reads and checks every setting. `lookup` gives a setting's text by its name.
    ///
    /// # Errors
    /// With the first setting that is missing, malformed, weak or contradicts another.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, SettingError> {
        let source = Source { lookup };
        let issuer = source.issuer()?;
        let access_token_ttl = source.seconds(
            "ACCESS_TOKEN_TTL",
            policy::ACCESS_TOKEN_TTL,
            policy::MIN_ACCESS_TOKEN_TTL..=policy::MAX_ACCESS_TOKEN_TTL,
        )?;
        let dev =
            source.choice("DEV", "0", &[("0", false), ("1", true)])? && is_loopback_origin(&issuer);
        let limits = source.choice("LIMITS", "on", &[("on", true), ("off", false)])?;
        if !limits && !dev {
            return Err(SettingError {
                setting: "LIMITS",
                problem: "is \"off\" outside local development".to_owned(),
                remedy: "remove it from wrangler.toml or set it to \"on\"",
            });
        }
        source.choice("PASSWORD_WORK", "inline", &[("inline", ())])?;
        Ok(Self {
            audience: source.name("AUDIENCE")?,
            client_id: source.name("CLIENT_ID")?,
            access_token_ttl,
            sessions: source.session_rules()?,
            session_store: source.choice(
                "SESSION_STORE",
                "kv",
                &[
                    ("kv", SessionStoreKind::Kv),
                    ("durable", SessionStoreKind::Durable),
                ],
            )?,
            passwords: PasswordPolicy {
                min_length: source.password_min_length()?,
            },
            registration: source.choice(
                "REGISTRATION",
                "open",
                &[
                    ("open", Registration::Open),
                    ("closed", Registration::Closed),
                ],
            )?,
            limits,
            dev,
            keys: source.signing_keys()?,
            ticket_secrets: source.ticket_secrets()?,
            issuer,
        })
    }

    /// Whether the issuer is a loopback origin, which only local development may have.
    #[must_use]
    pub fn issuer_is_loopback(&self) -> bool {
        is_loopback_origin(&self.issuer)
    }
}

/// Whether a host name, as it stands in a URL, is this machine's own.
#[must_use]
pub fn is_loopback_host(host: &str) -> bool {
    matches!(host, "localhost" | "[::1]" | "::1")
        || host
            .parse::<std::net::Ipv4Addr>()
            .is_ok_and(|ip| ip.is_loopback())
}

struct Source<F> {
    lookup: F,
}

impl<F: Fn(&str) -> Option<String>> Source<F> {
    fn text(&self, setting: &str) -> Option<String> {
        (self.lookup)(setting).filter(|text| !text.is_empty())
    }

    fn issuer(&self) -> Result<String, SettingError> {
        let remedy = "set it in wrangler.toml to the origin of this Worker, as \"https://auth.example.com\", \
                      without a path or a slash at the end";
        let error = |problem: &str| SettingError {
            setting: "ISSUER",
            problem: problem.to_owned(),
            remedy,
        };
        let issuer = self.text("ISSUER").ok_or_else(|| error("is missing"))?;
        let host = issuer
            .strip_prefix("https://")
            .or_else(|| {
                issuer
                    .strip_prefix("http://")
                    .filter(|host| is_loopback_host(host_of(host)))
            })
            .ok_or_else(|| error("is neither https nor http on a loopback address"))?;
        let is_host = !host.is_empty()
            && host
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-:[]".contains(&b));
        if is_host {
            Ok(issuer)
        } else {
            Err(error("is not an origin in lower case"))
        }
    }

    fn name(&self, setting: &'static str) -> Result<String, SettingError> {
        let name = self.text(setting).unwrap_or_else(|| "edgegate".to_owned());
        if name.len() <= 255 && name.bytes().all(|b| b.is_ascii_graphic()) {
            Ok(name)
        } else {
            Err(SettingError {
                setting,
                problem: "is not a name".to_owned(),
                remedy: "use 1 to 255 visible ASCII characters",
            })
        }
    }

    fn seconds(
        &self,
        setting: &'static str,
        default: u64,
        range: std::ops::RangeInclusive<u64>,
    ) -> Result<u64, SettingError> {
        let Some(text) = self.text(setting) else {
            return Ok(default);
        };
        text.parse()
            .ok()
            .filter(|seconds| range.contains(seconds))
            .ok_or_else(|| SettingError {
                setting,
                problem: format!(
                    "is \"{text}\", not a whole number from {} to {}",
                    range.start(),
                    range.end()
                ),
                remedy: "set it in wrangler.toml, or remove it for the default",
            })
    }

    fn choice<T: Copy>(
        &self,
        setting: &'static str,
        default: &str,
        choices: &[(&str, T)],
    ) -> Result<T, SettingError> {
        let text = self.text(setting).unwrap_or_else(|| default.to_owned());
        choices
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, value)| *value)
            .ok_or_else(|| SettingError {
                setting,
                problem: format!(
                    "is \"{text}\"; this version knows {}",
                    choices
                        .iter()
                        .map(|(name, _)| format!("\"{name}\""))
                        .collect::<Vec<_>>()
                        .join(" and ")
                ),
                remedy: "set it in wrangler.toml, or remove it for the default",
            })
    }

    fn session_rules(&self) -> Result<Rules, SettingError> {
        let session_ttl = self.seconds(
            "SESSION_TTL",
            policy::SESSION_TTL,
            policy::MIN_SESSION_TTL..=policy::MAX_SESSION_TTL,
        )?;
        let grace = self.seconds(
            "REFRESH_GRACE",
            policy::REFRESH_GRACE,
            0..=policy::MAX_REFRESH_GRACE,
        )?;
        let rotate_after = self.seconds(
            "ROTATE_AFTER",
            policy::ROTATE_AFTER,
            0..=policy::MAX_ROTATE_AFTER,
        )?;
        let least = grace.saturating_add(policy::KV_STALENESS);
        if rotate_after != 0 && rotate_after < least {
            return Err(SettingError {
                setting: "ROTATE_AFTER",
                problem: format!(
                    "is {rotate_after}, less than REFRESH_GRACE and the 60 s of KV's staleness together ({least})"
                ),
                remedy: "raise it, or set it to 0 to rotate at every renewal",
            });
        }
        Ok(Rules {
            grace,
            rotate_after,
            reuse: self.choice(
                "REUSE",
                "same_client",
                &[
                    ("same_client", Reuse::SameClient),
                    ("strict", Reuse::Strict),
                ],
            )?,
            session_ttl,
            idle_ttl: self.seconds(
                "SESSION_IDLE_TTL",
                policy::SESSION_IDLE_TTL.min(session_ttl),
                policy::MIN_SESSION_TTL..=session_ttl,
            )?,
        })
    }

    fn password_min_length(&self) -> Result<usize, SettingError> {
        let default = policy::PASSWORD_MIN_LENGTH as u64;
        let floor = policy::PASSWORD_MIN_LENGTH_FLOOR as u64;
        let ceiling = policy::PASSWORD_MAX_CHARS as u64;
        let length = self.seconds("PASSWORD_MIN_LENGTH", default, floor..=ceiling)?;
        usize::try_from(length).map_err(|_| SettingError {
            setting: "PASSWORD_MIN_LENGTH",
            problem: "is too large".to_owned(),
            remedy: "lower it",
        })
    }

    fn signing_keys(&self) -> Result<KeySet, SettingError> {
        let error = |problem: String| SettingError {
            setting: "SIGNING_KEYS",
            problem,
            remedy: "make a private JWK Set with `npm run keys` and store it with `npx wrangler secret put SIGNING_KEYS`",
        };
        let text = self
            .text("SIGNING_KEYS")
            .ok_or_else(|| error("is missing".to_owned()))?;
        let keys = KeySet::from_private_jwks(&text)
            .map_err(|why| error(format!("can't be used ({why})")))?;
        if keys.public_jwks().contains(PUBLISHED_KEY) {
            return Err(error("holds the example key of RFC 8037".to_owned()));
        }
        Ok(keys)
    }

    fn ticket_secrets(&self) -> Result<TicketSecrets, SettingError> {
        let error = |problem: String| SettingError {
            setting: "TICKET_SECRET",
            problem,
            remedy: "make one with `npm run keys` and store it with `npx wrangler secret put TICKET_SECRET`",
        };
        let text = self
            .text("TICKET_SECRET")
            .ok_or_else(|| error("is missing".to_owned()))?;
        TicketSecrets::parse(&text).map_err(|why| error(why.to_string()))
    }
}

/// The public half of the example key of RFC 8037 appendix A: its private half is known to everyone (OWASP ASVS 6.3.2).
const PUBLISHED_KEY: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

fn is_loopback_origin(origin: &str) -> bool {
    origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"))
        .is_some_and(|host| is_loopback_host(host_of(host)))
}

/// The host of `host:port`.
#[must_use]
pub fn host_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"test","d":"kHiqJjEbTv1Qa8l0B9TWvtZooboGt-DqgRkwqQ6bvoI","x":"WTgIzGjcnPfLLbB3vBGEwLDWIzQcpEqj4yySkPsbHfM"}]}"#;
    const TICKET_SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    fn read(changes: &[(&str, &str)]) -> Result<Settings, SettingError> {
        Settings::read(|name| {
            changes
                .iter()
                .find(|(changed, _)| *changed == name)
                .map(|(_, value)| (*value).to_owned())
                .or_else(|| match name {
                    "ISSUER" => Some("https://auth.example.com".to_owned()),
                    "SIGNING_KEYS" => Some(KEYS.to_owned()),
                    "TICKET_SECRET" => Some(TICKET_SECRET.to_owned()),
                    _ => None,
                })
        })
    }

    #[test]
    fn defaults_are_those_of_the_policy() {
        let settings = read(&[]).unwrap();
        assert_eq!(settings.access_token_ttl, 600);
        assert_eq!(settings.sessions.session_ttl, 90 * 86_400);
        assert_eq!(settings.sessions.idle_ttl, 30 * 86_400);
        assert_eq!(settings.sessions.grace, 30);
        assert_eq!(settings.sessions.rotate_after, 90);
        assert_eq!(settings.session_store, SessionStoreKind::Kv);
        assert_eq!(settings.passwords.min_length, 15);
        assert!(settings.limits && !settings.dev);
    }

    #[test]
    fn a_bad_setting_is_named() {
        for (setting, value) in [
            ("ISSUER", ""),
            ("ISSUER", "http://auth.example.com"),
            ("ISSUER", "https://auth.example.com/"),
            ("ISSUER", "https://Auth.example.com"),
            ("ISSUER", "https://user@auth.example.com"),
            ("ISSUER", "http://127.0.0.1.evil.example"),
            ("AUDIENCE", "two words"),
            ("ACCESS_TOKEN_TTL", "0"),
            ("ACCESS_TOKEN_TTL", "86400"),
            ("ACCESS_TOKEN_TTL", "10m"),
            ("SESSION_TTL", "40000000"),
            ("SESSION_IDLE_TTL", "7776001"),
            ("REFRESH_GRACE", "-1"),
            ("ROTATE_AFTER", "89"),
            ("REUSE", "lenient"),
            ("SESSION_STORE", "redis"),
            ("PASSWORD_WORK", "durable"),
            ("PASSWORD_MIN_LENGTH", "7"),
            ("REGISTRATION", "verified"),
            ("LIMITS", "off"),
            ("LIMITS", "none"),
            ("DEV", "true"),
            ("SIGNING_KEYS", ""),
            ("SIGNING_KEYS", "{}"),
            (
                "SIGNING_KEYS",
                r#"{"keys":[{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#,
            ),
            ("TICKET_SECRET", ""),
            ("TICKET_SECRET", "c2hvcnQ"),
        ] {
            let error = read(&[(setting, value)]).unwrap_err();
            assert_eq!(error.setting, setting, "{setting}={value}: {error}");
        }
    }

    #[test]
    fn no_secret_in_an_error_or_in_debug() {
        let secret = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY";
        let error = read(&[("SIGNING_KEYS", secret)]).unwrap_err().to_string();
        assert!(!error.contains(secret));
        let settings = format!("{:?}", read(&[]).unwrap());
        assert!(
            !settings.contains(KEYS.split('"').nth(17).unwrap()),
            "{settings}"
        );
        assert!(!settings.contains("AAECAw"), "{settings}");
    }

    #[test]
    fn development_takes_a_loopback_issuer_and_dev() {
        let loopback = ("ISSUER", "http://127.0.0.1:8787");
        assert!(read(&[loopback, ("DEV", "1")]).unwrap().dev);
        assert!(!read(&[loopback]).unwrap().dev);
        assert!(!read(&[("DEV", "1")]).unwrap().dev);
        assert!(
            !read(&[loopback, ("DEV", "1"), ("LIMITS", "off")])
                .unwrap()
                .limits
        );
        assert_eq!(
            read(&[loopback, ("LIMITS", "off")]).unwrap_err().setting,
            "LIMITS"
        );
    }

    #[test]
    fn loopback_hosts() {
        for host in ["localhost", "127.0.0.1", "127.1.2.3", "[::1]"] {
            assert!(is_loopback_host(host), "{host}");
        }
        for host in [
            "",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "0.0.0.0",
            "10.0.0.1",
            "2130706433",
        ] {
            assert!(!is_loopback_host(host), "{host}");
        }
    }
}
