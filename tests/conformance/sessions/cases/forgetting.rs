//! Which data about the sessions of a deleted user the store deletes, and which data it keeps for a
//! while.

use std::future::ready;

use edgegate::domain::policy::{DELETED_VERSION, DEPARTURE_SETTLES};
use edgegate::domain::session::{EndReason, Verdict};
use edgegate::ports::SessionStore;

use super::super::world::{Person, World, laptop, rules, text};
use super::{Case, check, check_eq, end, has_ended};

/// Deletes at most two records per call, until nothing is left.
async fn forget<W: World>(ada: &Person<'_, W>, store: &W::Store) -> Case {
    for _ in 0..10 {
        if store.forget(ada.user.id, 2).await.map_err(text)? < 2 {
            return Ok(());
        }
        ada.world.pass(1);
    }
    Err("after twenty records some are left".to_owned())
}

/// The port's documentation says about `forget`: "Deletes the stored data about the sessions of a
/// user who was deleted". This is also true if `forget` is called at a location where the sessions
/// did not begin. The sessions of other users stay.
pub(crate) async fn what_is_forgotten_is_gone<W: World>(world: &W) -> Case {
    let (ada, bob) = (Person::new(world)?, Person::new(world)?);
    let mut tickets = Vec::new();
    for _ in 0..5 {
        tickets.push(ada.begin().await?);
    }
    let others = bob.begin().await?;
    end(&ada, tickets[0].session, EndReason::LoggedOut).await?;
    // It can take 60 s until KV's list contains what was written elsewhere. The rest of this wait
    // is for failed calls, which are repeated.
    world.pass(DEPARTURE_SETTLES);
    forget(&ada, world.elsewhere()).await?;
    world.pass(DEPARTURE_SETTLES);
    check_eq!(ada.listed().await?, vec![], "the list");
    for ticket in tickets {
        for store in [world.here(), world.elsewhere()] {
            let user = ready(Ok(Some(ada.user.clone())));
            let renewal = ada.renew_at(store, ticket, &laptop(), &rules(), user).await;
            let verdict = renewal?.verdict;
            // The isolate that ended a session might still remember that the session has ended.
            let is_gone = matches!(verdict, Verdict::Unknown | Verdict::Ended);
            check!(is_gone, "{verdict:?}");
        }
    }
    check_eq!(bob.listed().await?, vec![others.session], "another's");
    // Calling `forget` again is not an error. It is not an error either if nothing was ever stored
    // about the user.
    forget(&ada, world.here()).await?;
    forget(&Person::new(world)?, world.here()).await
}

/// The port's documentation says that what makes access tokens invalid "MUST be kept for its
/// `ttl`".
pub(crate) async fn forgetting_leaves_what_refuses_access_tokens<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    let store = world.here();
    let outdated = store.outdate(ada.user.id, DELETED_VERSION, 3900, world.now());
    outdated.await.map_err(text)?;
    world.pass(DEPARTURE_SETTLES);
    for wait in [0, 300, 3000] {
        world.pass(wait);
        forget(&ada, store).await?;
        for store in [world.here(), world.elsewhere()] {
            let known = store.revocation(ada.user.id, first.session, None, world.now());
            let version = known.await.map_err(text)?.minimum_version;
            let ended = has_ended(&ada, store, first.session).await?;
            check!(
                ended || version == Some(DELETED_VERSION),
                "{wait} s later: {version:?}"
            );
        }
    }
    Ok(())
}
