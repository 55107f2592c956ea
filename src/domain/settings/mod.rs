//! The configuration: every setting of `wrangler.toml` and every secret. All are read and checked
//! together.
//!
//! If a value is bad, or a secret is missing or weak, the error names the setting, shows the value
//! and says how to correct it. An error never shows the value of a secret.

mod apps;
mod error;
mod mail;
mod names;
mod origin;
mod published;
mod source;
mod url_fault;
mod vendors;

pub use error::SettingError;
pub use mail::{MailRoute, MailSettings};
pub use names::{is_secret, misspelt};
pub use origin::is_app_shell;
pub(in crate::domain) use origin::is_origin;
use source::Source;
pub use vendors::{Turnstile, VendorSettings};

use super::account::{ContextWords, ForeignHashing, HashingCost, PasswordPolicy, Peppers};
use super::authorization::{IdTokenAlg, IdTokenKeys, ProtectedResource, ServerRules};
use super::policy;
use super::session::Rules;
use super::ticket::TicketSecrets;
use edgegate_token::{Algorithm, KeySet};

/// `REGISTRATION`: who may create an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// Anyone who follows the link that is mailed to them.
    Verified,
    /// Anyone, without a mailed link. The address of the new account is not verified.
    Open,
    /// Only an administrator.
    Closed,
}

/// `PASSWORD_WORK`: where passwords are hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordWork {
    /// In the Worker that handles the request. The number of guesses at the password of one account
    /// is not limited exactly.
    Inline,
    /// In a Durable Object for each account, which counts failed attempts and delays the next
    /// attempt.
    Durable,
}

/// `SESSION_STORE`: where sessions are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionStoreKind {
    /// In Workers KV, which is fast everywhere. But it takes about a minute until a change is
    /// visible everywhere.
    Kv,
    /// In a Durable Object for each user. A change is visible immediately.
    Durable,
}

/// The checked configuration.
#[derive(Debug)]
pub struct Settings {
    /// `ISSUER`: the origin of the service, which is the `iss` of every token.
    pub issuer: String,
    /// `AUDIENCE`: the `aud` of the access tokens of this service's own client.
    pub audience: String,
    /// `CLIENT_ID`: the id of this service's own client, in its tokens and at `/auth/token`.
    pub client_id: String,
    /// `ALLOWED_ORIGINS`: the origins whose pages may call the service, besides the issuer's own.
    /// Each origin is written in the form in which a browser sends it in the header `Origin`.
    pub allowed_origins: Vec<String>,
    /// `ACCESS_TOKEN_TTL`, in seconds.
    pub access_token_ttl: u64,
    /// `SESSION_TTL`, `SESSION_IDLE_TTL`, `REFRESH_GRACE`, `ROTATE_AFTER`, `REUSE`.
    pub sessions: Rules,
    /// `SESSION_STORE`.
    pub session_store: SessionStoreKind,
    /// `COPIES_SINCE`, in seconds since 1970. Copies of users' rows that were made before this time
    /// are not used. 0 by default.
    pub copies_since: u64,
    /// `PASSWORD_WORK`.
    pub password_work: PasswordWork,
    /// `PASSWORD_MIN_LENGTH`.
    pub passwords: PasswordPolicy,
    /// `ARGON2_MEMORY_KIB`, `ARGON2_ITERATIONS`.
    pub hashing: HashingCost,
    /// `PEPPERS`. None by default.
    pub peppers: Peppers,
    /// `FIREBASE_SIGNER_KEY` and `IMPORTED_HASHES`. None by default.
    pub foreign_hashing: ForeignHashing,
    /// `EXPORT_HASHES`: whether administrators may export password hashes.
    pub export_hashes: bool,
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
    /// Whether `DEV` is `"1"` and the issuer is a loopback origin. These are two of the three
    /// conditions for local development. The third condition is about the host of the request.
    pub dev: bool,
    /// `RESOURCES`: the APIs for which clients that are not registered may get tokens. None by
    /// default.
    pub resources: Vec<ProtectedResource>,
    /// `CLIENT_ID_METADATA`: whether a `client_id` may be the URL of a document that describes the
    /// client.
    pub client_id_metadata: bool,
    /// `SIGNING_KEYS`.
    pub keys: KeySet,
    /// `ID_TOKEN_KEYS`. None by default.
    pub id_token_keys: IdTokenKeys,
    /// `TICKET_SECRET`.
    pub ticket_secrets: TicketSecrets,
}

