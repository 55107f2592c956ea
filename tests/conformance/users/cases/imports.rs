//! Users who are imported.

use edgegate::domain::account::{ExternalId, User};
use edgegate::ports::UserDirectory;
use futures_util::future::join;

use super::{Case, World, check_eq, name, text};

fn external_id<D>(world: &World<D>) -> Option<ExternalId> {
    ExternalId::parse(&format!("auth0|\"{}'", world.numbers.next()))
}

/// An imported user is read with the same values, whatever characters the text contains.
pub(crate) async fn an_imported_user_reads_back<D: UserDirectory>(world: &World<D>) -> Case {
    let full = User {
        first_name: Some(name("O'Brien \"\\\u{1f600}")?),
        external_id: external_id(world),
        ..world.everything()?
    };
    let users = [world.nobody()?, full, world.nobody()?];
    let mut added = world.directory.import(&users).await.map_err(text)?;
    added.sort_unstable();
    let mut expected: Vec<_> = users.iter().map(|user| user.id).collect();
    expected.sort_unstable();
    check_eq!(added, expected, "all were added");
    for user in &users {
        world.holds(user, "an imported user").await?;
        world.delete(user, 100).await?;
    }
    let none = world.directory.import(&[]).await.map_err(text)?;
    check_eq!(none, [], "nobody");
    Ok(())
}

/// The port's documentation says: "MUST change no account that exists". An imported user can have
/// the same address, id or external id as an existing account. That user is not added, but the
/// other users of the same import are.
pub(crate) async fn an_import_changes_no_account<D: UserDirectory>(world: &World<D>) -> Case {
    let there = User {
        external_id: external_id(world),
        ..world.everything()?
    };
    world.insert(&there).await?;
    let same_address = User {
        email: there.email.clone(),
        ..world.nobody()?
    };
    let same_id = User {
        id: there.id,
        ..world.nobody()?
    };
    let same_external_id = User {
        external_id: there.external_id.clone(),
        ..world.nobody()?
    };
    let new = world.nobody()?;
    let users = [same_address, same_id, same_external_id, new.clone()];
    let added = world.directory.import(&users).await.map_err(text)?;
    check_eq!(added, [new.id], "only the new one");
    world.holds(&there, "the account").await?;
    world.holds(&new, "the new one").await?;
    for user in &users[..3] {
        let found = world
            .directory
            .find_in_the_way_of(std::slice::from_ref(user));
        let found = found.await.map_err(text)?;
        check_eq!(
            found.as_slice(),
            std::slice::from_ref(&there),
            "it is in the way"
        );
    }
    let again = world.directory.import(&users).await.map_err(text)?;
    check_eq!(again, [], "a repeat adds nothing");
    let nobody = [world.nobody()?];
    let found = world.directory.find_in_the_way_of(&nobody).await;
    check_eq!(found.map_err(text)?, [], "nobody is in the way");
    Ok(())
}

/// The port's documentation says that an import changes no account that exists, "not even when two
/// imports run at once".
pub(crate) async fn two_imports_at_once_add_each_user_once<D: UserDirectory>(
    world: &World<D>,
) -> Case {
    let users = [world.nobody()?, world.nobody()?];
    let others = [
        User {
            email: users[0].email.clone(),
            ..world.nobody()?
        },
        world.nobody()?,
    ];
    let (one, other) = join(
        world.directory.import(&users),
        world.directory.import(&others),
    )
    .await;
    let added = one.map_err(text)?.len() + other.map_err(text)?.len();
    check_eq!(added, 3, "of four users with three addresses");
    Ok(())
}

/// One request may import 500 users.
pub(crate) async fn five_hundred_users_are_imported_at_once<D: UserDirectory>(
    world: &World<D>,
) -> Case {
    let mut users = Vec::new();
    for _ in 0..500 {
        users.push(User {
            external_id: external_id(world),
            ..world.nobody()?
        });
    }
    let added = world.directory.import(&users).await.map_err(text)?;
    check_eq!(added.len(), 500, "all were added");
    let found = world.directory.find_in_the_way_of(&users).await;
    check_eq!(found.map_err(text)?.len(), 500, "all are in the way");
    for user in &users {
        world.delete(user, 100).await?;
    }
    Ok(())
}
