//! The model: which actions are possible in a state, and which state follows.

use stateright::{Model, Property};

use crate::decide::Who;
use crate::setting::{Bug, Clients, Proves, Setting, Store};
use crate::state::{Message, Record, State, Violation, Write};

/// How many ticks (steps of time) a request, a write or a response can take.
const MAX_DELAY: u8 = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read {
    pub location: u8,
    pub record_cached: bool,
    pub ended_cached: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Tick,
    /// The owner sends a renewal with the token in the cookie jar.
    Send(Who),
    /// Somebody presents a token, and it arrives immediately.
    Present(Who, u8, Read),
    /// A request in transit arrives. `true`: the network will deliver the same request a second
    /// time.
    Deliver(usize, Read, bool),
    Write(usize),
    FailToWrite(usize),
    Receive(usize),
    Lose(usize),
    LogOut(u8),
    MoveEpoch,
    /// The owner sends the password again, which takes time.
    Prove,
    /// The owner sends the password again, and it arrives immediately. In models with a thief, only
    /// renewals take time.
    ProveAtOnce(Read),
}

impl Setting {
    fn may_tick(&self, state: &State) -> bool {
        if state
            .messages
            .iter()
            .any(|message| message.age() >= MAX_DELAY)
        {
            return false;
        }
        match state.first_use {
            Some((spent, age))
                if self.repeats_within_grace && age + 1 >= self.ticks(self.rules.grace) =>
            {
                let on_its_way = state.messages.iter().any(
                    |message| matches!(*message, Message::Request { token, .. } if token <= spent),
                );
                let unanswered = state.lost || !state.messages.is_empty();
                !(on_its_way || unanswered && state.jar <= spent)
            }
            _ => true,
        }
    }

    fn reads(&self, state: &State, mut each: impl FnMut(Read)) {
        let locations = match self.store {
            Store::Kv { .. } => 2,
            Store::Linearizable => 1,
        };
        for location in 0..locations {
            let cache = &state.locations[usize::from(location)];
            for record_cached in [false, true] {
                for ended_cached in [false, true] {
                    if (!record_cached || cache.record.is_some())
                        && (!ended_cached || cache.ended.is_some())
                    {
                        each(Read {
                            location,
                            record_cached,
                            ended_cached,
                        });
                    }
                }
            }
        }
    }

    fn owner_may_present(&self, state: &State) -> bool {
        let Clients::OwnerAndThief {
            owner_gap,
            keep_away,
        } = self.clients
        else {
            return true;
        };
        let repeats = state.lost && state.owner_quiet < self.ticks(self.rules.grace);
        !state.owner_out
            && state.messages.is_empty()
            && (repeats || state.owner_quiet >= self.ticks(owner_gap))
            && state.thief_quiet >= self.ticks(keep_away)
    }

    fn may_send(&self, state: &State) -> bool {
        let proving =
            |message: &Message| matches!(message, Message::Proof { .. } | Message::Proved { .. });
        self.proves != Proves::Alone || !state.messages.iter().any(proving)
    }

    fn may_prove(&self, state: &State) -> bool {
        match self.proves {
            Proves::Never => false,
            Proves::AtAnyTime => true,
            Proves::Alone => state.messages.is_empty(),
        }
    }

    fn thief_may_present(&self, state: &State) -> bool {
        matches!(self.clients, Clients::OwnerAndThief { keep_away, .. } if state.owner_quiet >= self.ticks(keep_away))
    }
}

