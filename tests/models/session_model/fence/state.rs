//! The state of the model: the database, the user's object, and the operations in progress.

use edgegate::domain::session::{DatedCopy, Fence, Generation, Need, UserCopy};

/// The length of a tick (a step of time), in seconds.
pub const TICK: u64 = 30;
/// The current time of the object's clock. It never moves in this model, because the other times in
/// a state are relative to it. So states that differ only by a shift in time are equal.
pub const NOW: u64 = 1_764_000_000;
/// The value of the setting `COPIES_SINCE` after a restore. The object does not use copies that are
/// older than this time.
pub const SINCE: u64 = NOW - 500;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Violation {
    /// Violates claim I1 of the module `fence`.
    Stale,
    /// Violates claim I2 of the module `fence`.
    CopyIsNotTheRow,
    /// Violates claim I3 of the module `fence`.
    WipedWhileHeld,
    /// Violates claim I4 of the module `fence`.
    OutsideHold,
    /// Violates claim I5 of the module `fence`.
    NeedlessRead,
}

/// Whether the object asked for the user's row before or after a restore of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Asked {
    Before,
    /// After the setting `COPIES_SINCE` was changed because of a restore.
    Later,
}

impl Asked {
    fn at(self) -> u64 {
        match self {
            Self::Before => NOW - 1000,
            Self::Later => NOW,
        }
    }

    fn of(time: u64) -> Self {
        if time < SINCE {
            Self::Before
        } else {
            Self::Later
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Object {
    /// The object runs an old version of the service, which does not know the protocol of the
    /// fence.
    pub is_old: bool,
    /// The number of ticks for which the object is still held, and so uses no copy.
    pub held: u8,
    pub generation: Option<u8>,
    pub copy: Option<(u8, Asked)>,
    pub reported: u8,
}

impl Object {
    pub fn fence(&self) -> Fence {
        Fence {
            generation: self.generation.map(generation),
            held_until: if self.held == 0 {
                0
            } else {
                NOW + u64::from(self.held) * TICK
            },
            copy: self.copy.map(|(version, asked)| DatedCopy {
                row: row(version),
                asked_at: asked.at(),
            }),
            reported: self.reported.into(),
        }
    }

    pub fn store(&mut self, fence: &Fence) {
        self.generation = fence.generation.map(number);
        let left = fence.held_until.saturating_sub(NOW).div_ceil(TICK);
        self.held = u8::try_from(left).unwrap();
        self.copy = fence.copy.as_ref().map(|copy| {
            let version = u8::try_from(copy.row.version).unwrap();
            (version, Asked::of(copy.asked_at))
        });
    }
}

pub fn generation(number: u8) -> Generation {
    Generation::new([number; 8])
}

fn number(generation: Generation) -> u8 {
    generation.to_numbers()[0].to_be_bytes()[0]
}

pub fn row(version: u8) -> UserCopy {
    UserCopy {
        version: version.into(),
        epoch: 0,
        roles: Vec::new(),
        email: String::new(),
        email_canonical: String::new(),
        email_verified: false,
        disabled: false,
    }
}

/// The object needs the user's row, and a Worker fetches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Asking {
    pub generation: Option<u8>,
    pub asked: Asked,
}

impl Asking {
    pub fn need(self) -> Need {
        Need {
            generation: self.generation.map(generation),
            asked_at: self.asked.at(),
        }
    }
}

impl From<Need> for Asking {
    fn from(need: Need) -> Self {
        Self {
            generation: need.generation.map(number),
            asked: Asked::of(need.asked_at),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// The Worker has not sent the request to the user's object yet.
    New,
    /// The object did not decide from a copy, so the Worker has to read the user's row.
    Reading(Asking),
    /// The Worker has read this version of the user's row.
    Read(Asking, u8),
}

/// A renewal of a session, or a check of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Renewal {
    pub step: Step,
    /// The oldest version of the row that this renewal may use.
    pub must: u8,
    /// The Worker of this renewal has the new value of `COPIES_SINCE`.
    pub since: bool,
}

impl Renewal {
    pub fn since(&self) -> u64 {
        if self.since { SINCE } else { 0 }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Change {
    Asked,
    /// The change has held the object for this many ticks.
    Holding(u8),
    /// A Worker of the old version has begun the change without holding the object.
    OldAsked,
    /// A Worker of the old version has committed this version of the row, but has not reported it
    /// to the object yet.
    OldCommitted(u8),
}

/// The user's entry in the outbox, which is the database table `row_changed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outbox {
    Empty,
    Written,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cron {
    Idle,
    /// The cron job has read the outbox entry. `true`: the entry has been written again since it
    /// was read.
    Read(bool),
    /// The object has forgotten its copy. The value has the same meaning as in `Read`.
    Forgotten(bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Restore {
    No,
    /// The database has been restored. It is possible that the object's copy has a version that no
    /// longer exists.
    Done,
    /// The setting `COPIES_SINCE` has been changed, so the object does not use older copies.
    CopiesVoided,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// The version of the row. In this model it identifies the row's content, so it rises with each
    /// commit and also with a restore.
    pub row: u8,
    /// A request that begins now must see this version of the row or a newer one.
    pub known: u8,
    pub object: Object,
    pub changes: Vec<Change>,
    pub renewals: Vec<Renewal>,
    pub outbox: Outbox,
    pub cron: Cron,
    pub restore: Restore,
    pub changes_left: u8,
    pub old_changes_left: u8,
    pub renewals_left: u8,
    pub by_hand_left: u8,
    pub rollbacks_left: u8,
    pub violation: Option<Violation>,
}

impl State {
    /// Returns a generation that differs from all others in this state.
    pub fn fresh(&self) -> u8 {
        let in_flight = self
            .renewals
            .iter()
            .filter_map(|renewal| match renewal.step {
                Step::New => None,
                Step::Reading(asking) | Step::Read(asking, _) => asking.generation,
            });
        in_flight
            .chain(self.object.generation)
            .max()
            .map_or(0, |last| last + 1)
    }

    /// Gives equivalent states the same form. If generations are random, the exact value does not
    /// matter: a generation is compared only with the current one, and never used again after it
    /// was replaced.
    pub fn canonical(mut self, random_generations: bool) -> Self {
        if random_generations {
            let current = self.object.generation;
            let renamed = |generation: Option<u8>| {
                generation.map(|it| if Some(it) == current { 0 } else { 1 })
            };
            for renewal in &mut self.renewals {
                if let Step::Reading(asking) | Step::Read(asking, _) = &mut renewal.step {
                    asking.generation = renamed(asking.generation);
                }
            }
            self.object.generation = renamed(current);
        }
        self.renewals.sort_unstable();
        self.changes.sort_unstable();
        self
    }
}
