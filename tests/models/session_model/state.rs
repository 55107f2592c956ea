//! The state of the model.
//!
//! Times are stored as ages in ticks (steps of time). An age stops growing when all higher ages
//! have the same effect. Token numbers are counted from the oldest token that can still have an
//! effect. So one state represents all states that differ only by a shift in time or number. The
//! number of states is finite, although time and the number of tokens are unlimited.

use crate::decide::Who;

/// The value of a KV key that begins with `session:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Record {
    /// The record as the login wrote it.
    New,
    Used {
        counter: u8,
        age: u8,
        by: Who,
    },
}

/// A value in the cache of a location, and the number of ticks since it was fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cached<T> {
    pub value: T,
    pub age: u8,
}

/// What a location of KV may serve from its cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    pub record: Option<Cached<Option<Record>>>,
    pub ended: Option<Cached<bool>>,
}

/// What a renewal still has to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Write {
    Nothing,
    Record(Record),
    End,
}

/// A renewal or a password proof in progress. It stays in each of these stages for at most one tick
/// (step of time).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    /// The request is on its way to the service. `again`: it is possible that the network delivers
    /// the request twice.
    Request {
        by: Who,
        token: u8,
        age: u8,
        again: bool,
    },
    /// The user's row has been read, but the session has not.
    RowRead {
        by: Who,
        token: u8,
        age: u8,
        moved: bool,
    },
    /// The session has been read and the decision is made, but nothing is written yet.
    Writing {
        by: Who,
        location: u8,
        age: u8,
        /// The value of `ended:` that was read.
        ended: bool,
        write: Write,
        answer: Option<u8>,
        kept: bool,
    },
    /// The response is on its way to the owner.
    Response { token: u8, age: u8, kept: bool },
    /// The owner's password is on its way to the service, together with the jar's token.
    Proof { token: u8, age: u8 },
    /// The answer to a correct password is on its way to the owner. It contains the same token with
    /// a newer password proof. The owner puts this token into the jar.
    Proved { token: u8, age: u8 },
}

impl Message {
    pub fn age(&self) -> u8 {
        match *self {
            Self::Request { age, .. }
            | Self::RowRead { age, .. }
            | Self::Writing { age, .. }
            | Self::Response { age, .. }
            | Self::Proof { age, .. }
            | Self::Proved { age, .. } => age,
        }
    }
}

/// What must never happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Violation {
    OwnerRefused,
    ThiefBesideOwner,
    ReuseLeftOpen,
    RenewedAfterEpoch,
    RenewedAfterEnd,
    EndTakenBack,
    /// A client presented a token that the store did not know, and the service answered with a
    /// token. The store still does not know the presented token.
    StoreLeftBehind,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// Ticks since the login.
    pub age: u8,
    /// The newest value of the key `session:`. The next field has the value of the key `ended:`.
    pub record: Record,
    pub ended: bool,
    /// Ticks since `ended:` was first written.
    pub end_age: Option<u8>,
    /// `session_epoch` has been raised.
    pub moved: bool,
    pub locations: [Location; 2],
    /// The refresh token in the cookie jar that all tabs share.
    pub jar: u8,
    pub messages: Vec<Message>,
    /// The newest token that was ever used, and its age since its first use. A read from a cache
    /// can show an older token.
    pub first_use: Option<(u8, u8)>,
    /// The owner lost a response that had a newer token than the jar.
    pub lost: bool,
    /// The newest token that the thief has received or had a chance to copy.
    pub stolen: u8,
    /// Ticks since the owner last presented a token. `thief_quiet` is the same for the thief.
    pub owner_quiet: u8,
    pub thief_quiet: u8,
    /// How many times the thief and the owner have succeeded in alternation, beginning with the
    /// thief.
    pub turns: u8,
    pub owner_out: bool,
    pub violation: Option<Violation>,
}

/// Ages greater than these limits are treated as equal to them.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub session: u8,
    pub record: u8,
    pub stale: u8,
    pub quiet: u8,
}

impl State {
    /// The state right after a login. `absent_elsewhere`: the other location does not see the
    /// session yet.
    pub fn after_login(absent_elsewhere: bool) -> Self {
        let location = |record| Location {
            record: Some(Cached {
                value: record,
                age: 0,
            }),
            ended: None,
        };
        let elsewhere = if absent_elsewhere {
            location(None)
        } else {
            Location::default()
        };
        Self {
            age: 0,
            record: Record::New,
            ended: false,
            end_age: None,
            moved: false,
            locations: [location(Some(Record::New)), elsewhere],
            jar: 0,
            messages: Vec::new(),
            first_use: None,
            lost: false,
            stolen: 0,
            owner_quiet: 0,
            thief_quiet: u8::MAX,
            turns: 0,
            owner_out: false,
            violation: None,
        }
    }

