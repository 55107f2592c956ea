//! Unit tests of the fence. The model in `tests/models/session_model/fence` tries all interleavings
//! of the fence's operations.

use super::*;
use crate::domain::json;

const NOW: u64 = 1_764_000_000;

fn generation(byte: u8) -> Generation {
    Generation::new([byte; 8])
}

fn row(version: u64) -> UserCopy {
    UserCopy {
        version,
        epoch: 2,
        roles: vec!["user".to_owned()],
        email: "Ada@example.com".to_owned(),
        email_canonical: "ada@example.com".to_owned(),
        email_verified: true,
        disabled: false,
    }
}

/// A fence with a copy that was requested at `NOW`.
fn with_copy() -> Fence {
    let mut fence = Fence::default();
    let need = fence.need(generation(1), NOW);
    assert!(fence.install(&row(4), &need, NOW, 0));
    fence
}

#[test]
fn a_copy_decides_for_a_day() {
    let fence = with_copy();
    assert_eq!(fence.usable(NOW + COPY_TTL - 1, 0), Some(&row(4)));
    assert_eq!(fence.usable(NOW + COPY_TTL, 0), None);
}

#[test]
fn a_copy_from_the_future_does_not_decide() {
    let fence = with_copy();
    let earliest = NOW - DATABASE_CLOCK_SKEW;
    assert_eq!(fence.usable(earliest, 0), Some(&row(4)));
    assert_eq!(fence.usable(earliest - 1, 0), None);
}

#[test]
fn copies_since_voids_older_copies_whatever_the_clocks() {
    let fence = with_copy();
    assert_eq!(fence.usable(NOW, NOW - DATABASE_CLOCK_SKEW), Some(&row(4)));
    assert_eq!(fence.usable(NOW, NOW - DATABASE_CLOCK_SKEW + 1), None);
    // A `COPIES_SINCE` in the far future switches copies off: no copy is used, and none is stored.
    let (mut fence, never) = (Fence::default(), u64::MAX);
    let need = fence.need(generation(1), NOW);
    assert!(!fence.install(&row(4), &need, NOW, never));
    assert_eq!(fence.copy, None);
}

#[test]
fn a_row_that_was_asked_for_before_copies_since_is_not_kept() {
    let mut fence = Fence::default();
    let need = fence.need(generation(1), NOW);
    let since = NOW + 1;
    assert!(!fence.install(&row(4), &need, NOW + 500, since));
    let need = fence.need(generation(1), since + DATABASE_CLOCK_SKEW);
    assert!(fence.install(&row(4), &need, NOW + 500, since));
}

/// Even if the database's clock is behind by the allowed skew, no change can be committed after the
/// hold has ended.
#[test]
fn a_change_that_may_commit_is_still_held() {
    let mut fence = Fence::default();
    let deadline = fence.hold(generation(1), NOW);
    for skew in [0, DATABASE_CLOCK_SKEW] {
        // The last moment at which the database's clock shows a time before the deadline.
        let last = deadline - 1 + skew;
        assert!(fence.is_held(last), "a clock that is {skew} s behind");
    }
    assert!(!fence.is_held(deadline + DATABASE_CLOCK_SKEW));
}

#[test]
fn a_repeated_hold_never_shortens_the_first() {
    let mut fence = Fence::default();
    fence.hold(generation(1), NOW);
    // The second hold is made at an earlier time than the first one, because the object has moved
    // to a machine whose clock is behind.
    fence.hold(generation(2), NOW - 60);
    assert!(fence.is_held(NOW + HOLD_TTL - 1));
}

