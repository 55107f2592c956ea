//! The counters that a change raises.

use edgegate::domain::account::{Edit, User, UserChange};
use edgegate::ports::UserDirectory;
use futures_util::future::join_all;

use super::{Case, World, address, check, check_eq, hash, name, roles, text};

/// One change of each kind, and whether the change ends sessions.
fn kinds<D: UserDirectory>(world: &World<D>) -> Result<[(UserChange, bool); 9], String> {
    let none = UserChange::default;
    let number = world.numbers.next();
    Ok([
        (
            UserChange {
                first_name: Edit::Set(name("Augusta")?),
                ..none()
            },
            false,
        ),
        (
            UserChange {
                last_name: Edit::Set(name("King")?),
                ..none()
            },
            false,
        ),
        (
            UserChange {
                roles: Some(roles(&["auditor"])?),
                ..none()
            },
            false,
        ),
        (
            UserChange {
                email: Some(address(&format!("Countess{number}@example.org"))?),
                ..none()
            },
            false,
        ),
        (
            UserChange {
                verify_email: true,
                ..none()
            },
            false,
        ),
        (
            UserChange {
                disabled: Some(true),
                ..none()
            },
            true,
        ),
        (
            UserChange {
                disabled: Some(false),
                ..none()
            },
            false,
        ),
        (
            UserChange {
                password_hash: Some(hash("$argon2id$new")),
                ..none()
            },
            true,
        ),
        (UserChange::revoke_sessions(), true),
    ])
}

/// The port's documentation says that a change raises "`version` with any change". This is true
/// even if the change sets a value that is already set.
pub(crate) async fn every_change_moves_the_version_by_one<D: UserDirectory>(
    world: &World<D>,
) -> Case {
    let ada = world.somebody().await?;
    let mut version = 0;
    for (change, _) in kinds(world)? {
        for _ in 0..2 {
            version += 1;
            let changed = world.update(ada.id, &change, 200).await?;
            check_eq!(changed.version, version, format!("{change:?}"));
        }
    }
    Ok(())
}

/// The port's documentation says that a change raises "`session_epoch` too with
/// `UserChange::ends_sessions`". It rises by one, even if two reasons apply at once.
pub(crate) async fn only_what_ends_sessions_moves_the_epoch<D: UserDirectory>(
    world: &World<D>,
) -> Case {
    let ada = world.somebody().await?;
    let mut epoch = 0;
    for (change, ends_sessions) in kinds(world)? {
        epoch += u32::from(ends_sessions);
        let changed = world.update(ada.id, &change, 200).await?;
        check_eq!(changed.session_epoch, epoch, format!("{change:?}"));
    }
    let change = UserChange {
        disabled: Some(true),
        password_hash: Some(hash("$argon2id$newer")),
        ..UserChange::revoke_sessions()
    };
    let changed = world.update(ada.id, &change, 200).await?;
    check_eq!(changed.session_epoch, epoch + 1, "three reasons");
    Ok(())
}

/// The port's documentation says that a change raises "`link_generation` with
/// `UserChange::spoils_links`". It rises by one, even if the change sets a value that is already
/// set. It never decreases.
pub(crate) async fn only_what_spoils_links_moves_their_generation<D: UserDirectory>(
    world: &World<D>,
) -> Case {
    let ada = world.somebody().await?;
    let mut generation = 0;
    for (change, _) in kinds(world)? {
        let spoils = change.email.is_some() || change.verify_email || change.disabled.is_some();
        for _ in 0..2 {
            generation += u64::from(spoils);
            let changed = world.update(ada.id, &change, 200).await?;
            check_eq!(changed.link_generation, generation, format!("{change:?}"));
            check_eq!(changed.link_nonce, ada.link_nonce, "the nonce");
        }
    }
    Ok(())
}

