//! The test cases for `PasswordGuard`.

use futures_util::future::join_all;

use edgegate::domain::account::HashError;

use super::*;

const STRANGER: TriedBy = TriedBy::Stranger;

pub(super) async fn the_right_password_matches_and_no_other<G: PasswordGuard>(
    world: &World<G>,
) -> Case {
    let account = world.account();
    let (right, wrong) = (typed("the right one")?, typed("the Right one")?);
    let hash = world.hash(&account, &right).await?;
    let tried = |password| attempt(STRANGER, password, Some(&hash));
    check_eq!(
        world.check(&account, &tried(&right), BEGUN).await?,
        MATCHES,
        "right"
    );
    check_eq!(
        world.check(&account, &tried(&wrong), BEGUN).await?,
        DIFFERS,
        "wrong"
    );
    Ok(())
}

pub(super) async fn a_chosen_password_may_hold_anything<G: PasswordGuard>(
    world: &World<G>,
) -> Case {
    let account = world.account();
    let password = typed("tab\there \"quoted\" \\ line\nbreak \u{1f600} \0")?;
    let hash = world.hash(&account, &password).await?;
    let tried = attempt(STRANGER, &password, Some(&hash));
    check_eq!(
        world.check(&account, &tried, BEGUN).await?,
        MATCHES,
        "right"
    );
    Ok(())
}

pub(super) async fn an_address_without_an_account_fails<G: PasswordGuard>(
    world: &World<G>,
) -> Case {
    let (account, password) = (world.account(), typed("any")?);
    let tried = attempt(STRANGER, &password, None);
    check_eq!(
        world.check(&account, &tried, BEGUN).await?,
        DIFFERS,
        "unknown"
    );
    check_eq!(
        world.check(&account, &tried, BEGUN).await?,
        Guarded::Delayed(1),
        "again"
    );
    Ok(())
}

pub(super) async fn a_hash_that_cannot_be_used_fails<G: PasswordGuard>(world: &World<G>) -> Case {
    let (account, password) = (world.account(), typed("any")?);
    let none = PasswordHash::none();
    let tried = attempt(STRANGER, &password, Some(&none));
    check_eq!(
        world.check(&account, &tried, BEGUN).await?,
        Guarded::Done(Err(HashError::Malformed)),
        "none"
    );
    check_eq!(
        world.check(&account, &tried, BEGUN).await?,
        Guarded::Delayed(1),
        "again"
    );
    Ok(())
}

pub(super) async fn a_failure_delays_the_next_try<G: PasswordGuard>(world: &World<G>) -> Case {
    let account = world.account();
    check_eq!(
        world.guess(&account, STRANGER, BEGUN).await?,
        DIFFERS,
        "first"
    );
    check_eq!(
        world.guess(&account, STRANGER, BEGUN + 999).await?,
        Guarded::Delayed(1),
        "early"
    );
    check_eq!(
        world.guess(&account, STRANGER, BEGUN + 1000).await?,
        DIFFERS,
        "second"
    );
    Ok(())
}

pub(super) async fn a_try_inside_the_delay_changes_nothing<G: PasswordGuard>(
    world: &World<G>,
) -> Case {
    let account = world.account();
    world.guess(&account, STRANGER, BEGUN).await?;
    for at in 1..100 {
        check_eq!(
            world.guess(&account, STRANGER, BEGUN + at).await?,
            Guarded::Delayed(1),
            "early"
        );
    }
    check_eq!(
        world.guess(&account, STRANGER, BEGUN + 1000).await?,
        DIFFERS,
        "in time"
    );
    check_eq!(
        world.guess(&account, STRANGER, BEGUN + 1000).await?,
        Guarded::Delayed(2),
        "two"
    );
    Ok(())
}

pub(super) async fn the_delay_doubles<G: PasswordGuard>(world: &World<G>) -> Case {
    let (account, mut now) = (world.account(), BEGUN);
    for wait in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
        check_eq!(
            world.guess(&account, STRANGER, now).await?,
            DIFFERS,
            "in time"
        );
        check_eq!(
            world.guess(&account, STRANGER, now).await?,
            Guarded::Delayed(wait),
            "early"
        );
        now += u64::from(wait) * 1000;
    }
    Ok(())
}

