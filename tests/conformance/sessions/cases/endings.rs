//! Sessions that end, and stay ended.

use std::future::ready;

use edgegate::domain::session::{EndReason, RefreshTicket, Reuse, Rules, Verdict};
use edgegate::ports::{Ending, SessionStore};

use super::super::world::{
    DAY, GRACE, Person, ROTATE_AFTER, World, every_time, laptop, rules, stranger, successor,
};
use super::{Case, check, check_eq, end, has_ended};

/// The port's documentation says that a renewal "writes the effect of the decision before it
/// answers". In this case the effect is the end of a session whose token was reused.
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
    // KV accepts only one write a second for a key.
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

/// The port's documentation says about ending a session: "After this call every renewal of the
/// session MUST fail". This is true whatever token is presented, and however often.
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

/// The session ends during a renewal. It is possible that the renewal still succeeds, but
/// afterwards the session has ended.
pub(crate) async fn an_end_during_a_renewal_counts<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    let verdict = renew_while_it_ends(&ada, first, world.here()).await?;
    let next = verdict.answer(first).unwrap_or(first);
    for token in [first, next] {
        let verdict = ada.renew(token, &laptop(), &every_time()).await?;
        check_eq!(verdict, Verdict::Ended, "afterwards");
    }
    Ok(())
}

/// In a linearizable store, the renewal sees that the session has ended in the meantime, so the
/// renewal fails.
pub(crate) async fn an_end_during_a_renewal_stops_it<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    let verdict = renew_while_it_ends(&ada, first, world.elsewhere()).await?;
    check_eq!(verdict, Verdict::Ended, "during");
    Ok(())
}

/// Renews at this location. While the user's row is read, the session ends at `store`.
async fn renew_while_it_ends<W: World>(
    ada: &Person<'_, W>,
    token: RefreshTicket,
    store: &W::Store,
) -> Result<Verdict, String> {
    let (user, now) = (&ada.user, ada.world.now());
    let row = async {
        store
            .end(
                &Ending::by_id(user.id, token.session),
                EndReason::LoggedOut,
                now,
            )
            .await?;
        Ok(Some(user.clone()))
    };
    let here = ada.world.here();
    let renewal = ada
        .renew_at(here, token, &laptop(), &every_time(), row)
        .await?;
    Ok(renewal.verdict)
}

/// The port's documentation says about ending a session: "A repeat of the call MUST NOT change what
/// an earlier call has done".
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
    // Ending a session that this store never saw is not an error.
    end(&ada, ada.ticket().session, EndReason::LoggedOut).await
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

pub(crate) async fn what_was_never_begun_has_ended_for_a_check<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    check!(
        has_ended(&ada, world.here(), ada.ticket().session).await?,
        "goes on"
    );
    Ok(())
}
