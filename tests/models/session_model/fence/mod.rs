//! The user's Durable Object keeps a copy of the user's D1 row. A model checker searches every
//! state of the protocol that decides when the object may use the copy. The rules are the crate's
//! own [`Fence`]. The model adds the database, the Worker's steps, crashes, delays and clocks.
//!
//! A Worker that is going to change the row must first *hold* the object. While the object is held,
//! it does not use its copy.
//!
//! The claims:
//!
//! - I1: a renewal uses a version of the row that is new enough: it includes each change that the
//!   service committed before the renewal began, even if the answer to that change was not sent
//!   yet.
//! - I2: if the object may use its copy, the copy equals the row, or the user is in the database
//!   table `row_changed` (the outbox).
//! - I3: an object is not wiped while it is held.
//! - I4: a change is committed only while it holds the object.
//! - I5: if the row does not change within a day, renewals on that day do not read it.
//!
//! **The bound.** A tick is 30 s. Requests and changes may take any time and may stop at each step,
//! and an object may carry out a call twice. A search has at most three changes by the service,
//! three renewals, two changes that an operator makes directly in the database, one restore of the
//! database, one rollback and one upgrade.
//!
//! [`Fence`]: edgegate::domain::session::Fence

mod model;
mod state;

use model::{Bug, Setting, search};
use state::Violation;

fn holds(setting: Setting, events: &[&str]) {
    let name = setting.name;
    let (found, seen) = search(setting);
    assert_eq!(found, None, "{name}");
    for event in events {
        assert!(seen.contains(event), "{name}: {event} never came about");
    }
}

fn is_caught(name: &'static str, bug: Bug, expected: &[Violation]) {
    let (found, _) = search(Setting {
        name,
        bug: Some(bug),
        ..Setting::default()
    });
    let found = found.unwrap_or_else(|| panic!("{name}: nothing was found"));
    assert!(expected.contains(&found), "{name}: {found:?}");
}

#[test]
fn changes_and_renewals() {
    let setting = Setting {
        name: "changes and renewals",
        changes: 3,
        ..Setting::default()
    };
    holds(
        setting,
        &[
            "answered from the copy",
            "kept",
            "not kept",
            "committed",
            "too late",
            "wiped",
            "signed in",
        ],
    );
}

#[test]
fn three_renewals() {
    let setting = Setting {
        name: "three renewals",
        renewals: 3,
        ..Setting::default()
    };
    holds(setting, &["answered from the copy", "kept", "not kept"]);
}

#[test]
fn changes_by_hand_count_once_the_cron_has_run() {
    let setting = Setting {
        name: "changes by hand",
        by_hand: 2,
        changes: 1,
        ..Setting::default()
    };
    holds(
        setting,
        &["changed by hand", "cron", "outbox written again"],
    );
}

#[test]
fn a_restore_with_copies_since() {
    let setting = Setting {
        name: "a restore",
        by_hand: 1,
        restore: true,
        changes: 1,
        ..Setting::default()
    };
    holds(
        setting,
        &["restored", "copies voided", "answered from the copy"],
    );
}

#[test]
fn a_rollout_with_workers_and_objects_of_both_versions() {
    let setting = Setting {
        name: "a rollout",
        old_object: true,
        old_changes: 1,
        changes: 1,
        ..Setting::default()
    };
    holds(
        setting,
        &[
            "fell back to the row",
            "refused: the object is old",
            "changed by an old Worker",
            "reported",
            "object upgraded",
            "answered from the copy",
        ],
    );
}

#[test]
fn a_rollback_and_the_next_rollout() {
    let setting = Setting {
        name: "a rollback",
        old_changes: 1,
        changes: 1,
        rollback: true,
        ..Setting::default()
    };
    holds(
        setting,
        &[
            "object rolled back",
            "object upgraded",
            "changed by an old Worker",
            "reported",
        ],
    );
}

/// Checks claim I5.
#[test]
fn without_a_change_no_row_is_read() {
    let setting = Setting {
        name: "nothing changes",
        changes: 0,
        renewals: 3,
        wipes: false,
        calm: true,
        ..Setting::default()
    };
    holds(setting, &["answered from the copy", "kept"]);
}

#[test]
fn bug_no_guard_in_the_update() {
    is_caught("bug: no guard", Bug::NoGuard, &[Violation::OutsideHold]);
}

#[test]
fn bug_a_margin_below_the_skew() {
    is_caught(
        "bug: a small margin",
        Bug::SmallMargin,
        &[Violation::OutsideHold],
    );
}

#[test]
fn bug_no_generation() {
    is_caught("bug: no generation", Bug::NoGeneration, &STALE);
}

#[test]
fn bug_a_generation_that_the_wipe_resets() {
    is_caught("bug: a counter", Bug::Counter, &STALE);
}

#[test]
fn bug_a_wipe_while_held() {
    is_caught(
        "bug: a wipe while held",
        Bug::WipeWhileHeld,
        &[Violation::WipedWhileHeld],
    );
}

#[test]
fn bug_a_login_that_installs_its_row() {
    is_caught("bug: a login installs", Bug::LoginInstalls, &STALE);
}

#[test]
fn bug_a_read_begun_while_held_that_installs() {
    is_caught("bug: kept while held", Bug::KeepsWhileHeld, &STALE);
}

/// Shows that each of these bugs leads to a stale copy. The search ignores violations of claims I3
/// and I4, because otherwise it would stop at them first.
#[test]
fn what_is_committed_outside_of_its_hold_leaves_a_stale_copy() {
    for (name, bug) in [
        ("bug: no guard, I1 and I2 only", Bug::NoGuard),
        ("bug: a small margin, I1 and I2 only", Bug::SmallMargin),
        ("bug: a wipe while held, I1 and I2 only", Bug::WipeWhileHeld),
    ] {
        let (found, _) = search(Setting {
            name,
            bug: Some(bug),
            consequences_only: true,
            ..Setting::default()
        });
        assert!(found.is_some_and(|found| STALE.contains(&found)), "{name}");
    }
}

/// The outbox is the database table of changed rows. The cron job must delete an entry only if the
/// entry is still the one that the cron job has read. If the entry has been written again since
/// then, it must stay.
#[test]
fn bug_a_cron_that_deletes_a_newer_entry() {
    let (found, _) = search(Setting {
        name: "bug: the cron deletes what it has not read",
        bug: Some(Bug::CronDeletesUnread),
        by_hand: 2,
        ..Setting::default()
    });
    assert!(found.is_some_and(|found| STALE.contains(&found)));
}

const STALE: [Violation; 2] = [Violation::Stale, Violation::CopyIsNotTheRow];
