//! A renewal: it reads the session, decides, writes and answers.

use edgegate::domain::policy::KV_STALENESS;
use edgegate::domain::session::{self, Consistency, Proved};

use crate::decide::{self, Question, Who};
use crate::model::Read;
use crate::setting::{Bug, Setting, Store};
use crate::state::{Cached, Location, Message, Record, State, Violation, Write};

/// The current time. No other time is later.
const NOW: u64 = 1_764_000_000;

fn to_session_record(tick: u64) -> impl Fn(Record) -> session::Record {
    move |record| match record {
        Record::New => session::Record::default(),
        Record::Used { counter, age, by } => {
            decide::used(counter.into(), NOW - u64::from(age) * tick, by)
        }
    }
}

impl Setting {
    fn read(&self, state: &mut State, read: Read) -> (Option<Record>, bool) {
        if self.store == Store::Linearizable {
            return (Some(state.record), state.ended);
        }
        let newest = (Some(state.record), state.ended);
        let cache = &mut state.locations[usize::from(read.location)];
        let record = match cache.record {
            Some(cached) if read.record_cached => cached.value,
            _ => {
                cache.record = Some(Cached {
                    value: newest.0,
                    age: 0,
                });
                newest.0
            }
        };
        // If the owner is alone and is never refused, nobody ends the session. Then the value of
        // `ended:` never changes, so a cached value can't be stale.
        let ended = match cache.ended {
            _ if self.alone() => newest.1,
            Some(cached) if read.ended_cached => cached.value,
            _ => {
                cache.ended = Some(Cached {
                    value: newest.1,
                    age: 0,
                });
                newest.1
            }
        };
        if record != newest.0 || ended != newest.1 {
            self.coverage.note("stale read");
        }
        (record, ended)
    }

    /// Reads the session, decides, and writes immediately or later.
    pub fn arrive(&self, state: &mut State, by: Who, token: u8, age: u8, moved: bool, read: Read) {
        let (record, ended) = self.read(state, read);
        let now = NOW - u64::from(age) * self.tick;
        let question = Question {
            begun_at: NOW - u64::from(state.age) * self.tick,
            now,
            token: token.into(),
            by: if self.nameless { Who::Nameless } else { by },
            record: record.map(to_session_record(self.tick)),
            ended,
            epoch_moved: moved,
        };
        let verdict = question.ask(&self.rules, self.consistency());
        self.coverage.note(verdict.reason());
        let answer = verdict
            .answer(question.ticket())
            .map(|next| u8::try_from(next.counter).unwrap());
        let write = match decide::write_of(verdict) {
            decide::Write::Nothing => Write::Nothing,
            decide::Write::End => Write::End,
            decide::Write::Use(used) => Write::Record(Record::Used {
                counter: u8::try_from(used.counter).unwrap(),
                age: u8::try_from((NOW - used.first_at) / self.tick).unwrap(),
                by: Who::of(used.by),
            }),
        };
        let complete = record == Some(state.record) && state.messages.is_empty();
        if complete && answer.is_some() && write == Write::Nothing && token > state.next_in_store()
        {
            state.violation = Some(Violation::StoreLeftBehind);
        }
        if answer.is_some() {
            if moved {
                state.violation = Some(Violation::RenewedAfterEpoch);
            }
            let tolerated = match self.store {
                Store::Kv { .. } => Some(KV_STALENESS / self.tick),
                Store::Linearizable => None,
            };
            if state
                .end_age
                .is_some_and(|age| tolerated.is_none_or(|most| u64::from(age) > most))
            {
                state.violation = Some(Violation::RenewedAfterEnd);
            }
            if self.repeats_within_grace
                && state.first_use.is_none_or(|(newest, _)| token > newest)
                && matches!(write, Write::Record(_))
                && answer == token.checked_add(1)
            {
                state.first_use = Some((token, 0));
            }
        }
        let writing = Message::Writing {
            by,
            location: read.location,
            age: 0,
            ended,
            write,
            answer,
            kept: answer == Some(token),
        };
        if self.slow_writes && write != Write::Nothing {
            state.messages.push(writing);
        } else {
            self.finish(state, writing, true);
        }
    }

