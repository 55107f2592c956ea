//! The cases of `Grants`. Each tests one sentence of the port's documentation.

use edgegate::domain::authorization::{ClientId, Grant, GrantId, Resource, Scopes};
use edgegate::ports::{Clients, Grants};
use futures_util::future::join_all;

use super::{BEGUN, Case, World, check, check_eq, resource, text};

fn scopes(text: &str) -> Result<Scopes, String> {
    Scopes::parse(text).map_err(|why| why.reason().to_owned())
}

/// The id of an app that is not registered.
fn client(world: &World<impl Clients, impl Grants>) -> ClientId {
    ClientId::generate(&world.random())
}

pub(super) async fn a_grant_reads_back_as_it_was_given<C: Clients, G: Grants>(
    world: &World<C, G>,
) -> Case {
    for resource in [None, Some(resource("https://api.example.com/v2")?)] {
        let (user, client) = (world.user(), client(world));
        let grant = Grant {
            resource,
            ..world.grant(user, &client, "read openid")?
        };
        let given = world.grants.give(&grant).await.map_err(text)?;
        check_eq!(given, grant, "given");
        let found = world.grants.find(grant.id).await.map_err(text)?;
        check_eq!(found.as_ref(), Some(&grant), "by its id");
        let api = grant.resource.as_ref();
        let live = world.grants.find_live(user, &client, api).await;
        check_eq!(live.map_err(text)?.as_ref(), Some(&grant), "live");
        let others = world.grants.find_live(world.user(), &client, api).await;
        check_eq!(others.map_err(text)?, None, "another user's");
    }
    Ok(())
}

pub(super) async fn giving_more_widens_the_live_grant<C: Clients, G: Grants>(
    world: &World<C, G>,
) -> Case {
    let (user, client) = (world.user(), client(world));
    let first = world.grant(user, &client, "write")?;
    world.grants.give(&first).await.map_err(text)?;
    for (more, together) in [
        ("read", "read write"),
        ("write", "read write"),
        ("admin read", "admin read write"),
        ("", "admin read write"),
    ] {
        let more = Grant {
            given_at: BEGUN + 9,
            ..world.grant(user, &client, more)?
        };
        let expected = Grant {
            scopes: scopes(together)?,
            ..first.clone()
        };
        let given = world.grants.give(&more).await.map_err(text)?;
        check_eq!(given, expected, "given");
        let found = world.grants.find(more.id).await.map_err(text)?;
        check_eq!(found, None, "a second row");
    }
    Ok(())
}

/// The port's documentation says about giving a grant: "The caller may repeat."
pub(super) async fn a_repeat_changes_nothing<C: Clients, G: Grants>(world: &World<C, G>) -> Case {
    let (user, client) = (world.user(), client(world));
    let grant = world.grant(user, &client, "read")?;
    for _ in 0..2 {
        let given = world.grants.give(&grant).await.map_err(text)?;
        check_eq!(given, grant, "given");
    }
    let listed = world.grants.list(user).await.map_err(text)?;
    check_eq!(listed.len(), 1, "listed");
    // The grant is withdrawn, and then the caller repeats `give`.
    world
        .grants
        .withdraw(grant.id, user, BEGUN + 5)
        .await
        .map_err(text)?;
    let given = world.grants.give(&grant).await.map_err(text)?;
    check_eq!(given.withdrawn_at, Some(BEGUN + 5), "after it");
    Ok(())
}

/// The port's documentation says about giving a grant: "MUST be one atomic step, also for
/// simultaneous calls."
pub(super) async fn ten_at_once_make_one_grant<C: Clients, G: Grants>(world: &World<C, G>) -> Case {
    let (user, client) = (world.user(), client(world));
    let mut grants = Vec::new();
    for number in 0..10 {
        grants.push(world.grant(user, &client, &format!("scope{number}"))?);
    }
    let given = join_all(grants.iter().map(|grant| world.grants.give(grant))).await;
    let ids: Result<Vec<GrantId>, _> = given
        .into_iter()
        .map(|given| given.map(|it| it.id))
        .collect();
    let ids = ids.map_err(text)?;
    check!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let live = world.grants.find_live(user, &client, None).await;
    let live = live.map_err(text)?.map(|grant| grant.scopes.iter().count());
    check_eq!(live, Some(10), "all scopes");
    Ok(())
}

pub(super) async fn too_many_scopes_replace_the_others<C: Clients, G: Grants>(
    world: &World<C, G>,
) -> Case {
    let (user, client) = (world.user(), client(world));
    let many = |letter: &str| {
        let names: Vec<String> = (0..8)
            .map(|at| format!("{}{at}", letter.repeat(50)))
            .collect();
        names.join(" ")
    };
    let first = world.grant(user, &client, &many("a"))?;
    world.grants.give(&first).await.map_err(text)?;
    let second = world.grant(user, &client, &many("b"))?;
    let given = world.grants.give(&second).await.map_err(text)?;
    check_eq!((given.id, given.scopes), (first.id, second.scopes), "given");
    Ok(())
}

pub(super) async fn a_resource_has_a_grant_of_its_own<C: Clients, G: Grants>(
    world: &World<C, G>,
) -> Case {
    let (user, client) = (world.user(), client(world));
    let apis = [
        None,
        Some(resource("https://api.example.com")?),
        Some(resource("https://api.example.com/v2")?),
    ];
    let mut given = Vec::new();
    for resource in apis.clone() {
        let grant = Grant {
            resource,
            ..world.grant(user, &client, "read")?
        };
        given.push(world.grants.give(&grant).await.map_err(text)?.id);
    }
    for (resource, id) in apis.iter().zip(&given) {
        let live = world.grants.find_live(user, &client, resource.as_ref());
        let live = live.await.map_err(text)?.map(|grant| grant.id);
        check_eq!(live, Some(*id), "live");
    }
    // A search for the second grant's resource, with its URL written in another way, finds the same
    // grant.
    let spelt: Resource = resource("https://api.example.com/")?;
    let live = world.grants.find_live(user, &client, Some(&spelt)).await;
    let live = live.map_err(text)?.map(|grant| grant.id);
    check_eq!(live, Some(given[1]), "another spelling");
    Ok(())
}