impl Settings {
    /// Reads and checks every setting. `lookup` gives a setting's text by its name.
    ///
    /// # Errors
    /// When a setting is missing, empty, malformed or weak, or contradicts another setting. If
    /// there are several such settings, the error is about one of them.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, SettingError> {
        Self::read_all(&Source::new(&lookup))
    }

    /// All errors in the settings. The list is empty when [`Settings::read`] accepts the settings.
    pub fn faults(lookup: impl Fn(&str) -> Option<String>) -> Vec<SettingError> {
        let source = Source::new(&lookup);
        // This ignores the first error, because the source has noted all errors, including this
        // one.
        let _ = Self::read_all(&source);
        source.into_faults()
    }

    /// Reads all settings. When one is faulty, it continues with the others, so that the source
    /// notes all faults.
    fn read_all(source: &Source<'_>) -> Result<Self, SettingError> {
        let issuer = source.note(source.issuer());
        // If the issuer is bad, it must not cause errors about other settings.
        let known_issuer = issuer.as_deref().unwrap_or(LENIENT_ISSUER);
        let access_token_ttl = source.note(source.number(
            "ACCESS_TOKEN_TTL",
            policy::ACCESS_TOKEN_TTL,
            policy::MIN_ACCESS_TOKEN_TTL..=policy::MAX_ACCESS_TOKEN_TTL,
        ));
        let dev = source.note(source.dev());
        let is_dev = *dev.as_ref().unwrap_or(&true) && is_loopback_origin(known_issuer);
        let limits = source.note(source.limits(is_dev));
        let app_url = source.note(source.app_url(known_issuer));
        let mail = source.mail(is_dev);
        let audience = source.note(source.name("AUDIENCE"));
        let client_id = source.note(source.name("CLIENT_ID"));
        let allowed_origins = source.note(source.allowed_origins());
        let sessions = source.session_rules(
            *access_token_ttl
                .as_ref()
                .unwrap_or(&policy::MIN_ACCESS_TOKEN_TTL),
        );
        let session_store = source.note(source.choice(
            "SESSION_STORE",
            "kv",
            &[
                ("kv", SessionStoreKind::Kv),
                ("durable", SessionStoreKind::Durable),
            ],
        ));
        let copies_since =
            source.note(source.number("COPIES_SINCE", 0, 0..=policy::MAX_COPIES_SINCE));
        let password_work = source.note(source.choice(
            "PASSWORD_WORK",
            "inline",
            &[
                ("inline", PasswordWork::Inline),
                ("durable", PasswordWork::Durable),
            ],
        ));
        let min_length = source.note(source.password_min_length());
        let hashing = source.hashing_cost();
        let peppers = source.note(source.peppers(known_issuer));
        let foreign_hashing = source.foreign_hashing();
        let export_hashes =
            source.note(source.choice("EXPORT_HASHES", "off", &[("off", false), ("on", true)]));
        let registration = source.note(source.choice(
            "REGISTRATION",
            "verified",
            &[
                ("verified", Registration::Verified),
                ("open", Registration::Open),
                ("closed", Registration::Closed),
            ],
        ));
        let vendors = source.vendors();
        let keys = source.note(source.signing_keys(known_issuer));
        let ticket_secrets = source.note(source.ticket_secrets(known_issuer));
        let known_audience = audience.as_deref().unwrap_or_default();
        let apps = source.apps(known_issuer, known_audience, keys.as_ref().ok());

        let (issuer, app_url, mail, apps) = (issuer?, app_url?, mail?, apps?);
        Ok(Self {
            audience: audience?,
            client_id: client_id?,
            allowed_origins: allowed_origins?,
            access_token_ttl: access_token_ttl?,
            sessions: sessions?,
            session_store: session_store?,
            copies_since: copies_since?,
            password_work: password_work?,
            passwords: PasswordPolicy {
                min_length: min_length?,
                context: ContextWords::of(&mail.product, &[&issuer, &app_url]),
            },
            hashing: hashing?,
            peppers: peppers?,
            foreign_hashing: foreign_hashing?,
            export_hashes: export_hashes?,
            registration: registration?,
            app_url,
            mail,
            vendors: vendors?,
            limits: limits?,
            dev: dev? && is_dev,
            resources: apps.resources,
            client_id_metadata: apps.client_id_metadata,
            keys: keys?,
            id_token_keys: apps.id_token_keys,
            ticket_secrets: ticket_secrets?,
            issuer,
        })
    }

    /// Reads only `ALLOWED_ORIGINS`. The service uses this method when another setting is bad, so
    /// that the pages of these origins can still read the error response. The list is empty when
    /// `ALLOWED_ORIGINS` itself is bad.
    pub fn read_allowed_origins(lookup: impl Fn(&str) -> Option<String>) -> Vec<String> {
        Source::new(&lookup).allowed_origins().unwrap_or_default()
    }

    /// The algorithms with which id_tokens can be signed. The algorithm of the signing key comes
    /// first, unless that key is symmetric: a symmetric key can't sign id_tokens. If
    /// `ID_TOKEN_KEYS` is not set either, the list is empty, and nobody can sign in to other apps.
    #[must_use]
    pub fn id_token_algs(&self) -> Vec<IdTokenAlg> {
        let by_signing_key = match self.keys.signing_algorithm() {
            Some(Algorithm::EdDsa) => Some(IdTokenAlg::EdDsa),
            Some(Algorithm::Es256) => Some(IdTokenAlg::Es256),
            Some(Algorithm::Hs256) | None => None,
        };
        let by_rsa = (!self.id_token_keys.is_empty()).then_some(IdTokenAlg::Rs256);
        by_signing_key.into_iter().chain(by_rsa).collect()
    }

    /// The rules for every authorization request that follow from these settings.
    #[must_use]
    pub fn authorization_rules(&self) -> ServerRules<'_> {
        ServerRules {
            issuer: &self.issuer,
            audience: &self.audience,
            resources: &self.resources,
            issuer_is_loopback: self.issuer_is_loopback(),
        }
    }

    /// Whether the issuer is a loopback origin, which only local development may have.
    #[must_use]
    pub fn issuer_is_loopback(&self) -> bool {
        is_loopback_origin(&self.issuer)
    }
}

/// This issuer is used instead of a bad one while the other settings are read. It causes no errors
/// about other settings.
const LENIENT_ISSUER: &str = "http://127.0.0.1";

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