    /// The owner enters the password. Returns whether the answer contains the same token as the
    /// request.
    pub fn prove(&self, state: &mut State, token: u8, read: Read) -> bool {
        let (record, ended) = self.read(state, read);
        let question = Question {
            begun_at: NOW - u64::from(state.age) * self.tick,
            now: NOW,
            token: token.into(),
            by: Who::Owner,
            record: record.map(to_session_record(self.tick)),
            ended,
            epoch_moved: state.moved,
        };
        let consistency = self.consistency();
        match question.prove(&self.rules, consistency) {
            Proved::GoesOn => {
                self.coverage.note("proved");
                true
            }
            // The token has been used already. The owner must first renew with the newer token.
            Proved::Spent => {
                self.coverage.note("proof of a spent token");
                false
            }
            Proved::Over => {
                if self.alone() {
                    state.violation = Some(Violation::OwnerRefused);
                }
                false
            }
        }
    }

    fn consistency(&self) -> Consistency {
        match self.store {
            Store::Kv { .. } => Consistency::Eventual,
            Store::Linearizable => Consistency::Linearizable,
        }
    }

    pub fn end(&self, state: &mut State, location: u8) {
        state.ended = true;
        state.end_age.get_or_insert(0);
        self.show(state, location, |cache| {
            cache.ended = Some(Cached {
                value: true,
                age: 0,
            });
        });
    }

    /// A location sees its own writes immediately, so this changes the location's cache.
    fn show(&self, state: &mut State, location: u8, f: impl FnOnce(&mut Location)) {
        if self.store != Store::Linearizable {
            f(&mut state.locations[usize::from(location)]);
        }
    }

    /// Completes or fails the write of a renewal, and sends the answer.
    pub fn finish(&self, state: &mut State, message: Message, written: bool) {
        let Message::Writing {
            by,
            location,
            ended,
            write,
            answer,
            kept,
            ..
        } = message
        else {
            return;
        };
        match write {
            Write::Nothing => {}
            Write::Record(_) if !written => {}
            Write::Record(record) => {
                let counter = |record| match record {
                    Record::New => None,
                    Record::Used { counter, .. } => Some(counter),
                };
                if counter(record) < counter(state.record) {
                    self.coverage.note("counter taken back");
                }
                state.record = record;
                self.show(state, location, |cache| {
                    cache.record = Some(Cached {
                        value: Some(record),
                        age: 0,
                    });
                });
                if self.bug == Some(Bug::OneRecord) {
                    state.ended = ended;
                    self.show(state, location, |cache| {
                        cache.ended = Some(Cached {
                            value: ended,
                            age: 0,
                        });
                    });
                    if state.end_age.is_some() && !ended {
                        state.violation = Some(Violation::EndTakenBack);
                    }
                }
            }
            Write::End => self.end(state, location),
        }
        match (answer, by) {
            (Some(next), Who::Thief) => {
                self.coverage.note("thief succeeded");
                state.stolen = state.stolen.max(next);
                state.turns += u8::from(self.thief() && state.turns.is_multiple_of(2));
            }
            (Some(next), _) => {
                state.turns += state.turns % 2;
                if self.anyone() {
                    state.stolen = state.stolen.max(next);
                } else {
                    state.messages.push(Message::Response {
                        token: next,
                        age: 0,
                        kept,
                    });
                }
            }
            (None, _) if self.anyone() => {}
            (None, by) => {
                if self.alone() {
                    state.violation = Some(Violation::OwnerRefused);
                } else if !state.ended {
                    state.violation = Some(Violation::ReuseLeftOpen);
                }
                if by != Who::Thief {
                    state.owner_out = true;
                }
            }
        }
        if self.thief() && state.turns >= 2 {
            state.violation = Some(Violation::ThiefBesideOwner);
        }
    }
}
