//! How many mails have been paid from the shares (pools) of a budget.

use edgegate::ports::MailLedger;
use futures_util::future::join_all;

use super::{BEGUN, Case, HOUR, OTHER_POOL, POOL, World, check, check_eq, text};

/// The port's documentation says about paying for a mail: "Returns false when the budget of this
/// hour is used up". It must not return false earlier.
pub(crate) async fn a_pool_is_exact<L: MailLedger>(world: &World<L>) -> Case {
    for most in [1, 2, 7] {
        world.clear().await?;
        for paid in 0..most + 3 {
            let what = format!("{paid} of {most} are paid");
            check_eq!(world.pay(most, BEGUN + paid).await?, paid < most, what);
        }
    }
    Ok(())
}

/// The port's documentation says about paying for a mail: "MUST be exact, also for simultaneous
/// calls."
pub(crate) async fn a_pool_is_exact_with_ten_at_once<L: MailLedger>(world: &World<L>) -> Case {
    for most in [1, 4, 9, 10, 11] {
        world.clear().await?;
        let answers = join_all((0..10).map(|_| world.pay(most, BEGUN))).await;
        let mut paid = 0;
        for answer in answers {
            paid += u64::from(answer?);
        }
        check_eq!(paid, most.min(10), format!("of {most}"));
        check_eq!(world.left(most, BEGUN).await?, most - paid, "left");
    }
    Ok(())
}

/// The operator can change `MAIL_BUDGET` in the middle of an hour. The mails that were paid for
/// before still count in this hour.
pub(crate) async fn a_smaller_budget_counts_what_was_paid<L: MailLedger>(world: &World<L>) -> Case {
    world.clear().await?;
    check_eq!(world.left(5, BEGUN).await?, 5, "of five");
    check!(!world.pay(3, BEGUN).await?, "of three");
    check_eq!(world.left(7, BEGUN).await?, 2, "of seven");
    Ok(())
}

pub(crate) async fn a_pool_without_a_share_pays_nothing<L: MailLedger>(world: &World<L>) -> Case {
    world.clear().await?;
    check!(!world.pay(0, BEGUN).await?, "the first");
    check_eq!(world.left(1, BEGUN).await?, 1, "of one");
    check!(!world.pay(0, BEGUN).await?, "the third");
    Ok(())
}

pub(crate) async fn a_new_hour_has_a_pool_of_its_own<L: MailLedger>(world: &World<L>) -> Case {
    world.clear().await?;
    let next = BEGUN + HOUR;
    check_eq!(world.left(2, BEGUN).await?, 2, "in the first second");
    check_eq!(world.left(2, next - 1).await?, 0, "in the last second");
    check_eq!(world.left(2, next).await?, 2, "in the next hour");
    Ok(())
}

pub(crate) async fn pools_are_apart<L: MailLedger>(world: &World<L>) -> Case {
    world.clear().await?;
    check_eq!(world.left(2, BEGUN).await?, 2, "of one pool");
    for pool in [POOL, OTHER_POOL] {
        let paid = world.ledger.pay(pool, 2, BEGUN).await.map_err(text)?;
        check_eq!(paid, pool == OTHER_POOL, pool);
    }
    Ok(())
}
