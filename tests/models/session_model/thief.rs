//! Checks the claim "For an owner whose renewals are at least 3 minutes apart, a thief who keeps
//! more than 90 s away from them can't go on beside him: the session ends."
//!
//! The thief can copy every token in the owner's jar, at every moment. He keeps everything that he
//! copied or received. (A thief who copies less has fewer choices, so he needs no search of his
//! own.) He may present any of these tokens, any number of times, at any location.
//!
//! **Beside him** means that the owner gets an answer after the thief got an answer. Only then do
//! both have the session. In these cases the thief is not beside the owner:
//!
//! - The thief gets an answer, and then the owner is refused. The session is over for both.
//! - The thief is refused before he gets an answer. The session is over for both, too.
//! - The owner never comes back.
//!
//! So the model forbids that an answer to the owner follows an answer to the thief. Every run in
//! which both go on contains these two answers. The login counts as a renewal of the owner, because
//! he was present. A refusal ends the session, and [`crate::endings`] shows that an end is final.

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
        // The thief is exactly 90 s away. From this age on, the token is rotated.
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

/// Without addresses the service can't distinguish the owner from the thief, but the thief is still
/// detected.
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

/// The 90 s are necessary. A thief who comes closer to the owner gets the same answers as the
/// owner.
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

/// The owner enters the password again at any moment. This does not hide a thief: he is detected if
/// he keeps the same distance as in the other tests.
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
