//! Changes with a deadline (the time that `hold` of the session store returns), and the list of
//! changes that have no deadline.

use edgegate::domain::account::{RowChange, User, UserChange, UserId};
use edgegate::ports::UserDirectory;

use super::{Case, World, check, check_eq, freed, hash, text};

/// A time that every clock has passed, and a time that no clock has reached.
const PAST: u64 = 1;
const NEVER: u64 = 4_102_444_800;

/// A new user. The time of the user's creation is so late that every clock shows an earlier time.
async fn newcomer<D: UserDirectory>(world: &World<D>) -> Result<User, String> {
    let user = User {
        created_at: NEVER,
        ..world.nobody()?
    };
    world.insert(&user).await?;
    Ok(user)
}

async fn listed<D: UserDirectory>(
    world: &World<D>,
    id: UserId,
) -> Result<Option<RowChange>, String> {
    let changes = world.directory.row_changes(10_000).await.map_err(text)?;
    Ok(changes.into_iter().find(|change| change.user() == Some(id)))
}

/// The port's documentation says: "The change MUST NOT be made when the store's own clock shows
/// this time or a later one."
pub(crate) async fn a_change_past_its_deadline_is_not_made<D: UserDirectory>(
    world: &World<D>,
) -> Case {
    let ada = world.somebody().await?;
    let change = UserChange::revoke_sessions();
    let directory = &world.directory;
    let late = directory
        .update(ada.id, None, Some(PAST), &change, 200)
        .await;
    check_eq!(late.map_err(text)?, None, "too late");
    world.holds(&ada, "after a late change").await?;
    let made = directory
        .update(ada.id, None, Some(NEVER), &change, 200)
        .await;
    let made = made.map_err(text)?.ok_or("in time")?;
    check_eq!(made.version, ada.version + 1, "in time");
    for (deadline, expected) in [(PAST, true), (NEVER, false)] {
        let is_past = directory.is_past(deadline, 200).await.map_err(text)?;
        check_eq!(is_past, expected, deadline);
    }
    Ok(())
}

/// If a deletion comes after its deadline, nothing is deleted: neither the account nor anything
/// that belongs to it.
pub(crate) async fn a_deletion_past_its_deadline_deletes_nothing<D: UserDirectory>(
    world: &World<D>,
) -> Case {
    let ada = world.somebody().await?;
    let freed = freed(&ada.email, 200);
    for (within, expected) in [(PAST, false), (NEVER, true)] {
        let deleted = world
            .directory
            .delete(ada.id, &ada.email, None, Some(within), &freed)
            .await;
        check_eq!(deleted.map_err(text)?, expected, within);
        check_eq!(world.read(ada.id).await?.is_none(), expected, within);
        let departures = world.directory.departures(None, 10_000).await;
        let departures = departures.map_err(text)?;
        let has_departed = departures.iter().any(|departure| departure.user == ada.id);
        check_eq!(has_departed, expected, within);
    }
    Ok(())
}

/// The port's documentation says: "A change without a deadline MUST be listed."
pub(crate) async fn a_change_without_a_hold_is_listed<D: UserDirectory>(world: &World<D>) -> Case {
    let ada = newcomer(world).await?;
    check_eq!(listed(world, ada.id).await?, None, "a new user");
    let change = UserChange::revoke_sessions();
    let within = Some(NEVER - 1);
    let directory = &world.directory;
    let held = directory.update(ada.id, None, within, &change, 200).await;
    check!(held.map_err(text)?.is_some(), "in time");
    check_eq!(listed(world, ada.id).await?, None, "a change within a hold");
    world.update(ada.id, &change, 200).await?;
    let first = listed(world, ada.id).await?.ok_or("not listed")?;
    // The port's documentation says that an entry is deleted "unless the row has changed again
    // since it was read"
    world.update(ada.id, &change, 200).await?;
    directory.forget_row_change(&first).await.map_err(text)?;
    let second = listed(world, ada.id).await?.ok_or("not listed again")?;
    check!(first.mark != second.mark, "the same mark");
    directory.forget_row_change(&second).await.map_err(text)?;
    check_eq!(listed(world, ada.id).await?, None, "forgotten");
    // Deleting the entry again is not an error.
    directory.forget_row_change(&second).await.map_err(text)?;
    Ok(())
}

