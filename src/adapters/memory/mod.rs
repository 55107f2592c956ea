//! Adapters in memory: one for each port. Tests, examples and native users run on them.

mod background;
mod clock;
mod devices;
mod events;
mod key_value;
mod limits;
mod mailer;
mod random;
mod sessions;
mod simulated_kv;
mod users;
mod virtual_time;

pub use background::MemoryBackground;
pub use clock::{ManualClock, NoSleep, SystemClock};
pub use devices::MemoryDevices;
pub use events::MemoryEvents;
pub use key_value::{KeyValueCounts, MemoryKeyValue};
pub use limits::NoLimits;
pub use mailer::{MemoryMailer, SentMail};
pub use random::SeededRandom;
pub use sessions::MemorySessions;
pub use simulated_kv::{Calls, Faults, SimulatedKv};
pub use users::MemoryUsers;
pub use virtual_time::VirtualTime;

use crate::adapters::argon2::Argon2Hasher;
use crate::ports::{
    Clock, PasswordHasher, Ports, Random, RateLimiter, SessionStore, UserDirectory,
};

/// A set of ports in memory; each part can be changed for another of its kind.
#[derive(Debug, Default)]
pub struct MemoryPorts<
    S = MemorySessions,
    C = ManualClock,
    R = SeededRandom,
    U = MemoryUsers,
    H = Argon2Hasher,
    L = NoLimits,
> {
    /// The accounts.
    pub users: U,
    /// The sessions.
    pub sessions: S,
    /// The password hasher.
    pub hasher: H,
    /// The limits.
    pub limiter: L,
    /// The time.
    pub clock: C,
    /// The randomness.
    pub random: R,
    /// The events.
    pub events: MemoryEvents,
    /// The mail.
    pub mailer: MemoryMailer,
    /// The names of devices.
    pub devices: MemoryDevices,
}

impl<S, C, R, U, H, L> Ports for MemoryPorts<S, C, R, U, H, L>
where
    S: SessionStore,
    C: Clock,
    R: Random,
    U: UserDirectory,
    H: PasswordHasher,
    L: RateLimiter,
{
    type Users = U;
    type Sessions = S;
    type Hasher = H;
    type Limiter = L;
    type Clock = C;
    type Random = R;
    type Events = MemoryEvents;
    type Mailer = MemoryMailer;
    type Devices = MemoryDevices;

    fn users(&self) -> &U {
        &self.users
    }
    fn sessions(&self) -> &S {
        &self.sessions
    }
    fn hasher(&self) -> &H {
        &self.hasher
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
    fn mailer(&self) -> &MemoryMailer {
        &self.mailer
    }
    fn devices(&self) -> &MemoryDevices {
        &self.devices
    }
}
