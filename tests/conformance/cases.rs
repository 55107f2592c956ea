//! The cases: each holds one sentence of the port's documentation.

use std::future::ready;

use edgegate::domain::error::StoreError;
use edgegate::domain::session::{EndReason, Reuse, Rules, SessionId, Verdict};
use edgegate::ports::SessionStore;
use futures_util::future::join_all;

use super::world::{
    DAY, GRACE, Person, ROTATE_AFTER, World, every_time, laptop, rules, stranger, successor, text,
};
use super::{check, check_eq};

type Case = Result<(), String>;

/// "nothing otherwise": a kept token writes nothing, and stays good.
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

/// "writes what the verdict says before it answers: the record of a fresh use".
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

/// The lid was shut during a renewal; on waking one request is late, its token is used, and the other comes after that.
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

/// "writes what the verdict says before it answers": the use of a predecessor that the store had not seen.
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

/// "the end of a reused session".
pub(crate) async fn a_spent_token_ends_the_session<W: World>(world: &W) -> Case {
    let strict = Rules {
        reuse: Reuse::Strict,
        ..every_time()
    };
    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    ada.renew(first, &laptop(), &strict).await?;
    world.pass(GRACE);
    check_eq!(
        ada.renew(first, &laptop(), &strict).await?,
        Verdict::Reused,
        "spent"
    );
    for token in [first, successor(first)?] {
        check_eq!(
            ada.renew(token, &laptop(), &strict).await?,
            Verdict::Ended,
            "afterwards"
        );
    }
    Ok(())
}

pub(crate) async fn an_older_token_ends_the_session<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    let second = successor(first)?;
    ada.renew(first, &laptop(), &every_time()).await?;
    // KV takes one write a second for a key.
    world.pass(1);
    ada.renew(second, &laptop(), &every_time()).await?;
    check_eq!(
        ada.renew(first, &laptop(), &every_time()).await?,
        Verdict::Reused,
        "older"
    );
    check_eq!(
        ada.renew(successor(second)?, &laptop(), &every_time())
            .await?,
        Verdict::Ended,
        "afterwards"
    );
    Ok(())
}

/// "No renewal MUST succeed after it", whatever is presented, however often.
pub(crate) async fn an_ended_session_never_comes_back<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    end(&ada, first.session, EndReason::LoggedOut).await?;
    for wait in [0, 1, GRACE, ROTATE_AFTER, DAY] {
        world.pass(wait);
        for token in [first, successor(first)?] {
            for browser in [laptop(), stranger()] {
                let verdict = ada.renew(token, &browser, &every_time()).await?;
                check_eq!(verdict, Verdict::Ended, "afterwards");
            }
        }
    }
    Ok(())
}

/// A renewal that has begun when the session ends may go through; the session has ended all the same.
pub(crate) async fn an_end_during_a_renewal_counts<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    let user = async {
        world
            .here()
            .end(
                ada.user.id,
                first.session,
                EndReason::LoggedOut,
                world.now(),
            )
            .await?;
        Ok(Some(ada.user.clone()))
    };
    let renewal = ada
        .renew_at(world.here(), first, &laptop(), &every_time(), user)
        .await?;
    let next = renewal.verdict.answer(first).unwrap_or(first);
    for token in [first, next] {
        let verdict = ada.renew(token, &laptop(), &every_time()).await?;
        check_eq!(verdict, Verdict::Ended, "afterwards");
    }
    Ok(())
}

/// The same in a linearizable store: the end comes before the decision.
pub(crate) async fn an_end_during_a_renewal_stops_it<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    let user = async {
        world
            .elsewhere()
            .end(
                ada.user.id,
                first.session,
                EndReason::LoggedOut,
                world.now(),
            )
            .await?;
        Ok(Some(ada.user.clone()))
    };
    let renewal = ada
        .renew_at(world.here(), first, &laptop(), &every_time(), user)
        .await?;
    check_eq!(renewal.verdict, Verdict::Ended, "during");
    Ok(())
}

