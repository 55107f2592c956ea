//! The cases of `Clients`. Each tests one sentence of the port's documentation.

use edgegate::domain::authorization::{AppClient, ClientId};
use edgegate::ports::{AddedSecret, Clients, Grants, RegisteredClient};
use futures_util::future::join_all;

use super::{BEGUN, Case, World, check, check_eq, text};

pub(super) async fn an_app_reads_back_as_it_was_created<C: Clients, G: Grants>(
    world: &World<C, G>,
) -> Case {
    let (full, bare, secret) = (world.app()?, world.bare_app()?, world.secret());
    let created = world.clients.create(&full, Some(&secret)).await;
    check!(created.map_err(text)?, "the full one");
    let created = world.clients.create(&bare, None).await;
    check!(created.map_err(text)?, "the bare one");
    for (client, secrets) in [(full, vec![secret]), (bare, vec![])] {
        let found = world.clients.find(&client.id).await.map_err(text)?;
        check_eq!(found, Some(RegisteredClient { client, secrets }), "found");
    }
    let unknown = world.app()?.id;
    let found = world.clients.find(&unknown).await.map_err(text)?;
    check_eq!(found, None, "another");
    Ok(())
}

/// The port's documentation says about adding an app: "MUST change nothing and return false when an
/// app has this id already."
pub(super) async fn an_id_is_taken_once<C: Clients, G: Grants>(world: &World<C, G>) -> Case {
    let (client, secret) = (world.app()?, world.secret());
    let created = world.clients.create(&client, Some(&secret)).await;
    check!(created.map_err(text)?, "the first");
    let other = AppClient {
        name: "other".to_owned(),
        ..client.clone()
    };
    let again = world.clients.create(&other, Some(&world.secret())).await;
    check!(!again.map_err(text)?, "the second");
    let found = world.clients.find(&client.id).await.map_err(text)?;
    let secrets = vec![secret];
    check_eq!(found, Some(RegisteredClient { client, secrets }), "found");
    Ok(())
}

pub(super) async fn a_list_has_pages<C: Clients, G: Grants>(world: &World<C, G>) -> Case {
    let mut added = Vec::new();
    for _ in 0..5 {
        let client = world.bare_app()?;
        world.clients.create(&client, None).await.map_err(text)?;
        added.push(client);
    }
    let mut listed: Vec<AppClient> = Vec::new();
    loop {
        let after = listed.last().map(|client: &AppClient| client.id.clone());
        let page = world.clients.list(after.as_ref(), 2).await.map_err(text)?;
        check!(page.len() <= 2, "{} on a page", page.len());
        if page.is_empty() {
            break;
        }
        listed.extend(page);
    }
    let ids: Vec<&ClientId> = listed.iter().map(|client| &client.id).collect();
    check!(ids.is_sorted(), "not sorted");
    for client in added {
        let times = listed.iter().filter(|listed| **listed == client).count();
        check_eq!(times, 1, "listed");
    }
    Ok(())
}

pub(super) async fn a_change_needs_the_version<C: Clients, G: Grants>(world: &World<C, G>) -> Case {
    let client = world.app()?;
    world.clients.create(&client, None).await.map_err(text)?;
    let changed = AppClient {
        id: client.id.clone(),
        version: 2,
        ..world.bare_app()?
    };
    for (if_version, made) in [(0, false), (2, false), (1, true), (1, false)] {
        let answer = world.clients.change(&changed, if_version).await;
        check_eq!(answer.map_err(text)?, made, "made");
        let found = world.clients.find(&client.id).await.map_err(text)?;
        let version = found.map(|found| found.client.version);
        let expected = if if_version == 1 { 2 } else { 1 };
        check_eq!(version, Some(expected), "the version");
    }
    let found = world.clients.find(&client.id).await.map_err(text)?;
    check_eq!(found.map(|found| found.client), Some(changed), "changed");
    let unknown = world.app()?;
    let answer = world.clients.change(&unknown, 1).await;
    check!(!answer.map_err(text)?, "an app that does not exist");
    Ok(())
}

/// The port's documentation says: "If the stored app is a first-party app and `client` is not, MUST
/// delete all grants to the app".
pub(super) async fn nobody_was_asked_for_the_grants_of_the_first_party<C: Clients, G: Grants>(
    world: &World<C, G>,
) -> Case {
    let (one, two) = (world.app()?, world.app()?);
    let user = world.user();
    for client in [&one, &two] {
        world.clients.create(client, None).await.map_err(text)?;
        let grant = world.grant(user, &client.id, "read")?;
        world.grants.give(&grant).await.map_err(text)?;
    }
    let change = |first_party, version| AppClient {
        first_party,
        version,
        ..one.clone()
    };
    for (to, if_version, left) in [
        // This change expects version 8, but the stored version is another one, so the change is
        // not made.
        (change(false, 9), 8, 2),
        (change(true, 2), 1, 2),
        (change(false, 3), 2, 1),
    ] {
        let made = world.clients.change(&to, if_version).await.map_err(text)?;
        check_eq!(made, if_version != 8, "made");
        let grants = world.grants.list(user).await.map_err(text)?;
        check_eq!(grants.len(), left, "grants");
    }
    // The app is no longer a first-party app, so this grant is stored only because the user gave
    // consent. Later changes do not delete such a grant.
    let grant = world.grant(user, &one.id, "read")?;
    world.grants.give(&grant).await.map_err(text)?;
    for (first_party, version) in [(false, 4), (true, 5)] {
        let to = change(first_party, version);
        let made = world.clients.change(&to, version - 1).await;
        check!(made.map_err(text)?, "made");
    }
    let grants = world.grants.list(user).await.map_err(text)?;
    check_eq!(grants.len(), 2, "grants that were asked for");
    Ok(())
}