pub(super) async fn a_withdrawn_grant_stays_withdrawn<C: Clients, G: Grants>(
    world: &World<C, G>,
) -> Case {
    let (user, client) = (world.user(), client(world));
    let first = world.grant(user, &client, "read")?;
    world.grants.give(&first).await.map_err(text)?;
    for later in [5, 9] {
        let withdrawn = world.grants.withdraw(first.id, user, BEGUN + later).await;
        let expected = Grant {
            withdrawn_at: Some(BEGUN + 5),
            ..first.clone()
        };
        check_eq!(withdrawn.map_err(text)?, Some(expected), "withdrawn");
    }
    let live = world.grants.find_live(user, &client, None).await;
    check_eq!(live.map_err(text)?, None, "live");
    // The user gives consent again, which makes another grant.
    let second = world.grant(user, &client, "write")?;
    let given = world.grants.give(&second).await.map_err(text)?;
    check_eq!(given, second, "given again");
    let found = world.grants.find(first.id).await.map_err(text)?;
    let withdrawn = found.map(|grant| grant.withdrawn_at);
    check_eq!(withdrawn, Some(Some(BEGUN + 5)), "the first");
    Ok(())
}

pub(super) async fn nobody_withdraws_another_users_grant<C: Clients, G: Grants>(
    world: &World<C, G>,
) -> Case {
    let (user, client) = (world.user(), client(world));
    let grant = world.grant(user, &client, "read")?;
    world.grants.give(&grant).await.map_err(text)?;
    let other = world.user();
    let withdrawn = world.grants.withdraw(grant.id, other, BEGUN + 5).await;
    check_eq!(withdrawn.map_err(text)?, None, "by another user");
    let unknown = GrantId::new(BEGUN * 1000, &world.numbers.random());
    let withdrawn = world.grants.withdraw(unknown, user, BEGUN + 5).await;
    check_eq!(withdrawn.map_err(text)?, None, "of another id");
    let live = world.grants.find_live(user, &client, None).await;
    check_eq!(live.map_err(text)?, Some(grant), "live");
    Ok(())
}

pub(super) async fn a_list_shows_what_is_live<C: Clients, G: Grants>(world: &World<C, G>) -> Case {
    let (user, app) = (world.user(), world.app()?);
    world.clients.create(&app, None).await.map_err(text)?;
    let document = ClientId::parse("https://cli.example.com/client.json").ok_or("an id")?;
    let mut given = Vec::new();
    for client in [&app.id, &document, &client(world)] {
        let grant = world.grant(user, client, "read")?;
        given.push(world.grants.give(&grant).await.map_err(text)?);
    }
    world
        .grants
        .withdraw(given[2].id, user, BEGUN)
        .await
        .map_err(text)?;
    let listed = world.grants.list(user).await.map_err(text)?;
    let listed: Vec<_> = listed
        .into_iter()
        .map(|given| (given.grant, given.client_name))
        .collect();
    let expected = vec![
        (given[1].clone(), None),
        (given[0].clone(), Some(app.name.clone())),
    ];
    check_eq!(listed, expected, "newest first");
    Ok(())
}

pub(super) async fn what_is_forgotten_is_gone<C: Clients, G: Grants>(world: &World<C, G>) -> Case {
    let (ada, bob, client) = (world.user(), world.user(), client(world));
    let live = world.grant(ada, &client, "read")?;
    let withdrawn = Grant {
        resource: Some(resource("https://api.example.com")?),
        ..world.grant(ada, &client, "read")?
    };
    let bobs = world.grant(bob, &client, "read")?;
    for grant in [&live, &withdrawn, &bobs] {
        world.grants.give(grant).await.map_err(text)?;
    }
    world
        .grants
        .withdraw(withdrawn.id, ada, BEGUN)
        .await
        .map_err(text)?;
    for _ in 0..2 {
        world.grants.forget(ada).await.map_err(text)?;
    }
    for grant in [&live, &withdrawn] {
        let found = world.grants.find(grant.id).await.map_err(text)?;
        check_eq!(found, None, "Ada's");
    }
    let found = world.grants.find(bobs.id).await.map_err(text)?;
    check_eq!(found, Some(bobs), "Bob's");
    Ok(())
}

/// The port's documentation says: "Deletes the grants that were withdrawn before this time".
pub(super) async fn only_old_withdrawn_grants_are_forgotten<C: Clients, G: Grants>(
    world: &World<C, G>,
) -> Case {
    let user = world.user();
    let mut ids = Vec::new();
    for withdrawn in [Some(1), Some(2), None] {
        let grant = world.grant(user, &client(world), "read")?;
        world.grants.give(&grant).await.map_err(text)?;
        if let Some(at) = withdrawn {
            world
                .grants
                .withdraw(grant.id, user, at)
                .await
                .map_err(text)?;
        }
        ids.push(grant.id);
    }
    world.grants.forget_withdrawn(2).await.map_err(text)?;
    for (id, is_left) in ids.into_iter().zip([false, true, true]) {
        let found = world.grants.find(id).await.map_err(text)?;
        check_eq!(found.is_some(), is_left, "left");
    }
    Ok(())
}
