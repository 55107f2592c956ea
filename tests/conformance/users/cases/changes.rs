//! Which values a change sets, and which it does not touch.

use edgegate::domain::account::{Edit, User, UserChange};
use edgegate::ports::UserDirectory;

use super::{Case, World, address, check_eq, freed, hash, name, roles};

/// The user after a change, but only with the effects that every change has: the version is one
/// higher, and `updated_at` is set.
fn moved(user: &User, now: u64) -> User {
    User {
        version: user.version + 1,
        updated_at: now,
        ..user.clone()
    }
}

pub(crate) async fn each_field_changes_alone<D: UserDirectory>(world: &World<D>) -> Case {
    let epoch = |user: User| User {
        session_epoch: user.session_epoch + 1,
        ..user
    };
    let mut ada = world.everything()?;
    world.insert(&ada).await?;
    let number = world.numbers.next();
    let email = address(&format!("Countess{number}@example.org"))?;
    type Expected<'a> = Box<dyn Fn(User) -> Result<User, String> + 'a>;
    let none = UserChange::default;
    let links = |user: User| User {
        link_generation: user.link_generation + 1,
        ..user
    };
    let changes: [(UserChange, Expected<'_>); 11] = [
        (
            UserChange {
                first_name: Edit::Set(name("Augusta")?),
                ..none()
            },
            Box::new(|user| {
                Ok(User {
                    first_name: Some(name("Augusta")?),
                    ..user
                })
            }),
        ),
        (
            UserChange {
                last_name: Edit::Set(name("King")?),
                ..none()
            },
            Box::new(|user| {
                Ok(User {
                    last_name: Some(name("King")?),
                    ..user
                })
            }),
        ),
        (
            UserChange {
                roles: Some(roles(&["auditor"])?),
                ..none()
            },
            Box::new(|user| {
                Ok(User {
                    roles: roles(&["auditor"])?,
                    ..user
                })
            }),
        ),
        (
            UserChange {
                roles: Some(roles(&[])?),
                ..none()
            },
            Box::new(|user| {
                Ok(User {
                    roles: roles(&[])?,
                    ..user
                })
            }),
        ),
        (
            UserChange {
                disabled: Some(false),
                ..none()
            },
            Box::new(|user| {
                Ok(links(User {
                    disabled_at: None,
                    ..user
                }))
            }),
        ),
        (
            UserChange {
                disabled: Some(true),
                ..none()
            },
            Box::new(|user| {
                Ok(links(epoch(User {
                    disabled_at: Some(user.updated_at),
                    ..user
                })))
            }),
        ),
        (
            UserChange {
                email: Some(email.clone()),
                ..none()
            },
            Box::new(|user| {
                Ok(links(User {
                    email: email.clone(),
                    email_verified_at: Some(user.updated_at),
                    ..user
                }))
            }),
        ),
        (
            UserChange {
                password_hash: Some(hash("$argon2id$new")),
                ..none()
            },
            Box::new(|user| {
                Ok(epoch(User {
                    password_hash: hash("$argon2id$new"),
                    ..user
                }))
            }),
        ),
        (
            UserChange::revoke_sessions(),
            Box::new(|user| Ok(epoch(user))),
        ),
        // The address was verified already.
        (
            UserChange {
                verify_email: true,
                ..none()
            },
            Box::new(|user| Ok(links(user))),
        ),
        (
            UserChange {
                first_name: Edit::Remove,
                last_name: Edit::Remove,
                ..none()
            },
            Box::new(|user| {
                Ok(User {
                    first_name: None,
                    last_name: None,
                    ..user
                })
            }),
        ),
    ];
    for (index, (change, expected)) in changes.iter().enumerate() {
        let now = 1000 + index as u64;
        let expected = expected(moved(&ada, now))?;
        ada = world.update(ada.id, change, now).await?;
        check_eq!(ada, expected, format!("{change:?}"));
    }
    Ok(())
}

pub(crate) async fn all_fields_change_at_once<D: UserDirectory>(world: &World<D>) -> Case {
    for ada in [world.nobody()?, world.everything()?] {
        world.insert(&ada).await?;
        let number = world.numbers.next();
        let change = UserChange {
            first_name: Edit::Set(name("Augusta")?),
            last_name: Edit::Set(name("King")?),
            roles: Some(roles(&["auditor"])?),
            disabled: Some(true),
            email: Some(address(&format!("Countess{number}@example.org"))?),
            verify_email: true,
            frees: Some(freed(&ada.email, 500)),
            password_hash: Some(hash("$argon2id$new")),
            revoke_sessions: true,
            may_leave_no_administrator: false,
        };
        let expected = User {
            id: ada.id,
            email: address(&format!("Countess{number}@example.org"))?,
            password_hash: hash("$argon2id$new"),
            first_name: Some(name("Augusta")?),
            last_name: Some(name("King")?),
            roles: roles(&["auditor"])?,
            email_verified_at: Some(500),
            disabled_at: Some(ada.disabled_at.unwrap_or(500)),
            session_epoch: ada.session_epoch + 1,
            version: ada.version + 1,
            link_generation: ada.link_generation + 1,
            link_nonce: ada.link_nonce.clone(),
            external_id: ada.external_id.clone(),
            created_at: ada.created_at,
            updated_at: 500,
        };
        let changed = world.update(ada.id, &change, 500).await?;
        check_eq!(changed, expected, "every field");
    }
    Ok(())
}

pub(crate) async fn the_first_time_of_disabling_stays<D: UserDirectory>(world: &World<D>) -> Case {
    let ada = world.somebody().await?;
    for (now, disabled, expected) in [
        (200, true, Some(200)),
        (300, true, Some(200)),
        (400, false, None),
        (500, false, None),
        (600, true, Some(600)),
    ] {
        let change = UserChange {
            disabled: Some(disabled),
            ..UserChange::default()
        };
        let changed = world.update(ada.id, &change, now).await?;
        check_eq!(changed.disabled_at, expected, format!("at {now}"));
    }
    Ok(())
}

pub(crate) async fn the_first_time_of_verifying_stays<D: UserDirectory>(world: &World<D>) -> Case {
    let ada = world.somebody().await?;
    let change = UserChange {
        verify_email: true,
        ..UserChange::default()
    };
    for now in [200, 300] {
        let changed = world.update(ada.id, &change, now).await?;
        check_eq!(changed.email_verified_at, Some(200), format!("at {now}"));
    }
    Ok(())
}

/// The documentation of `UserChange` says: "The new email address. Its owner has just confirmed it,
/// so it is stored as verified." This is true whether or not the old address was verified.
pub(crate) async fn a_new_address_is_verified_now<D: UserDirectory>(world: &World<D>) -> Case {
    let mut ada = world.somebody().await?;
    let number = world.numbers.next();
    for (now, verify_email) in [(200, false), (300, true)] {
        let email = address(&format!("Ada{now}.{number}@B\u{fc}cher.example"))?;
        let change = UserChange {
            email: Some(email.clone()),
            verify_email,
            ..UserChange::default()
        };
        let before = ada.email.clone();
        ada = world.update(ada.id, &change, now).await?;
        check_eq!(ada.email_verified_at, Some(now), "verified");
        check_eq!(ada.email.as_given(), email.as_given(), "as given");
        let canonical = address(&format!("ada{now}.{number}@xn--bcher-kva.example"))?;
        check_eq!(world.find(&canonical).await?.as_ref(), Some(&ada), "found");
        check_eq!(world.find(&before).await?, None, "by the address before");
        // Another account can use the old address now.
        let next = User {
            email: before,
            ..world.nobody()?
        };
        world.insert(&next).await?;
    }
    Ok(())
}

pub(crate) async fn a_change_leaves_others_as_they_are<D: UserDirectory>(world: &World<D>) -> Case {
    let (ada, bob) = (world.somebody().await?, world.everything()?);
    world.insert(&bob).await?;
    let change = UserChange {
        first_name: Edit::Set(name("Augusta")?),
        roles: Some(roles(&["auditor"])?),
        ..UserChange::revoke_sessions()
    };
    world.update(ada.id, &change, 300).await?;
    world.holds(&bob, "another").await
}

/// Each name can be kept, set or removed independently of the other one.
pub(crate) async fn names_are_cleared<D: UserDirectory>(world: &World<D>) -> Case {
    let ada = world.everything()?;
    world.insert(&ada).await?;
    let change = UserChange {
        first_name: Edit::Remove,
        last_name: Edit::Set(name("King")?),
        ..UserChange::default()
    };
    let changed = world.update(ada.id, &change, 300).await?;
    check_eq!(changed.first_name, None, "the first name");
    check_eq!(changed.last_name, Some(name("King")?), "the last name");
    let bob = world.everything()?;
    world.insert(&bob).await?;
    let change = UserChange {
        last_name: Edit::Remove,
        ..UserChange::default()
    };
    let changed = world.update(bob.id, &change, 300).await?;
    check_eq!(changed.first_name, bob.first_name, "the first name is kept");
    check_eq!(changed.last_name, None, "the last name is removed");
    Ok(())
}
