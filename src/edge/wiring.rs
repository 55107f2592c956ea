//! Connects the service to Cloudflare: each port (a trait that the service needs) is implemented
//! with the bindings that `wrangler.toml` declares. Only this file uses both the bindings and the
//! ports.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use worker::Env;

use crate::adapters::argon2::Argon2Hasher;
use crate::adapters::cloudflare::account::DurableAccounts;
pub(super) use crate::adapters::cloudflare::account::answer as account_answer;
use crate::adapters::cloudflare::audit_log::AuditLog;
pub(super) use crate::adapters::cloudflare::background::WaitUntil;
use crate::adapters::cloudflare::clock::{RequestClock, Timer};
pub(super) use crate::adapters::cloudflare::console;
use crate::adapters::cloudflare::d1::Database;
use crate::adapters::cloudflare::d1_clients::D1Clients;
use crate::adapters::cloudflare::d1_grants::D1Grants;
use crate::adapters::cloudflare::d1_mail_ledger::D1MailLedger;
use crate::adapters::cloudflare::d1_operator_tickets::D1OperatorTickets;
use crate::adapters::cloudflare::d1_users::D1Users;
use crate::adapters::cloudflare::devices::Bowser;
use crate::adapters::cloudflare::durable_sessions::DurableSessions;
use crate::adapters::cloudflare::id_token_signer::PlatformIdTokenSigner;
use crate::adapters::cloudflare::kv_namespace::KvNamespace;
use crate::adapters::cloudflare::mail::{BindingMailer, HttpMailer};
use crate::adapters::cloudflare::mail_gate::DurableMailGate;
use crate::adapters::cloudflare::mail_queue::CloudflareMailQueue;
use crate::adapters::cloudflare::mailer::CloudflareMailer;
pub(super) use crate::adapters::cloudflare::object_state::ObjectState;
use crate::adapters::cloudflare::outbox::Outbox;
use crate::adapters::cloudflare::rate_limit::BindingLimits;
use crate::adapters::cloudflare::session_store::CloudflareSessions;
use crate::adapters::cloudflare::signatures::PlatformSignatures;
use crate::adapters::cloudflare::variables;
use crate::adapters::cloudflare::vendors::{HttpVendors, connects_to_public_addresses_only};
use crate::adapters::kv_sessions::KvSessions;
use crate::adapters::system_random::SystemRandom;
use crate::domain::error::Error;
use crate::domain::log_line::Trouble;
use crate::domain::mail::Provider;
use crate::domain::request_id::RequestId;
use crate::domain::settings::{
    self, MailRoute, MailSettings, PasswordWork, SessionStoreKind, SettingError, Settings,
};
use crate::ports::Ports;
use crate::service::{AuthService, Shared};

/// The Worker's bindings, and the clients for other services.
///
/// The bindings are looked up once per isolate, because each look-up calls JavaScript, and bindings
/// don't change while the isolate lives. Each request works on a clone, which
/// [`Bindings::for_request`] makes.
#[derive(Clone)]
pub(super) struct Bindings {
    database: Database,
    users: Rc<D1Users>,
    mail_ledger: Rc<D1MailLedger>,
    operator_tickets: Rc<D1OperatorTickets>,
    clients: Rc<D1Clients>,
    grants: Rc<D1Grants>,
    accounts: Rc<DurableAccounts>,
    mail_gate: Rc<DurableMailGate>,
    limiter: Rc<BindingLimits>,
    mailer: Rc<CloudflareMailer>,
    vendors: Rc<HttpVendors>,
    signatures: Rc<PlatformSignatures>,
    id_token_signer: Rc<PlatformIdTokenSigner>,
    hasher: Rc<Argon2Hasher>,
    demo_accounts_added: Rc<Cell<bool>>,
    // Each request has its own copy of the fields below.
    sessions: CloudflareSessions,
    mail_queue: CloudflareMailQueue,
    events: AuditLog,
    background: WaitUntil,
    clock: RequestClock,
}

thread_local! {
    // These are kept for the lifetime of the isolate, because a Worker's settings and bindings
    // don't change meanwhile.
    static SHARED: RefCell<Option<Result<Rc<Shared>, SettingError>>> = const { RefCell::new(None) };
    static BINDINGS: RefCell<Option<Bindings>> = const { RefCell::new(None) };
}

