//! Renewals: what the store records for each verdict (each possible decision about the presented
//! token).

use std::future::ready;

use edgegate::domain::error::StoreError;
use edgegate::domain::session::{Rules, UserCopy, Verdict};
use futures_util::future::join_all;

use super::super::world::{
    DAY, GRACE, Person, ROTATE_AFTER, World, every_time, laptop, rules, stranger, successor,
    without_address,
};
use super::{Case, check, check_eq, has_ended};

/// A young token is not replaced: the renewal writes nothing, and the token stays valid.
pub(crate) async fn a_young_token_is_kept<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    world.pass(ROTATE_AFTER - 2);
    for _ in 0..3 {
        check_eq!(
            ada.renew(first, &laptop(), &rules()).await?,
            Verdict::Kept,
            "young"
        );
    }
    world.pass(1);
    let verdict = ada.renew(first, &laptop(), &rules()).await?;
    check!(
        matches!(verdict, Verdict::Fresh(_)),
        "{verdict:?} after ROTATE_AFTER"
    );
    Ok(())
}

/// The port's documentation says that a renewal "writes the effect of the decision before it
/// answers". In this case the effect is the record that the token was used for the first time.
pub(crate) async fn a_chain_goes_on<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let mut token = ada.begin().await?;
    for _ in 0..5 {
        world.pass(ROTATE_AFTER);
        let verdict = ada.renew(token, &laptop(), &rules()).await?;
        check!(matches!(verdict, Verdict::Fresh(_)), "{verdict:?}");
        token = verdict.answer(token).ok_or("no successor")?;
        check_eq!(
            ada.renew(token, &laptop(), &rules()).await?,
            Verdict::Kept,
            "the next"
        );
    }
    check_eq!(token.counter, 5, "counter");
    Ok(())
}

pub(crate) async fn a_repetition_gets_the_same_successor<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    ada.renew(first, &laptop(), &every_time()).await?;
    world.pass(GRACE - 1);
    for (browser, shared) in [(laptop(), false), (stranger(), true)] {
        let verdict = ada.renew(first, &browser, &every_time()).await?;
        check_eq!(verdict, Verdict::Repeated { shared }, "within the grace");
        check_eq!(verdict.answer(first), first.successor(), "successor");
    }
    Ok(())
}

pub(crate) async fn ten_tabs_at_once_get_one_successor<W: World>(world: &W) -> Case {
    for rules in [every_time(), rules()] {
        let ada = Person::new(world)?;
        let first = ada.begin().await?;
        world.pass(ROTATE_AFTER);
        let browser = laptop();
        let tabs = join_all((0..10).map(|_| ada.renew(first, &browser, &rules))).await;
        for verdict in tabs {
            check_eq!(verdict?.answer(first), first.successor(), "a tab's token");
        }
    }
    Ok(())
}

pub(crate) async fn late_is_for_the_same_client_only<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    ada.renew(first, &laptop(), &every_time()).await?;
    world.pass(DAY);
    check_eq!(
        ada.renew(first, &laptop(), &every_time()).await?,
        Verdict::Late,
        "the same"
    );
    check_eq!(
        ada.renew(first, &stranger(), &every_time()).await?,
        Verdict::Reused,
        "another"
    );
    Ok(())
}

/// Clients without an address are never recognised as the client that used the token first. So if a
/// used token is presented after the grace period, the session ends.
pub(crate) async fn without_an_address_nobody_is_late<W: World>(world: &W) -> Case {
    for (spender, second) in [
        (without_address(), without_address()),
        (without_address(), laptop()),
        (laptop(), without_address()),
    ] {
        let ada = Person::new(world)?;
        let first = ada.begin().await?;
        ada.renew(first, &spender, &every_time()).await?;
        check_eq!(
            ada.renew(first, &second, &every_time()).await?,
            Verdict::Repeated { shared: false },
            "within the grace"
        );
        world.pass(GRACE);
        check_eq!(
            ada.renew(first, &second, &every_time()).await?,
            Verdict::Reused,
            "after it"
        );
    }
    Ok(())
}

pub(crate) async fn another_epoch_and_no_user_are_refused<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    let mut moved = ada.user.clone();
    moved.session_epoch = 1;
    let mut disabled = ada.user.clone();
    disabled.disabled_at = Some(1);
    for (user, expected) in [
        (Some(moved), Verdict::OtherEpoch),
        (Some(disabled), Verdict::NoUser),
        (None, Verdict::NoUser),
    ] {
        ada.changes().await?;
        let renewal = ada
            .renew_at(
                world.here(),
                first,
                &laptop(),
                &every_time(),
                ready(Ok(user.clone())),
            )
            .await?;
        check_eq!(renewal.verdict, expected, "refused");
        let copy = user.as_ref().map(UserCopy::from);
        check_eq!(renewal.user, copy, "the user comes along");
    }
    // The refused renewals wrote nothing, so the token can still be renewed.
    ada.changes().await?;
    check_eq!(
        ada.renew(first, &laptop(), &rules()).await?,
        Verdict::Kept,
        "afterwards"
    );
    Ok(())
}

