//! Checks the claim "An honest client that repeats within the grace is never refused."
//!
//! The owner has any number of tabs with one cookie jar. Requests and responses overtake each
//! other, get lost or are delivered twice. The owner's device can fall asleep at any moment, for
//! any time. If a request got no answer, the owner may retry it later. Only in three situations
//! must the retry come within the grace period: with `REUSE = "strict"`, after the owner has
//! changed networks, and if the service does not know the client's address.

use crate::check::holds;
use crate::decide::{DEFAULT, STRICT};
use crate::setting::{Proves, Setting, Store};

const KV: Store = Store::Kv { staleness: 60 };
const EVENTS: [&str; 6] = [
    "kept",
    "fresh",
    "repeated",
    "duplicate",
    "response lost",
    "moved network",
];
const STALE: [&str; 2] = ["stale read", "unseen"];

fn asleep(name: &'static str) -> Setting {
    Setting {
        name,
        rules: DEFAULT,
        ..Setting::owner()
    }
}

fn roaming(name: &'static str) -> Setting {
    Setting {
        name,
        roams: true,
        repeats_within_grace: true,
        ..Setting::owner()
    }
}

#[test]
fn falls_asleep_at_any_moment() {
    for in_flight in [2, 3] {
        let setting = Setting {
            tick: 10,
            in_flight,
            ..asleep("owner who falls asleep")
        };
        holds(setting, &[&EVENTS[..5], &["late", "overtaken"]].concat());
    }
}

#[test]
fn repeats_within_the_grace_from_any_network() {
    for rules in [DEFAULT, STRICT] {
        let setting = Setting {
            tick: 10,
            in_flight: 3,
            rules,
            ..roaming("owner who roams")
        };
        holds(setting, &EVENTS);
    }
}

/// The caller does not pass its client's address, so the service can't recognise the client by it.
/// The grace period alone is enough to fulfil the claim.
#[test]
fn repeats_within_the_grace_without_an_address() {
    for store in [Store::Linearizable, KV] {
        let setting = Setting {
            store,
            nameless: true,
            repeats_within_grace: true,
            ..asleep("owner without an address")
        };
        holds(setting, &EVENTS[..5]);
    }
}

#[test]
fn falls_asleep_at_any_moment_kv() {
    for (in_flight, slow_writes) in [(2, true), (3, false)] {
        let setting = Setting {
            tick: 15,
            in_flight,
            store: KV,
            slow_writes,
            ..asleep("owner who falls asleep, stale locations")
        };
        holds(
            setting,
            &[&EVENTS[..5], &STALE, &["late", "overtaken"]].concat(),
        );
    }
}

#[test]
fn repeats_within_the_grace_from_any_network_kv() {
    for (rules, slow_writes) in [(DEFAULT, false), (STRICT, true)] {
        let setting = Setting {
            tick: 15,
            rules,
            store: KV,
            slow_writes,
            ..roaming("owner who roams, stale locations")
        };
        holds(setting, &[&EVENTS[..], &STALE].concat());
    }
}

/// In this test the owner also enters the password again, at any moment, even during renewals. With
/// the default rules and a store that never returns stale data, the claim of this module still
/// holds. With `REUSE = "strict"`, or with a store that can return stale data, the client needs a
/// lock (see the next test).
#[test]
fn proves_again_at_any_moment() {
    let setting = Setting {
        tick: 15,
        in_flight: 3,
        proves: Proves::AtAnyTime,
        ..asleep("owner who proves again")
    };
    let events = [
        "proved",
        "proof of a spent token",
        "jar set back by a proof",
    ];
    holds(setting, &[&EVENTS[..5], &events].concat());
}

/// The owner enters the password again while a lock prevents other requests, as AuthClient does.
/// Then the claim holds in both stores, also under `REUSE = "strict"` and from any network.
#[test]
fn proves_again_behind_a_lock() {
    for (rules, store, slow_writes) in [
        (DEFAULT, Store::Linearizable, false),
        (STRICT, Store::Linearizable, false),
        (STRICT, KV, true),
    ] {
        let setting = Setting {
            tick: 15,
            rules,
            store,
            slow_writes,
            proves: Proves::Alone,
            ..roaming("owner who proves again behind a lock")
        };
        holds(setting, &[&EVENTS[..], &["proved"]].concat());
    }
}

#[test]
fn proves_again_behind_a_lock_and_falls_asleep_kv() {
    let setting = Setting {
        tick: 15,
        store: KV,
        proves: Proves::Alone,
        ..asleep("owner who proves again behind a lock, stale locations")
    };
    holds(
        setting,
        &[&EVENTS[..5], &["proved", "proof of a spent token"]].concat(),
    );
}