    /// The newest token, as far as the store knows.
    pub fn next_in_store(&self) -> u8 {
        match self.record {
            Record::New => 0,
            Record::Used { counter, .. } => counter + 1,
        }
    }

    pub fn tick(&mut self, limits: &Limits) {
        let older = |age: &mut u8, limit: u8| *age = age.saturating_add(1).min(limit);
        let older_record = |record: &mut Record| {
            if let Record::Used { age, .. } = record {
                older(age, limits.record);
            }
        };
        older(&mut self.age, limits.session);
        older(&mut self.owner_quiet, limits.quiet);
        older(&mut self.thief_quiet, limits.quiet);
        older_record(&mut self.record);
        if let Some(age) = &mut self.end_age {
            older(age, limits.stale + 1);
        }
        if let Some((_, age)) = &mut self.first_use {
            older(age, limits.record);
        }
        for location in &mut self.locations {
            if let Some(cached) = &mut location.record {
                cached.age += 1;
                if let Some(record) = &mut cached.value {
                    older_record(record);
                }
            }
            location.record = location.record.filter(|cached| cached.age <= limits.stale);
            if let Some(cached) = &mut location.ended {
                cached.age += 1;
            }
            location.ended = location.ended.filter(|cached| cached.age <= limits.stale);
        }
        for message in &mut self.messages {
            match message {
                Message::Request { age, .. }
                | Message::RowRead { age, .. }
                | Message::Response { age, .. }
                | Message::Proof { age, .. }
                | Message::Proved { age, .. } => *age += 1,
                Message::Writing { age, write, .. } => {
                    *age += 1;
                    if let Write::Record(record) = write {
                        older_record(record);
                    }
                }
            }
        }
    }

    /// Gives states the same form if they differ only in the numbering of tokens, in the order of
    /// messages or in the order of the locations.
    pub fn canonical(mut self, limits: &Limits, hostile: bool) -> Self {
        self.stolen = if hostile {
            self.stolen.max(self.jar)
        } else {
            self.jar
        };
        let oldest_held = self
            .messages
            .iter()
            .filter_map(|message| match *message {
                Message::Request { token, .. }
                | Message::Response { token, .. }
                | Message::Proof { token, .. }
                | Message::Proved { token, .. } => Some(token),
                _ => None,
            })
            .fold(self.jar, u8::min);
        self.first_use = self.first_use.filter(|&(token, _)| token >= oldest_held);

        // A token is old if its number is at least two below the counter of every record, in the
        // store and in every location. Counters only grow, so an old token remains old. All old
        // tokens are equivalent.
        let mut floor = Some(u8::MAX);
        self.for_each_record(|record| match record {
            Some(Record::Used { counter, .. }) => {
                floor = floor.map(|floor| floor.min(*counter));
            }
            _ => floor = None,
        });
        if let Some(floor) = floor {
            self.age = limits.session;
            self.for_each_record(|record| {
                if let Some(Record::Used { counter, .. }) = record {
                    *counter = *counter + 2 - floor;
                }
            });
            self.for_each_token(|token| *token = (*token + 2).saturating_sub(floor));
        }
        let [first, second] = self.locations;
        if second < first {
            self.locations = [second, first];
            for message in &mut self.messages {
                if let Message::Writing { location, .. } = message {
                    *location = 1 - *location;
                }
            }
        }
        self.messages.sort_unstable();
        self
    }

    /// Calls `f` with every record: the one in the store, those at the locations, and those that
    /// are about to be written. `f` gets `None` if a location knows that there is no record.
    fn for_each_record(&mut self, mut f: impl FnMut(Option<&mut Record>)) {
        f(Some(&mut self.record));
        for cached in self.locations.iter_mut().filter_map(|l| l.record.as_mut()) {
            f(cached.value.as_mut());
        }
        for message in &mut self.messages {
            if let Message::Writing {
                write: Write::Record(record),
                ..
            } = message
            {
                f(Some(record));
            }
        }
    }

    fn for_each_token(&mut self, mut f: impl FnMut(&mut u8)) {
        f(&mut self.jar);
        f(&mut self.stolen);
        if let Some((token, _)) = &mut self.first_use {
            f(token);
        }
        for message in &mut self.messages {
            match message {
                Message::Request { token, .. }
                | Message::RowRead { token, .. }
                | Message::Response { token, .. }
                | Message::Proof { token, .. }
                | Message::Proved { token, .. }
                | Message::Writing {
                    answer: Some(token),
                    ..
                } => f(token),
                Message::Writing { answer: None, .. } => {}
            }
        }
    }
}
