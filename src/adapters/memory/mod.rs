//! Adapters in memory: one for each port. Tests, examples and native users run on them.

mod clock;
mod key_value;
mod limits;
mod random;
mod sessions;
mod users;

pub use clock::{ManualClock, NoSleep, SystemClock};
pub use key_value::{KeyValueCounts, MemoryKeyValue};
pub use limits::NoLimits;
pub use random::SeededRandom;
pub use sessions::MemorySessions;
pub use users::MemoryUsers;

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
}