pub(super) async fn the_right_password_is_not_tried_inside_the_delay<G: PasswordGuard>(
    world: &World<G>,
) -> Case {
    let (account, right) = (world.account(), typed("the right one")?);
    let hash = world.hash(&account, &right).await?;
    world.guess(&account, STRANGER, BEGUN).await?;
    let tried = attempt(STRANGER, &right, Some(&hash));
    check_eq!(
        world.check(&account, &tried, BEGUN).await?,
        Guarded::Delayed(1),
        "early"
    );
    check_eq!(
        world.check(&account, &tried, BEGUN + 1000).await?,
        MATCHES,
        "in time"
    );
    Ok(())
}

pub(super) async fn success_is_not_counted_and_takes_nothing_back<G: PasswordGuard>(
    world: &World<G>,
) -> Case {
    let (account, right) = (world.account(), typed("the right one")?);
    let hash = world.hash(&account, &right).await?;
    let tried = attempt(STRANGER, &right, Some(&hash));
    for _ in 0..3 {
        check_eq!(
            world.check(&account, &tried, BEGUN).await?,
            MATCHES,
            "right"
        );
    }
    world.guess(&account, STRANGER, BEGUN).await?;
    check_eq!(
        world.check(&account, &tried, BEGUN + 1000).await?,
        MATCHES,
        "right"
    );
    check_eq!(
        world.guess(&account, STRANGER, BEGUN + 1000).await?,
        DIFFERS,
        "second"
    );
    check_eq!(
        world.guess(&account, STRANGER, BEGUN + 1000).await?,
        Guarded::Delayed(2),
        "two"
    );
    Ok(())
}

pub(super) async fn the_right_password_of_a_disabled_account_is_a_failure<G: PasswordGuard>(
    world: &World<G>,
) -> Case {
    let (account, right) = (world.account(), typed("the right one")?);
    let hash = world.hash(&account, &right).await?;
    let tried = Attempt {
        in_vain: true,
        ..attempt(STRANGER, &right, Some(&hash))
    };
    check_eq!(
        world.check(&account, &tried, BEGUN).await?,
        MATCHES,
        "right"
    );
    check_eq!(
        world.check(&account, &tried, BEGUN).await?,
        Guarded::Delayed(1),
        "again"
    );
    Ok(())
}

pub(super) async fn a_hundred_in_a_row_are_the_last<G: PasswordGuard>(world: &World<G>) -> Case {
    let (account, mut now) = (world.account(), BEGUN);
    for number in 0..100 {
        check_eq!(
            world.guess(&account, STRANGER, now).await?,
            DIFFERS,
            format!("try {number}")
        );
        now += 900_000;
    }
    let Guarded::Delayed(wait) = world.guess(&account, STRANGER, now).await? else {
        return Err("a try too many".to_owned());
    };
    check_eq!(wait, 86_400 - 900, "the wait");
    check_eq!(
        world.guess(&account, known(1), now).await?,
        DIFFERS,
        "known"
    );
    now += u64::from(wait) * 1000;
    check_eq!(
        world.guess(&account, STRANGER, now).await?,
        DIFFERS,
        "a day later"
    );
    Ok(())
}

pub(super) async fn failures_lapse_after_a_day<G: PasswordGuard>(world: &World<G>) -> Case {
    let account = world.account();
    world.guess(&account, STRANGER, BEGUN).await?;
    world.guess(&account, STRANGER, BEGUN + 1000).await?;
    let lapsed = BEGUN + 1000 + 86_400_000;
    check_eq!(
        world.guess(&account, STRANGER, lapsed).await?,
        DIFFERS,
        "a day later"
    );
    check_eq!(
        world.guess(&account, STRANGER, lapsed).await?,
        Guarded::Delayed(1),
        "one"
    );
    Ok(())
}

pub(super) async fn accounts_are_counted_apart<G: PasswordGuard>(world: &World<G>) -> Case {
    let (one, other) = (world.account(), world.account());
    world.guess(&one, STRANGER, BEGUN).await?;
    check_eq!(
        world.guess(&other, STRANGER, BEGUN).await?,
        DIFFERS,
        "the other"
    );
    Ok(())
}

pub(super) async fn the_known_are_not_delayed_by_strangers<G: PasswordGuard>(
    world: &World<G>,
) -> Case {
    let (account, right) = (world.account(), typed("the right one")?);
    let hash = world.hash(&account, &right).await?;
    for step in 0..5 {
        world
            .guess(&account, STRANGER, BEGUN + step * 20_000)
            .await?;
        let tried = attempt(known(1), &right, Some(&hash));
        check_eq!(
            world.check(&account, &tried, BEGUN + step * 20_000).await?,
            MATCHES,
            "known"
        );
    }
    Ok(())
}

