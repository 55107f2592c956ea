//! One file per use case, named like the method of the interface. A use case reads and writes
//! through the ports, decides with the domain and returns domain types.
//!
//! | method | file |
//! |---|---|
//! | `generate_token` | [`generate_token`] |
//! | `renew_token` | [`renew_token`] |
//! | `revoke_tokens` | [`revoke_tokens`] |
//! | `is_authorized_by_role`, `_by_user_id`, `_by_email` | [`is_authorized`] |
//! | `reset_password` | [`reset_password`], then [`confirm_reset`] |
//! | register | [`register`] |
//! | verify an address | [`verify_email`], [`resend_verification`] |
//! | change the password or the address | [`change_password`], [`change_email`] |
//! | prove again who you are | [`reauthenticate`] |
//! | delete an account | [`delete_account`], then [`clear_departures`] |
//! | send queued mails | [`deliver_mail`], [`kept_mail`] |
//! | log out | [`log_out`] |
//! | sign in to another app | [`authorize`] |
//! | an app gets and renews its tokens | [`exchange_code`], [`renew_app_token`] |
//! | an app revokes its token | [`revoke_app_token`] |
//! | an app asks who signed in, or about a token | [`userinfo`], [`introspect`] |
//! | an app sends its user to sign out | [`leave_apps`] |
//! | who am I | [`me`] |
//! | your own sessions, and what you have granted to apps | [`manage_sessions`], [`grants`] |
//! | users, for administrators and operators | [`manage_users`], [`invite`] |
//! | apps, for administrators and operators | [`manage_clients`] |
//! | mails that could not be sent, for operators | [`manage_mail`] |
//! | after a restore of the database, for operators | [`raise_counters`] |
//! | the pseudonyms in the log, for operators | [`pseudonyms`] |
//! | forget expired operator tickets | [`operator_tickets`] |
//! | follow changes made by hand in the database | [`follow_row_changes`] |
//! | demo accounts and apps, in local development | [`demo_accounts`] |
//!
//! Use cases share these steps: [`access`] (checks access tokens), [`manager`] (who manages
//! accounts), [`tokens`] (the pair of tokens that a client gets), [`renewals`],
//! [`client_authentication`] (which app sends a request), [`client_documents`] (apps that nobody
//! registered), [`app_tokens`] (the tokens that an app gets), [`app_access`] (checks access tokens
//! of apps), [`sign_on`] (single sign-on for the apps that are used in one browser),
//! [`id_token_hint`], [`audit_log`], [`limits`], [`check_challenge`], [`passwords`],
//! [`redeem_link`], [`mail`] (queues mails), [`compose_mail`] (writes them), [`invitation`],
//! [`new_user`] and [`change_user`].

pub mod access;
pub mod app_access;
pub mod app_tokens;
pub mod audit_log;
pub mod authorize;
pub mod change_email;
pub mod change_password;
pub mod change_user;
pub mod check_challenge;
pub mod clear_departures;
pub mod client_authentication;
pub mod client_documents;
pub mod compose_mail;
pub mod confirm_reset;
pub mod delete_account;
pub mod deliver_mail;
pub mod demo_accounts;
pub mod exchange_code;
pub mod follow_row_changes;
pub mod generate_token;
pub mod grants;
pub mod id_token_hint;
pub mod import_users;
pub mod introspect;
pub mod invitation;
pub mod invite;
pub mod is_authorized;
pub mod kept_mail;
pub mod leave_apps;
pub mod limits;
pub mod log_out;
pub mod mail;
pub mod manage_clients;
pub mod manage_mail;
pub mod manage_sessions;
pub mod manage_users;
pub mod manager;
pub mod me;
pub mod new_user;
pub mod operator_tickets;
pub mod passwords;
pub mod pseudonyms;
pub mod raise_counters;
pub mod reauthenticate;
pub mod redeem_link;
pub mod register;
pub mod renew_app_token;
pub mod renew_token;
pub mod renewals;
pub mod resend_verification;
pub mod reset_password;
pub mod revoke_app_token;
pub mod revoke_tokens;
pub mod sign_on;
pub mod tokens;
pub mod userinfo;
pub mod verify_email;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use self::client_documents::KnownDocuments;
use crate::domain::account::{AccountNames, DecoySalts, DeviceTickets, FreedAddresses};
use crate::domain::authorization::{AppTickets, Codes, SealedRequests, SignOnTickets};
use crate::domain::event::{NetworkPseudonyms, Pseudonym};
use crate::domain::link::Links;
use crate::domain::mail::MailKeys;
use crate::domain::operator::OperatorId;
use crate::domain::request_id::RequestId;
use crate::domain::session::{ClientFingerprints, RefreshTokens};
use crate::domain::settings::Settings;
use crate::domain::verified_tokens::VerifiedTokens;
use crate::ports::{Clock, Ports, Random};
use edgegate_token::Expected;

pub use generate_token::Login;
pub use is_authorized::Criteria;
pub use mail::MailOptions;
pub use register::{NewAccount, Registered};
pub use tokens::{SignedIn, TokenPair};

/// The path of the endpoint that tells apps who signed in. The URL with this path is the audience
/// of the access tokens that are accepted there.
const USERINFO_PATH: &str = "/auth/userinfo";

