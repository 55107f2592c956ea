//! How many mails with links a mailbox may get.

use edgegate::domain::mail::LinkLife;
use edgegate::ports::{LaneRequest, MailLedger};
use futures_util::future::join_all;

use super::{BEGUN, Case, DAY, HOUR, World, check, check_eq, text};

pub(crate) async fn a_second_mail_waits_a_minute_and_a_third_five<L: MailLedger>(
    world: &World<L>,
) -> Case {
    let lane = world.fresh();
    for (after, admitted) in [
        (0, true),
        (0, false),
        (59, false),
        (60, true),
        (60 + 299, false),
        (60 + 300, true),
        (60 + 301, false),
    ] {
        let now = BEGUN + after;
        let what = format!("{after} s after the first");
        check_eq!(world.admit_next(&lane, now).await?, admitted, what);
    }
    // The clock of another isolate can be behind, so `now` can be earlier than at the last request.
    check!(!world.admit_next(&lane, BEGUN).await?, "before the last");
    Ok(())
}

pub(crate) async fn from_the_fourth_on_half_of_a_life_must_pass<L: MailLedger>(
    world: &World<L>,
) -> Case {
    let lane = world.fresh();
    for after in [0, 60, 360] {
        check!(world.admit_next(&lane, BEGUN + after).await?, "{after}");
    }
    let mut now = BEGUN + 360;
    let mut life = HOUR;
    for _ in 0..6 {
        check!(
            !world.admit_next(&lane, now + life / 2 - 1).await?,
            "too soon"
        );
        now += life / 2;
        life = (2 * life).min(DAY);
        let job = world.fresh();
        let expected = Some(LinkLife {
            begins_at: now,
            ends_at: now + life,
        });
        check_eq!(world.admit(&lane, &job, now).await?, expected, "the next");
    }
    // A day after the last link has expired, the mailbox is treated as if it had never got a mail.
    let lapse = now + life + DAY;
    for after in [0, 60, 360] {
        check!(
            world.admit_next(&lane, lapse + after).await?,
            "anew, {after}"
        );
    }
    Ok(())
}

/// A job that was refused must not be counted. Otherwise a stranger who keeps requesting mails
/// could block the owner's own mails forever.
pub(crate) async fn a_refused_job_counts_for_nothing<L: MailLedger>(world: &World<L>) -> Case {
    let lane = world.fresh();
    check!(world.admit_next(&lane, BEGUN).await?, "the first");
    for after in 1..60 {
        check!(!world.admit_next(&lane, BEGUN + after).await?, "too soon");
    }
    check!(world.admit_next(&lane, BEGUN + 60).await?, "the second");
    Ok(())
}

/// Once a job was admitted, it is admitted again, whatever jobs come in between. So a retry of the
/// job sends the same mail.
pub(crate) async fn an_admitted_job_is_always_admitted_again<L: MailLedger>(
    world: &World<L>,
) -> Case {
    let (lane, job) = (world.fresh(), world.fresh());
    let first = world.admit(&lane, &job, BEGUN).await?;
    check!(first.is_some(), "the first");
    check!(world.admit_next(&lane, BEGUN + 60).await?, "another's");
    for after in [0, 1, 60, 599] {
        let again = world.admit(&lane, &job, BEGUN + after).await?;
        check_eq!(again, first, format!("{after} s later"));
    }
    for after in [600, HOUR, DAY] {
        let now = BEGUN + after;
        let expected = Some(LinkLife {
            begins_at: now,
            ends_at: now + HOUR,
        });
        check_eq!(world.admit(&lane, &job, now).await?, expected, "renewed");
    }
    Ok(())
}

pub(crate) async fn a_released_job_gives_its_place_back<L: MailLedger>(world: &World<L>) -> Case {
    let (lane, job) = (world.fresh(), world.fresh());
    for _ in 0..5 {
        check!(world.admit(&lane, &job, BEGUN).await?.is_some(), "admitted");
        check!(
            !world.admit_next(&lane, BEGUN + 1).await?,
            "while it is held"
        );
        world.release(&lane, &job).await?;
    }
    check!(world.admit_next(&lane, BEGUN).await?, "after it");
    Ok(())
}

pub(crate) async fn releasing_what_is_not_there_is_no_error<L: MailLedger>(
    world: &World<L>,
) -> Case {
    let (lane, job) = (world.fresh(), world.fresh());
    world.release(&lane, &job).await?;
    check!(
        world.admit(&lane, &job, BEGUN).await?.is_some(),
        "the first"
    );
    world.release(&lane, &world.fresh()).await?;
    check!(!world.admit_next(&lane, BEGUN).await?, "the first holds it");
    Ok(())
}

pub(crate) async fn lanes_are_apart<L: MailLedger>(world: &World<L>) -> Case {
    let job = world.fresh();
    for lane in [world.fresh(), world.fresh()] {
        check!(
            world.admit(&lane, &job, BEGUN).await?.is_some(),
            "the first"
        );
        check!(!world.admit_next(&lane, BEGUN).await?, "the second");
    }
    Ok(())
}

pub(crate) async fn without_limits_every_job_is_admitted<L: MailLedger>(world: &World<L>) -> Case {
    let lane = world.fresh();
    for _ in 0..20 {
        let request = LaneRequest {
            job: &world.fresh(),
            base: HOUR,
            limited: false,
            now: BEGUN,
        };
        let admitted = world.ledger.admit(&lane, request).await.map_err(text)?;
        check!(admitted.is_some(), "unlimited");
    }
    check!(!world.admit_next(&lane, BEGUN + 1).await?, "limited");
    Ok(())
}

/// The port's documentation says about admitting a job: "MUST be exact, also for simultaneous
/// calls."
pub(crate) async fn of_ten_jobs_at_once_one_is_admitted<L: MailLedger>(world: &World<L>) -> Case {
    let lane = world.fresh();
    for (after, expected) in [(0, 1), (60, 1), (360, 1), (400, 0), (360 + HOUR / 2, 1)] {
        let now = BEGUN + after;
        let answers = join_all((0..10).map(|_| world.admit_next(&lane, now))).await;
        let mut admitted = 0;
        for answer in answers {
            admitted += u32::from(answer?);
        }
        check_eq!(admitted, expected, format!("{after} s after the first"));
    }
    Ok(())
}

pub(crate) async fn ten_repeats_at_once_have_one_link<L: MailLedger>(world: &World<L>) -> Case {
    let (lane, job) = (world.fresh(), world.fresh());
    for after in [0, 600, HOUR] {
        let now = BEGUN + after;
        let answers = join_all((0..10).map(|_| world.admit(&lane, &job, now))).await;
        let expected = Some(LinkLife {
            begins_at: now,
            ends_at: now + HOUR,
        });
        for answer in answers {
            check_eq!(answer?, expected, format!("{after} s after the first"));
        }
    }
    check!(
        !world.admit_next(&lane, BEGUN + HOUR + 1).await?,
        "another's"
    );
    Ok(())
}
