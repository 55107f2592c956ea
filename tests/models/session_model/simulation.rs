//! Random runs with honest clients. The same seed gives the same run. The tests count the runs in
//! which the owner is logged out.
//!
//! A run is 40 page loads in tabs with one cookie jar. The page loads follow each other
//! immediately, after minutes or after hours. A page load sends one to four requests at once. Each
//! request takes up to 3 s, and so does its answer, so answers overtake each other. One message in
//! a hundred is lost, in either direction, and the request is retried 5 s later, up to three times.
//! After one page load in thirty, the laptop is closed within 6 s. Then requests in transit still
//! reach the service, but their answers never arrive, and no further request of this page load is
//! sent.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use edgegate::domain::session::{Consistency, Record, Rules};

use crate::decide::{DEFAULT, Question, ROTATE_EVERY_TIME, STRICT, Who, Write, write_of};

const RUNS: u64 = 20_000;
const PAGE_LOADS: u32 = 40;
const BEGUN: u64 = 1_764_000_000_000;
const STALENESS: u64 = 60_000;
const TRIES: u8 = 4;

/// The random number generator SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to `most`, both included.
    fn up_to(&mut self, most: u64) -> u64 {
        self.next() % (most + 1)
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.next().is_multiple_of(n)
    }
}

#[derive(Clone, Copy, Debug)]
struct Conditions {
    rules: Rules,
    consistency: Consistency,
    /// An answer that has the same token as its request also replaces the token in the jar.
    kept_sets_jar: bool,
}

/// Events of a run. Times are in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    PageLoad,
    LidShut,
    Send { wake: u32, tries: u8 },
    Arrive { token: u32, wake: u32, tries: u8 },
    Answer { token: u32, wake: u32, kept: bool },
}

struct Run {
    random: Random,
    conditions: Conditions,
    events: BinaryHeap<Reverse<(u64, u32, Event)>>,
    numbers: u32,
    loads_left: u32,
    jar: u32,
    /// How often the laptop was closed. If the laptop was closed after a request was sent, the
    /// request never gets an answer.
    wake: u32,
    record: Record,
    /// The record that each location has cached, and the time when it was fetched.
    locations: [Option<(Record, u64)>; 2],
}

impl Run {
    fn new(seed: u64, conditions: Conditions) -> Self {
        let mut run = Self {
            random: Random(seed),
            conditions,
            events: BinaryHeap::new(),
            numbers: 0,
            loads_left: PAGE_LOADS,
            jar: 0,
            wake: 0,
            record: Record::default(),
            locations: [None; 2],
        };
        run.at(BEGUN, Event::PageLoad);
        run
    }

    fn at(&mut self, time: u64, event: Event) {
        self.numbers += 1;
        self.events.push(Reverse((time, self.numbers, event)));
    }

    /// Whether the owner was logged out.
    fn logs_out(mut self) -> bool {
        while let Some(Reverse((now, _, event))) = self.events.pop() {
            match event {
                Event::PageLoad => self.page_load(now),
                Event::LidShut => self.wake += 1,
                Event::Send { wake, tries } if wake == self.wake => {
                    let token = self.jar;
                    if self.random.one_in(100) {
                        self.repeat(now, wake, tries);
                    } else {
                        let delay = self.random.up_to(3_000);
                        self.at(now + delay, Event::Arrive { token, wake, tries });
                    }
                }
                Event::Arrive { token, wake, tries } => match self.renew(token, now) {
                    None => return true,
                    Some(_) if self.random.one_in(100) => self.repeat(now, wake, tries),
                    Some(next) => {
                        let (delay, kept) = (self.random.up_to(3_000), next == token);
                        self.at(
                            now + delay,
                            Event::Answer {
                                token: next,
                                wake,
                                kept,
                            },
                        );
                    }
                },
                Event::Answer { token, wake, kept } if wake == self.wake => {
                    if !kept || self.conditions.kept_sets_jar {
                        self.jar = token;
                    }
                }
                Event::Send { .. } | Event::Answer { .. } => {}
            }
        }
        false
    }