/// The data that all requests in an isolate share: the settings, the keys derived from them, and
/// the access tokens that were verified before.
pub struct Shared {
    pub(crate) settings: Settings,
    pub(crate) refresh_tokens: RefreshTokens,
    pub(crate) sign_ons: SignOnTickets,
    pub(crate) sealed_requests: SealedRequests,
    pub(crate) codes: Codes,
    pub(crate) app_tickets: AppTickets,
    /// The audience of access tokens for `/auth/userinfo`.
    pub(crate) userinfo: String,
    pub(crate) documents: RefCell<KnownDocuments>,
    pub(crate) fingerprints: ClientFingerprints,
    pub(crate) links: Links,
    pub(crate) decoy_salts: DecoySalts,
    pub(crate) devices: DeviceTickets,
    pub(crate) account_names: AccountNames,
    pub(crate) freed_addresses: FreedAddresses,
    pub(crate) networks: NetworkPseudonyms,
    pub(crate) mail_keys: MailKeys,
    pub(crate) expected: Expected,
    pub(crate) verified: RefCell<VerifiedTokens>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// Derives the keys from the settings.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            refresh_tokens: RefreshTokens::new(&settings.ticket_secrets, &settings.issuer),
            sign_ons: SignOnTickets::new(&settings.ticket_secrets, &settings.issuer),
            sealed_requests: SealedRequests::new(&settings.ticket_secrets, &settings.issuer),
            codes: Codes::new(&settings.ticket_secrets, &settings.issuer),
            app_tickets: AppTickets::new(&settings.ticket_secrets, &settings.issuer),
            userinfo: [&settings.issuer, USERINFO_PATH].concat(),
            documents: RefCell::default(),
            fingerprints: ClientFingerprints::new(&settings.ticket_secrets, &settings.issuer),
            links: Links::new(&settings.ticket_secrets, &settings.issuer),
            decoy_salts: DecoySalts::new(&settings.ticket_secrets, &settings.issuer),
            devices: DeviceTickets::new(&settings.ticket_secrets, &settings.issuer),
            account_names: AccountNames::new(&settings.ticket_secrets, &settings.issuer),
            mail_keys: MailKeys::new(&settings.ticket_secrets, &settings.issuer),
            freed_addresses: FreedAddresses::new(&settings.ticket_secrets, &settings.issuer),
            networks: NetworkPseudonyms::new(&settings.ticket_secrets, &settings.issuer),
            expected: Expected::new(settings.issuer.as_str(), settings.audience.as_str())
                .with_client_id(settings.client_id.as_str()),
            verified: RefCell::new(VerifiedTokens::default()),
            settings,
        }
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
}

/// The service for one request.
///
/// The seven methods, with the adapters in memory (`examples/token_life.rs` explains more):
///
/// ```
/// use std::rc::Rc;
///
/// use edgegate::adapters::memory::MemoryPorts;
/// use edgegate::domain::mail::Locale;
/// use edgegate::domain::session::Client;
/// use edgegate::domain::settings::Settings;
/// use edgegate::service::{AuthService, Login, NewAccount, Shared};
///
/// # pollster::block_on(async {
/// let settings = Settings::read(|name| match name {
///     "ISSUER" => Some("http://127.0.0.1:8787".to_owned()),
///     "DEV" => Some("1".to_owned()),
///     "REGISTRATION" => Some("open".to_owned()),
///     // Examples, which a deployed Worker rejects. `npx edgegate keys make` makes real ones.
///     "SIGNING_KEYS" => Some(r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"example",
///         "d":"kHiqJjEbTv1Qa8l0B9TWvtZooboGt-DqgRkwqQ6bvoI",
///         "x":"WTgIzGjcnPfLLbB3vBGEwLDWIzQcpEqj4yySkPsbHfM"}]}"#.to_owned()),
///     "TICKET_SECRET" => Some("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8".to_owned()),
///     _ => None,
/// })?;
/// let service = AuthService::new(MemoryPorts::default(), Rc::new(Shared::new(settings)));
/// let client = Client::new(Some("203.0.113.9"), Some("example/1"));
/// # let service: AuthService<MemoryPorts> = service;
/// let (email, password) = ("ada@example.com", "an analytical engine");
/// let account = NewAccount { email, password: Some(password), first_name: None, last_name: None };
/// service.register(account, &client, Locale::English).await?;
///
/// let signed_in = service.generate_token(Login { email, password }, &client).await?;
/// let (id, tokens) = (signed_in.user.id, signed_in.tokens);
/// let access_token = tokens.access_token.expose();
/// assert!(service.is_authorized_by_role(access_token, &["user", "admin"]).await);
/// assert!(service.is_authorized_by_user_id(access_token, &id.to_string()).await);
/// assert!(!service.is_authorized_by_email(access_token, email).await, "not verified yet");
///
/// let renewed = service.renew_token(tokens.refresh_token.expose(), &client).await?;
/// service.revoke_tokens(id).await?;
/// assert!(service.renew_token(renewed.tokens.refresh_token.expose(), &client).await.is_err());
/// assert!(!service.is_authorized_by_role(access_token, &["user"]).await);
///
/// service.reset_password(email, &client, Locale::English).await?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct AuthService<P> {
    pub(crate) ports: P,
    pub(crate) shared: Rc<Shared>,
    network: Cell<Option<Pseudonym>>,
    request: Cell<Option<RequestId>>,
    operator: Cell<Option<OperatorId>>,
}

impl<P: Ports> AuthService<P> {
    /// A service with these ports.
    #[must_use]
    pub fn new(ports: P, shared: Rc<Shared>) -> Self {
        Self {
            ports,
            shared,
            network: Cell::default(),
            request: Cell::default(),
            operator: Cell::default(),
        }
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// The ports, for tests and for callers that bring their own.
    #[must_use]
    pub fn ports(&self) -> &P {
        &self.ports
    }

    fn now_ms(&self) -> u64 {
        self.ports.clock().now_ms()
    }

    fn now(&self) -> u64 {
        self.now_ms() / 1000
    }

    fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.ports.random().fill(&mut bytes);
        bytes
    }
}
