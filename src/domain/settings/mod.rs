//! The configuration: every setting of `wrangler.toml` and every secret, read and checked once.
//!
//! A bad value and a missing or weak secret are errors that name the setting, show its value and
//! say how to correct it. An error never holds a secret.

mod mail;
mod origin;
mod published;
mod source;
mod vendors;

use std::fmt;

pub use mail::{MailRoute, MailSettings};
pub use origin::is_app_shell;
use source::Source;
pub use vendors::{Turnstile, VendorSettings};

use super::account::{ContextWords, HashingCost, PasswordPolicy, Peppers};
use super::policy;
use super::session::Rules;
use super::ticket::TicketSecrets;
use edgegate_token::KeySet;

/// `REGISTRATION`: who may create an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// Anyone who follows the link that is mailed to them.
    Verified,
    /// Anyone, without a mailed link; the address stays unverified.
    Open,
    /// Only an administrator.
    Closed,
}

/// `PASSWORD_WORK`: where passwords are hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordWork {
    /// In the request. The number of guesses at one account has no exact limit.
    Inline,
    /// In a Durable Object per account, which counts failures and delays the next attempt.
    Durable,
}

/// `SESSION_STORE`: where sessions are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionStoreKind {
    /// In Workers KV: fast everywhere, but a change is visible everywhere only after about a minute.
    Kv,
    /// In a Durable Object per user: a change is visible immediately.
    Durable,
}

/// What is wrong with the configuration, for the operator. A client can't cause it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingError {
    /// The setting's name.
    pub setting: &'static str,
    /// What is wrong with it, to be read after its name: `is "10m", but must be …`.
    pub problem: String,
    /// How to correct it, in whole sentences.
    pub remedy: &'static str,
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}. {}", self.setting, self.problem, self.remedy)
    }
}

impl std::error::Error for SettingError {}

/// The checked configuration.
#[derive(Debug)]
pub struct Settings {
    /// `ISSUER`: the origin of the service, and `iss` of every token.
    pub issuer: String,
    /// `AUDIENCE`: `aud` of every token.
    pub audience: String,
    /// `CLIENT_ID`: `client_id` of every token, and the only one that `/auth/token` accepts.
    pub client_id: String,
    /// `ALLOWED_ORIGINS`: the origins, besides the issuer's, whose pages may call the service. Each
    /// is written as a browser sends it in `Origin`.
    pub allowed_origins: Vec<String>,
    /// `ACCESS_TOKEN_TTL`, in seconds.
    pub access_token_ttl: u64,
    /// `SESSION_TTL`, `SESSION_IDLE_TTL`, `REFRESH_GRACE`, `ROTATE_AFTER`, `REUSE`.
    pub sessions: Rules,
    /// `SESSION_STORE`.
    pub session_store: SessionStoreKind,
    /// `PASSWORD_WORK`.
    pub password_work: PasswordWork,
    /// `PASSWORD_MIN_LENGTH`.
    pub passwords: PasswordPolicy,
    /// `ARGON2_MEMORY_KIB`, `ARGON2_ITERATIONS`.
    pub hashing: HashingCost,
    /// `PEPPERS`; none by default.
    pub peppers: Peppers,
    /// `REGISTRATION`.
    pub registration: Registration,
    /// `APP_URL`: the base URL of the pages that mailed links open, without a slash at the end.
    pub app_url: String,
    /// `MAIL_PROVIDER` and the other settings of mail.
    pub mail: MailSettings,
    /// `BREACHED_PASSWORDS`, `TURNSTILE_SECRET`.
    pub vendors: VendorSettings,
    /// `LIMITS`: false only in local development.
    pub limits: bool,
    /// `DEV = "1"` together with a loopback issuer. These are two of the three conditions of local
    /// development; the third is the request's host.
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
    /// With the first setting that is missing, malformed or weak, or contradicts another.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, SettingError> {
        let source = Source { lookup: &lookup };
        let issuer = source.issuer()?;
        let access_token_ttl = source.number(
            "ACCESS_TOKEN_TTL",
            policy::ACCESS_TOKEN_TTL,
            policy::MIN_ACCESS_TOKEN_TTL..=policy::MAX_ACCESS_TOKEN_TTL,
        )?;
        let dev = source
            .choice("DEV", "0", &[("0", false), ("1", true)])
            .map_err(|error| SettingError {
                remedy: "Change it in .dev.vars, or remove it: only local development needs it.",
                ..error
            })?
            && is_loopback_origin(&issuer);
        let limits = source.choice("LIMITS", "on", &[("on", true), ("off", false)])?;
        if !limits && !dev {
            return Err(SettingError {
                setting: "LIMITS",
                problem: "is \"off\" outside local development".to_owned(),
                remedy: "Set it to \"on\" under [vars] in wrangler.toml, or remove it: without \
                         limits anyone may guess passwords at any rate.",
            });
        }
        let app_url = source.app_url(&issuer)?;
        let mail = source.mail(dev)?;
        Ok(Self {
            audience: source.name("AUDIENCE")?,
            client_id: source.name("CLIENT_ID")?,
            allowed_origins: source.allowed_origins()?,
            access_token_ttl,
            sessions: source.session_rules(access_token_ttl)?,
            session_store: source.choice(
                "SESSION_STORE",
                "kv",
                &[
                    ("kv", SessionStoreKind::Kv),
                    ("durable", SessionStoreKind::Durable),
                ],
            )?,
            password_work: source.choice(
                "PASSWORD_WORK",
                "inline",
                &[
                    ("inline", PasswordWork::Inline),
                    ("durable", PasswordWork::Durable),
                ],
            )?,
            passwords: PasswordPolicy {
                min_length: source.password_min_length()?,
                context: ContextWords::of(&mail.product, &[&issuer, &app_url]),
            },
            hashing: source.hashing_cost()?,
            peppers: source.peppers(&issuer)?,
            registration: source.choice(
                "REGISTRATION",
                "verified",
                &[
                    ("verified", Registration::Verified),
                    ("open", Registration::Open),
                    ("closed", Registration::Closed),
                ],
            )?,
            app_url,
            mail,
            vendors: source.vendors()?,
            limits,
            dev,
            keys: source.signing_keys(&issuer)?,
            ticket_secrets: source.ticket_secrets(&issuer)?,
            issuer,
        })
    }

    /// `ALLOWED_ORIGINS` alone, so that the pages of these origins can read the error about another
    /// setting. Empty when `ALLOWED_ORIGINS` itself is bad.
    pub fn read_allowed_origins(lookup: impl Fn(&str) -> Option<String>) -> Vec<String> {
        Source { lookup: &lookup }
            .allowed_origins()
            .unwrap_or_default()
    }

    /// Whether the issuer is a loopback origin, which only local development may have.
    #[must_use]
    pub fn issuer_is_loopback(&self) -> bool {
        is_loopback_origin(&self.issuer)
    }
}

/// Whether a host, as written in a URL, is a loopback address or `localhost`.
#[must_use]
pub fn is_loopback_host(host: &str) -> bool {
    matches!(host, "localhost" | "[::1]" | "::1")
        || host
            .parse::<std::net::Ipv4Addr>()
            .is_ok_and(|ip| ip.is_loopback())
}

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
mod tests;
