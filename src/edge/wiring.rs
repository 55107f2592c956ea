//! From the bindings of `wrangler.toml` to the ports: the only file that names both.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use js_sys::Promise;
use worker::Env;
use worker::worker_sys::Context;

use crate::adapters::argon2::Argon2Hasher;
use crate::adapters::cloudflare::account::DurableAccounts;
pub(super) use crate::adapters::cloudflare::account::object::AccountState;
use crate::adapters::cloudflare::account::object::answer;
use crate::adapters::cloudflare::audit_log::{AuditLog, EventsDataset};
use crate::adapters::cloudflare::background::WaitUntil;
use crate::adapters::cloudflare::clock::{RequestClock, Timer};
pub(super) use crate::adapters::cloudflare::console::{log, log_failure};
use crate::adapters::cloudflare::d1::Database;
use crate::adapters::cloudflare::d1_mail_ledger::D1MailLedger;
use crate::adapters::cloudflare::d1_users::D1Users;
use crate::adapters::cloudflare::devices::Bowser;
use crate::adapters::cloudflare::durable_sessions::DurableSessions;
use crate::adapters::cloudflare::kv_namespace::KvNamespace;
use crate::adapters::cloudflare::kv_sessions::KvSessions;
use crate::adapters::cloudflare::mail::{BindingMailer, HttpMailer};
use crate::adapters::cloudflare::mail_gate::DurableMailGate;
use crate::adapters::cloudflare::mail_queue::{CloudflareMailQueue, MailQueueBindings};
use crate::adapters::cloudflare::mailer::CloudflareMailer;
use crate::adapters::cloudflare::outbox::Outbox;
pub(super) use crate::adapters::cloudflare::promise::{at_once_or_promised, promise};
use crate::adapters::cloudflare::rate_limit::BindingLimits;
use crate::adapters::cloudflare::revocation_memory::RevocationMemory;
use crate::adapters::cloudflare::session_store::CloudflareSessions;
use crate::adapters::cloudflare::vendors::HttpVendors;
use crate::adapters::system_random::SystemRandom;
use crate::domain::mail::{Job, Provider};
use crate::domain::settings::{
    MailRoute, MailSettings, PasswordWork, SessionStoreKind, SettingError, Settings,
};
use crate::ports::Ports;
use crate::service::{AuthService, Shared};

/// What outlives a request in an isolate.
pub(super) struct Isolate {
    pub(super) shared: Rc<Shared>,
    pub(super) demo_accounts_added: Cell<bool>,
    hasher: Argon2Hasher,
    vendors: HttpVendors,
    mailer: Option<Rc<HttpMailer>>,
    revocations: Rc<RefCell<RevocationMemory>>,
    bound: OnceCell<Rc<Bound>>,
}

/// What is bound, looked up once: each look crosses into JavaScript, and a Worker's bindings don't change while its isolate lives.
struct Bound {
    users: D1Users,
    mail_ledger: D1MailLedger,
    /// `SESSIONS`, which `SESSION_STORE = "durable"` can do without.
    kv: Option<KvNamespace>,
    durable: Option<DurableSessions>,
    /// `SESSION_OBJECTS` with `SESSION_STORE = "kv"`: what a deleted account left there before a switch is forgotten too.
    other_objects: Option<DurableSessions>,
    accounts: DurableAccounts,
    mail_gate: DurableMailGate,
    mail_queues: MailQueueBindings,
    email: Option<BindingMailer>,
    limiter: BindingLimits,
    dataset: EventsDataset,
}