    fn page_load(&mut self, now: u64) {
        if self.loads_left == 0 {
            return;
        }
        self.loads_left -= 1;
        let wake = self.wake;
        for _ in 0..=self.random.up_to(3) {
            let offset = self.random.up_to(500);
            self.at(now + offset, Event::Send { wake, tries: 1 });
        }
        let most = match self.random.up_to(99) {
            0..50 => 5_000,
            50..80 => 120_000,
            80..95 => 30 * 60_000,
            _ => 10 * 3_600_000,
        };
        let mut next = now + self.random.up_to(most);
        if self.random.one_in(30) {
            let shut = now + self.random.up_to(6_000);
            self.at(shut, Event::LidShut);
            next = shut + 60_000 + self.random.up_to(10 * 3_600_000);
        }
        self.at(next, Event::PageLoad);
    }

    fn repeat(&mut self, now: u64, wake: u32, tries: u8) {
        if tries < TRIES {
            self.at(
                now + 5_000,
                Event::Send {
                    wake,
                    tries: tries + 1,
                },
            );
        }
    }

    fn renew(&mut self, token: u32, now: u64) -> Option<u32> {
        let away = usize::from(self.random.one_in(5));
        let eventual = self.conditions.consistency == Consistency::Eventual;
        let record = match self.locations[away] {
            Some((record, fetched)) if eventual && now - fetched <= STALENESS => record,
            _ => {
                self.locations[away] = Some((self.record, now));
                self.record
            }
        };
        let question = Question {
            begun_at: BEGUN / 1000,
            now: now / 1000,
            token,
            by: Who::Owner,
            record: Some(record),
            ended: false,
            epoch_moved: false,
        };
        let verdict = question.ask(&self.conditions.rules, self.conditions.consistency);
        if let Write::Use(used) = write_of(verdict) {
            let record = Record {
                used: Some(used),
                proof: None,
            };
            self.record = record;
            self.locations[away] = Some((record, now));
        }
        verdict.answer(question.ticket()).map(|next| next.counter)
    }
}

fn logged_out(name: &str, conditions: Conditions) -> u64 {
    let count = (0..RUNS)
        .filter(|seed| Run::new(*seed, conditions).logs_out())
        .count();
    println!("{name}: {count} of {RUNS} honest owners logged out");
    count.try_into().unwrap()
}

const DURABLE: Conditions = Conditions {
    rules: DEFAULT,
    consistency: Consistency::Linearizable,
    kept_sets_jar: false,
};
const KV: Conditions = Conditions {
    consistency: Consistency::Eventual,
    ..DURABLE
};

// The seeds are fixed, so the numbers are always the same. docs/storage.md also states them. If the
// rules of the rotation change, update the numbers in both places.

#[test]
fn nobody_is_logged_out() {
    assert_eq!(logged_out("linearizable, default rules", DURABLE), 0);
    assert_eq!(logged_out("KV, default rules", KV), 0);
}

#[test]
fn many_are_logged_out_if_every_renewal_rotates() {
    for (name, conditions, expected) in [
        ("linearizable, ROTATE_AFTER = 0", DURABLE, 14_823),
        ("KV, ROTATE_AFTER = 0", KV, 13_494),
    ] {
        let rules = ROTATE_EVERY_TIME;
        let conditions = Conditions {
            rules,
            ..conditions
        };
        assert_eq!(logged_out(name, conditions), expected);
    }
}

#[test]
fn strict() {
    for (name, conditions, expected, with_kept) in [
        ("linearizable, REUSE = strict", DURABLE, 3_640, 3_852),
        ("KV, REUSE = strict", KV, 3_639, 3_847),
    ] {
        let strict = Conditions {
            rules: STRICT,
            ..conditions
        };
        assert_eq!(logged_out(name, strict), expected);
        // Shows why a client sets the cookie only if the answer has a newer token. Otherwise a late
        // answer would put a used token back into the jar, and more runs would log the owner out.
        let kept_sets_jar = Conditions {
            kept_sets_jar: true,
            ..strict
        };
        let name = format!("{name}, kept answers set the jar");
        assert_eq!(logged_out(&name, kept_sets_jar), with_kept);
    }
}