/// A change of a value that no copy of a user's row contains is not listed.
pub(crate) async fn a_new_hash_of_the_same_password_is_not_listed<D: UserDirectory>(
    world: &World<D>,
) -> Case {
    let ada = newcomer(world).await?;
    let new = hash("another");
    let rehashed = world
        .directory
        .rehash(ada.id, &ada.password_hash, &new)
        .await;
    rehashed.map_err(text)?;
    check_eq!(listed(world, ada.id).await?, None, "after a rehash");
    Ok(())
}

pub(crate) async fn old_entries_are_forgotten_by_their_time<D: UserDirectory>(
    world: &World<D>,
) -> Case {
    let ada = world.somebody().await?;
    world
        .update(ada.id, &UserChange::revoke_sessions(), 200)
        .await?;
    let directory = &world.directory;
    directory.forget_row_changes(1).await.map_err(text)?;
    check!(listed(world, ada.id).await?.is_some(), "still listed");
    directory.forget_row_changes(NEVER).await.map_err(text)?;
    check_eq!(listed(world, ada.id).await?, None, "forgotten");
    Ok(())
}

/// Removes all other entries from the list of changes, and adds changes of three users.
async fn three_changes<D: UserDirectory>(world: &World<D>) -> Case {
    let directory = &world.directory;
    // Other cases change rows at the latest possible time. So the entries can't be removed by their
    // time, and are removed one by one.
    for change in directory.row_changes(u32::MAX).await.map_err(text)? {
        directory.forget_row_change(&change).await.map_err(text)?;
    }
    for _ in 0..3 {
        let user = world.somebody().await?;
        world
            .update(user.id, &UserChange::revoke_sessions(), 200)
            .await?;
    }
    Ok(())
}

/// The first entry of the list is postponed, again and again. So each entry comes first in turn,
/// and no entry is lost or changed.
pub(crate) async fn a_postponed_entry_comes_last<D: UserDirectory>(world: &World<D>) -> Case {
    let directory = &world.directory;
    three_changes(world).await?;
    let before = directory.row_changes(9).await.map_err(text)?;
    check_eq!(before.len(), 3, "listed");
    let mut first = Vec::new();
    for postponed in 0..6 {
        let next = directory.row_changes(1).await.map_err(text)?;
        let at = NEVER.saturating_add(postponed);
        let done = directory.postpone_row_changes(&next, at).await;
        done.map_err(text)?;
        first.extend(next);
    }
    let (once, again) = first.split_at(3);
    check_eq!(once, again, "the same order again");
    for change in &before {
        check!(once.contains(change), "each has been first");
    }
    // If an entry is postponed to a time before its own time, it stays where it is.
    let last = before.iter().find(|change| once.last() == Some(change));
    let last: Vec<RowChange> = last.cloned().into_iter().collect();
    directory
        .postpone_row_changes(&last, 1)
        .await
        .map_err(text)?;
    let next = directory.row_changes(1).await.map_err(text)?;
    check!(next != last, "not before the others");
    for change in &before {
        directory.forget_row_change(change).await.map_err(text)?;
    }
    check_eq!(directory.row_changes(9).await, Ok(vec![]), "taken off");
    Ok(())
}

/// At most `limit` changes are listed. Even with a limit of one, every change is listed in the end.
pub(crate) async fn a_list_of_changes_is_bounded<D: UserDirectory>(world: &World<D>) -> Case {
    let directory = &world.directory;
    three_changes(world).await?;
    for left in [3, 2, 1, 0] {
        let all = directory.row_changes(9).await.map_err(text)?;
        check_eq!(all.len(), left, "left");
        let first = directory.row_changes(1).await.map_err(text)?;
        check_eq!(first.len(), left.min(1), "bounded");
        for change in &first {
            directory.forget_row_change(change).await.map_err(text)?;
        }
    }
    Ok(())
}