#[test]
fn what_happened_meanwhile_keeps_a_row_out() {
    type Happens = fn(&mut Fence);
    let happenings: [(&str, Happens); 4] = [
        ("a hold", |fence| {
            fence.hold(generation(2), NOW);
        }),
        ("a hold that is over", |fence| {
            fence.hold(generation(2), NOW - HOLD_TTL);
        }),
        ("a forgetting", |fence| fence.forget(generation(2))),
        ("a wipe", |fence| *fence = Fence::default()),
    ];
    for (what, happens) in happenings {
        let mut fence = with_copy();
        let need = fence.need(generation(1), NOW);
        happens(&mut fence);
        assert!(!fence.install(&row(4), &need, NOW, 0), "{what}");
        assert_eq!(fence.copy, None, "{what}");
    }
}

#[test]
fn a_login_drops_another_version_and_keeps_nothing() {
    let mut fence = with_copy();
    assert!(!fence.begin(4, generation(2)));
    assert_eq!(fence.usable(NOW, 0), Some(&row(4)));
    assert!(fence.begin(5, generation(2)));
    assert_eq!(fence.usable(NOW, 0), None);
    assert_eq!(fence.generation, Some(generation(2)));
}

#[test]
fn a_held_object_is_not_wiped() {
    let mut fence = Fence::default();
    assert!(fence.may_be_wiped(NOW));
    fence.hold(generation(1), NOW);
    assert!(!fence.may_be_wiped(NOW + HOLD_TTL - 1));
    assert!(fence.may_be_wiped(NOW + HOLD_TTL));
}

#[test]
fn debug_shows_the_counters_and_no_address() {
    let shown = format!("{:?}", with_copy());
    assert!(shown.contains("version: 4, epoch: 2"), "{shown}");
    assert!(!shown.to_lowercase().contains("ada"), "{shown}");
}

#[test]
fn the_address_of_a_copy_is_that_of_its_row() {
    let address = row(4).address().unwrap();
    assert_eq!(address.as_given(), "Ada@example.com");
    assert_eq!(address.canonical(), "ada@example.com");
    let other = UserCopy {
        email: "Ada".to_owned(),
        ..row(4)
    };
    assert!(other.address().is_none());
}

/// docs/storage.md shows this stored form of a copy. The form must not change, because Durable
/// Objects still store copies that an earlier version of the service wrote.
#[test]
fn a_copy_is_stored_as_before() {
    let text = r#"{"version":4,"epoch":2,"roles":["user"],"email":"Ada@example.com","email_canonical":"ada@example.com","email_verified":true,"disabled":false}"#;
    assert_eq!(json::encode(&row(4)), text);
    assert_eq!(json::decode(text), Some(row(4)));
    // A copy with an additional member, which a later version of the service could have written,
    // can be read. A copy that lacks a member can't.
    let longer = text.replace("{", r#"{"later":1,"#);
    assert_eq!(json::decode(&longer), Some(row(4)));
    let shorter = text.replace(r#""epoch":2,"#, "");
    assert_eq!(json::decode::<UserCopy>(&shorter), None);
    let generation = Generation::new([240, 240, 240, 240, 15, 15, 15, 15]);
    assert_eq!(json::encode(&generation), "[4042322160,252645135]");
}

#[test]
fn a_generation_is_stored_whole() {
    let one = Generation::new([0, 1, 2, 3, 252, 253, 254, 255]);
    assert_eq!(Generation::from_numbers(one.to_numbers()), one);
    assert_ne!(one, Generation::new([0, 1, 2, 3, 252, 253, 254, 254]));
}

/// An object that runs an earlier version of the service keeps its copy when a Worker reports a
/// change of the row. So a copy is not used if its version is lower than the reported version.
#[test]
fn a_reported_version_voids_older_copies() {
    let mut fence = with_copy();
    fence.reported = 4;
    assert_eq!(fence.usable(NOW, 0), Some(&row(4)));
    fence.reported = 5;
    assert_eq!(fence.usable(NOW, 0), None);
    let need = fence.need(generation(1), NOW);
    assert!(!fence.install(&row(4), &need, NOW, 0));
    assert!(fence.install(&row(5), &need, NOW, 0));
}
