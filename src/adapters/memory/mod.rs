//! Adapters in memory: one for each port. Tests, examples and native programs use them.

mod apps;
mod background;
mod clock;
mod devices;
mod events;
mod id_token_signer;
mod key_value;
mod limits;
mod mail_gate;
mod mail_ledger;
mod mail_queue;
mod mailer;
mod operator_tickets;
mod password_guard;
mod random;
mod sessions;
mod signatures;
mod simulated_kv;
mod users;
mod vendors;
mod virtual_time;

pub use apps::MemoryApps;
pub use background::MemoryBackground;
pub use clock::{ManualClock, NoSleep, SystemClock};
pub use devices::MemoryDevices;
pub use events::MemoryEvents;
pub use id_token_signer::MemoryIdTokenSigner;
pub use key_value::{KeyValueCounts, MemoryKeyValue};
pub use limits::NoLimits;
pub use mail_gate::MemoryMailGate;
pub use mail_ledger::MemoryMailLedger;
pub use mail_queue::MemoryMailQueue;
pub use mailer::MemoryMailer;
pub use operator_tickets::MemoryOperatorTickets;
pub use password_guard::MemoryPasswordGuard;
pub use random::SeededRandom;
pub use sessions::MemorySessions;
pub use signatures::{MemorySignatures, PlatformAnswer};
pub use simulated_kv::{Calls, Faults, SimulatedKv};
pub use users::MemoryUsers;
pub use vendors::MemoryVendors;
pub use virtual_time::VirtualTime;

use crate::adapters::argon2::Argon2Hasher;
use crate::ports::{
    Clock, PasswordGuard, PasswordHasher, Ports, Random, RateLimiter, SessionStore, UserDirectory,
};

/// A set of ports in memory. For each port that is a type parameter, another implementation can be
/// used.
#[derive(Debug, Default)]
pub struct MemoryPorts<
    S = MemorySessions,
    C = ManualClock,
    R = SeededRandom,
    U = MemoryUsers,
    H = Argon2Hasher,
    L = NoLimits,
    G = MemoryPasswordGuard,
> {
    /// The accounts.
    pub users: U,
    /// The sessions.
    pub sessions: S,
    /// The password hasher.
    pub hasher: H,
    /// Checks passwords, and counts the failures of each account.
    pub password_guard: G,
    /// The limits.
    pub limiter: L,
    /// The time.
    pub clock: C,
    /// The randomness.
    pub random: R,
    /// The events.
    pub events: MemoryEvents,
    /// The queue in which jobs wait until their mails are written.
    pub mail_queue: MemoryMailQueue,
    /// Counts requests for mails before a mail is queued.
    pub mail_gate: MemoryMailGate,
    /// The mail provider.
    pub mailer: MemoryMailer,
    /// Which mails were sent recently.
    pub mail_ledger: MemoryMailLedger,
    /// The tickets of operators.
    pub operator_tickets: MemoryOperatorTickets,
    /// The registered apps, and what users have granted to them.
    pub apps: MemoryApps,
    /// The names of devices.
    pub devices: MemoryDevices,
    /// Signatures verified by the platform.
    pub signatures: MemorySignatures,
    /// id_tokens signed by the platform.
    pub id_token_signer: MemoryIdTokenSigner,
    /// Other services.
    pub vendors: MemoryVendors,
}

impl<S, C, R, U, H, L, G> Ports for MemoryPorts<S, C, R, U, H, L, G>
where
    S: SessionStore,
    C: Clock,
    R: Random,
    U: UserDirectory,
    H: PasswordHasher,
    L: RateLimiter,
    G: PasswordGuard,
{
    type Users = U;
    type Sessions = S;
    type Hasher = H;
    type PasswordGuard = G;
    type Limiter = L;
    type Clock = C;
    type Random = R;
    type Events = MemoryEvents;
    type MailQueue = MemoryMailQueue;
    type MailGate = MemoryMailGate;
    type Mailer = MemoryMailer;
    type MailLedger = MemoryMailLedger;
    type OperatorTickets = MemoryOperatorTickets;
    type Clients = MemoryApps;
    type Grants = MemoryApps;
    type Devices = MemoryDevices;
    type Signatures = MemorySignatures;
    type IdTokenSigner = MemoryIdTokenSigner;
    type Vendors = MemoryVendors;

    fn users(&self) -> &U {
        &self.users
    }
    fn sessions(&self) -> &S {
        &self.sessions
    }
    fn hasher(&self) -> &H {
        &self.hasher
    }
    fn password_guard(&self) -> &G {
        &self.password_guard
    }
    fn limiter(&self) -> &L {
        &self.limiter
    }
    fn clock(&self) -> &C {
        &self.clock
    }
    fn random(&self) -> &R {
        &self.random
    }
    fn events(&self) -> &MemoryEvents {
        &self.events
    }
    fn mail_queue(&self) -> &MemoryMailQueue {
        &self.mail_queue
    }
    fn mail_gate(&self) -> &MemoryMailGate {
        &self.mail_gate
    }
    fn mailer(&self) -> &MemoryMailer {
        &self.mailer
    }
    fn mail_ledger(&self) -> &MemoryMailLedger {
        &self.mail_ledger
    }
    fn operator_tickets(&self) -> &MemoryOperatorTickets {
        &self.operator_tickets
    }
    fn clients(&self) -> &MemoryApps {
        &self.apps
    }
    fn grants(&self) -> &MemoryApps {
        &self.apps
    }
    fn devices(&self) -> &MemoryDevices {
        &self.devices
    }
    fn signatures(&self) -> &MemorySignatures {
        &self.signatures
    }
    fn id_token_signer(&self) -> &MemoryIdTokenSigner {
        &self.id_token_signer
    }
    fn vendors(&self) -> &MemoryVendors {
        &self.vendors
    }
}
