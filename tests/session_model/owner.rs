//! "An honest client that repeats within the grace is never refused."
//!
//! The owner has any number of tabs with one cookie jar. Requests and responses overtake each other, get lost and are
//! delivered twice. He may fall asleep at any moment for any time. With `REUSE = "strict"`, or when he comes from
//! another network, he must repeat what got no answer within the grace; otherwise he need not.

use crate::check::holds;
use crate::decide::{DEFAULT, STRICT};
use crate::setting::{Setting, Store};

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

/// A caller that does not tell its client's address: the grace is all that its client has, and it is enough.
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
