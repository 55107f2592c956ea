//! From the bindings of `wrangler.toml` to the ports: the only file that names both.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use worker::{Context, Env};

use crate::adapters::argon2::Argon2Hasher;
use crate::adapters::cloudflare::analytics::AnalyticsEvents;
use crate::adapters::cloudflare::background::WaitUntil;
use crate::adapters::cloudflare::clock::{RequestClock, Timer};
use crate::adapters::cloudflare::d1_users::D1Users;
use crate::adapters::cloudflare::devices::Bowser;
use crate::adapters::cloudflare::durable_sessions::DurableSessions;
use crate::adapters::cloudflare::kv_namespace::KvNamespace;
use crate::adapters::cloudflare::kv_sessions::KvSessions;
use crate::adapters::cloudflare::no_mail::NoMail;
use crate::adapters::cloudflare::rate_limit::BindingLimits;
use crate::adapters::cloudflare::revocation_memory::RevocationMemory;
use crate::adapters::cloudflare::session_store::CloudflareSessions;
use crate::adapters::system_random::SystemRandom;
use crate::domain::settings::{SessionStoreKind, SettingError, Settings};
use crate::ports::Ports;
use crate::service::{AuthService, Shared};

/// What outlives a request in an isolate.
pub(super) struct Isolate {
    pub(super) shared: Rc<Shared>,
    pub(super) demo_accounts_added: Cell<bool>,
    hasher: Argon2Hasher,
    revocations: Rc<RefCell<RevocationMemory>>,
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
                let settings =
                    Settings::read(|name| env.var(name).ok().map(|var| var.to_string()))?;
                Ok(Rc::new(Isolate {
                    shared: Rc::new(Shared::new(settings)),
                    demo_accounts_added: Cell::new(false),
                    hasher: Argon2Hasher::default(),
                    revocations: Rc::default(),
                }))
            })
            .clone()
    })
}

/// The service for one request.
///
/// # Errors
/// When a binding is missing.
pub(super) fn service(
    env: &Env,
    context: Context,
    isolate: &Rc<Isolate>,
) -> Result<AuthService<Bindings>, SettingError> {
    let missing = |setting| SettingError {
        setting,
        problem: "is not bound".to_owned(),
        remedy: "wrangler.toml names the bindings that the Worker needs",
    };
    let database = env.d1("DB").map_err(|_| missing("DB"))?;
    let sessions = match isolate.shared.settings().session_store {
        SessionStoreKind::Kv => CloudflareSessions::Kv(KvSessions::new(
            KvNamespace::bound(env, "SESSIONS").ok_or_else(|| missing("SESSIONS"))?,
            SystemRandom,
            Timer,
            WaitUntil::new(context),
            Rc::clone(&isolate.revocations),
        )),
        SessionStoreKind::Durable => CloudflareSessions::Durable(DurableSessions::new(
            env.durable_object("SESSION_OBJECTS")
                .map_err(|_| missing("SESSION_OBJECTS"))?,
        )),
    };
    let bindings = Bindings {
        users: D1Users::new(database),
        sessions,
        isolate: Rc::clone(isolate),
        limiter: BindingLimits::new(env),
        events: AnalyticsEvents::new(env),
        clock: RequestClock::read(),
    };
    Ok(AuthService::new(bindings, Rc::clone(&isolate.shared)))
}

/// The ports of a request.
pub(super) struct Bindings {
    users: D1Users,
    sessions: CloudflareSessions,
    isolate: Rc<Isolate>,
    limiter: BindingLimits,
    events: AnalyticsEvents,
    clock: RequestClock,
}

impl Ports for Bindings {
    type Users = D1Users;
    type Sessions = CloudflareSessions;
    type Hasher = Argon2Hasher;
    type Limiter = BindingLimits;
    type Clock = RequestClock;
    type Random = SystemRandom;
    type Events = AnalyticsEvents;
    type Mailer = NoMail;
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
    fn limiter(&self) -> &BindingLimits {
        &self.limiter
    }
    fn clock(&self) -> &RequestClock {
        &self.clock
    }
    fn random(&self) -> &SystemRandom {
        &SystemRandom
    }
    fn events(&self) -> &AnalyticsEvents {
        &self.events
    }
    fn mailer(&self) -> &NoMail {
        &NoMail
    }
    fn devices(&self) -> &Bowser {
        &Bowser
    }
}
