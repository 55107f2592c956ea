//! Tests the table that says how each renewal is decided, row by row. Also tests properties that
//! must hold for random sequences of renewals.

#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects)]

use edgegate::domain::account::UserId;
use edgegate::domain::session::{
    ClientFingerprint, Consistency, Effect, Fingerprints, Presented, Proof, Proved, Record,
    RefreshTicket, Reuse, Rules, SessionId, Standing, Stored, Use, Verdict, decide, prove, rotate,
};
use proptest::prelude::*;

const BEGUN: u64 = 1_764_000_000;
const DAY: u64 = 86_400;
const OWNER: ClientFingerprint = ClientFingerprint([1; 4]);
const OTHER: ClientFingerprint = ClientFingerprint([2; 4]);
const RULES: Rules = Rules {
    grace: 30,
    rotate_after: 90,
    reuse: Reuse::SameClient,
    session_ttl: 90 * DAY,
    idle_ttl: 30 * DAY,
};
const STANDING: Standing = Standing {
    epoch: 3,
    disabled: false,
};

fn ticket(counter: u32) -> RefreshTicket {
    RefreshTicket {
        user: UserId::new(BEGUN * 1000, &[1; 10]),
        session: SessionId::new(BEGUN * 1000, &[2; 10]),
        epoch: 3,
        counter,
        expires_at: BEGUN + 90 * DAY,
        proof: PROOF,
        sign_on: None,
    }
}

fn new_session() -> Stored {
    Stored {
        record: Some(Record::default()),
        ended: false,
    }
}

fn used(counter: u32, ago: u64) -> Stored {
    Stored {
        record: Some(Record {
            used: Some(Use {
                counter,
                first_at: NOW - ago,
                by: Some(OWNER),
            }),
            proof: None,
        }),
        ended: false,
    }
}

const NOW: u64 = BEGUN + DAY;
/// The proof that the login has made: at this time the user entered the password.
const PROOF: Proof = Proof::by_password(BEGUN);

fn verdict(stored: Stored, counter: u32) -> Verdict {
    verdict_by(stored, counter, OWNER, NOW, &RULES)
}

fn verdict_by(
    stored: Stored,
    counter: u32,
    by: ClientFingerprint,
    now: u64,
    rules: &Rules,
) -> Verdict {
    let presented = Presented {
        ticket: ticket(counter),
        by: Some(Fingerprints::only(by)),
        now,
        app: None,
    };
    rotate(
        &stored,
        Some(STANDING),
        &presented,
        rules,
        Consistency::Eventual,
    )
}

fn is_fresh(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Fresh(_))
}

#[test]
fn kept_while_young() {
    for (after, kept) in [(0, true), (89, true), (90, false), (600, false)] {
        let verdict = verdict_by(new_session(), 0, OTHER, BEGUN + after, &RULES);
        assert_eq!(verdict == Verdict::Kept, kept, "{after} s after the login");
        assert_eq!(is_fresh(verdict), !kept);
    }
    for (ago, kept) in [(0, true), (89, true), (90, false)] {
        assert_eq!(
            verdict(used(4, ago), 5) == Verdict::Kept,
            kept,
            "{ago} s ago"
        );
    }
}

/// The presented token is newer than the record: it was issued by another location, which has seen
/// newer records. This location now records that the previous token was used. The presented token
/// is not replaced.
#[test]
fn a_token_whose_predecessor_s_use_is_not_visible_is_kept() {
    for ago in [0, 30, 90, 600] {
        let verdict = verdict(used(4, ago), 7);
        let recorded = Use {
            counter: 6,
            first_at: NOW,
            by: Some(OWNER),
        };
        assert_eq!(verdict, Verdict::Unseen(recorded), "{ago} s ago");
        assert_eq!(verdict.answer(ticket(7)), Some(ticket(7)));
    }
    // If the rules say that every renewal rotates the token, this token is rotated too.
    let rules = Rules {
        rotate_after: 0,
        ..RULES
    };
    assert!(is_fresh(verdict_by(used(4, 0), 7, OWNER, NOW, &rules)));
}

#[test]
fn never_kept_when_rotating_every_time() {
    let rules = Rules {
        rotate_after: 0,
        ..RULES
    };
    assert!(is_fresh(verdict_by(new_session(), 0, OWNER, BEGUN, &rules)));
    assert!(is_fresh(verdict_by(used(4, 0), 5, OWNER, NOW, &rules)));
}

#[test]
fn fresh_records_the_use() {
    assert_eq!(
        verdict(used(4, 600), 5),
        Verdict::Fresh(Use {
            counter: 5,
            first_at: NOW,
            by: Some(OWNER),
        })
    );
}

