//! Checks two claims: "Revoke-all and a reset stop every renewal at once", and "an ended session
//! never comes back".
//!
//! In this model, anyone can present any token that was ever handed out, from any location, at any
//! time. With the linearizable store, a renewal reads the user's row before it reads the session,
//! and time passes between the two reads, as it does when a Worker calls a Durable Object. With KV,
//! both are read at once. Reading the session first needs no search: a row that is read later can
//! only show more revocations. The model says that a renewal has begun when it reads the session.

use crate::check::holds;
use crate::decide::{DEFAULT, STRICT};
use crate::setting::{Clients, Setting, Store};

const EVENTS: [&str; 4] = ["ended", "other_epoch", "fresh", "reused"];

fn endings(name: &'static str) -> Setting {
    Setting {
        name,
        clients: Clients::Anyone {
            log_out: true,
            revoke: true,
        },
        row_first: true,
        ..Setting::owner()
    }
}

#[test]
fn are_final_at_once() {
    for rules in [DEFAULT, STRICT] {
        holds(
            Setting {
                tick: 15,
                rules,
                ..endings("endings")
            },
            &EVENTS,
        );
    }
}

#[test]
fn are_final_after_the_staleness_kv() {
    let log_out = Clients::Anyone {
        log_out: true,
        revoke: false,
    };
    let revoke = Clients::Anyone {
        log_out: false,
        revoke: true,
    };
    for (clients, event) in [(log_out, "ended"), (revoke, "other_epoch")] {
        let setting = Setting {
            tick: 30,
            in_flight: 1,
            store: Store::Kv { staleness: 60 },
            clients,
            row_first: false,
            slow_writes: true,
            ..endings("endings, stale locations")
        };
        holds(setting, &[event, "fresh", "reused", "stale read"]);
    }
}
