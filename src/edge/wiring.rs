//! From the bindings of `wrangler.toml` to the ports: the only file that names both.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Promise;
use worker::Env;
use worker::worker_sys::Context;

use crate::adapters::argon2::Argon2Hasher;
use crate::adapters::cloudflare::account::DurableAccounts;
pub(super) use crate::adapters::cloudflare::account::object::AccountState;
use crate::adapters::cloudflare::account::object::answer;
use crate::adapters::cloudflare::audit_log::AuditLog;
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
use crate::adapters::cloudflare::mail_queue::CloudflareMailQueue;
use crate::adapters::cloudflare::mailer::CloudflareMailer;
use crate::adapters::cloudflare::outbox::Outbox;
pub(super) use crate::adapters::cloudflare::promise::promise;
use crate::adapters::cloudflare::rate_limit::BindingLimits;
use crate::adapters::cloudflare::revocation_memory::RevocationMemory;
use crate::adapters::cloudflare::session_store::CloudflareSessions;
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
    mailer: Option<Rc<HttpMailer>>,
    revocations: Rc<RefCell<RevocationMemory>>,
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
                    hasher: Argon2Hasher::new(settings.hashing, settings.peppers.clone()),
                    shared: Rc::new(Shared::new(settings)),
                    demo_accounts_added: Cell::new(false),
                    revocations: Rc::default(),
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
        remedy: "wrangler.toml names the bindings that the Worker needs",
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
    let database = Database::bound(env, "DB").ok_or_else(|| missing("DB"))?;
    let sessions = match isolate.shared.settings().session_store {
        SessionStoreKind::Kv => CloudflareSessions::Kv(KvSessions::new(
            KvNamespace::bound(env, "SESSIONS").ok_or_else(|| missing("SESSIONS"))?,
            SystemRandom,
            Timer,
            background,
            Rc::clone(&isolate.revocations),
        )),
        SessionStoreKind::Durable => CloudflareSessions::Durable(
            DurableSessions::bound(env, "SESSION_OBJECTS")
                .ok_or_else(|| missing("SESSION_OBJECTS"))?,
        ),
    };
    let accounts = match isolate.shared.settings().password_work {
        PasswordWork::Inline => DurableAccounts::none(),
        PasswordWork::Durable => DurableAccounts::bound(env, "ACCOUNT_OBJECTS")
            .ok_or_else(|| missing("ACCOUNT_OBJECTS"))?,
    };
    let mail = &isolate.shared.settings().mail;
    let mailer = match mail.route {
        MailRoute::None => CloudflareMailer::None,
        // With SESSION_STORE = "durable" there may be no KV: then mails wait.
        MailRoute::Outbox => outbox(env).map_or(CloudflareMailer::None, CloudflareMailer::Outbox),
        MailRoute::Via(Provider::CloudflareBinding) => CloudflareMailer::Binding(
            BindingMailer::new(env, mail.sender.clone()).ok_or_else(|| missing("EMAIL"))?,
        ),
        MailRoute::Via(_) => isolate
            .mailer
            .clone()
            .map(CloudflareMailer::Http)
            .ok_or_else(|| missing("MAIL_API_KEY"))?,
    };
    let bindings = Bindings {
        users: D1Users::new(database.clone()),
        mail_queue: CloudflareMailQueue::new(env),
        mailer,
        mail_ledger: D1MailLedger::new(database),
        sessions,
        accounts,
        isolate: Rc::clone(isolate),
        limiter: BindingLimits::new(env),
        events: AuditLog::new(env, request_id),
        clock: RequestClock::read(),
    };
    Ok(AuthService::new(bindings, Rc::clone(&isolate.shared)))
}

/// The ports of a request.
pub(super) struct Bindings {
    users: D1Users,
    mail_queue: CloudflareMailQueue,
    mailer: CloudflareMailer,
    mail_ledger: D1MailLedger,
    sessions: CloudflareSessions,
    accounts: DurableAccounts,
    isolate: Rc<Isolate>,
    limiter: BindingLimits,
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
    type Mailer = CloudflareMailer;
    type MailLedger = D1MailLedger;
    type Devices = Bowser;

    fn users(&self) -> &D1Users {
        &self.users
    }
    fn sessions(&self) -> &CloudflareSessions {
        &self.sessions
    }
    fn hasher(&self) -> &Argon2Hasher {
        &self.isolate.hasher
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
    fn mailer(&self) -> &CloudflareMailer {
        &self.mailer
    }
    fn mail_ledger(&self) -> &D1MailLedger {
        &self.mail_ledger
    }
    fn devices(&self) -> &Bowser {
        &Bowser
    }
}
