//! Users who are added and deleted.

use edgegate::domain::account::{User, UserId};
use edgegate::ports::{Insertion, UserDirectory};
use futures_util::future::join_all;

use super::{Case, World, address, check_eq, hash, name, text};

pub(crate) async fn a_ping_is_answered<D: UserDirectory>(world: &World<D>) -> Case {
    world.directory.ping().await.map_err(text)
}

/// The directory returns a user with the values with which the user was inserted. A value that was
/// absent stays absent.
pub(crate) async fn a_user_reads_back_as_inserted<D: UserDirectory>(world: &World<D>) -> Case {
    let full = world.everything()?;
    for user in [
        User {
            first_name: None,
            disabled_at: None,
            ..full.clone()
        },
        User {
            last_name: None,
            email_verified_at: None,
            ..full.clone()
        },
        world.nobody()?,
        full,
    ] {
        world.insert(&user).await?;
        world.holds(&user, "a new user").await?;
        world.delete(&user, 100).await?;
    }
    Ok(())
}

/// If no user is found, a directory may do the same work with a made-up row, so that the time
/// reveals nothing. No value of a real user's row may make the directory mistake that user for the
/// made-up one.
pub(crate) async fn a_user_is_found_whatever_the_hash_and_the_id<D: UserDirectory>(
    world: &World<D>,
) -> Case {
    let user = User {
        id: UserId::parse("00000000-0000-7000-8000-000000000000").ok_or("an id")?,
        password_hash: hash(
            "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ),
        ..world.nobody()?
    };
    world.insert(&user).await?;
    world.holds(&user, "the user").await?;
    world.delete(&user, 100).await?;
    Ok(())
}

pub(crate) async fn every_spelling_of_an_address_finds_its_user<D: UserDirectory>(
    world: &World<D>,
) -> Case {
    let number = world.numbers.next();
    let spellings = [
        format!("Zo\u{eb}{number}@B\u{fc}cher.Example"),
        format!("Zo\u{eb}{number}@b\u{fc}cher.example"),
        format!("zoe\u{308}{number}@bu\u{308}cher.EXAMPLE"),
        format!("ZO\u{eb}{number}@xn--bcher-kva.example"),
        format!("zo\u{eb}{number}@XN--BCHER-KVA.example"),
    ];
    let user = User {
        email: address(&spellings[0])?,
        ..world.nobody()?
    };
    world.insert(&user).await?;
    for spelling in &spellings {
        let found = world.find(&address(spelling)?).await?;
        check_eq!(found.as_ref(), Some(&user), spelling);
    }
    let found = world.read(user.id).await?.map(|user| user.email);
    check_eq!(
        found.as_ref().map(|email| email.as_given()),
        Some(spellings[0].as_str()),
        "as given"
    );
    // This address belongs to another mailbox, because in a local part the upper and lower case of
    // letters beyond ASCII makes a difference.
    let other = address(&format!("Zo\u{cb}{number}@b\u{fc}cher.example"))?;
    check_eq!(world.find(&other).await?, None, "another mailbox");
    Ok(())
}

pub(crate) async fn an_unknown_user_is_not_found<D: UserDirectory>(world: &World<D>) -> Case {
    world.somebody().await?;
    let nobody = world.nobody()?;
    check_eq!(world.read(nobody.id).await?, None, "by the id");
    check_eq!(world.find(&nobody.email).await?, None, "by the address");
    Ok(())
}

/// The port's documentation says: "MUST change nothing and answer `Insertion::EmailTaken` when the
/// canonical address has an account".
pub(crate) async fn an_address_has_one_account<D: UserDirectory>(world: &World<D>) -> Case {
    let ada = world.everything()?;
    world.insert(&ada).await?;
    for spelling in [
        ada.email.as_given().to_owned(),
        ada.email.canonical().to_owned(),
        ada.email.as_given().to_uppercase(),
    ] {
        let second = User {
            email: address(&spelling)?,
            ..world.nobody()?
        };
        let insertion = world.directory.insert(&second, None).await.map_err(text)?;
        check_eq!(insertion, Insertion::EmailTaken, "a second account");
        check_eq!(world.read(second.id).await?, None, "the second");
        world.holds(&ada, "the first").await?;
    }
    Ok(())
}

/// The port's documentation says about the answer to an insertion that it "MUST also be right when
/// two insertions run at once".
pub(crate) async fn ten_insertions_at_once_make_one_account<D: UserDirectory>(
    world: &World<D>,
) -> Case {
    let email = world.nobody()?.email;
    let mut users = Vec::new();
    for _ in 0..10 {
        users.push(User {
            email: email.clone(),
            ..world.nobody()?
        });
    }
    let insertions = join_all(users.iter().map(|user| world.directory.insert(user, None))).await;
    let mut inserted = Vec::new();
    for (user, insertion) in users.iter().zip(insertions) {
        match insertion.map_err(text)? {
            Insertion::Inserted => inserted.push(user),
            Insertion::EmailTaken | Insertion::Freed => {
                check_eq!(world.read(user.id).await?, None, "one that came too late");
            }
        }
    }
    let [user] = inserted.as_slice() else {
        return Err(format!("{} accounts", inserted.len()));
    };
    world.holds(user, "the one").await
}

/// The port's documentation says about an insertion that failed: "It is unknown whether the user
/// exists. If the caller repeats the call, the answer shows whether the user exists."
pub(crate) async fn a_repeated_insertion_changes_nothing<D: UserDirectory>(
    world: &World<D>,
) -> Case {
    let user = world.somebody().await?;
    let insertion = world.directory.insert(&user, None).await.map_err(text)?;
    check_eq!(insertion, Insertion::EmailTaken, "a repeat");
    world.holds(&user, "the user").await
}

/// The port's documentation says that an insertion changes nothing when the address has an account
/// "or when the id has one".
pub(crate) async fn an_insertion_never_replaces_a_user<D: UserDirectory>(world: &World<D>) -> Case {
    let ada = world.somebody().await?;
    let other = User {
        id: ada.id,
        password_hash: hash("$argon2id$another"),
        first_name: Some(name("Eve")?),
        ..world.nobody()?
    };
    let insertion = world.directory.insert(&other, None).await.map_err(text)?;
    check_eq!(insertion, Insertion::EmailTaken, "another user of that id");
    world.holds(&ada, "the first").await?;
    check_eq!(world.find(&other.email).await?, None, "the other");
    Ok(())
}

pub(crate) async fn a_deletion_says_whether_the_user_was_there<D: UserDirectory>(
    world: &World<D>,
) -> Case {
    let (ada, bob) = (world.somebody().await?, world.somebody().await?);
    for (user, expected) in [(&ada, true), (&ada, false), (&world.nobody()?, false)] {
        let deleted = world.delete(user, 100).await?;
        check_eq!(deleted, expected, "was there");
    }
    check_eq!(world.read(ada.id).await?, None, "by the id");
    check_eq!(world.find(&ada.email).await?, None, "by the address");
    world.holds(&bob, "another").await
}

pub(crate) async fn a_deleted_users_address_is_free<D: UserDirectory>(world: &World<D>) -> Case {
    let ada = world.somebody().await?;
    world.delete(&ada, 100).await?;
    let next = User {
        email: ada.email,
        ..world.nobody()?
    };
    world.insert(&next).await?;
    world.holds(&next, "the next").await
}