/// "A repeat MUST change nothing."
pub(crate) async fn ending_twice_is_no_error<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    for reason in [
        EndReason::LoggedOut,
        EndReason::Reused,
        EndReason::EndedByUser,
        EndReason::OverLimit,
    ] {
        end(&ada, first.session, reason).await?;
        check_eq!(
            ada.renew(first, &laptop(), &rules()).await?,
            Verdict::Ended,
            "again"
        );
        world.pass(1);
    }
    // One that this store never saw.
    end(&ada, ada.ticket().session, EndReason::LoggedOut).await
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
        check_eq!(renewal.user, user, "the user comes along");
    }
    // Nothing was written.
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

pub(crate) async fn users_are_apart<W: World>(world: &W) -> Case {
    let (ada, bob) = (Person::new(world)?, Person::new(world)?);
    let (first, other) = (ada.begin().await?, bob.begin().await?);
    check_eq!(ada.listed().await?, vec![first.session], "Ada's");
    check_eq!(bob.listed().await?, vec![other.session], "Bob's");
    // Bob ends what is Ada's.
    end(&bob, first.session, EndReason::EndedByUser).await?;
    world
        .here()
        .outdate(bob.user.id, 9, 900, world.now())
        .await
        .map_err(text)?;
    check_eq!(
        ada.renew(first, &laptop(), &rules()).await?,
        Verdict::Kept,
        "Ada's"
    );
    let revocation = world
        .here()
        .revocation(ada.user.id, first.session, world.now())
        .await
        .map_err(text)?;
    check!(
        !revocation.ended && revocation.minimum_version.is_none(),
        "{revocation:?}"
    );
    Ok(())
}

/// A session is its user's: with another user's id there is none.
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

/// A store that isn't linearizable may not see a session that began elsewhere: its tokens renew all the same.
pub(crate) async fn a_new_session_renews_elsewhere_at_once<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.ticket();
    // Its absence was seen there.
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

/// "A repeat MUST change nothing."
pub(crate) async fn beginning_twice_changes_nothing<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    world.pass(1);
    ada.record(first, None).await?;
    check_eq!(ada.listed().await?, vec![first.session], "one session");
    check_eq!(
        ada.renew(first, &laptop(), &rules()).await?,
        Verdict::Kept,
        "and it goes on"
    );
    end(&ada, first.session, EndReason::LoggedOut).await?;
    world.pass(1);
    ada.record(first, None).await?;
    check_eq!(
        ada.renew(first, &laptop(), &rules()).await?,
        Verdict::Ended,
        "nor does it come back"
    );
    Ok(())
}

pub(crate) async fn a_begin_repeated_after_a_renewal_changes_nothing<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    ada.renew(first, &laptop(), &every_time()).await?;
    ada.record(first, None).await?;
    world.pass(GRACE);
    check_eq!(
        ada.renew(first, &stranger(), &every_time()).await?,
        Verdict::Reused,
        "still spent"
    );
    Ok(())
}

pub(crate) async fn a_list_shows_who_and_when<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let begun = world.now();
    let first = ada.begin().await?;
    let list = || world.here().list(ada.user.id, 0, world.now());
    let sessions = list().await.map_err(text)?;
    let [session] = sessions.as_slice() else {
        return Err(format!("{} sessions", sessions.len()));
    };
    let browser = laptop();
    check_eq!(session.id.begun_at(), begun, "begun");
    check_eq!(session.last_used_at, begun, "last used");
    check_eq!(session.user_agent, browser.client.user_agent(), "program");
    check_eq!(session.network, browser.client.network(), "network");
    check_eq!(&session.place, browser.client.place(), "place");

    world.pass(DAY);
    ada.renew(first, &stranger(), &rules()).await?;
    // A list may be late.
    world.pass(60);
    let sessions = list().await.map_err(text)?;
    let [session] = sessions.as_slice() else {
        return Err(format!("{} sessions after a renewal", sessions.len()));
    };
    check_eq!(session.last_used_at, begun + 1 + DAY, "last used");
    let browser = stranger();
    check_eq!(session.user_agent, browser.client.user_agent(), "program");
    check_eq!(&session.place, browser.client.place(), "place");
    Ok(())
}

