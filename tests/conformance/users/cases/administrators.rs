//! At least one enabled administrator stays, unless the caller allows that none is left.

use edgegate::domain::account::{Edit, PasswordHash, User, UserChange};
use edgegate::ports::UserDirectory;
use futures_util::future::join;

use super::{Case, World, check, check_eq, hash, name, roles, text};

fn demotion() -> Result<UserChange, String> {
    Ok(UserChange {
        roles: Some(roles(&["administrator", "user"])?),
        ..UserChange::default()
    })
}

fn disabling() -> UserChange {
    UserChange {
        disabled: Some(true),
        ..UserChange::default()
    }
}

/// Creates two enabled administrators, and takes the role from the administrators that other test
/// cases created. So the directory has no other administrators.
async fn the_only_two<D: UserDirectory>(world: &World<D>) -> Result<[User; 2], String> {
    let mut two = Vec::new();
    for _ in 0..2 {
        let user = User {
            roles: roles(&["admin", "user"])?,
            ..world.nobody()?
        };
        world.insert(&user).await?;
        two.push(user);
    }
    let two: [User; 2] = two.try_into().map_err(|_| "not two")?;
    let mut after = None;
    loop {
        let page = world.directory.list(after, 50).await.map_err(text)?;
        for user in &page {
            if user.is_enabled_administrator() && two.iter().all(|one| one.id != user.id) {
                world.update(user.id, &demotion()?, 200).await?;
            }
        }
        match page.last() {
            Some(last) => after = Some(last.id),
            None => return Ok(two),
        }
    }
}

/// The port's documentation says: "MUST change nothing and return `None` when […] the change would
/// remove the last administrator", and "MUST keep the last administrator".
pub(crate) async fn the_last_administrator_stays<D: UserDirectory>(world: &World<D>) -> Case {
    let [first, last] = the_only_two(world).await?;
    world.update(first.id, &demotion()?, 200).await?;
    let both = UserChange {
        disabled: Some(true),
        ..demotion()?
    };
    let kept_role = UserChange {
        roles: Some(roles(&["admin"])?),
        ..disabling()
    };
    for change in [demotion()?, disabling(), both, kept_role] {
        for if_version in [None, Some(last.version)] {
            let changed = world.try_update(last.id, if_version, &change, 201).await?;
            check_eq!(changed, None, "the last administrator");
            world.holds(&last, "the last administrator").await?;
        }
    }
    check!(
        !world.delete(&last, 202).await?,
        "the last administrator was deleted"
    );
    let departures = world
        .directory
        .due_departures(100, 300)
        .await
        .map_err(text)?;
    check!(
        departures.iter().all(|departure| departure.user != last.id),
        "a deletion that was refused left a departure"
    );
    world.holds(&last, "after a deletion").await
}

pub(crate) async fn what_leaves_an_administrator_is_done<D: UserDirectory>(
    world: &World<D>,
) -> Case {
    let [first, last] = the_only_two(world).await?;
    world.update(first.id, &disabling(), 200).await?;
    // A disabled administrator is not counted, so this account may lose the role and be deleted.
    world.update(first.id, &demotion()?, 200).await?;
    let change = UserChange {
        first_name: Edit::Set(name("Augusta")?),
        roles: Some(roles(&["admin", "editor"])?),
        disabled: Some(false),
        ..UserChange::default()
    };
    world.update(last.id, &change, 200).await?;
    world.update(first.id, &change, 200).await?;
    check!(
        world.delete(&last, 202).await?,
        "one of two administrators was kept"
    );
    Ok(())
}

/// The port's documentation says that a user is the last administrator "while no other enabled user
/// has that role and a password".
pub(crate) async fn an_administrator_without_a_password_does_not_count<D: UserDirectory>(
    world: &World<D>,
) -> Case {
    let [first, last] = the_only_two(world).await?;
    world.update(first.id, &demotion()?, 200).await?;
    let invited = User {
        password_hash: PasswordHash::none(),
        roles: roles(&["admin"])?,
        ..world.nobody()?
    };
    world.insert(&invited).await?;
    for change in [demotion()?, disabling()] {
        let changed = world.try_update(last.id, None, &change, 201).await?;
        check_eq!(changed, None, "the last one with a password");
    }
    check!(
        !world.delete(&last, 202).await?,
        "the last one with a password was deleted"
    );
    world.holds(&last, "the last one with a password").await?;
    let chosen = UserChange {
        password_hash: Some(hash("$argon2id$new")),
        ..UserChange::default()
    };
    world.update(invited.id, &chosen, 203).await?;
    check!(
        world.delete(&last, 204).await?,
        "one of two administrators with a password was kept"
    );
    Ok(())
}

/// The port's documentation says: "Of two simultaneous changes that together would leave no
/// administrator, one MUST fail."
pub(crate) async fn of_two_who_remove_each_other_one_remains<D: UserDirectory>(
    world: &World<D>,
) -> Case {
    for deletes in [false, true] {
        let [first, second] = the_only_two(world).await?;
        let demotion = demotion()?;
        let demoted = world.try_update(first.id, None, &demotion, 200);
        let removed = async {
            if deletes {
                world.delete(&second, 200).await
            } else {
                let changed = world.try_update(second.id, None, &disabling(), 200).await?;
                Ok(changed.is_some())
            }
        };
        let (demoted, removed) = join(demoted, removed).await;
        check!(demoted?.is_some() != removed?, "both or none");
    }
    Ok(())
}

/// If the caller allows a change that leaves no administrator, the change is made.
pub(crate) async fn the_last_administrator_goes_when_told_so<D: UserDirectory>(
    world: &World<D>,
) -> Case {
    for change in [demotion()?, disabling()] {
        let [first, last] = the_only_two(world).await?;
        world.update(first.id, &demotion()?, 200).await?;
        let told = UserChange {
            may_leave_no_administrator: true,
            ..change
        };
        let changed = world.update(last.id, &told, 201).await?;
        check!(!changed.is_enabled_administrator(), "the last one");
    }
    Ok(())
}