#[test]
fn repeated_within_the_grace_from_anyone() {
    for (by, shared) in [(OWNER, false), (OTHER, true)] {
        assert_eq!(
            verdict_by(used(5, 29), 5, by, NOW, &RULES),
            Verdict::Repeated { shared }
        );
    }
}

#[test]
fn late_from_the_same_client_only() {
    assert_eq!(verdict(used(5, 30), 5), Verdict::Late);
    assert_eq!(
        verdict_by(used(5, 30), 5, OTHER, NOW, &RULES),
        Verdict::Reused
    );
    let strict = Rules {
        reuse: Reuse::Strict,
        ..RULES
    };
    assert_eq!(
        verdict_by(used(5, 30), 5, OWNER, NOW, &strict),
        Verdict::Reused
    );
    assert_eq!(
        verdict_by(used(5, 29), 5, OWNER, NOW, &strict),
        Verdict::Repeated { shared: false }
    );
}

/// A page sends two requests with the same token. The first request gets a new token, and the page
/// uses it. Only then does the second request arrive.
#[test]
fn an_overtaken_request_gets_the_newest_token_within_the_grace() {
    for by in [OWNER, OTHER] {
        let verdict = verdict_by(used(5, 29), 4, by, NOW, &RULES);
        assert_eq!(verdict, Verdict::Overtaken);
        assert_eq!(verdict.answer(ticket(4)), Some(ticket(6)));
    }
    assert_eq!(verdict(used(5, 30), 4), Verdict::Reused);
    let every_time = Rules {
        rotate_after: 0,
        ..RULES
    };
    assert_eq!(
        verdict_by(used(5, 0), 4, OWNER, NOW, &every_time),
        Verdict::Reused
    );
}

/// If the address of a client is unknown, nobody can say whether it is the client that used the
/// token before. An owner and a thief would look the same.
#[test]
fn without_an_address_on_both_sides_nothing_is_late() {
    let known = Some(Fingerprints::only(OWNER));
    for (spent_by, by) in [(None, None), (None, known), (Some(OWNER), None)] {
        let decide = |since, reuse| {
            let used = Use {
                counter: 5,
                first_at: NOW - since,
                by: spent_by,
            };
            let stored = Stored {
                record: Some(Record {
                    used: Some(used),
                    proof: None,
                }),
                ended: false,
            };
            let presented = Presented {
                ticket: ticket(5),
                by,
                now: NOW,
                app: None,
            };
            let rules = Rules { reuse, ..RULES };
            let consistency = Consistency::Linearizable;
            rotate(&stored, Some(STANDING), &presented, &rules, consistency)
        };
        for reuse in [Reuse::SameClient, Reuse::Strict] {
            // A retry within the grace period works without an address.
            let retry = decide(29, reuse);
            assert_eq!(retry, Verdict::Repeated { shared: false });
            for since in [30, 600, DAY] {
                assert_eq!(decide(since, reuse), Verdict::Reused, "{since} s later");
            }
        }
    }
}

#[test]
fn an_older_token_is_reuse_even_within_the_grace() {
    for older in 0..4 {
        assert_eq!(verdict(used(5, 0), older), Verdict::Reused);
    }
    assert_eq!(verdict(used(5, 600), 0), Verdict::Reused);
}

#[test]
fn no_record_counts_as_new_only_where_reads_may_be_stale() {
    let presented = |age| Presented {
        ticket: ticket(0),
        by: Some(Fingerprints::only(OWNER)),
        now: BEGUN + age,
        app: None,
    };
    let nothing = Stored::default();
    let decide = |age, consistency| {
        rotate(
            &nothing,
            Some(STANDING),
            &presented(age),
            &RULES,
            consistency,
        )
    };
    assert_eq!(decide(0, Consistency::Eventual), Verdict::Kept);
    assert!(is_fresh(decide(120, Consistency::Eventual)));
    assert_eq!(decide(121, Consistency::Eventual), Verdict::Unknown);
    assert_eq!(decide(0, Consistency::Linearizable), Verdict::Unknown);
}

#[test]
fn a_token_from_the_future_is_unknown() {
    for (ahead, known) in [(60, true), (61, false)] {
        let verdict = verdict_by(new_session(), 0, OWNER, BEGUN - ahead, &RULES);
        assert_eq!(verdict != Verdict::Unknown, known, "{ahead} s ahead");
    }
}

