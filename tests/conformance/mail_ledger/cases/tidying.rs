//! What tidying deletes, and what it keeps.

use edgegate::ports::MailLedger;

use super::{BEGUN, Case, DAY, HOUR, LATEST, World, check, check_eq};

/// The port's documentation says that tidying deletes "lapsed lanes": the records of mailboxes
/// whose last link expired a day ago. It must delete no others.
pub(crate) async fn tidying_forgets_lanes_that_have_lapsed<L: MailLedger>(
    world: &World<L>,
) -> Case {
    let lapse = HOUR + DAY;
    for (after, forgotten) in [(0, false), (DAY, false), (lapse - 1, false), (lapse, true)] {
        let (lane, job) = (world.fresh(), world.fresh());
        check!(
            world.admit(&lane, &job, BEGUN).await?.is_some(),
            "the first"
        );
        // The second call has nothing to delete, and must succeed too.
        for _ in 0..2 {
            world.tidy(0, BEGUN + after).await?;
        }
        let next = world.admit_next(&lane, BEGUN + 1).await?;
        let what = format!("a second after the first, tidied after {after} s");
        check_eq!(next, forgotten, what);
    }
    Ok(())
}

pub(crate) async fn tidying_keeps_the_pools_of_this_hour<L: MailLedger>(world: &World<L>) -> Case {
    world.clear().await?;
    check_eq!(world.left(2, BEGUN).await?, 2, "in this hour");
    check_eq!(world.left(2, BEGUN + HOUR).await?, 2, "in the next");
    world.tidy(0, BEGUN + HOUR - 1).await?;
    check_eq!(world.left(2, BEGUN).await?, 0, "in this hour");
    world.tidy(0, BEGUN + HOUR).await?;
    check_eq!(world.left(2, BEGUN + HOUR).await?, 0, "in the next");
    // The count of the past hour has been deleted, because it is no longer needed.
    check_eq!(world.left(2, BEGUN).await?, 2, "in the hour before");
    Ok(())
}

/// The port's documentation says that tidying deletes "jobs that were stored before `dead_before`.
/// Returns how many stored jobs wait for an operator."
pub(crate) async fn tidying_forgets_old_letters_and_counts_the_dead<L: MailLedger>(
    world: &World<L>,
) -> Case {
    world.clear().await?;
    check_eq!(world.tidy(0, BEGUN).await?, 0, "none");
    let mut waiting = Vec::new();
    for after in [0, 10, 20] {
        // For each letter that will be retried, stores two letters that wait for an operator.
        for _ in 0..2 {
            world.keep(&world.letter(BEGUN + after, None)).await?;
        }
        let letter = world.letter(BEGUN + after, Some(BEGUN + 100 + after));
        world.keep(&letter).await?;
        waiting.push(letter);
    }
    for (dead_before, left) in [(0, 3), (BEGUN, 3), (BEGUN + 1, 2), (BEGUN + 20, 1)] {
        // The result must be the same, whether or not the letters are already due.
        for now in [BEGUN + 30, BEGUN + DAY] {
            let dead = world.tidy(dead_before, now).await?;
            check_eq!(
                dead,
                2 * left,
                format!("dead, of those since {dead_before}")
            );
        }
        let expected = &waiting[waiting.len() - usize::try_from(left).unwrap_or(0)..];
        check_eq!(world.due(LATEST).await?, expected, "tried again");
    }
    check_eq!(world.tidy(BEGUN + 21, BEGUN).await?, 0, "all are gone");
    check!(world.due(LATEST).await?.is_empty(), "all are gone");
    Ok(())
}