pub(super) async fn the_known_have_ten_tries_of_their_own<G: PasswordGuard>(
    world: &World<G>,
) -> Case {
    let account = world.account();
    world.guess(&account, STRANGER, BEGUN).await?;
    for _ in 0..10 {
        check_eq!(
            world.guess(&account, known(1), BEGUN).await?,
            DIFFERS,
            "its own"
        );
    }
    check_eq!(
        world.guess(&account, known(1), BEGUN).await?,
        Guarded::Delayed(1),
        "as a stranger"
    );
    check_eq!(
        world.guess(&account, known(2), BEGUN).await?,
        DIFFERS,
        "another's"
    );
    Ok(())
}

pub(super) async fn strangers_are_not_delayed_by_the_known<G: PasswordGuard>(
    world: &World<G>,
) -> Case {
    let account = world.account();
    for _ in 0..10 {
        world.guess(&account, known(1), BEGUN).await?;
    }
    check_eq!(
        world.guess(&account, STRANGER, BEGUN).await?,
        DIFFERS,
        "first"
    );
    Ok(())
}

pub(super) async fn what_is_not_to_be_counted_is_not<G: PasswordGuard>(world: &World<G>) -> Case {
    let account = world.account();
    let (password, hash) = (typed("wrong")?, PasswordHash::new(CHEAP.to_owned()));
    let tried = Attempt {
        by: None,
        ..attempt(STRANGER, &password, Some(&hash))
    };
    for _ in 0..20 {
        check_eq!(
            world.check(&account, &tried, BEGUN).await?,
            DIFFERS,
            "uncounted"
        );
    }
    check_eq!(
        world.guess(&account, STRANGER, BEGUN).await?,
        DIFFERS,
        "first"
    );
    check_eq!(
        world.check(&account, &tried, BEGUN).await?,
        DIFFERS,
        "uncounted"
    );
    Ok(())
}

pub(super) async fn of_ten_wrong_tries_at_once_one_is_made<G: PasswordGuard>(
    world: &World<G>,
) -> Case {
    let account = world.account();
    let tries = (0..10).map(|_| world.guess(&account, STRANGER, BEGUN));
    let outcomes = join_all(tries)
        .await
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?;
    let made = outcomes
        .iter()
        .filter(|outcome| **outcome == DIFFERS)
        .count();
    check_eq!(made, 1, format!("made of {outcomes:?}"));
    check!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, Guarded::Delayed(1)) || *outcome == DIFFERS),
        "{outcomes:?}"
    );
    Ok(())
}

pub(super) async fn ten_right_tries_at_once_are_right_or_refused<G: PasswordGuard>(
    world: &World<G>,
) -> Case {
    let (account, right) = (world.account(), typed("the right one")?);
    let hash = world.hash(&account, &right).await?;
    let tried = attempt(STRANGER, &right, Some(&hash));
    let tries = (0..10).map(|_| world.check(&account, &tried, BEGUN));
    let outcomes = join_all(tries)
        .await
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?;
    let right = outcomes
        .iter()
        .filter(|outcome| **outcome == MATCHES)
        .count();
    check!(right >= 4, "only {right} of {outcomes:?}");
    check!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, Guarded::Delayed(1)) || *outcome == MATCHES),
        "{outcomes:?}"
    );
    Ok(())
}

/// The port's documentation says: "Forgets all failures of an account, so that everybody may try
/// again at once."
pub(super) async fn forgotten_failures_delay_nobody<G: PasswordGuard>(world: &World<G>) -> Case {
    let (account, other) = (world.account(), world.account());
    for account in [&account, &other] {
        for by in [STRANGER, known(1)] {
            check_eq!(world.guess(account, by, BEGUN).await?, DIFFERS, "a try");
        }
    }
    world.guard.forget(&account).await.map_err(text)?;
    let again = world.guess(&account, STRANGER, BEGUN).await?;
    check_eq!(again, DIFFERS, "forgotten");
    let delayed = world.guess(&other, STRANGER, BEGUN).await?;
    check_eq!(delayed, Guarded::Delayed(1), "another account");
    // After `forget`, failures are counted from zero again.
    let next = world.guess(&account, STRANGER, BEGUN).await?;
    check_eq!(next, Guarded::Delayed(1), "the first failure");
    world.guard.forget(&world.account()).await.map_err(text)
}
