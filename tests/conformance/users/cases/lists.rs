//! Lists of users.

use edgegate::domain::account::{EmailPrefix, User, UserId};
use edgegate::ports::UserDirectory;

use super::{Case, World, address, check, check_eq, text};

/// Deletes the users that other cases have added.
async fn clear<D: UserDirectory>(world: &World<D>) -> Case {
    for _ in 0..1000 {
        let users = world.directory.list(None, 1).await.map_err(text)?;
        let Some(user) = users.first() else {
            return Ok(());
        };
        world.delete(user, 100).await?;
    }
    Err("deleted users are listed".to_owned())
}

/// Creates seven users and returns them in the order of their ids. The directory contains no
/// others. The users are added in another order. Their ids differ in the time, in the random part
/// after it, or in both.
async fn seven<D: UserDirectory>(world: &World<D>) -> Result<Vec<User>, String> {
    clear(world).await?;
    let mut users = Vec::new();
    for (now_ms, random) in [
        (0x0190_0000_0000, 0x0f),
        (0x0190_0000_0009, 0),
        (0x0190_0000_000a, 0),
        (0x0190_0000_000a, 1),
        (0x0190_0000_0010, 0x09),
        (0x0190_0000_0010, 0x0a),
        (0x0199_ffff_ffff, 0),
    ] {
        users.push(User {
            id: UserId::new(now_ms, &[random; 10]),
            ..world.nobody()?
        });
    }
    for index in [3, 0, 6, 5, 1, 4, 2] {
        world.insert(&users[index]).await?;
    }
    Ok(users)
}

fn ids(users: &[User]) -> Vec<UserId> {
    users.iter().map(|user| user.id).collect()
}

/// The port's documentation says that users are listed "sorted by id".
pub(crate) async fn a_list_is_in_the_order_of_ids<D: UserDirectory>(world: &World<D>) -> Case {
    let users = seven(world).await?;
    let listed = world.directory.list(None, 100).await.map_err(text)?;
    check_eq!(listed, users, "all of each");
    Ok(())
}

pub(crate) async fn a_list_has_at_most_the_limit<D: UserDirectory>(world: &World<D>) -> Case {
    let all = ids(&seven(world).await?);
    for (limit, expected) in [(0, 0), (1, 1), (6, 6), (7, 7), (8, 7), (u32::MAX, 7)] {
        check_eq!(
            world.list(None, limit).await?,
            all[..expected],
            format!("at most {limit}")
        );
    }
    check_eq!(world.list(Some(all[1]), 3).await?, all[2..5], "behind one");
    Ok(())
}

pub(crate) async fn pages_have_every_user_once<D: UserDirectory>(world: &World<D>) -> Case {
    let all = ids(&seven(world).await?);
    for limit in 1..=8 {
        let mut seen = Vec::new();
        // The number of requests is limited, in case a list makes no progress.
        for _ in 0..=all.len() {
            seen.extend(world.list(seen.last().copied(), limit).await?);
        }
        check_eq!(seen, all, format!("in pages of {limit}"));
    }
    Ok(())
}

/// The port's documentation says that users are listed "whose ids are greater than `after`". It
/// does not matter whether the user with this id was deleted.
pub(crate) async fn a_list_begins_behind_a_deleted_user<D: UserDirectory>(
    world: &World<D>,
) -> Case {
    let users = seven(world).await?;
    let all = ids(&users);
    world.delete(&users[3], 100).await?;
    check_eq!(
        world.list(Some(all[3]), 9).await?,
        all[4..],
        "a deleted one"
    );
    check_eq!(
        world.list(Some(all[2]), 9).await?,
        all[4..],
        "the one before it"
    );
    world.delete(&users[6], 100).await?;
    check!(
        world.list(Some(all[6]), 9).await?.is_empty(),
        "behind the last"
    );
    Ok(())
}

pub(crate) async fn an_empty_directory_lists_nobody<D: UserDirectory>(world: &World<D>) -> Case {
    clear(world).await?;
    check!(world.list(None, 9).await?.is_empty(), "from the beginning");
    let nobody = world.nobody()?.id;
    check!(world.list(Some(nobody), 9).await?.is_empty(), "behind one");
    Ok(())
}

/// The port's documentation says that users are found "whose canonical address begins with `prefix`
/// and sorts after `after`, sorted by that address".
pub(crate) async fn users_are_found_by_the_beginning_of_their_address<D: UserDirectory>(
    world: &World<D>,
) -> Case {
    let run = world.nobody()?.id.to_string();
    let mut expected = Vec::new();
    // The order of the addresses differs from the order of the ids. Some addresses contain
    // characters that a database could take for a pattern.
    for name in ["b", "a.z", "A", "a-\u{e9}", "a_", "a+1"] {
        let user = User {
            email: address(&format!("X{run}{name}@example.com"))?,
            ..world.nobody()?
        };
        world.insert(&user).await?;
        if name != "b" {
            expected.push(user.email.canonical().to_owned());
        }
    }
    expected.sort();
    let prefix = EmailPrefix::parse(&format!("x{run}A")).map_err(|why| why.reason().to_owned())?;
    let mut found: Vec<String> = Vec::new();
    loop {
        let after = found.last().cloned();
        let page = world
            .directory
            .find_by_prefix(&prefix, after.as_deref(), 2)
            .await
            .map_err(text)?;
        check!(page.len() <= 2, "a page");
        if page.is_empty() {
            break;
        }
        found.extend(page.iter().map(|user| user.email.canonical().to_owned()));
    }
    check_eq!(found, expected, "by the beginning");
    for pattern in ["%", "_", "*", "\u{10ffff}"] {
        let prefix = EmailPrefix::parse(&format!("x{run}{pattern}"));
        let prefix = prefix.map_err(|why| why.reason().to_owned())?;
        let page = world.directory.find_by_prefix(&prefix, None, 9).await;
        check_eq!(page.map_err(text)?.len(), 0, pattern);
    }
    Ok(())
}