impl Bound {
    /// # Errors
    /// When one is missing that the settings ask for.
    fn find(env: &Env, settings: &Settings) -> Result<Self, SettingError> {
        let database = Database::bound(env, "DB").ok_or_else(|| missing("DB"))?;
        let kv = KvNamespace::bound(env, "SESSIONS");
        let durable = match settings.session_store {
            SessionStoreKind::Kv if kv.is_none() => return Err(missing("SESSIONS")),
            SessionStoreKind::Kv => None,
            SessionStoreKind::Durable => Some(
                DurableSessions::bound(env, "SESSION_OBJECTS")
                    .ok_or_else(|| missing("SESSION_OBJECTS"))?,
            ),
        };
        let other_objects = match settings.session_store {
            SessionStoreKind::Kv => DurableSessions::bound(env, "SESSION_OBJECTS"),
            SessionStoreKind::Durable => None,
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
        let email = match settings.mail.route {
            MailRoute::Via(Provider::CloudflareBinding) => Some(
                BindingMailer::new(env, settings.mail.sender.clone())
                    .ok_or_else(|| missing("EMAIL"))?,
            ),
            _ => None,
        };
        Ok(Self {
            users: D1Users::new(database.clone()),
            mail_ledger: D1MailLedger::new(database),
            kv,
            durable,
            other_objects,
            accounts,
            mail_gate,
            mail_queues: MailQueueBindings::find(env),
            email,
            limiter: BindingLimits::new(env),
            dataset: EventsDataset::find(env),
        })
    }
}

impl Isolate {
    fn bound(&self, env: &Env) -> Result<Rc<Bound>, SettingError> {
        if let Some(bound) = self.bound.get() {
            return Ok(Rc::clone(bound));
        }
        let found = Rc::new(Bound::find(env, self.shared.settings())?);
        Ok(Rc::clone(self.bound.get_or_init(|| found)))
    }
}

/// The turn of a call in an account's object.
pub(super) fn account_answer(state: AccountState, call: String, isolate: Rc<Isolate>) -> Promise {
    answer::<Argon2Hasher>(state, call, SharedIsolate(isolate))
}

struct SharedIsolate(Rc<Isolate>);

impl AsRef<Argon2Hasher> for SharedIsolate {
    fn as_ref(&self) -> &Argon2Hasher {
        &self.0.hasher
    }
}

type Configured = Result<Rc<Isolate>, SettingError>;

thread_local! {
    // A Worker's settings don't change while its isolate lives.
    static ISOLATE: RefCell<Option<Configured>> = const { RefCell::new(None) };
}

/// The isolate's state, made at its first request.
pub(super) fn isolate(env: &Env) -> Configured {
    ISOLATE.with(|isolate| {
        isolate
            .borrow_mut()
            .get_or_insert_with(|| {
                let settings = Settings::read(lookup(env))?;
                Ok(Rc::new(Isolate {
                    mailer: http_mailer(&settings.mail),
                    vendors: HttpVendors::new(settings.vendors.clone()),
                    hasher: Argon2Hasher::new(settings.hashing, settings.peppers.clone()),
                    shared: Rc::new(Shared::new(settings)),
                    demo_accounts_added: Cell::new(false),
                    revocations: Rc::default(),
                    bound: OnceCell::new(),
                }))
            })
            .clone()
    })
}

fn lookup(env: &Env) -> impl Fn(&str) -> Option<String> {
    |name| env.var(name).ok().map(|var| var.to_string())
}

/// Whose pages may read that the configuration is wrong.
pub(super) fn allowed_origins(env: &Env) -> Vec<String> {
    Settings::read_allowed_origins(lookup(env))
}

/// Work after the response.
pub(super) type Background = WaitUntil;

/// For the request with this context.
pub(super) fn background(context: Context) -> Background {
    WaitUntil::new(context)
}

/// The outbox of local development.
///
/// # Errors
/// When its binding is missing.
pub(super) fn outbox(env: &Env) -> Result<Outbox<KvNamespace, RequestClock>, SettingError> {
    let store = KvNamespace::bound(env, "SESSIONS").ok_or_else(|| missing("SESSIONS"))?;
    Ok(Outbox::new(store, RequestClock::read()))
}

fn missing(setting: &'static str) -> SettingError {
    SettingError {
        setting,
        problem: "is not bound".to_owned(),
        remedy: "Add the binding to your wrangler.toml and deploy again: the wrangler.toml of the \
                 edgegate repository has all bindings that the Worker needs.",
    }
}

/// The provider's API, when that is where mails go.
fn http_mailer(mail: &MailSettings) -> Option<Rc<HttpMailer>> {
    let MailRoute::Via(provider) = mail.route else {
        return None;
    };
    let key = mail.api_key.clone();
    HttpMailer::new(provider, key, mail.api_url.as_deref(), mail.sender.clone()).map(Rc::new)
}

/// The service for one request, whose id is empty for the queue and the cron.
///
/// # Errors
/// When a binding is missing.
pub(super) fn service(
    env: &Env,
    background: Background,
    isolate: &Rc<Isolate>,
    request_id: &str,
) -> Result<AuthService<Bindings>, SettingError> {
    let bound = isolate.bound(env)?;
    let in_kv = bound.kv.clone().map(|kv| {
        let memory = Rc::clone(&isolate.revocations);
        KvSessions::new(kv, SystemRandom, Timer, background, memory)
    });
    let sessions = match (&bound.durable, in_kv) {
        (Some(durable), in_kv) => CloudflareSessions::Durable(durable.clone(), in_kv),
        (None, Some(in_kv)) => CloudflareSessions::Kv(in_kv, bound.other_objects.clone()),
        (None, None) => return Err(missing("SESSIONS")),
    };
    let clock = RequestClock::read();
    let mailer = match isolate.shared.settings().mail.route {
        MailRoute::None => CloudflareMailer::None,
        // With SESSION_STORE = "durable" there may be no KV: then mails wait.
        MailRoute::Outbox => bound.kv.clone().map_or(CloudflareMailer::None, |store| {
            CloudflareMailer::Outbox(Outbox::new(store, clock))
        }),
        MailRoute::Via(Provider::CloudflareBinding) => bound
            .email
            .clone()
            .map(CloudflareMailer::Binding)
            .ok_or_else(|| missing("EMAIL"))?,
        MailRoute::Via(_) => isolate
            .mailer
            .clone()
            .map(CloudflareMailer::Http)
            .ok_or_else(|| missing("MAIL_API_KEY"))?,
    };
    let bindings = Bindings {
        bound: Rc::clone(&bound),
        mail_queue: CloudflareMailQueue::new(bound.mail_queues.clone()),
        mailer,
        sessions,
        isolate: Rc::clone(isolate),
        events: AuditLog::new(bound.dataset.clone(), request_id),
        clock,
    };
    Ok(AuthService::new(bindings, Rc::clone(&isolate.shared)))
}

/// The ports of a request.
pub(super) struct Bindings {
    bound: Rc<Bound>,
    mail_queue: CloudflareMailQueue,
    mailer: CloudflareMailer,
    sessions: CloudflareSessions,
    isolate: Rc<Isolate>,
    events: AuditLog,
    clock: RequestClock,
}

impl Bindings {
    /// Whether mails go through a queue.
    pub(super) fn has_mail_queue(&self) -> bool {
        self.mail_queue.is_bound()
    }

    /// The mails to be made after the response; none with a queue.
    pub(super) fn take_mail_jobs(&self) -> Vec<Job> {
        self.mail_queue.take_after_response()
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
    type Devices = Bowser;
    type Vendors = HttpVendors;

    fn users(&self) -> &D1Users {
        &self.bound.users
    }
    fn sessions(&self) -> &CloudflareSessions {
        &self.sessions
    }
    fn hasher(&self) -> &Argon2Hasher {
        &self.isolate.hasher
    }
    fn password_guard(&self) -> &DurableAccounts {
        &self.bound.accounts
    }
    fn limiter(&self) -> &BindingLimits {
        &self.bound.limiter
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
        &self.bound.mail_gate
    }
    fn mailer(&self) -> &CloudflareMailer {
        &self.mailer
    }
    fn mail_ledger(&self) -> &D1MailLedger {
        &self.bound.mail_ledger
    }
    fn devices(&self) -> &Bowser {
        &Bowser
    }
    fn vendors(&self) -> &HttpVendors {
        &self.isolate.vendors
    }
}
