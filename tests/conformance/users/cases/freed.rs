//! Addresses that an account no longer uses (freed addresses).

use edgegate::domain::account::{User, UserChange};
use edgegate::ports::{Insertion, UserDirectory};
use futures_util::future::join;

use super::{Case, World, address, check_eq, freed, text};

/// The port's documentation says that a user is deleted "if it has this canonical address".
pub(crate) async fn a_user_with_another_address_is_not_deleted<D: UserDirectory>(
    world: &World<D>,
) -> Case {
    let ada = world.somebody().await?;
    let before = User {
        email: world.nobody()?.email,
        ..ada.clone()
    };
    check_eq!(
        world.delete(&before, 200).await?,
        false,
        "by another address"
    );
    world.holds(&ada, "the user").await?;
    let spelling = User {
        email: address(&ada.email.as_given().to_uppercase())?,
        ..ada.clone()
    };
    check_eq!(
        world.delete(&spelling, 200).await?,
        true,
        "by another spelling"
    );
    check_eq!(world.read(ada.id).await?, None, "by the id");
    Ok(())
}

/// The port's documentation says: "MUST change nothing and answer `Insertion::Freed`". Tries
/// registrations that were requested before the deletion, in the same second, and after it. Only
/// the last kind may succeed.
pub(crate) async fn a_registration_from_before_the_deletion_is_refused<D: UserDirectory>(
    world: &World<D>,
) -> Case {
    let ada = world.somebody().await?;
    let again = User {
        email: ada.email.clone(),
        ..world.nobody()?
    };
    check_eq!(
        world.register(&again, 100).await?,
        Insertion::EmailTaken,
        "taken"
    );
    check_eq!(world.delete(&ada, 200).await?, true, "deleted");
    for asked_at in [0, 100, 199, 200] {
        let insertion = world.register(&again, asked_at).await?;
        check_eq!(
            insertion,
            Insertion::Freed,
            format!("asked for at {asked_at}")
        );
        check_eq!(world.read(again.id).await?, None, "by the id");
        check_eq!(world.find(&again.email).await?, None, "by the address");
    }
    check_eq!(
        world.register(&again, 201).await?,
        Insertion::Inserted,
        "afterwards"
    );
    world.holds(&again, "the next").await?;
    // Another address is not affected.
    let other = world.nobody()?;
    check_eq!(
        world.register(&other, 0).await?,
        Insertion::Inserted,
        "another"
    );
    Ok(())
}

/// The port's documentation says: "If the change frees an address, MUST add that address to the
/// list of freed addresses".
pub(crate) async fn a_registration_from_before_a_change_of_address_is_refused<D: UserDirectory>(
    world: &World<D>,
) -> Case {
    let ada = world.somebody().await?;
    let change = UserChange {
        email: Some(world.nobody()?.email),
        frees: Some(freed(&ada.email, 300)),
        ..UserChange::default()
    };
    world.update(ada.id, &change, 300).await?;
    let again = User {
        email: ada.email,
        ..world.nobody()?
    };
    check_eq!(
        world.register(&again, 300).await?,
        Insertion::Freed,
        "before"
    );
    check_eq!(
        world.register(&again, 301).await?,
        Insertion::Inserted,
        "after"
    );
    Ok(())
}

/// If an address is freed twice, the directory stores the later of the two times. It does so even
/// if the later time is recorded first.
pub(crate) async fn the_last_time_an_address_was_freed_stays<D: UserDirectory>(
    world: &World<D>,
) -> Case {
    let email = world.nobody()?.email;
    for now in [500, 400] {
        let user = User {
            email: email.clone(),
            ..world.nobody()?
        };
        world.insert(&user).await?;
        world.delete(&user, now).await?;
    }
    let again = User {
        email,
        ..world.nobody()?
    };
    check_eq!(
        world.register(&again, 450).await?,
        Insertion::Freed,
        "between"
    );
    check_eq!(
        world.register(&again, 501).await?,
        Insertion::Inserted,
        "after"
    );
    Ok(())
}

/// An account is deleted. At the same time, somebody completes a registration with the same
/// address. The registration was requested before the deletion. Afterwards there is no account with
/// this address.
pub(crate) async fn a_deletion_and_an_older_registration_at_once_leave_no_account<
    D: UserDirectory,
>(
    world: &World<D>,
) -> Case {
    for _ in 0..5 {
        let ada = world.somebody().await?;
        let again = User {
            email: ada.email.clone(),
            ..world.nobody()?
        };
        let (deleted, insertion) = join(world.delete(&ada, 200), world.register(&again, 150)).await;
        check_eq!(deleted?, true, "deleted");
        if let Ok(insertion) = insertion {
            let made = insertion == Insertion::Inserted;
            check_eq!(made, false, format!("{insertion:?}"));
        }
        check_eq!(world.find(&ada.email).await?, None, "nobody has it");
    }
    Ok(())
}

/// The port's documentation says: "Deletes the addresses that were freed before this time".
pub(crate) async fn what_was_freed_long_ago_is_forgotten<D: UserDirectory>(
    world: &World<D>,
) -> Case {
    let (old, new) = (world.somebody().await?, world.somebody().await?);
    world.delete(&old, 10).await?;
    world.delete(&new, 20).await?;
    world.directory.forget_freed(20).await.map_err(text)?;
    for (user, expected) in [(old, Insertion::Inserted), (new, Insertion::Freed)] {
        let again = User {
            email: user.email,
            ..world.nobody()?
        };
        check_eq!(world.register(&again, 5).await?, expected, "afterwards");
    }
    Ok(())
}