/// Makes the service for one request, for one call by the mail queue, or for one run of a cron job.
/// For the queue and for cron jobs, `request_id` is empty.
///
/// # Errors
/// When a setting is wrong or a binding is missing.
pub(super) fn service(
    env: &Env,
    background: WaitUntil,
    request_id: &str,
) -> Result<AuthService<Bindings>, SettingError> {
    let shared = shared(env)?;
    let bindings = with_bindings(env, &shared, |bindings| {
        bindings.for_request(background, request_id)
    })?;
    let service = AuthService::new(bindings, shared);
    service.set_request(RequestId::parse(request_id));
    Ok(service)
}

/// Makes a service for several jobs that run at the same time, such as a batch of mails. Database
/// statements that the jobs start at the same time are sent to D1 in one call.
///
/// # Errors
/// The same errors as those of [`service`].
pub(super) fn service_of_batch(
    env: &Env,
    background: WaitUntil,
) -> Result<AuthService<Bindings>, SettingError> {
    let mut service = service(env, background, "")?;
    let database = service.ports.database.grouped();
    service.ports.users = Rc::new(D1Users::new(database.clone()));
    service.ports.mail_ledger = Rc::new(D1MailLedger::new(database));
    Ok(service)
}

/// The same service, but with the current time instead of the time at which `service` was made.
/// Used for work that no request waits for: the messages of a queue, and mails after the response.
pub(super) fn service_after(service: &AuthService<Bindings>) -> AuthService<Bindings> {
    let bindings = &service.ports;
    let bindings = bindings.for_request(bindings.background.clone(), "");
    AuthService::new(bindings, Rc::clone(&service.shared))
}

/// The password hasher of this isolate. It needs a large block of memory, which it keeps and uses
/// again for the next password.
///
/// # Errors
/// The same errors as those of [`service`].
pub(super) fn hasher(env: &Env) -> Result<Rc<Argon2Hasher>, SettingError> {
    let shared = shared(env)?;
    with_bindings(env, &shared, |bindings| Rc::clone(&bindings.hasher))
}

/// The settings, and the values that are computed from them.
///
/// # Errors
/// When a setting is wrong.
pub(super) fn shared(env: &Env) -> Result<Rc<Shared>, SettingError> {
    SHARED.with_borrow_mut(|shared| {
        shared
            .get_or_insert_with(|| {
                for (_, error) in misspelt(env) {
                    console::log_trouble(Trouble::MisspeltSetting, &error.to_string());
                }
                Ok(Rc::new(Shared::new(Settings::read(lookup(env))?)))
            })
            .clone()
    })
}

/// All faults of the settings. If the settings have no faults, returns the fault for the first
/// missing binding.
pub(super) fn faults(env: &Env) -> Vec<SettingError> {
    match Settings::read(lookup(env)) {
        Err(_) => Settings::faults(lookup(env)),
        Ok(settings) => Bindings::find(env, &settings).err().into_iter().collect(),
    }
}

/// The variables whose names look like misspelt names of settings, each with an error that explains
/// it.
pub(super) fn misspelt(env: &Env) -> Vec<(String, SettingError)> {
    let names = variables::names(env).into_iter();
    names
        .filter_map(|name| settings::misspelt(&name).map(|error| (name, error)))
        .collect()
}

/// The origins in `ALLOWED_ORIGINS`. They can be read even if another setting is wrong, so that
/// pages of these origins may read the error about that setting.
pub(super) fn allowed_origins(env: &Env) -> Vec<String> {
    Settings::read_allowed_origins(lookup(env))
}

fn lookup(env: &Env) -> impl Fn(&str) -> Option<String> {
    |name| variables::text(env, name)
}

fn with_bindings<T>(
    env: &Env,
    shared: &Shared,
    read: impl FnOnce(&Bindings) -> T,
) -> Result<T, SettingError> {
    BINDINGS.with_borrow_mut(|found| {
        let bindings = match found {
            Some(bindings) => bindings,
            None => found.insert(Bindings::find(env, shared.settings())?),
        };
        Ok(read(bindings))
    })
}

