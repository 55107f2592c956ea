//! The largest values that the domain allows.

use edgegate::domain::account::{Edit, User, UserChange};
use edgegate::ports::UserDirectory;

use super::{Case, LARGEST, World, address, check_eq, hash, name, roles, text};

/// Addresses of 254 bytes. Both the given form and the canonical form have this length.
pub(crate) async fn the_longest_addresses<D: UserDirectory>(world: &World<D>) -> Case {
    let number = format!("{:020}", world.numbers.next());
    let label = "L".repeat(63);
    let domain = format!("{label}.{label}.{}.example", "L".repeat(53));
    // Each of these accented letters has two bytes in UTF-8.
    let accents = "\u{e9}".repeat(22);
    for local in [format!("{number}{}", "A".repeat(44)), number + &accents] {
        let email = address(&format!("{local}@{domain}"))?;
        check_eq!(
            (email.as_given().len(), email.canonical().len()),
            (254, 254),
            "bytes"
        );
        let user = User {
            email: email.clone(),
            ..world.nobody()?
        };
        world.insert(&user).await?;
        world.holds(&user, "a new user").await?;
        world.delete(&user, 100).await?;

        let ada = world.somebody().await?;
        let change = UserChange {
            email: Some(email.clone()),
            ..UserChange::default()
        };
        let changed = world.update(ada.id, &change, 200).await?;
        check_eq!(changed.email, email, "a changed user's");
    }
    Ok(())
}

/// Names of 100 characters. Each character has four bytes in UTF-8 and two units in UTF-16.
pub(crate) async fn the_longest_names<D: UserDirectory>(world: &World<D>) -> Case {
    let first = name(&"\u{1f98a}".repeat(100))?;
    let last = name(&"\u{10400}".repeat(100))?;
    let user = User {
        first_name: Some(first.clone()),
        last_name: Some(last.clone()),
        ..world.nobody()?
    };
    world.insert(&user).await?;
    world.holds(&user, "a new user").await?;
    let change = UserChange {
        first_name: Edit::Set(last.clone()),
        last_name: Edit::Set(first.clone()),
        ..UserChange::default()
    };
    let changed = world.update(user.id, &change, 200).await?;
    check_eq!(changed.first_name, Some(last), "first name");
    check_eq!(changed.last_name, Some(first), "last name");
    Ok(())
}

/// A user may have 32 roles with 64 characters each.
pub(crate) async fn the_most_roles<D: UserDirectory>(world: &World<D>) -> Case {
    let most = |sign: &str| {
        let names: Vec<String> = (0..32)
            .map(|number| format!("{number:02}{}", sign.repeat(62)))
            .collect();
        roles(&names.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let user = User {
        roles: most("/")?,
        ..world.nobody()?
    };
    world.insert(&user).await?;
    world.holds(&user, "a new user").await?;
    let change = UserChange {
        roles: Some(most(":")?),
        ..UserChange::default()
    };
    let changed = world.update(user.id, &change, 200).await?;
    check_eq!(changed.roles, most(":")?, "a changed user's");
    Ok(())
}

/// Text is stored unchanged, even if it looks like an SQL statement, a parameter or a number, or if
/// it is empty.
pub(crate) async fn values_are_no_sql<D: UserDirectory>(world: &World<D>) -> Case {
    let ada = world.somebody().await?;
    for value in [
        "'",
        "''",
        "O'Brien \"the\" `third`",
        "'); DROP TABLE users; --",
        "' OR '1'='1",
        "?1",
        ":name",
        "%_",
        "NULL",
        "null",
        "0",
        "1e3",
        "9007199254740993",
        "\\",
        "\\u0000",
        "[\"admin\"]",
        "{}",
        "\u{feff}x",
        " x ",
        "\u{202e}x\u{fffd}",
    ] {
        let user = User {
            first_name: Some(name(value)?),
            last_name: Some(name(value)?),
            password_hash: hash(value),
            ..world.nobody()?
        };
        world.insert(&user).await?;
        world.holds(&user, value).await?;

        let change = UserChange {
            first_name: Edit::Set(name(value)?),
            last_name: Edit::Set(name(value)?),
            password_hash: Some(hash(value)),
            ..UserChange::default()
        };
        let changed = world.update(ada.id, &change, 200).await?;
        check_eq!(changed.first_name, Some(name(value)?), value);
        check_eq!(changed.last_name, Some(name(value)?), value);
        check_eq!(changed.password_hash, hash(value), value);

        let new = hash("$argon2id$stronger");
        world
            .directory
            .rehash(ada.id, &hash(value), &new)
            .await
            .map_err(text)?;
        let rehashed = world.read(ada.id).await?.map(|user| user.password_hash);
        check_eq!(rehashed, Some(new), value);
    }
    // These characters have a meaning in SQL and may be in an address.
    let number = world.numbers.next();
    let user = User {
        email: address(&format!("o'brien?1=*--{number}@example.com"))?,
        ..world.nobody()?
    };
    world.insert(&user).await?;
    world.holds(&user, "an address").await
}

/// Times up to 2^53 - 1.
pub(crate) async fn the_latest_times<D: UserDirectory>(world: &World<D>) -> Case {
    let user = User {
        email_verified_at: Some(LARGEST),
        disabled_at: Some(LARGEST - 1),
        created_at: LARGEST - 2,
        updated_at: LARGEST - 3,
        ..world.nobody()?
    };
    world.insert(&user).await?;
    world.holds(&user, "a new user").await?;
    let earliest = User {
        email_verified_at: Some(0),
        disabled_at: Some(0),
        created_at: 0,
        updated_at: 0,
        ..world.nobody()?
    };
    world.insert(&earliest).await?;
    world.holds(&earliest, "at 0").await?;

    let ada = world.somebody().await?;
    let change = UserChange {
        disabled: Some(true),
        verify_email: true,
        ..UserChange::default()
    };
    let changed = world.update(ada.id, &change, LARGEST).await?;
    let expected = User {
        email_verified_at: Some(LARGEST),
        disabled_at: Some(LARGEST),
        session_epoch: 1,
        version: 1,
        link_generation: 1,
        updated_at: LARGEST,
        ..ada
    };
    check_eq!(changed, expected, "a changed user");
    Ok(())
}

pub(crate) async fn the_largest_counters<D: UserDirectory>(world: &World<D>) -> Case {
    let user = User {
        session_epoch: u32::MAX - 1,
        version: LARGEST - 1,
        link_generation: LARGEST - 1,
        ..world.nobody()?
    };
    world.insert(&user).await?;
    world.holds(&user, "a new user").await?;
    let change = UserChange {
        disabled: Some(false),
        ..UserChange::revoke_sessions()
    };
    for version in [LARGEST - 2, LARGEST] {
        let changed = world
            .try_update(user.id, Some(version), &change, 200)
            .await?;
        check_eq!(changed, None, format!("version {version}"));
    }
    let changed = world
        .try_update(user.id, Some(LARGEST - 1), &change, 200)
        .await?;
    let expected = User {
        session_epoch: u32::MAX,
        version: LARGEST,
        link_generation: LARGEST,
        updated_at: 200,
        ..user
    };
    check_eq!(changed.as_ref(), Some(&expected), "a changed user");
    world.holds(&expected, "a changed user").await
}
