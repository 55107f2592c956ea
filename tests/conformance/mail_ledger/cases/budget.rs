//! The budget of an hour.

use edgegate::ports::MailLedger;
use futures_util::future::join_all;

use super::{BEGUN, Case, HOUR, World, check, check_eq, text};

/// "false when it is spent", and not before.
pub(crate) async fn the_budget_is_exact<L: MailLedger>(world: &World<L>) -> Case {
    for budget in [1, 2, 7] {
        world.clear().await?;
        for spent in 0..budget + 3 {
            check_eq!(
                world.spend(budget, BEGUN + spent).await?,
                spent < budget,
                format!("{spent} of {budget} are spent")
            );
        }
    }
    Ok(())
}

pub(crate) async fn the_budget_is_exact_with_ten_at_once<L: MailLedger>(world: &World<L>) -> Case {
    for budget in [1, 4, 9, 10, 11] {
        world.clear().await?;
        let answers = join_all((0..10).map(|_| world.spend(budget, BEGUN))).await;
        let mut spent = 0;
        for answer in answers {
            spent += u64::from(answer?);
        }
        check_eq!(spent, budget.min(10), format!("of {budget}"));
        check_eq!(world.left(budget, BEGUN).await?, budget - spent, "left");
    }
    Ok(())
}

/// `MAIL_BUDGET` can be changed within an hour.
pub(crate) async fn a_smaller_budget_counts_what_was_spent<L: MailLedger>(
    world: &World<L>,
) -> Case {
    world.clear().await?;
    check_eq!(world.left(5, BEGUN).await?, 5, "of five");
    check!(!world.spend(3, BEGUN).await?, "of three");
    check_eq!(world.left(7, BEGUN).await?, 2, "of seven");
    Ok(())
}

pub(crate) async fn a_budget_of_nothing_is_spent<L: MailLedger>(world: &World<L>) -> Case {
    world.clear().await?;
    check!(!world.spend(0, BEGUN).await?, "the first");
    check_eq!(world.left(1, BEGUN).await?, 1, "of one");
    check!(!world.spend(0, BEGUN).await?, "the third");
    Ok(())
}

pub(crate) async fn a_refund_can_be_spent_again<L: MailLedger>(world: &World<L>) -> Case {
    world.clear().await?;
    check_eq!(world.left(3, BEGUN).await?, 3, "of three");
    for refunds in [1, 2, 3] {
        for _ in 0..refunds {
            world.refund(BEGUN + HOUR - 1).await?;
        }
        check_eq!(world.left(3, BEGUN).await?, refunds, "given back");
    }
    Ok(())
}

/// There is nothing below nothing: neither in an hour that nothing was spent in, nor in one that all came back to.
pub(crate) async fn a_refund_never_makes_a_budget_larger<L: MailLedger>(world: &World<L>) -> Case {
    world.clear().await?;
    for _ in 0..3 {
        world.refund(BEGUN).await?;
    }
    check_eq!(world.left(2, BEGUN).await?, 2, "of two");
    for _ in 0..5 {
        world.refund(BEGUN).await?;
    }
    check_eq!(world.left(2, BEGUN).await?, 2, "of two again");
    Ok(())
}

pub(crate) async fn refunds_at_once_all_count<L: MailLedger>(world: &World<L>) -> Case {
    world.clear().await?;
    check_eq!(world.left(10, BEGUN).await?, 10, "of ten");
    for refund in join_all((0..7).map(|_| world.ledger.refund(BEGUN))).await {
        refund.map_err(text)?;
    }
    check_eq!(world.left(10, BEGUN).await?, 7, "given back");
    Ok(())
}

pub(crate) async fn a_new_hour_has_a_budget_of_its_own<L: MailLedger>(world: &World<L>) -> Case {
    world.clear().await?;
    let next = BEGUN + HOUR;
    check_eq!(world.left(2, BEGUN).await?, 2, "in the first second");
    check_eq!(world.left(2, next - 1).await?, 0, "in the last second");
    check_eq!(world.left(2, next).await?, 2, "in the next hour");
    // What came back to one hour can't be spent in another.
    world.refund(BEGUN).await?;
    check_eq!(world.left(2, next).await?, 0, "in the next hour");
    check_eq!(world.left(2, BEGUN).await?, 1, "in the hour before");
    Ok(())
}