pub(crate) async fn a_users_error_writes_nothing<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    let failed = ready(Err(StoreError::new("users", "down")));
    let renewal = ada
        .renew_at(world.here(), first, &laptop(), &every_time(), failed)
        .await;
    check!(renewal.is_err(), "a renewal without a user: {renewal:?}");
    check_eq!(
        ada.renew(first, &laptop(), &rules()).await?,
        Verdict::Kept,
        "afterwards"
    );
    Ok(())
}

pub(crate) async fn idle_and_absolute_ends<W: World>(world: &W) -> Case {
    let short = Rules {
        session_ttl: 600,
        idle_ttl: 300,
        ..every_time()
    };
    let ada = Person::new(world)?;
    let mut token = ada.begin().await?;
    for _ in 0..2 {
        world.pass(290);
        let verdict = ada.renew(token, &laptop(), &short).await?;
        token = verdict
            .answer(token)
            .ok_or_else(|| format!("{verdict:?} before the end"))?;
    }
    world.pass(19);
    check_eq!(
        ada.renew(token, &laptop(), &short).await?,
        Verdict::Expired,
        "absolute"
    );
    let token = ada.begin().await?;
    world.pass(299);
    check_eq!(
        ada.renew(token, &laptop(), &short).await?,
        Verdict::Idle,
        "idle"
    );
    Ok(())
}

pub(crate) async fn what_was_never_begun_is_unknown<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let token = ada.ticket();
    world.pass(121);
    check_eq!(
        ada.renew(token, &laptop(), &rules()).await?,
        Verdict::Unknown,
        "never begun"
    );
    Ok(())
}

/// A session belongs to one user. If a renewal has the id of another user, the store answers that
/// it does not know the session.
pub(crate) async fn another_users_session_is_unknown<W: World>(world: &W) -> Case {
    let (ada, bob) = (Person::new(world)?, Person::new(world)?);
    let first = ada.begin().await?;
    world.pass(121);
    let mut crossed = first;
    crossed.user = bob.user.id;
    check_eq!(
        bob.renew(crossed, &stranger(), &every_time()).await?,
        Verdict::Unknown,
        "Ada's session, for Bob"
    );
    let verdict = ada.renew(first, &laptop(), &every_time()).await?;
    check!(
        matches!(verdict, Verdict::Fresh(_)),
        "{verdict:?} for Ada herself"
    );
    check!(bob.listed().await?.is_empty(), "Bob has a session");
    Ok(())
}

/// It is possible that a store that isn't linearizable does not see a session that began elsewhere.
/// The session's tokens can still be renewed there.
pub(crate) async fn a_new_session_renews_elsewhere_at_once<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.ticket();
    // The other location has already read that the session does not exist, and has perhaps cached
    // this answer.
    has_ended(&ada, world.elsewhere(), first.session).await?;
    ada.record(first, None).await?;
    for (seconds, rules) in [(0, rules()), (ROTATE_AFTER, rules()), (0, every_time())] {
        world.pass(seconds);
        let user = ready(Ok(Some(ada.user.clone())));
        let renewal = ada
            .renew_at(world.elsewhere(), first, &laptop(), &rules, user)
            .await?;
        check!(
            renewal.verdict.answer(first).is_some(),
            "{:?} elsewhere",
            renewal.verdict
        );
    }
    Ok(())
}

/// The port's documentation says that a renewal "writes the effect of the decision before it
/// answers". In this case the store has not seen that the token's predecessor was used, and the
/// effect is a record of that use.
pub(crate) async fn an_unseen_use_is_recorded<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    let second = successor(first)?;
    let third = successor(second)?;
    world.pass(ROTATE_AFTER);
    let verdict = ada.renew(third, &laptop(), &rules()).await?;
    check!(
        matches!(verdict, Verdict::Unseen(_)),
        "further on: {verdict:?}"
    );
    check_eq!(
        ada.renew(third, &laptop(), &rules()).await?,
        Verdict::Kept,
        "again"
    );
    let repeated = Verdict::Repeated { shared: false };
    check_eq!(
        ada.renew(second, &laptop(), &rules()).await?,
        repeated,
        "its predecessor"
    );
    Ok(())
}

/// A laptop was closed during a renewal. After it wakes, two of its requests present the old token.
/// The first request arrives late and gets a new token, and this token is used. Only then does the
/// second request arrive.
pub(crate) async fn an_overtaken_request_gets_the_newest_token<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    world.pass(ROTATE_AFTER);
    ada.renew(first, &laptop(), &rules()).await?;
    world.pass(DAY);
    check_eq!(
        ada.renew(first, &laptop(), &rules()).await?,
        Verdict::Late,
        "one request"
    );
    let second = successor(first)?;
    let verdict = ada.renew(second, &laptop(), &rules()).await?;
    check!(
        matches!(verdict, Verdict::Fresh(_)),
        "its token: {verdict:?}"
    );
    let overtaken = ada.renew(first, &laptop(), &rules()).await?;
    check_eq!(overtaken, Verdict::Overtaken, "the other request");
    check_eq!(
        overtaken.answer(first),
        second.successor(),
        "the newest token"
    );
    world.pass(GRACE);
    check_eq!(
        ada.renew(first, &laptop(), &rules()).await?,
        Verdict::Reused,
        "after the grace"
    );
    Ok(())
}
