//! Sessions that begin, are listed, and exceed the limit.

use std::future::ready;

use edgegate::domain::session::{EndReason, SessionId, Verdict};
use edgegate::ports::SessionStore;

use super::super::world::{DAY, GRACE, Person, World, every_time, laptop, rules, stranger, text};
use super::{Case, check, check_eq, end, has_ended};

pub(crate) async fn users_are_apart<W: World>(world: &W) -> Case {
    let (ada, bob) = (Person::new(world)?, Person::new(world)?);
    let (first, other) = (ada.begin().await?, bob.begin().await?);
    check_eq!(ada.listed().await?, vec![first.session], "Ada's");
    check_eq!(bob.listed().await?, vec![other.session], "Bob's");
    // Bob tries to end Ada's session.
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
        .revocation(ada.user.id, first.session, None, world.now())
        .await
        .map_err(text)?;
    check!(
        !revocation.ended && revocation.minimum_version.is_none(),
        "{revocation:?}"
    );
    Ok(())
}

/// The port's documentation says about recording a new session: "a repeat of this call MUST change
/// nothing."
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

pub(crate) async fn a_new_session_is_known_everywhere<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let token = ada.ticket();
    // The other location has already read that the session does not exist, and has perhaps cached
    // this answer.
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
    // KV's list can be out of date for a while.
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

/// The port's documentation says that a list has the active sessions "oldest first, without those
/// that have ended, have expired or have been idle for too long".
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

/// The port's documentation says that a list is "without those that […] have expired or have been
/// idle for too long". KV deletes such sessions by its own clock, which `pass` can't move.
/// `tests/session_store/limit.rs` tests this for KV.
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

/// The port's documentation says about sessions above the limit: "the oldest other sessions of the
/// kind MUST end. An adapter may end them at once, or later, if its documentation says how late and
/// how often it ends them."
pub(crate) async fn the_oldest_ends_above_the_limit<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let oldest = ada.ticket();
    ada.record(oldest, Some(3)).await?;
    let mut newest = oldest;
    // On KV, one login in eight counts the sessions. The chance that none of 200 logins counts them
    // is less than one in 10^11.
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
    // A session that has ended does not count against the limit.
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
