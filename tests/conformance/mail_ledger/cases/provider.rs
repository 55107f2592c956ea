//! Failures of the mail provider. They are stored until the provider accepts a mail.

use edgegate::domain::mail::{FailureKind, ProviderFailures};
use edgegate::ports::MailLedger;
use futures_util::future::join_all;

use super::{BEGUN, Case, HOUR, World, check_eq, text};

/// The port's documentation says: "Counts an attempt that failed because of the provider. Returns
/// the failures of this kind since the provider last accepted a mail, including this one."
pub(crate) async fn failures_are_counted_by_kind_until_the_provider_works<L: MailLedger>(
    world: &World<L>,
) -> Case {
    world.clear().await?;
    let failed = async |kind, reason, now| {
        let failed = world.ledger.provider_failed(kind, reason, now).await;
        failed.map_err(text)
    };
    let expected = |kind, since, last_at, failures, reason: &str| ProviderFailures {
        kind,
        since,
        last_at,
        failures,
        reason: reason.to_owned(),
    };
    let (outage, refused) = (FailureKind::Outage, FailureKind::Refused);
    for round in 0..2 {
        let at = BEGUN + round * HOUR;
        let first = failed(outage, "503: \"down\"", at).await?;
        check_eq!(
            first,
            expected(outage, at, at, 1, "503: \"down\""),
            "the first"
        );
        let second = failed(outage, "no answer", at + 7).await?;
        let both = expected(outage, at, at + 7, 2, "no answer");
        check_eq!(second, both, "the second");
        let other = failed(refused, "401", at + 8).await?;
        let one = expected(refused, at + 8, at + 8, 1, "401");
        check_eq!(other, one, "of another kind");
        let all = world.ledger.provider_failures().await.map_err(text)?;
        check_eq!(all, vec![both, one], "both kinds");
        // The second call has nothing to delete, and must succeed too.
        for _ in 0..2 {
            world.ledger.provider_works().await.map_err(text)?;
            let none = world.ledger.provider_failures().await.map_err(text)?;
            check_eq!(none, Vec::new(), "it works");
        }
    }
    Ok(())
}

/// The port's documentation says: "if several calls report the first failure at the same time, one
/// of the calls returns failures that are new".
pub(crate) async fn of_ten_first_failures_at_once_one_is_new<L: MailLedger>(
    world: &World<L>,
) -> Case {
    world.clear().await?;
    let kind = FailureKind::Refused;
    let calls = (0..10).map(|_| world.ledger.provider_failed(kind, "401", BEGUN));
    let mut new = 0;
    for answer in join_all(calls).await {
        new += u32::from(answer.map_err(text)?.is_new());
    }
    check_eq!(new, 1, "new");
    world.ledger.provider_works().await.map_err(text)
}

/// The port's documentation says that tidying deletes "the failures of the provider, if no mail was
/// attempted for `MAIL_TROUBLE_TTL` seconds after them".
pub(crate) async fn tidying_forgets_failures_after_which_nothing_was_attempted<L: MailLedger>(
    world: &World<L>,
) -> Case {
    world.clear().await?;
    for now in [BEGUN, BEGUN + HOUR] {
        let failed = world
            .ledger
            .provider_failed(FailureKind::Outage, "503", now);
        failed.await.map_err(text)?;
    }
    for (now, left) in [(BEGUN + 3 * HOUR - 1, 1), (BEGUN + 3 * HOUR, 0)] {
        world.tidy(0, now).await?;
        let failures = world.ledger.provider_failures().await.map_err(text)?;
        check_eq!(failures.len(), left, "left");
    }
    Ok(())
}