impl Bindings {
    /// Looks up the bindings that the settings need. The result belongs to no request yet; see
    /// [`Self::for_request`].
    ///
    /// # Errors
    /// When a binding is missing.
    fn find(env: &Env, settings: &Settings) -> Result<Self, SettingError> {
        let database = Database::bound(env, "DB").ok_or_else(|| missing("DB"))?;
        if settings.client_id_metadata && !connects_to_public_addresses_only() {
            return Err(not_strictly_public());
        }
        let background = WaitUntil::without_request();
        let in_objects = DurableSessions::bound(env, "SESSION_OBJECTS")
            .map(|objects| objects.with_copies_since(settings.copies_since));
        // The KV namespace can be missing, because `SESSION_STORE = "durable"` works without it.
        let in_kv = KvNamespace::bound(env, "SESSIONS").map(|kv| {
            let (background, codes) = (background.clone(), in_objects.clone());
            KvSessions::new(kv, SystemRandom, Timer, background, Rc::default(), codes)
        });
        let sessions = match settings.session_store {
            SessionStoreKind::Kv => {
                CloudflareSessions::Kv(in_kv.ok_or_else(|| missing("SESSIONS"))?, in_objects)
            }
            SessionStoreKind::Durable => CloudflareSessions::Durable(
                in_objects.ok_or_else(|| missing("SESSION_OBJECTS"))?,
                in_kv,
            ),
        };
        let accounts = match settings.password_work {
            PasswordWork::Inline => DurableAccounts::none(),
            PasswordWork::Durable => DurableAccounts::bound(env, "ACCOUNT_OBJECTS")
                .ok_or_else(|| missing("ACCOUNT_OBJECTS"))?,
        };
        let counts_requests = settings.limits && settings.mail.route != MailRoute::None;
        let mail_gate = if counts_requests {
            DurableMailGate::bound(env, "MAIL_GATE_OBJECTS")
                .ok_or_else(|| missing("MAIL_GATE_OBJECTS"))?
        } else {
            DurableMailGate::none()
        };
        Ok(Self {
            users: Rc::new(D1Users::new(database.clone())),
            mail_ledger: Rc::new(D1MailLedger::new(database.clone())),
            operator_tickets: Rc::new(D1OperatorTickets::new(database.clone())),
            clients: Rc::new(D1Clients::new(database.clone())),
            grants: Rc::new(D1Grants::new(database.clone())),
            accounts: Rc::new(accounts),
            mail_gate: Rc::new(mail_gate),
            limiter: Rc::new(BindingLimits::new(env)),
            mailer: Rc::new(find_mailer(env, &settings.mail, &database)?),
            vendors: Rc::new(HttpVendors::new(settings.vendors.clone())),
            signatures: Rc::default(),
            id_token_signer: Rc::default(),
            hasher: Rc::new(
                Argon2Hasher::new(settings.hashing, settings.peppers.clone())
                    .with_foreign(settings.foreign_hashing.clone()),
            ),
            database,
            demo_accounts_added: Rc::default(),
            sessions,
            mail_queue: CloudflareMailQueue::find(env),
            events: AuditLog::find(env),
            background,
            clock: RequestClock::read(),
        })
    }

    /// A copy of the bindings for another request, with the current time.
    fn for_request(&self, background: WaitUntil, request_id: &str) -> Self {
        Self {
            sessions: self.sessions.with_background(&background),
            mail_queue: self.mail_queue.for_request(),
            events: self.events.for_request(request_id),
            background,
            clock: RequestClock::read(),
            ..self.clone()
        }
    }

    /// The handle that runs tasks after the response.
    pub(super) fn background(&self) -> &WaitUntil {
        &self.background
    }

    /// The outbox of local development.
    pub(super) fn outbox(&self) -> Outbox {
        Outbox::new(self.database.clone())
    }

    /// Whether mails are put into a queue instead of being sent by this Worker after the response.
    pub(super) fn has_mail_queue(&self) -> bool {
        self.mail_queue.is_bound()
    }
}

/// Adds the demo accounts of local development. Each isolate does this only once.
///
/// # Errors
/// When the database fails.
pub(super) async fn add_demo_accounts(service: &AuthService<Bindings>) -> Result<(), Error> {
    let added = &service.ports.demo_accounts_added;
    if !added.get() {
        service.add_demo_accounts().await?;
        added.set(true);
    }
    Ok(())
}

