//! When an account is deleted, the directory stores a record of the deletion (a departure). The
//! departure stays until everything that belonged to the account is deleted.

use edgegate::domain::account::{Departure, User, UserId};
use edgegate::ports::UserDirectory;

use super::super::key;
use super::{Case, LARGEST, World, check, check_eq, freed, text};

/// Deletes the departures of earlier cases.
async fn clear<D: UserDirectory>(world: &World<D>) -> Case {
    for departure in all(world).await? {
        postpone(world, departure.user, None).await?;
    }
    forget(world, LARGEST).await?;
    check_eq!(all(world).await?, vec![], "after all were forgotten");
    Ok(())
}

async fn all<D: UserDirectory>(world: &World<D>) -> Result<Vec<Departure>, String> {
    world.directory.departures(None, 500).await.map_err(text)
}

async fn due<D: UserDirectory>(
    world: &World<D>,
    limit: u32,
    now: u64,
) -> Result<Vec<UserId>, String> {
    let due = world.directory.due_departures(limit, now);
    Ok(due.await.map_err(text)?.iter().map(|it| it.user).collect())
}

async fn postpone<D: UserDirectory>(world: &World<D>, id: UserId, due_at: Option<u64>) -> Case {
    let postponed = world.directory.postpone_departure(id, due_at);
    postponed.await.map_err(text)
}

async fn forget<D: UserDirectory>(world: &World<D>, left_before: u64) -> Case {
    let forgotten = world.directory.forget_departures(left_before);
    forgotten.await.map_err(text)
}

/// Deletes a user at this time, and returns the user's id.
async fn gone<D: UserDirectory>(world: &World<D>, at: u64) -> Result<UserId, String> {
    let user = world.somebody().await?;
    check!(world.delete(&user, at).await?, "deleted");
    Ok(user.id)
}

/// The port's documentation says that a deletion must "record the user's `Departure`, due at once".
/// Deleting a user who does not exist records nothing, and a repeat changes nothing.
pub(crate) async fn a_deletion_records_a_departure<D: UserDirectory>(world: &World<D>) -> Case {
    clear(world).await?;
    let ada = world.somebody().await?;
    let elsewhere = User {
        email: world.nobody()?.email,
        ..ada.clone()
    };
    for (user, at, expected) in [
        (&elsewhere, 900, false),
        (&ada, 1000, true),
        (&ada, 2000, false),
        (&world.nobody()?, 1000, false),
    ] {
        let deleted = world.delete(user, at).await?;
        check_eq!(deleted, expected, format!("deleted at {at}"));
    }
    let expected = Departure {
        user: ada.id,
        address: key(&ada.email),
        left_at: 1000,
    };
    let ada = ada.id;
    check_eq!(all(world).await?, vec![expected], "the departures");
    check_eq!(due(world, 9, 999).await?, vec![], "before");
    check_eq!(due(world, 9, 1000).await?, vec![ada], "at once");
    Ok(())
}

/// An operator can restore a deleted account with its old id, while the departure of the first
/// deletion is still stored. Even in this case, a second deletion must fail if it comes after its
/// deadline. If the second deletion succeeds, its own departure must be recorded.
pub(crate) async fn an_account_that_was_put_back_departs_again<D: UserDirectory>(
    world: &World<D>,
) -> Case {
    clear(world).await?;
    let ada = world.somebody().await?;
    check!(world.delete(&ada, 1000).await?, "deleted");
    postpone(world, ada.id, None).await?;
    world.insert(&ada).await?;
    let (past, again) = (Some(1), freed(&ada.email, 2000));
    let late = world
        .directory
        .delete(ada.id, &ada.email, None, past, &again);
    check_eq!(late.await.map_err(text)?, false, "past its deadline");
    check_eq!(world.read(ada.id).await?.is_some(), true, "still there");
    check!(world.delete(&ada, 2000).await?, "deleted again");
    let left_at: Vec<u64> = all(world).await?.iter().map(|it| it.left_at).collect();
    check_eq!(left_at, vec![2000], "the departures");
    check_eq!(due(world, 9, 2000).await?, vec![ada.id], "due again");
    Ok(())
}

pub(crate) async fn departures_are_due_in_their_order<D: UserDirectory>(world: &World<D>) -> Case {
    clear(world).await?;
    let (ada, bob, eve) = (
        gone(world, 1000).await?,
        gone(world, 1001).await?,
        gone(world, 1002).await?,
    );
    check_eq!(due(world, 9, 1002).await?, vec![ada, bob, eve], "all");
    check_eq!(due(world, 1, 1002).await?, vec![ada], "one");
    postpone(world, ada, Some(1300)).await?;
    postpone(world, bob, None).await?;
    check_eq!(due(world, 9, 1299).await?, vec![eve], "those left");
    check_eq!(due(world, 9, 1300).await?, vec![eve, ada], "the postponed");
    check_eq!(due(world, 9, LARGEST).await?.len(), 2, "at the end");
    // Postponing a departure that does not exist is not an error.
    postpone(world, world.nobody()?.id, Some(1)).await
}

pub(crate) async fn departures_come_in_pages<D: UserDirectory>(world: &World<D>) -> Case {
    clear(world).await?;
    let mut expected = Vec::new();
    for _ in 0..5 {
        expected.push(gone(world, 1000).await?);
    }
    postpone(world, expected[2], None).await?;
    expected.sort();
    let mut found: Vec<UserId> = Vec::new();
    loop {
        let page = world.directory.departures(found.last().copied(), 2);
        let page = page.await.map_err(text)?;
        check!(page.len() <= 2, "a page");
        if page.is_empty() {
            break;
        }
        found.extend(page.iter().map(|departure| departure.user));
    }
    check_eq!(found, expected, "each once, due or not");
    Ok(())
}

/// The port's documentation says that an id is found if the user was "deleted after `left_after`,
/// or whose `Departure` is still due".
pub(crate) async fn ids_that_departed_lately_are_found<D: UserDirectory>(world: &World<D>) -> Case {
    clear(world).await?;
    let (old, due, young) = (
        gone(world, 1000).await?,
        gone(world, 1000).await?,
        gone(world, 1001).await?,
    );
    postpone(world, old, None).await?;
    postpone(world, young, None).await?;
    let asked = [world.somebody().await?.id, old, due, young];
    let found = world.directory.departed_among(&asked, 1000);
    let mut found = found.await.map_err(text)?;
    found.sort();
    let mut expected = vec![due, young];
    expected.sort();
    check_eq!(found, expected, "those that are due, or young");
    let of_another = world.directory.departed_among(&[young], 1000).await;
    check_eq!(of_another.map_err(text)?, vec![young], "only of these ids");
    let none = world.directory.departed_among(&[], 0).await;
    check_eq!(none.map_err(text)?, vec![], "of no ids");
    Ok(())
}

pub(crate) async fn a_departure_is_forgotten_when_it_is_old_and_not_due<D: UserDirectory>(
    world: &World<D>,
) -> Case {
    clear(world).await?;
    let (ada, bob, eve) = (
        gone(world, 1000).await?,
        gone(world, 1000).await?,
        gone(world, 1001).await?,
    );
    postpone(world, ada, None).await?;
    postpone(world, eve, None).await?;
    forget(world, 1001).await?;
    let mut left: Vec<UserId> = all(world).await?.iter().map(|it| it.user).collect();
    left.sort();
    let mut expected = vec![bob, eve];
    expected.sort();
    check_eq!(left, expected, "those that are due, or young");
    Ok(())
}