/// "in the order of their beginning. What has ended, expired or gone idle is not among them".
pub(crate) async fn a_list_shows_what_goes_on<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let mut sessions = Vec::new();
    for _ in 0..4 {
        sessions.push(ada.begin().await?.session);
        world.pass(1);
    }
    check_eq!(ada.listed().await?, sessions, "all, in order");
    end(&ada, sessions[1], EndReason::LoggedOut).await?;
    check_eq!(
        ada.listed().await?,
        vec![sessions[0], sessions[2], sessions[3]],
        "without one"
    );
    let later = world
        .here()
        .list(ada.user.id, 1, world.now())
        .await
        .map_err(text)?;
    check!(later.is_empty(), "sessions of another epoch: {later:?}");
    Ok(())
}

/// "What has […] expired or gone idle is not among them". KV forgets it by its own clock, which `pass` may not move:
/// `tests/session_store/limit.rs` has it there.
pub(crate) async fn a_list_leaves_out_what_has_gone_idle<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let begun = world.now();
    let first = ada.begin().await?;
    let idle = rules().idle_ttl;
    world.pass(begun + idle - 1 - world.now());
    check_eq!(ada.listed().await?, vec![first.session], "not idle yet");
    ada.renew(first, &laptop(), &rules()).await?;
    world.pass(idle - 1);
    check_eq!(ada.listed().await?, vec![first.session], "renewed");
    world.pass(1);
    check!(ada.listed().await?.is_empty(), "idle, and in the list");
    Ok(())
}

/// "With more than `most` sessions the oldest MUST end: at once, or as late and as often as the adapter states."
pub(crate) async fn the_oldest_ends_above_the_limit<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let oldest = ada.ticket();
    ada.record(oldest, Some(3)).await?;
    let mut newest = oldest;
    // One login in eight counts: 200 miss by a chance of one in 10^11.
    for _ in 0..200 {
        world.pass(1);
        newest = ada.ticket();
        ada.record(newest, Some(3)).await?;
        world.after_response().await?;
        if ada.renew(oldest, &laptop(), &rules()).await? == Verdict::Ended {
            check_eq!(
                ada.renew(newest, &laptop(), &rules()).await?,
                Verdict::Kept,
                "the newest"
            );
            return Ok(());
        }
    }
    Err(format!(
        "{} still goes on, after {}",
        oldest.session, newest.session
    ))
}

pub(crate) async fn the_limit_is_exact<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let mut sessions = Vec::new();
    for _ in 0..5 {
        let ticket = ada.ticket();
        ada.record(ticket, Some(3)).await?;
        sessions.push(ticket);
        world.pass(1);
    }
    let left: Vec<SessionId> = sessions[2..].iter().map(|ticket| ticket.session).collect();
    check_eq!(ada.listed().await?, left, "the newest three");
    for ticket in &sessions[..2] {
        check_eq!(
            ada.renew(*ticket, &laptop(), &rules()).await?,
            Verdict::Ended,
            "the oldest"
        );
    }
    // Ended ones make room.
    end(&ada, left[0], EndReason::LoggedOut).await?;
    let ticket = ada.ticket();
    ada.record(ticket, Some(3)).await?;
    check_eq!(
        ada.listed().await?,
        vec![left[1], left[2], ticket.session],
        "room"
    );
    Ok(())
}

/// "A smaller number MUST NOT take back a larger one where reads are not stale."
pub(crate) async fn versions_only_rise<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    for (version, expected) in [(2, 2), (1, 2), (3, 3)] {
        world.pass(1);
        world
            .here()
            .outdate(ada.user.id, version, 900, world.now())
            .await
            .map_err(text)?;
        let revocation = world
            .here()
            .revocation(ada.user.id, first.session, world.now())
            .await
            .map_err(text)?;
        check_eq!(
            revocation.minimum_version,
            Some(expected),
            "smallest version that counts"
        );
        check!(!revocation.ended, "ended by a version");
    }
    Ok(())
}

