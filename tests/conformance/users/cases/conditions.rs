//! Changes that must not be made.

use edgegate::domain::account::{Edit, User, UserChange};
use edgegate::ports::UserDirectory;
use futures_util::future::{join, join_all};

use super::{Case, World, address, check, check_eq, hash, name, roles, text};

/// A change of everything except the address.
fn much() -> Result<UserChange, String> {
    Ok(UserChange {
        first_name: Edit::Set(name("Augusta")?),
        last_name: Edit::Set(name("King")?),
        roles: Some(roles(&["auditor"])?),
        disabled: Some(true),
        verify_email: true,
        frees: None,
        password_hash: Some(hash("$argon2id$new")),
        revoke_sessions: true,
        may_leave_no_administrator: false,
        email: None,
    })
}

/// The port's documentation says: "MUST change nothing and return `None` when […] its version is
/// not `if_version`".
pub(crate) async fn another_version_changes_nothing<D: UserDirectory>(world: &World<D>) -> Case {
    let ada = User {
        version: 7,
        ..world.nobody()?
    };
    world.insert(&ada).await?;
    for version in [0, 6, 8, 70] {
        let changed = world
            .try_update(ada.id, Some(version), &much()?, 200)
            .await?;
        check_eq!(changed, None, format!("version {version}"));
        world.holds(&ada, "the user").await?;
    }
    let changed = world.try_update(ada.id, Some(7), &much()?, 200).await?;
    let changed = changed.ok_or("not changed at its version")?;
    check_eq!(changed.version, 8, "the next version");
    world.holds(&changed, "afterwards").await
}

pub(crate) async fn of_two_conditional_changes_one_is_made<D: UserDirectory>(
    world: &World<D>,
) -> Case {
    let ada = world.somebody().await?;
    let change = |given: &str| {
        name(given).map(|given| UserChange {
            first_name: Edit::Set(given),
            ..UserChange::default()
        })
    };
    let changes = [change("One")?, change("Two")?];
    let made = join_all(
        changes
            .iter()
            .map(|change| world.try_update(ada.id, Some(0), change, 200)),
    )
    .await;
    let mut made: Vec<User> = made
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .collect();
    check_eq!(made.len(), 1, "changes made");
    let user = made.remove(0);
    check_eq!(user.version, 1, "version");
    world.holds(&user, "what the one answered").await
}

/// The port's documentation says that nothing is changed "when another account has the new
/// address". This must be true for any spelling of the address, and also if the change sets other
/// values too.
pub(crate) async fn anothers_address_changes_nothing<D: UserDirectory>(world: &World<D>) -> Case {
    let (ada, bob) = (world.everything()?, world.somebody().await?);
    world.insert(&ada).await?;
    for spelling in [
        bob.email.as_given().to_owned(),
        bob.email.as_given().to_uppercase(),
    ] {
        for change in [UserChange::default(), much()?] {
            for if_version in [None, Some(ada.version)] {
                let change = UserChange {
                    email: Some(address(&spelling)?),
                    ..change.clone()
                };
                let changed = world.try_update(ada.id, if_version, &change, 200).await?;
                check_eq!(changed, None, "another's address");
                world.holds(&ada, "who asked").await?;
                world.holds(&bob, "whose it is").await?;
            }
        }
    }
    Ok(())
}

pub(crate) async fn its_own_address_in_another_spelling_is_taken<D: UserDirectory>(
    world: &World<D>,
) -> Case {
    let ada = world.everything()?;
    world.insert(&ada).await?;
    let email = address(&ada.email.as_given().to_uppercase())?;
    let change = UserChange {
        email: Some(email.clone()),
        ..UserChange::default()
    };
    let changed = world.update(ada.id, &change, 200).await?;
    let expected = User {
        email: email.clone(),
        email_verified_at: Some(200),
        version: ada.version + 1,
        link_generation: ada.link_generation + 1,
        updated_at: 200,
        ..ada
    };
    check_eq!(changed, expected, "the user");
    check_eq!(changed.email.as_given(), email.as_given(), "as given");
    Ok(())
}

pub(crate) async fn an_address_that_two_want_goes_to_one<D: UserDirectory>(
    world: &World<D>,
) -> Case {
    let (ada, bob) = (world.somebody().await?, world.somebody().await?);
    let change = UserChange {
        email: Some(world.nobody()?.email),
        ..UserChange::default()
    };
    let (for_ada, for_bob) = join(
        world.try_update(ada.id, None, &change, 200),
        world.try_update(bob.id, None, &change, 200),
    )
    .await;
    let (winner, loser) = match (for_ada?, for_bob?) {
        (Some(winner), None) => (winner, bob),
        (None, Some(winner)) => (winner, ada),
        (Some(_), Some(_)) => return Err("both have it".to_owned()),
        (None, None) => return Err("nobody has it".to_owned()),
    };
    world.holds(&winner, "who has it").await?;
    world.holds(&loser, "the other").await
}

/// The port's documentation says that nothing is changed "when there is no such user".
pub(crate) async fn an_absent_user_is_not_changed<D: UserDirectory>(world: &World<D>) -> Case {
    let (nobody, deleted) = (world.nobody()?, world.somebody().await?);
    world.delete(&deleted, 100).await?;
    for user in [nobody, deleted] {
        let change = UserChange {
            email: Some(user.email.clone()),
            ..much()?
        };
        for if_version in [None, Some(0)] {
            let changed = world.try_update(user.id, if_version, &change, 200).await?;
            check_eq!(changed, None, "an absent user");
            check_eq!(world.read(user.id).await?, None, "by the id");
            check_eq!(world.find(&user.email).await?, None, "by the address");
        }
    }
    Ok(())
}

/// The port's documentation says: "Deletes a user if it has this canonical address and, where
/// `if_version` is given, this version."
pub(crate) async fn a_deletion_of_another_version_changes_nothing<D: UserDirectory>(
    world: &World<D>,
) -> Case {
    let ada = world.somebody().await?;
    for version in [ada.version + 1, ada.version + 2] {
        let deleted = world.delete_if(&ada, Some(version), 200).await?;
        check!(!deleted, "another version was deleted");
        world
            .holds(&ada, "after a deletion of another version")
            .await?;
    }
    let departures = world.directory.due_departures(100, 300).await;
    let departures = departures.map_err(text)?;
    check!(
        departures.iter().all(|departure| departure.user != ada.id),
        "a deletion of another version left a departure"
    );
    check!(
        world.delete_if(&ada, Some(ada.version), 200).await?,
        "the version that is there was kept"
    );
    Ok(())
}