#[test]
fn a_proof_for_a_session_from_the_future_is_refused() {
    for (ahead, expected) in [
        (60, Proved::GoesOn),
        (61, Proved::Over),
        (600, Proved::Over),
    ] {
        let proved = prove(
            &new_session(),
            &ticket(0),
            &RULES,
            Consistency::Linearizable,
            BEGUN - ahead,
        );
        assert_eq!(proved, expected, "{ahead} s ahead");
    }
}

#[test]
fn an_ended_session_stays_ended() {
    let ended = Stored {
        ended: true,
        ..used(4, 600)
    };
    assert_eq!(verdict(ended, 5), Verdict::Ended);
    assert_eq!(verdict(ended, 3), Verdict::Ended);

    let presented = Presented {
        ticket: ticket(5),
        by: Some(Fingerprints::only(OWNER)),
        now: NOW,
        app: None,
    };
    let decide = |standing| {
        rotate(
            &used(4, 600),
            standing,
            &presented,
            &RULES,
            Consistency::Eventual,
        )
    };
    assert_eq!(
        decide(Some(Standing {
            epoch: 4,
            disabled: false
        })),
        Verdict::OtherEpoch
    );
    assert_eq!(
        decide(Some(Standing {
            epoch: 2,
            disabled: false
        })),
        Verdict::OtherEpoch
    );
    assert_eq!(
        decide(Some(Standing {
            epoch: 3,
            disabled: true
        })),
        Verdict::NoUser
    );
    assert_eq!(decide(None), Verdict::NoUser);
}

#[test]
fn idle_and_absolute_ends() {
    let idle = Stored {
        record: Some(Record {
            used: Some(Use {
                counter: 4,
                first_at: BEGUN,
                by: Some(OWNER),
            }),
            proof: None,
        }),
        ended: false,
    };
    assert!(is_fresh(verdict_by(
        idle,
        5,
        OWNER,
        BEGUN + 30 * DAY - 1,
        &RULES
    )));
    assert_eq!(
        verdict_by(idle, 5, OWNER, BEGUN + 30 * DAY, &RULES),
        Verdict::Idle
    );
    assert_eq!(
        verdict_by(new_session(), 0, OWNER, BEGUN + 30 * DAY, &RULES),
        Verdict::Idle
    );
    assert_eq!(
        verdict_by(idle, 5, OWNER, BEGUN + 90 * DAY, &RULES),
        Verdict::Expired
    );

    let shortened = Rules {
        session_ttl: DAY,
        ..RULES
    };
    assert_eq!(
        verdict_by(used(4, 600), 5, OWNER, NOW, &shortened),
        Verdict::Expired
    );
}

#[test]
fn the_last_number_is_the_end() {
    assert_eq!(verdict(used(4, 600), u32::MAX), Verdict::Expired);
    let last = u32::MAX - 1;
    assert_eq!(
        verdict(used(last - 1, 600), last)
            .answer(ticket(last))
            .unwrap()
            .counter,
        u32::MAX
    );
}

/// A store that does only one thing: it writes what the verdict (the decision about a renewal)
/// says.
#[derive(Default)]
struct Model {
    stored: Stored,
}

impl Model {
    fn present(&mut self, counter: u32, by: ClientFingerprint, now: u64, rules: &Rules) -> Verdict {
        let verdict = verdict_by(self.stored, counter, by, now, rules);
        match verdict {
            Verdict::Fresh(used) | Verdict::Unseen(used) => {
                self.stored.record = Some(Record {
                    used: Some(used),
                    proof: None,
                });
            }
            Verdict::Reused => self.stored.ended = true,
            _ => {}
        }
        verdict
    }
}

prop_compose! {
    fn any_rules()(grace in 0u64..120, extra in 60u64..600, every_time: bool, strict: bool) -> Rules {
        Rules {
            grace,
            rotate_after: if every_time { 0 } else { grace + extra },
            reuse: if strict { Reuse::Strict } else { Reuse::SameClient },
            ..RULES
        }
    }
}