fn find_mailer(
    env: &Env,
    mail: &MailSettings,
    database: &Database,
) -> Result<CloudflareMailer, SettingError> {
    Ok(match mail.route {
        MailRoute::None => CloudflareMailer::None,
        MailRoute::Outbox => CloudflareMailer::Outbox(Outbox::new(database.clone())),
        MailRoute::Via(Provider::CloudflareBinding) => {
            let mailer = BindingMailer::new(env, mail.sender.clone());
            CloudflareMailer::Binding(mailer.ok_or_else(|| missing("EMAIL"))?)
        }
        MailRoute::Via(provider) => {
            let key = mail.api_key.clone();
            let mailer =
                HttpMailer::new(provider, key, mail.api_url.as_deref(), mail.sender.clone());
            CloudflareMailer::Http(mailer.ok_or_else(|| missing("MAIL_API_KEY"))?)
        }
    })
}

/// The error for a missing compatibility flag, `global_fetch_strictly_public`. Without this flag,
/// the service could fetch a URL that a stranger chose, and that URL could lead to a Worker or an
/// origin server in the operator's own zone.
fn not_strictly_public() -> SettingError {
    SettingError {
        setting: "CLIENT_ID_METADATA",
        problem: "is \"on\", but the compatibility flag global_fetch_strictly_public is not set"
            .to_owned(),
        remedy: "Add \"global_fetch_strictly_public\" to compatibility_flags in wrangler.toml or \
                 wrangler.jsonc and deploy again, or set it to \"off\". Without the flag, a URL that \
                 a stranger chose could reach servers of your own zone that are not public.",
    }
}

fn missing(setting: &'static str) -> SettingError {
    SettingError {
        setting,
        problem: "is not bound".to_owned(),
        remedy: "Add the binding to wrangler.toml or wrangler.jsonc and deploy again: the file that \
                 came with edgegate has all bindings that the Worker needs.",
    }
}

impl Ports for Bindings {
    type Users = D1Users;
    type Sessions = CloudflareSessions;
    type Hasher = Argon2Hasher;
    type PasswordGuard = DurableAccounts;
    type Limiter = BindingLimits;
    type Clock = RequestClock;
    type Random = SystemRandom;
    type Events = AuditLog;
    type MailQueue = CloudflareMailQueue;
    type MailGate = DurableMailGate;
    type Mailer = CloudflareMailer;
    type MailLedger = D1MailLedger;
    type OperatorTickets = D1OperatorTickets;
    type Clients = D1Clients;
    type Grants = D1Grants;
    type Devices = Bowser;
    type Signatures = PlatformSignatures;
    type IdTokenSigner = PlatformIdTokenSigner;
    type Vendors = HttpVendors;

    fn users(&self) -> &D1Users {
        &self.users
    }
    fn sessions(&self) -> &CloudflareSessions {
        &self.sessions
    }
    fn hasher(&self) -> &Argon2Hasher {
        &self.hasher
    }
    fn password_guard(&self) -> &DurableAccounts {
        &self.accounts
    }
    fn limiter(&self) -> &BindingLimits {
        &self.limiter
    }
    fn clock(&self) -> &RequestClock {
        &self.clock
    }
    fn random(&self) -> &SystemRandom {
        &SystemRandom
    }
    fn events(&self) -> &AuditLog {
        &self.events
    }
    fn mail_queue(&self) -> &CloudflareMailQueue {
        &self.mail_queue
    }
    fn mail_gate(&self) -> &DurableMailGate {
        &self.mail_gate
    }
    fn mailer(&self) -> &CloudflareMailer {
        &self.mailer
    }
    fn mail_ledger(&self) -> &D1MailLedger {
        &self.mail_ledger
    }
    fn operator_tickets(&self) -> &D1OperatorTickets {
        &self.operator_tickets
    }
    fn clients(&self) -> &D1Clients {
        &self.clients
    }
    fn grants(&self) -> &D1Grants {
        &self.grants
    }
    fn devices(&self) -> &Bowser {
        &Bowser
    }
    fn signatures(&self) -> &PlatformSignatures {
        &self.signatures
    }
    fn id_token_signer(&self) -> &PlatformIdTokenSigner {
        &self.id_token_signer
    }
    fn vendors(&self) -> &HttpVendors {
        &self.vendors
    }
}
