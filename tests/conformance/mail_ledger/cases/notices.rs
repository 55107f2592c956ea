//! Notices that must be sent only once.

use edgegate::ports::{MailLedger, Once};
use futures_util::future::join_all;

use super::{BEGUN, Case, DAY, World, check_eq, text};

/// The port's documentation says about a notice: "After `until` the notice can be reserved again".
/// So no notice is lost if the job that reserved it was interrupted.
pub(crate) async fn a_notice_is_taken_once<L: MailLedger>(world: &World<L>) -> Case {
    let (id, other) = (world.fresh(), world.fresh());
    let take = async |id: &str, now| {
        let taken = world.ledger.take_once(id, now + 60, now).await;
        taken.map_err(text)
    };
    check_eq!(take(&id, BEGUN).await?, Once::Taken, "the first");
    check_eq!(take(&other, BEGUN).await?, Once::Taken, "another notice");
    for now in [BEGUN, BEGUN + 1, BEGUN + 59] {
        check_eq!(take(&id, now).await?, Once::Held, "while it is held");
    }
    check_eq!(take(&id, BEGUN + 60).await?, Once::Taken, "afterwards");
    check_eq!(take(&id, BEGUN + 119).await?, Once::Held, "held again");
    Ok(())
}

/// The port's documentation says: "of simultaneous callers, one gets `Once::Taken`".
pub(crate) async fn a_notice_is_taken_once_with_ten_at_once<L: MailLedger>(
    world: &World<L>,
) -> Case {
    let id = world.fresh();
    for now in [BEGUN, BEGUN + 60] {
        let takes = (0..10).map(|_| world.ledger.take_once(&id, now + 60, now));
        let mut taken = 0;
        for answer in join_all(takes).await {
            match answer.map_err(text)? {
                Once::Taken => taken += 1,
                answer => check_eq!(answer, Once::Held, "the others"),
            }
        }
        check_eq!(taken, 1, "taken");
    }
    Ok(())
}

/// The port's documentation says about a notice that was sent: "The notice can't be reserved again
/// until `until`". This is true whoever reserved it.
pub(crate) async fn a_notice_that_was_sent_is_not_taken_again<L: MailLedger>(
    world: &World<L>,
) -> Case {
    for held in [false, true] {
        let id = world.fresh();
        if held {
            let taken = world.ledger.take_once(&id, BEGUN + 60, BEGUN).await;
            check_eq!(taken.map_err(text)?, Once::Taken, "the first");
        }
        // The call is made twice, to check that a repeat changes nothing.
        for _ in 0..2 {
            let sent = world.ledger.sent_once(&id, BEGUN + DAY).await;
            sent.map_err(text)?;
        }
        for (now, expected) in [
            (BEGUN + 1, Once::Sent),
            (BEGUN + 60, Once::Sent),
            (BEGUN + DAY - 1, Once::Sent),
            (BEGUN + DAY, Once::Taken),
            (BEGUN + DAY + 1, Once::Held),
        ] {
            let taken = world.ledger.take_once(&id, now + 60, now).await;
            check_eq!(taken.map_err(text)?, expected, "after it was sent");
        }
    }
    Ok(())
}

/// The port's documentation says that tidying deletes "expired notices". It must delete no others.
pub(crate) async fn tidying_forgets_notices_whose_time_is_over<L: MailLedger>(
    world: &World<L>,
) -> Case {
    let id = world.fresh();
    let sent = world.ledger.sent_once(&id, BEGUN + DAY).await;
    sent.map_err(text)?;
    for (now, expected) in [(BEGUN + DAY - 1, Once::Sent), (BEGUN + DAY, Once::Taken)] {
        world.tidy(0, now).await?;
        // At this early `now`, the notice has not expired yet. So if the notice is still stored,
        // the answer is that it was sent.
        let taken = world.ledger.take_once(&id, BEGUN + 60, BEGUN).await;
        check_eq!(taken.map_err(text)?, expected, "after tidying");
    }
    Ok(())
}