/// The port's documentation says that a change is made "in one atomic step".
pub(crate) async fn changes_at_once_all_count<D: UserDirectory>(world: &World<D>) -> Case {
    let ada = world.somebody().await?;
    let change = UserChange::revoke_sessions();
    let changes = join_all((0..10).map(|_| world.try_update(ada.id, None, &change, 200))).await;
    let mut versions = Vec::new();
    for changed in changes {
        let changed = changed?.ok_or("a change was not made")?;
        check_eq!(
            u64::from(changed.session_epoch),
            changed.version,
            "together"
        );
        versions.push(changed.version);
    }
    versions.sort_unstable();
    check!(
        versions.iter().copied().eq(1..=10),
        "versions {versions:?} were answered"
    );
    let expected = User {
        session_epoch: 10,
        version: 10,
        updated_at: 200,
        ..ada
    };
    world.holds(&expected, "afterwards").await
}

pub(crate) async fn a_rehash_moves_no_counter<D: UserDirectory>(world: &World<D>) -> Case {
    let ada = world.everything()?;
    world.insert(&ada).await?;
    let new = hash("$argon2id$stronger");
    world
        .directory
        .rehash(ada.id, &ada.password_hash, &new)
        .await
        .map_err(text)?;
    let expected = User {
        password_hash: new,
        ..ada
    };
    world.holds(&expected, "afterwards").await
}

/// The port's documentation says about replacing a hash: "MUST change nothing unless the stored
/// hash is still `old`."
pub(crate) async fn a_rehash_needs_the_old_hash<D: UserDirectory>(world: &World<D>) -> Case {
    let (ada, bob) = (world.somebody().await?, world.somebody().await?);
    let change = UserChange {
        password_hash: Some(hash("$argon2id$chosen")),
        ..UserChange::default()
    };
    let new = hash("$argon2id$stronger");
    // The password is changed while somebody logs in: after the login has read the old hash, and
    // before it stores the new one.
    let changed = world.update(ada.id, &change, 200).await?;
    for (id, old) in [
        (ada.id, &ada.password_hash),
        (ada.id, &hash("$ARGON2ID$CHOSEN")),
        (world.nobody()?.id, &ada.password_hash),
    ] {
        world.directory.rehash(id, old, &new).await.map_err(text)?;
    }
    world.holds(&changed, "the user").await?;
    // Another user has the same hash. That user is not changed.
    world.holds(&bob, "another").await
}

/// The port's documentation says that the call after a restore "raises their counters in one atomic
/// step. […] Each user also gets a new random link nonce. […] MUST list these users".
pub(crate) async fn raised_counters_are_above_all_earlier_ones<D: UserDirectory>(
    world: &World<D>,
) -> Case {
    let now = 1_800_000_000;
    let low = world.somebody().await?;
    let high = User {
        version: 1_800_000_000_007,
        session_epoch: 1_800_000_007,
        ..world.nobody()?
    };
    world.insert(&high).await?;
    let directory = &world.directory;
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let raised = directory
            .raise_counters(after, 7, now)
            .await
            .map_err(text)?;
        check!(raised.len() <= 7, "at most `limit`");
        check!(raised.is_sorted(), "sorted by id");
        let Some(last) = raised.last() else { break };
        check!(after.is_none_or(|after| raised[0] > after), "after `after`");
        after = Some(*last);
        seen.extend(raised);
    }
    let mut nonces = Vec::new();
    for (before, version, epoch) in [
        (&low, 1_800_000_000_000, 1_800_000_000),
        (&high, 1_800_000_000_008, 1_800_000_008),
    ] {
        check!(seen.contains(&before.id), "everybody");
        let found = directory.find_by_id(before.id).await.map_err(text)?;
        let found = found.ok_or("gone")?;
        check_eq!(found.version, version, "version");
        check_eq!(found.session_epoch, epoch, "session_epoch");
        check_eq!(found.updated_at, now, "updated_at");
        check!(found.link_nonce.as_str().len() == 32, "a nonce");
        check!(found.link_nonce != before.link_nonce, "a new nonce");
        nonces.push(found.link_nonce.clone());
        let rest = User {
            version: before.version,
            session_epoch: before.session_epoch,
            updated_at: before.updated_at,
            link_nonce: before.link_nonce.clone(),
            ..found
        };
        check_eq!(&rest, before, "everything else");
    }
    check!(nonces[0] != nonces[1], "each another nonce");
    let listed = directory.row_changes(100_000).await.map_err(text)?;
    for user in [low, high] {
        check!(
            listed.iter().any(|change| change.user() == Some(user.id)),
            "listed"
        );
    }
    Ok(())
}