/// "MUST hold at once where it is called, and for `ttl` seconds."
pub(crate) async fn a_version_counts_for_its_time<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    // An answer from before may be remembered.
    has_ended(&ada, world.here(), first.session).await?;
    world
        .here()
        .outdate(ada.user.id, 7, 900, world.now())
        .await
        .map_err(text)?;
    for seconds in [0, 1, 14, 45, 600, 239] {
        world.pass(seconds);
        let revocation = world
            .here()
            .revocation(ada.user.id, first.session, world.now())
            .await
            .map_err(text)?;
        check_eq!(revocation.minimum_version, Some(7), "within its time");
    }
    Ok(())
}

pub(crate) async fn an_end_is_seen_here_by_a_check<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    check!(
        !has_ended(&ada, world.here(), first.session).await?,
        "before"
    );
    end(&ada, first.session, EndReason::LoggedOut).await?;
    for wait in [0, 1, 15, 30, 60, DAY] {
        world.pass(wait);
        check!(
            has_ended(&ada, world.here(), first.session).await?,
            "{wait} s later"
        );
    }
    Ok(())
}

pub(crate) async fn a_new_session_is_known_everywhere<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let token = ada.ticket();
    // Absence was seen there.
    check!(
        has_ended(&ada, world.elsewhere(), token.session).await?,
        "before it began"
    );
    ada.record(token, None).await?;
    check!(
        !has_ended(&ada, world.elsewhere(), token.session).await?,
        "after it began"
    );
    let user = ready(Ok(Some(ada.user.clone())));
    let renewal = ada
        .renew_at(world.elsewhere(), token, &laptop(), &every_time(), user)
        .await?;
    check!(
        matches!(renewal.verdict, Verdict::Fresh(_)),
        "{:?}",
        renewal.verdict
    );
    Ok(())
}

pub(crate) async fn an_end_is_seen_elsewhere_at_once<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    check!(
        !has_ended(&ada, world.elsewhere(), first.session).await?,
        "before"
    );
    end(&ada, first.session, EndReason::LoggedOut).await?;
    check!(
        has_ended(&ada, world.elsewhere(), first.session).await?,
        "after"
    );
    let user = ready(Ok(Some(ada.user.clone())));
    let renewal = ada
        .renew_at(world.elsewhere(), first, &laptop(), &rules(), user)
        .await?;
    check_eq!(renewal.verdict, Verdict::Ended, "a renewal elsewhere");
    Ok(())
}

pub(crate) async fn a_version_is_seen_elsewhere_at_once<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    for version in [1, 2] {
        world
            .here()
            .outdate(ada.user.id, version, 900, world.now())
            .await
            .map_err(text)?;
        let revocation = world
            .elsewhere()
            .revocation(ada.user.id, first.session, world.now())
            .await
            .map_err(text)?;
        check_eq!(revocation.minimum_version, Some(version), "elsewhere");
    }
    Ok(())
}

pub(crate) async fn what_was_never_begun_has_ended_for_a_check<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    check!(
        has_ended(&ada, world.here(), ada.ticket().session).await?,
        "goes on"
    );
    Ok(())
}

async fn end<W: World>(ada: &Person<'_, W>, session: SessionId, reason: EndReason) -> Case {
    let now = ada.world.now();
    ada.world
        .here()
        .end(ada.user.id, session, reason, now)
        .await
        .map_err(text)
}

async fn has_ended<W: World>(
    ada: &Person<'_, W>,
    store: &W::Store,
    session: SessionId,
) -> Result<bool, String> {
    let revocation = store
        .revocation(ada.user.id, session, ada.world.now())
        .await
        .map_err(text)?;
    Ok(revocation.ended)
}