impl Model for Setting {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let absences: &[bool] = match self.store {
            Store::Kv { .. } => &[false, true],
            Store::Linearizable => &[false],
        };
        absences
            .iter()
            .map(|absent| {
                let mut state = State::after_login(*absent);
                if self.store == Store::Linearizable {
                    state.locations = Default::default();
                }
                state.thief_quiet = self.limits().quiet;
                state.canonical(&self.limits(), !self.alone())
            })
            .collect()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        // After the owner was signed out, the owner and a thief can't both continue to use the
        // session, so the search stops here.
        if state.violation.is_some() || state.owner_out {
            return;
        }
        if self.may_tick(state) {
            actions.push(Action::Tick);
        }
        let room = state.messages.len() < self.in_flight;
        match self.clients {
            Clients::Owner if room => {
                if self.may_send(state) {
                    actions.push(Action::Send(Who::Owner));
                    if self.roams {
                        actions.push(Action::Send(Who::OwnerElsewhere));
                    }
                }
                if self.may_prove(state) {
                    actions.push(Action::Prove);
                }
            }
            Clients::Owner => {}
            Clients::OwnerAndThief { .. } => {
                if self.may_prove(state) {
                    self.reads(state, |read| actions.push(Action::ProveAtOnce(read)));
                }
                if self.owner_may_present(state) {
                    self.reads(state, |read| {
                        actions.push(Action::Present(Who::Owner, state.jar, read));
                        if self.roams {
                            actions.push(Action::Present(Who::OwnerElsewhere, state.jar, read));
                        }
                    });
                }
                if room && self.thief_may_present(state) {
                    for token in 0..=state.stolen {
                        self.reads(state, |read| {
                            actions.push(Action::Present(Who::Thief, token, read));
                        });
                    }
                }
            }
            Clients::Anyone { log_out, revoke } => {
                if room {
                    for token in 0..=state.stolen {
                        for by in [Who::Owner, Who::Thief] {
                            self.reads(state, |read| {
                                actions.push(Action::Present(by, token, read));
                            });
                        }
                    }
                }
                if log_out && state.end_age.is_none() {
                    actions.push(Action::LogOut(0));
                    if self.store != Store::Linearizable {
                        actions.push(Action::LogOut(1));
                    }
                }
                if revoke && !state.moved {
                    actions.push(Action::MoveEpoch);
                }
            }
        }
        for (index, message) in state.messages.iter().enumerate() {
            // If two messages are equal, it makes no difference which of them is delivered.
            if index > 0 && state.messages[index - 1] == *message {
                continue;
            }
            match message {
                Message::Request { again, .. } => {
                    self.reads(state, |read| {
                        actions.push(Action::Deliver(index, read, false));
                        if *again && room {
                            actions.push(Action::Deliver(index, read, true));
                        }
                    });
                    if self.losses {
                        actions.push(Action::Lose(index));
                    }
                }
                Message::Proof { .. } => {
                    self.reads(state, |read| {
                        actions.push(Action::Deliver(index, read, false))
                    });
                    if self.losses {
                        actions.push(Action::Lose(index));
                    }
                }
                Message::RowRead { .. } => {
                    self.reads(state, |read| {
                        actions.push(Action::Deliver(index, read, false))
                    });
                }
                Message::Writing { write, .. } => {
                    actions.push(Action::Write(index));
                    if self.bug == Some(Bug::AnswersBeforeWriting)
                        && matches!(write, Write::Record(_))
                    {
                        actions.push(Action::FailToWrite(index));
                    }
                }
                Message::Response { .. } | Message::Proved { .. } => {
                    actions.push(Action::Receive(index));
                    if self.losses {
                        actions.push(Action::Lose(index));
                    }
                }
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Tick => state.tick(&self.limits()),
            Action::Send(by) => {
                if by == Who::OwnerElsewhere {
                    self.coverage.note("moved network");
                }
                let (token, again) = (state.jar, self.duplicates);
                state.messages.push(Message::Request {
                    by,
                    token,
                    age: 0,
                    again,
                });
            }
            Action::Present(by, token, read) => {
                if by == Who::Thief {
                    state.thief_quiet = 0;
                } else {
                    state.owner_quiet = 0;
                    state.lost = false;
                }
                if self.row_first {
                    let moved = state.moved;
                    state.messages.push(Message::RowRead {
                        by,
                        token,
                        age: 0,
                        moved,
                    });
                } else {
                    let moved = state.moved;
                    self.arrive(&mut state, by, token, 0, moved, read);
                }
            }
            Action::Deliver(index, read, again) => match state.messages.remove(index) {
                Message::Request { by, token, age, .. } => {
                    if again {
                        self.coverage.note("duplicate");
                        state.messages.push(Message::Request {
                            by,
                            token,
                            age,
                            again: false,
                        });
                    }
                    let moved = state.moved;
                    self.arrive(&mut state, by, token, 0, moved, read);
                }
                Message::RowRead {
                    by,
                    token,
                    age,
                    moved,
                } => self.arrive(&mut state, by, token, age, moved, read),
                Message::Proof { token, .. } => {
                    if self.prove(&mut state, token, read) {
                        state.messages.push(Message::Proved { token, age: 0 });
                    }
                }
                _ => return None,
            },
            Action::Prove => {
                let token = state.jar;
                state.messages.push(Message::Proof { token, age: 0 });
            }
            // The answer contains the token that is in the jar already, so the jar does not change.
            Action::ProveAtOnce(read) => {
                let token = state.jar;
                self.prove(&mut state, token, read);
            }
            Action::Write(index) => {
                let message = state.messages.remove(index);
                self.finish(&mut state, message, true);
            }
            Action::FailToWrite(index) => {
                let message = state.messages.remove(index);
                self.finish(&mut state, message, false);
            }
            Action::Receive(index) => match state.messages.remove(index) {
                Message::Response { token, kept, .. } if !kept || self.kept_sets_jar => {
                    if token < state.jar {
                        self.coverage.note("jar set back");
                    }
                    state.jar = token;
                    state.lost = false;
                }
                Message::Proved { token, .. } => {
                    if token < state.jar {
                        self.coverage.note("jar set back by a proof");
                    }
                    state.jar = token;
                }
                _ => {}
            },
            Action::Lose(index) => {
                if let Message::Response { token, .. } = state.messages.remove(index)
                    && token > state.jar
                {
                    self.coverage.note("response lost");
                    state.lost = true;
                }
            }
            Action::LogOut(location) => self.end(&mut state, location),
            Action::MoveEpoch => state.moved = true,
        }
        let state = state.canonical(&self.limits(), !self.alone());
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("an honest owner is never refused", |_, state: &State| {
                state.violation != Some(Violation::OwnerRefused)
            }),
            Property::always(
                "a thief does not go on beside the owner",
                |_, state: &State| state.violation != Some(Violation::ThiefBesideOwner),
            ),
            Property::always("a refusal leaves the session ended", |_, state: &State| {
                state.violation != Some(Violation::ReuseLeftOpen)
            }),
            Property::always("a moved epoch stops renewals", |_, state: &State| {
                state.violation != Some(Violation::RenewedAfterEpoch)
            }),
            Property::always("an ended session does not renew", |_, state: &State| {
                state.violation != Some(Violation::RenewedAfterEnd)
            }),
            Property::always("an end is not taken back", |_, state: &State| {
                state.violation != Some(Violation::EndTakenBack)
            }),
            Property::always("the store is told what it missed", |_, state: &State| {
                state.violation != Some(Violation::StoreLeftBehind)
            }),
            Property::sometimes("the chain moves on", |_, state: &State| {
                matches!(state.record, Record::Used { .. })
            }),
        ]
    }
}
