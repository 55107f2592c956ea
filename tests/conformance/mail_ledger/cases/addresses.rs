//! Mails to an address, counted.

use edgegate::ports::MailLedger;
use futures_util::future::join_all;

use super::{BEGUN, Case, DAY, MOST, PAUSE, World, check, check_eq, text};

/// "Refuses one that comes sooner than `pause` seconds after the last".
pub(crate) async fn a_mail_sooner_than_the_pause_is_refused<L: MailLedger>(
    world: &World<L>,
) -> Case {
    let ada = world.fresh();
    for (after, admitted) in [
        (0, true),
        (0, false),
        (1, false),
        (PAUSE - 1, false),
        (PAUSE, true),
        (2 * PAUSE - 1, false),
        (2 * PAUSE, true),
    ] {
        check_eq!(
            world.admit_next(&ada, BEGUN + after).await?,
            admitted,
            format!("{after} s after the first")
        );
    }
    // Another isolate's clock may be behind.
    check!(!world.admit_next(&ada, BEGUN).await?, "before the last");
    Ok(())
}

/// "or over `most` a day".
pub(crate) async fn a_mail_over_the_most_of_a_day_is_refused<L: MailLedger>(
    world: &World<L>,
) -> Case {
    for most in [1, 2, 5] {
        let ada = world.fresh();
        for number in 0..8 {
            let now = BEGUN + u64::from(number) * PAUSE;
            let job = world.fresh();
            let admitted = world
                .ledger
                .admit_address(&ada, &job, PAUSE, most, now)
                .await
                .map_err(text)?;
            check_eq!(
                admitted,
                number < most,
                format!("{number} before it, of {most}")
            );
        }
    }
    Ok(())
}

pub(crate) async fn a_new_day_begins_a_day_after_the_first_mail<L: MailLedger>(
    world: &World<L>,
) -> Case {
    let ada = world.fresh();
    let mut day = BEGUN;
    // The second day begins late.
    for late in [0, 1000, 0] {
        day += late;
        for number in 0..u64::from(MOST) {
            check!(
                world.admit_next(&ada, day + number * PAUSE).await?,
                "{number} before it"
            );
        }
        for after in [u64::from(MOST) * PAUSE, DAY - 1] {
            check!(
                !world.admit_next(&ada, day + after).await?,
                "over the most, {after} s after the first"
            );
        }
        day += DAY;
    }
    Ok(())
}

/// Or a stranger who goes on asking could keep the owner's own mails away for good.
pub(crate) async fn a_refused_mail_counts_for_nothing<L: MailLedger>(world: &World<L>) -> Case {
    let ada = world.fresh();
    for number in 0..u64::from(MOST) {
        let now = BEGUN + number * PAUSE;
        check!(world.admit_next(&ada, now).await?, "{number} before it");
        for after in 1..PAUSE {
            check!(!world.admit_next(&ada, now + after).await?, "too soon");
        }
    }
    check!(!world.admit_next(&ada, BEGUN + DAY - 1).await?, "too many");
    check!(world.admit_next(&ada, BEGUN + DAY).await?, "the next day");
    Ok(())
}

/// "a repeat of the job that was counted last is admitted and not counted".
pub(crate) async fn a_repeated_job_is_admitted_and_not_counted<L: MailLedger>(
    world: &World<L>,
) -> Case {
    let ada = world.fresh();
    let mut now = BEGUN;
    for number in 0..MOST {
        let job = world.fresh();
        for _ in 0..5 {
            check!(
                world.admit(&ada, &job, now).await?,
                "{number} jobs before it"
            );
        }
        // Late as it comes, the pause is not counted from it.
        check!(
            world.admit(&ada, &job, now + PAUSE - 1).await?,
            "a late repeat"
        );
        if number + 1 == MOST {
            for later in [PAUSE, DAY, 2 * DAY] {
                check!(
                    world.admit(&ada, &job, now + later).await?,
                    "{later} s later"
                );
            }
        }
        now += PAUSE;
    }
    check!(!world.admit_next(&ada, now).await?, "over the most");
    // Nor did the repeats on the next days begin one.
    for number in 0..MOST {
        let now = BEGUN + 3 * DAY + u64::from(number) * PAUSE;
        check!(
            world.admit_next(&ada, now).await?,
            "{number} before it, on a new day"
        );
    }
    Ok(())
}

pub(crate) async fn a_job_counts_anew_after_another<L: MailLedger>(world: &World<L>) -> Case {
    let (ada, first, second) = (world.fresh(), world.fresh(), world.fresh());
    for (job, after, admitted) in [
        (&first, 0, true),
        (&second, PAUSE, true),
        (&second, PAUSE, true),
        // As any other: after the pause, and counted.
        (&first, PAUSE + 1, false),
        (&first, 2 * PAUSE, true),
        (&first, 2 * PAUSE, true),
        (&second, 3 * PAUSE, false),
        (&first, 3 * PAUSE, true),
    ] {
        check_eq!(
            world.admit(&ada, job, BEGUN + after).await?,
            admitted,
            format!("{after} s after the first")
        );
    }
    Ok(())
}

pub(crate) async fn addresses_are_counted_apart<L: MailLedger>(world: &World<L>) -> Case {
    let job = world.fresh();
    let (ada, bob) = (world.fresh(), world.fresh());
    for key in [&ada, &bob] {
        check!(world.admit(key, &job, BEGUN).await?, "the first");
        check!(!world.admit_next(key, BEGUN).await?, "the second");
    }
    for number in 1..u64::from(MOST) {
        let now = BEGUN + number * PAUSE;
        check!(world.admit_next(&ada, now).await?, "{number} before it");
    }
    let now = BEGUN + u64::from(MOST) * PAUSE;
    check!(!world.admit_next(&ada, now).await?, "over the most");
    check!(world.admit_next(&bob, now).await?, "another's second");
    Ok(())
}

/// "MUST be exact also when many are counted at once."
pub(crate) async fn of_ten_mails_at_once_one_is_admitted<L: MailLedger>(world: &World<L>) -> Case {
    let ada = world.fresh();
    for (after, expected) in [(0, 1), (PAUSE, 1), (2 * PAUSE, 1), (3 * PAUSE, 0), (DAY, 1)] {
        let now = BEGUN + after;
        let answers = join_all((0..10).map(|_| world.admit_next(&ada, now))).await;
        let mut admitted = 0;
        for answer in answers {
            admitted += u32::from(answer?);
        }
        check_eq!(admitted, expected, format!("{after} s after the first"));
    }
    Ok(())
}

pub(crate) async fn ten_repeats_at_once_are_all_admitted<L: MailLedger>(world: &World<L>) -> Case {
    let ada = world.fresh();
    for number in 0..u64::from(MOST) {
        let (job, now) = (world.fresh(), BEGUN + number * PAUSE);
        let answers = join_all((0..10).map(|_| world.admit(&ada, &job, now))).await;
        for answer in answers {
            check!(answer?, "{number} jobs before it");
        }
    }
    let now = BEGUN + u64::from(MOST) * PAUSE;
    check!(!world.admit_next(&ada, now).await?, "over the most");
    Ok(())
}
