//! A proof means that the user enters the password again. Tests what a store records about a proof.
//! A proof does not use up a refresh token.

use edgegate::domain::session::{EndReason, Proof, Proved, RefreshTicket, Verdict};
use edgegate::ports::{Ending, SessionStore};

use super::super::world::{
    DAY, GRACE, Person, ROTATE_AFTER, World, every_time, laptop, rules, stranger, successor,
};
use super::{Case, check, check_eq, text};

/// The same ticket, as if the user had entered the password now.
fn proved<W: World>(world: &W, ticket: RefreshTicket) -> RefreshTicket {
    RefreshTicket {
        proof: Proof::by_password(world.now()),
        ..ticket
    }
}

async fn prove<W: World>(world: &W, ticket: RefreshTicket) -> Result<Proved, String> {
    let store = world.here();
    store
        .prove(&ticket, &rules(), world.now())
        .await
        .map_err(text)
}

/// The port's documentation says about a proof: "The number is not used up, so the owner's ticket
/// stays valid." Both the old and the new ticket can be renewed, in either order, whether or not
/// the answer to the proof arrived.
pub(crate) async fn a_proof_spends_no_token<W: World>(world: &W) -> Case {
    for rules in [every_time(), rules()] {
        let ada = Person::new(world)?;
        let old = ada.begin().await?;
        world.pass(ROTATE_AFTER);
        let new = proved(world, old);
        for _ in 0..3 {
            check_eq!(prove(world, new).await?, Proved::GoesOn, "a proof");
        }
        for ticket in [old, new, old] {
            let verdict = ada.renew(ticket, &laptop(), &rules).await?;
            check_eq!(
                verdict.answer(ticket).map(|next| next.counter),
                Some(1),
                "the next token"
            );
        }
        world.pass(GRACE);
        let verdict = ada.renew(old, &stranger(), &rules).await?;
        check_eq!(verdict, Verdict::Reused, "the old one, once it is spent");
    }
    Ok(())
}

/// The ticket contains the proof (when the user entered the password). When this ticket is renewed,
/// the store writes the proof into the session's record, where later renewals find it.
pub(crate) async fn a_proof_goes_on_with_the_chain<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let login = ada.begin().await?;
    world.pass(ROTATE_AFTER);
    let new = proved(world, login);
    check_eq!(prove(world, new).await?, Proved::GoesOn, "a proof");
    ada.renew(new, &laptop(), &every_time()).await?;
    world.pass(ROTATE_AFTER);
    // These tickets contain only the time of the login. So they are like the tickets of a client
    // that did not receive the answer to the user's second password entry.
    let next = successor(login)?;
    for ticket in [next, successor(next)?] {
        let user = std::future::ready(Ok(Some(ada.user.clone())));
        let renewal = ada
            .renew_at(world.here(), ticket, &laptop(), &every_time(), user)
            .await?;
        let proof = renewal.ticket.map(|ticket| ticket.proof);
        check_eq!(proof, Some(new.proof), "the newest proof");
        world.pass(ROTATE_AFTER);
    }
    Ok(())
}

pub(crate) async fn a_spent_token_is_not_handed_out_again<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let first = ada.begin().await?;
    ada.renew(first, &laptop(), &every_time()).await?;
    world.pass(1);
    let next = successor(first)?;
    ada.renew(next, &laptop(), &every_time()).await?;
    world.pass(1);
    for spent in [first, next] {
        let answer = prove(world, proved(world, spent)).await?;
        check_eq!(answer, Proved::Spent, "a spent token");
    }
    let newest = proved(world, successor(next)?);
    check_eq!(prove(world, newest).await?, Proved::GoesOn, "the newest");
    Ok(())
}

pub(crate) async fn what_is_over_takes_no_proof<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let ended = ada.begin().await?;
    let store = world.here();
    store
        .end(
            &Ending::by_id(ended.user, ended.session),
            EndReason::LoggedOut,
            world.now(),
        )
        .await
        .map_err(text)?;
    check_eq!(prove(world, ended).await?, Proved::Over, "an ended session");
    let expired = RefreshTicket {
        expires_at: world.now(),
        ..ada.begin().await?
    };
    check_eq!(prove(world, expired).await?, Proved::Over, "an expired one");
    let idle = ada.begin().await?;
    world.pass(30 * DAY);
    check_eq!(prove(world, idle).await?, Proved::Over, "an idle one");
    let unknown = ada.ticket();
    world.pass(DAY);
    check_eq!(prove(world, unknown).await?, Proved::Over, "an unknown one");
    Ok(())
}

/// The port's documentation says: "A linearizable store MUST keep the later of the two proofs".
pub(crate) async fn a_proof_is_kept_at_once<W: World>(world: &W) -> Case {
    let ada = Person::new(world)?;
    let login = ada.begin().await?;
    world.pass(10);
    let new = proved(world, login);
    prove(world, new).await?;
    // If an earlier proof arrives after a later one, the store keeps the later one.
    prove(world, login).await?;
    let user = std::future::ready(Ok(Some(ada.user.clone())));
    let renewal = ada
        .renew_at(world.here(), login, &laptop(), &rules(), user)
        .await?;
    let proof = renewal.ticket.map(|ticket| ticket.proof);
    check!(
        renewal.verdict == Verdict::Kept && proof == Some(new.proof),
        "{renewal:?}"
    );
    Ok(())
}