pub(super) async fn of_two_changes_at_once_one_is_made<C: Clients, G: Grants>(
    world: &World<C, G>,
) -> Case {
    let client = world.app()?;
    world.clients.create(&client, None).await.map_err(text)?;
    let changes: Vec<AppClient> = ["one", "two"]
        .into_iter()
        .map(|name| AppClient {
            name: name.to_owned(),
            version: 2,
            ..client.clone()
        })
        .collect();
    let made = join_all(changes.iter().map(|to| world.clients.change(to, 1))).await;
    let made: Result<Vec<bool>, _> = made.into_iter().collect();
    let made = made.map_err(text)?;
    check_eq!(made.iter().filter(|made| **made).count(), 1, "made");
    Ok(())
}

pub(super) async fn an_app_has_two_secrets_at_most<C: Clients, G: Grants>(
    world: &World<C, G>,
) -> Case {
    let client = world.app()?;
    let secrets = [world.secret(), world.secret(), world.secret()];
    let answer = world.clients.add_secret(&client.id, &secrets[0]).await;
    check_eq!(answer.map_err(text)?, AddedSecret::UnknownClient, "before");
    let created = world.clients.create(&client, Some(&secrets[0])).await;
    check!(created.map_err(text)?, "created");
    for (secret, expected) in [
        (&secrets[1], AddedSecret::Added),
        (&secrets[2], AddedSecret::TooMany),
    ] {
        let answer = world.clients.add_secret(&client.id, secret).await;
        check_eq!(answer.map_err(text)?, expected, "added");
    }
    let found = world.clients.find(&client.id).await.map_err(text)?;
    let stored = found.map(|found| found.secrets);
    check_eq!(stored, Some(secrets[..2].to_vec()), "in order");
    // After the first secret is deleted, a third one can be added.
    let deleted = world.clients.delete_secret(&client.id, secrets[0].id).await;
    check!(deleted.map_err(text)?, "deleted");
    let answer = world.clients.add_secret(&client.id, &secrets[2]).await;
    check_eq!(answer.map_err(text)?, AddedSecret::Added, "the third");
    let found = world.clients.find(&client.id).await.map_err(text)?;
    let stored = found.map(|found| found.secrets);
    check_eq!(stored, Some(secrets[1..].to_vec()), "afterwards");
    Ok(())
}

/// The port's documentation says about adding a secret: "MUST be exact, also for simultaneous
/// calls".
pub(super) async fn of_ten_secrets_at_once_two_are_added<C: Clients, G: Grants>(
    world: &World<C, G>,
) -> Case {
    let client = world.app()?;
    world.clients.create(&client, None).await.map_err(text)?;
    let secrets: Vec<_> = (0..10).map(|_| world.secret()).collect();
    let adding = secrets
        .iter()
        .map(|secret| world.clients.add_secret(&client.id, secret));
    let mut added = 0;
    for answer in join_all(adding).await {
        if answer.map_err(text)? == AddedSecret::Added {
            added += 1;
        }
    }
    check_eq!(added, 2, "added");
    let found = world.clients.find(&client.id).await.map_err(text)?;
    check_eq!(found.map(|found| found.secrets.len()), Some(2), "stored");
    Ok(())
}

pub(super) async fn a_secret_belongs_to_its_app<C: Clients, G: Grants>(
    world: &World<C, G>,
) -> Case {
    let (one, two, secret) = (world.app()?, world.app()?, world.secret());
    let created = world.clients.create(&one, Some(&secret)).await;
    check!(created.map_err(text)?, "one");
    let created = world.clients.create(&two, None).await;
    check!(created.map_err(text)?, "two");
    let deleted = world.clients.delete_secret(&two.id, secret.id).await;
    check!(!deleted.map_err(text)?, "by another app");
    let found = world.clients.find(&one.id).await.map_err(text)?;
    check_eq!(found.map(|found| found.secrets), Some(vec![secret]), "it");
    Ok(())
}

/// The port's documentation says: "Deletes an app, its secrets and all grants to it".
pub(super) async fn a_deleted_app_leaves_nothing<C: Clients, G: Grants>(
    world: &World<C, G>,
) -> Case {
    let (one, two) = (world.app()?, world.app()?);
    let user = world.user();
    for client in [&one, &two] {
        let secret = world.secret();
        world
            .clients
            .create(client, Some(&secret))
            .await
            .map_err(text)?;
        let grant = world.grant(user, &client.id, "read")?;
        world.grants.give(&grant).await.map_err(text)?;
    }
    check!(world.clients.delete(&one.id).await.map_err(text)?, "it was");
    check!(!world.clients.delete(&one.id).await.map_err(text)?, "gone");
    let found = world.clients.find(&one.id).await.map_err(text)?;
    check_eq!(found, None, "the app");
    let grants = world.grants.list(user).await.map_err(text)?;
    let left: Vec<&ClientId> = grants.iter().map(|given| &given.grant.client).collect();
    check_eq!(left, vec![&two.id], "grants");
    // A new app with the same id does not get the secret of the deleted app.
    let again = AppClient {
        created_at: BEGUN + 9,
        ..one
    };
    world.clients.create(&again, None).await.map_err(text)?;
    let found = world.clients.find(&again.id).await.map_err(text)?;
    check_eq!(found.map(|found| found.secrets), Some(vec![]), "secrets");
    Ok(())
}
