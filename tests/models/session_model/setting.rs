//! The settings of a model: which events are possible in it.

use std::fmt;
use std::sync::Arc;

use edgegate::domain::policy::NEW_SESSION_UNSEEN;
use edgegate::domain::session::Rules;

use crate::coverage::Coverage;
use crate::decide::DEFAULT;
use crate::state::Limits;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// Workers KV with two locations. For this many seconds after it fetched a value, a location
    /// may serve that value from its cache.
    Kv { staleness: u64 },
    /// A Durable Object, which reads, decides and writes in one step.
    Linearizable,
}

/// Bugs that the checker must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// One record stores both the last use of a token and the end of the session. A renewal writes
    /// the whole record from what it read earlier, so it can overwrite the end of the session.
    OneRecord,
    /// A renewal sends its answer before the write, which may fail.
    AnswersBeforeWriting,
}

/// Who presents tokens, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clients {
    /// Only the owner, in several tabs with one cookie jar.
    Owner,
    /// The owner, and a thief who can copy every token that is in the jar. The times are in
    /// seconds.
    OwnerAndThief {
        /// The shortest time between two renewals of the owner. The login is regarded as the first
        /// renewal.
        owner_gap: u64,
        /// The shortest time between a renewal of the owner and a renewal of the thief.
        keep_away: u64,
    },
    /// Anyone can present any token that was ever handed out.
    Anyone {
        /// Somebody logs out, at any location.
        log_out: bool,
        /// The user's `session_epoch` is raised at any time, which ends all sessions of the user.
        revoke: bool,
    },
}

/// When the owner may enter the password again. The answer contains the jar's token with the time
/// of the newer password proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proves {
    Never,
    /// At any time, even during renewals.
    AtAnyTime,
    /// Under the client's lock: only if nothing else is in transit, and nothing is sent until the
    /// answer arrives.
    Alone,
}

#[derive(Clone, Debug)]
pub struct Setting {
    pub name: &'static str,
    /// The length of a tick (a step of time), in seconds.
    pub tick: u64,
    pub rules: Rules,
    pub store: Store,
    pub clients: Clients,
    /// How many messages can be in transit at once.
    pub in_flight: usize,
    /// Others can act between a renewal's read and its write.
    pub slow_writes: bool,
    /// The user's row is read before the session, and others can act between the two reads.
    pub row_first: bool,
    /// Requests and responses can get lost.
    pub losses: bool,
    /// It is possible that the network delivers a request twice.
    pub duplicates: bool,
    /// The owner changes networks.
    pub roams: bool,
    /// The service knows no client's address, neither the owner's nor the thief's.
    pub nameless: bool,
    /// If the owner lost a response, the owner's client sends the used token again only within the
    /// grace period after its first use.
    pub repeats_within_grace: bool,
    /// A response that has the same token as its request also replaces the token in the jar (a
    /// bug).
    pub kept_sets_jar: bool,
    pub proves: Proves,
    pub bug: Option<Bug>,
    pub coverage: Arc<Coverage>,
}

impl Setting {
    /// The settings of a model with an owner and no thief, the default rules and a linearizable
    /// store.
    pub fn owner() -> Self {
        Self {
            name: "",
            tick: 15,
            rules: DEFAULT,
            store: Store::Linearizable,
            clients: Clients::Owner,
            in_flight: 2,
            slow_writes: false,
            row_first: false,
            losses: true,
            duplicates: true,
            roams: false,
            nameless: false,
            repeats_within_grace: false,
            kept_sets_jar: false,
            proves: Proves::Never,
            bug: None,
            coverage: Arc::default(),
        }
    }

    pub fn ticks(&self, seconds: u64) -> u8 {
        u8::try_from(seconds.div_ceil(self.tick)).unwrap()
    }

    pub fn anyone(&self) -> bool {
        matches!(self.clients, Clients::Anyone { .. })
    }

    pub fn staleness(&self) -> u8 {
        match self.store {
            Store::Kv { staleness } => self.ticks(staleness),
            Store::Linearizable => 0,
        }
    }

    pub fn limits(&self) -> Limits {
        Limits {
            session: self
                .ticks(NEW_SESSION_UNSEEN + 1)
                .max(self.ticks(self.rules.rotate_after)),
            record: self
                .ticks(self.rules.rotate_after)
                .max(self.ticks(self.rules.grace)),
            stale: self.staleness(),
            quiet: match self.clients {
                Clients::OwnerAndThief {
                    owner_gap,
                    keep_away,
                } => self.ticks(owner_gap.max(keep_away)),
                _ => 0,
            },
        }
    }

    pub fn thief(&self) -> bool {
        matches!(self.clients, Clients::OwnerAndThief { .. })
    }

    pub fn alone(&self) -> bool {
        self.clients == Clients::Owner
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            tick,
            in_flight,
            rules,
            ..
        } = self;
        let store = match self.store {
            Store::Kv { .. } => "KV",
            Store::Linearizable => "linearizable",
        };
        write!(
            f,
            "{name} ({store}, {:?}, {in_flight} in flight, ticks of {tick} s{})",
            rules.reuse,
            if self.slow_writes {
                ", slow writes"
            } else {
                ""
            }
        )
    }
}
