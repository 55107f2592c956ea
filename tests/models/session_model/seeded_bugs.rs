//! Each test adds a deliberate bug and requires that the checker finds it. So the checker works.

use edgegate::domain::session::Rules;

use crate::check::is_caught;
use crate::decide::{DEFAULT, ROTATE_EVERY_TIME, STRICT};
use crate::setting::{Bug, Clients, Proves, Setting, Store};

const KV: Store = Store::Kv { staleness: 60 };
const REFUSED: &str = "an honest owner is never refused";

#[test]
fn one_record_for_use_and_end() {
    let setting = Setting {
        name: "bug: one record for use and end",
        tick: 30,
        store: KV,
        clients: Clients::Anyone {
            log_out: true,
            revoke: false,
        },
        slow_writes: true,
        bug: Some(Bug::OneRecord),
        ..Setting::owner()
    };
    is_caught(setting, "an end is not taken back");
}

#[test]
fn an_ending_seen_too_late() {
    let setting = Setting {
        name: "bug: locations read stale for two minutes",
        tick: 30,
        store: Store::Kv { staleness: 120 },
        clients: Clients::Anyone {
            log_out: true,
            revoke: false,
        },
        ..Setting::owner()
    };
    is_caught(setting, "an ended session does not renew");
}

#[test]
fn an_answer_without_its_write() {
    let setting = Setting {
        name: "bug: the answer goes out, the write fails",
        tick: 15,
        clients: Clients::OwnerAndThief {
            owner_gap: 180,
            keep_away: 90,
        },
        slow_writes: true,
        bug: Some(Bug::AnswersBeforeWriting),
        ..Setting::owner()
    };
    is_caught(setting, "a thief does not go on beside the owner");
}

fn owner_refused(name: &'static str, rules: Rules) {
    let setting = Setting {
        name,
        tick: 15,
        rules,
        repeats_within_grace: true,
        ..Setting::owner()
    };
    is_caught(setting, REFUSED);
}

#[test]
fn rotation_every_time() {
    owner_refused("bug: no row `kept`", ROTATE_EVERY_TIME);
}

#[test]
fn no_grace() {
    let rules = Rules { grace: 0, ..STRICT };
    let setting = Setting {
        name: "bug: no grace",
        tick: 15,
        rules,
        ..Setting::owner()
    };
    is_caught(setting, REFUSED);
}

#[test]
fn rotation_before_the_jar_is_settled() {
    let setting = Setting {
        name: "bug: rotated again within the staleness",
        tick: 15,
        rules: Rules {
            rotate_after: 30,
            ..DEFAULT
        },
        store: KV,
        ..Setting::owner()
    };
    is_caught(setting, REFUSED);
}

/// Shows why a client must send only one request at a time under `REUSE = "strict"` or with KV. If
/// the owner enters the password while a renewal is in progress, the answer to the password can put
/// an older token into the cookie jar.
#[test]
fn a_proof_beside_renewals() {
    let strict = Setting {
        name: "bug: a proof beside renewals, REUSE = strict",
        tick: 15,
        rules: STRICT,
        repeats_within_grace: true,
        proves: Proves::AtAnyTime,
        ..Setting::owner()
    };
    let stale = Setting {
        name: "bug: a proof beside renewals, stale locations",
        rules: DEFAULT,
        store: KV,
        repeats_within_grace: false,
        coverage: Default::default(),
        ..strict.clone()
    };
    for setting in [strict, stale] {
        is_caught(setting, REFUSED);
    }
}

/// If an answer has the same token as its request, the client must not store that token. Such an
/// answer can arrive late, when the cookie jar already has a newer token.
#[test]
fn a_kept_answer_that_sets_the_jar() {
    for rules in [DEFAULT, STRICT] {
        let setting = Setting {
            name: "bug: an answer without a new token sets the jar",
            tick: 15,
            rules,
            roams: true,
            repeats_within_grace: true,
            kept_sets_jar: true,
            ..Setting::owner()
        };
        is_caught(setting, REFUSED);
    }
}