proptest! {
    /// A client that always presents the newest token that it received is never refused during the
    /// session's lifetime, however long it waits.
    #[test]
    fn the_newest_token_always_renews(rules in any_rules(), waits in prop::collection::vec(0u64..DAY, 1..40)) {
        let mut model = Model { stored: new_session() };
        let (mut now, mut counter) = (BEGUN, 0);
        for wait in waits {
            now += wait;
            let verdict = model.present(counter, OWNER, now, &rules);
            let next = verdict.answer(ticket(counter));
            prop_assert!(next.is_some(), "{verdict:?}");
            counter = next.unwrap().counter;
        }
    }

    /// If the response to a renewal was lost, a retry within the grace period gives the same token
    /// and writes nothing.
    #[test]
    fn a_lost_response_is_repeated(rules in any_rules(), wait in 0u64..DAY, delay in 0u64..120) {
        let mut model = Model { stored: new_session() };
        let now = BEGUN + wait;
        let first = model.present(0, OWNER, now, &rules);
        let before = model.stored;
        let again = model.present(0, OTHER, now + delay, &rules);
        if delay < rules.grace {
            prop_assert_eq!(first.answer(ticket(0)).unwrap().counter, 1.min(u32::from(is_fresh(first))));
            if is_fresh(first) {
                prop_assert_eq!(again, Verdict::Repeated { shared: true });
                prop_assert_eq!(again.answer(ticket(0)), first.answer(ticket(0)));
                prop_assert_eq!(model.stored, before);
            }
        }
    }

    /// Tokens are presented in any order. Each token that is returned has a number that was
    /// returned before, or the next number. The number in the record never decreases, and an ended
    /// session stays ended.
    #[test]
    fn histories(rules in any_rules(), steps in prop::collection::vec((0u32..6, 0u64..400, any::<bool>()), 1..60)) {
        let mut model = Model { stored: new_session() };
        let mut now = BEGUN;
        let mut issued = 0;
        for (back, wait, other) in steps {
            now += wait;
            let counter = u32::saturating_sub(issued, back);
            let before = model.stored;
            let verdict = model.present(counter, if other { OTHER } else { OWNER }, now, &rules);
            if before.ended {
                prop_assert_eq!(verdict, Verdict::Ended);
            }
            let newer = verdict.answer(ticket(counter)).is_some_and(|next| next.counter > counter);
            prop_assert_eq!(verdict.moves_on(), newer);
            if let Some(next) = verdict.answer(ticket(counter)) {
                let most = if verdict == Verdict::Overtaken { 2 } else { 1 };
                prop_assert!((counter..=counter + most).contains(&next.counter));
                prop_assert!(next.counter <= issued + 1);
                issued = issued.max(next.counter);
            }
            let highest = |stored: Stored| stored.record.and_then(|record| record.used).map(|used| used.counter);
            prop_assert!(highest(model.stored) >= highest(before));
        }
    }

    /// A token that is older than the last used one ends the session, whoever presents it, and at
    /// any time. There is one exception. Within the grace period, the token just before the last
    /// used one is accepted, unless the rules say that every renewal rotates the token.
    #[test]
    fn an_older_token_ends_the_session(rules in any_rules(), last in 1u32..1000, back in 1u32..1000, ago in 0u64..DAY) {
        let counter = last.saturating_sub(back);
        let overtaken = counter + 1 == last && ago < rules.grace && rules.rotate_after > 0;
        let expected = if overtaken { Verdict::Overtaken } else { Verdict::Reused };
        prop_assert_eq!(verdict_by(used(last, ago), counter, OWNER, NOW, &rules), expected);
    }
}

/// The ticket and the record each contain a proof (the time at which the user last entered the
/// password). The decisions about renewals do not depend on these proofs. The record keeps the
/// later of the two.
#[test]
fn a_proof_decides_nothing_and_the_later_one_is_kept() {
    let proofs = [0, BEGUN, NOW, u64::MAX].map(Proof::by_password);
    for (ago, counter) in [0, 29, 30, 89, 90, 600]
        .into_iter()
        .flat_map(|ago| (2..8).map(move |counter| (ago, counter)))
    {
        for by in [OWNER, OTHER] {
            let expected = verdict_by(used(4, ago), counter, by, NOW, &RULES);
            for of_ticket in proofs {
                for of_record in proofs.map(Some).into_iter().chain([None]) {
                    let mut stored = used(4, ago);
                    stored.record.as_mut().unwrap().proof = of_record;
                    let presented = Presented {
                        ticket: RefreshTicket {
                            proof: of_ticket,
                            ..ticket(counter)
                        },
                        by: Some(Fingerprints::only(by)),
                        now: NOW,
                        app: None,
                    };
                    let decision = decide(
                        &stored,
                        Some(STANDING),
                        &presented,
                        &RULES,
                        Consistency::Eventual,
                    );
                    assert_eq!(decision.verdict, expected);
                    let later = of_record.map_or(of_ticket, |of_record| of_record.max(of_ticket));
                    if let Some(ticket) = decision.ticket {
                        assert_eq!(ticket.proof, later);
                    }
                    if let Verdict::Fresh(expected) | Verdict::Unseen(expected) = expected {
                        let effect = Effect::Record {
                            used: expected,
                            proof: later,
                            lives_until: NOW + RULES.idle_ttl,
                        };
                        assert_eq!(decision.effect, effect);
                    }
                }
            }
        }
    }
}
