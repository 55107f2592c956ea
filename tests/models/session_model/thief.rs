//! Checks the claim "For an owner whose renewals are at least 3 minutes apart, a thief who keeps
//! more than 90 s away from them can't go on beside him: the session ends."
//!
//! The thief can copy every token in the owner's jar, at every moment. He keeps every token that he
//! has copied or received. He may present any of these tokens, any number of times, at any
//! location. (A thief who copies fewer tokens has only some of these choices, so this search covers
//! him too.)
//!
//! **Beside him** means that the owner gets an answer after the thief got an answer, because then
//! both use the session. In these situations the thief is not beside the owner:
//!
//! - The thief gets an answer, and then the owner is refused. This ends the session for both.
//! - The thief is refused before he gets an answer. This ends the session for both, too.
//! - The owner never comes back.
//!
//! So the model forbids that an answer to the owner follows an answer to the thief. If both went on
//! using the session, such a pair of answers would occur. The login is regarded as a renewal by the
//! owner, because the owner was present. A refusal ends the session, and [`crate::endings`] shows
//! that an ended session stays ended.

use crate::check::{holds, is_caught};
use crate::decide::{DEFAULT, STRICT};
use crate::setting::{Clients, Proves, Setting, Store};

const KV: Store = Store::Kv { staleness: 60 };
const EVENTS: [&str; 5] = ["thief succeeded", "fresh", "repeated", "reused", "kept"];
const BESIDE: &str = "a thief does not go on beside the owner";

fn thief(name: &'static str, keep_away: u64) -> Setting {
    Setting {
        name,
        tick: 15,
        clients: Clients::OwnerAndThief {
            owner_gap: 180,
            keep_away,
        },
        roams: true,
        ..Setting::owner()
    }
}

#[test]
fn does_not_go_on_beside_the_owner() {
    for rules in [DEFAULT, STRICT] {
        // The thief's requests are exactly 90 s away from the owner's renewals. A token of this age
        // or older is rotated.
        holds(
            Setting {
                rules,
                ..thief("thief", 90)
            },
            &EVENTS,
        );
    }
}

#[test]
fn does_not_go_on_beside_the_owner_kv() {
    let setting = Setting {
        store: KV,
        ..thief("thief, stale locations", 90)
    };
    holds(setting, &[&EVENTS[..], &["stale read", "ended"]].concat());
    for rules in [DEFAULT, STRICT] {
        let setting = Setting {
            tick: 30,
            in_flight: 1,
            store: KV,
            rules,
            slow_writes: true,
            ..thief("thief, stale locations", 90)
        };
        holds(setting, &[&EVENTS[..], &["stale read", "ended"]].concat());
    }
}

/// Without addresses the service can't distinguish the owner from the thief, but it still detects
/// the thief.
#[test]
fn does_not_go_on_beside_an_owner_without_an_address() {
    for store in [Store::Linearizable, KV] {
        let setting = Setting {
            store,
            nameless: true,
            roams: false,
            ..thief("thief, no addresses", 90)
        };
        holds(setting, &EVENTS);
    }
}

/// The distance of 90 s is necessary. If a thief comes closer to the owner's renewals, he gets the
/// same answers as the owner.
#[test]
fn closer_than_90_s_no_rule_can_tell_them_apart() {
    for store in [Store::Linearizable, KV] {
        is_caught(
            Setting {
                store,
                ..thief("thief in step", 75)
            },
            BESIDE,
        );
    }
}

/// The owner may enter the password again at any moment. This does not help a thief to stay hidden:
/// if he keeps the same distance as in the other tests, he is detected.
#[test]
fn is_found_out_though_the_owner_proves_again() {
    for rules in [DEFAULT, STRICT] {
        let here = Setting {
            rules,
            proves: Proves::AtAnyTime,
            ..thief("thief, owner who proves again", 90)
        };
        let elsewhere = Setting {
            tick: 30,
            in_flight: 1,
            store: KV,
            ..here.clone()
        };
        for setting in [here, elsewhere] {
            let events = ["proved", "proof of a spent token"];
            holds(
                Setting {
                    coverage: Default::default(),
                    ..setting
                },
                &[&EVENTS[..], &events].concat(),
            );
        }
    }
}
