//! The use cases of apps.

use edgegate::domain::authorization::{ClientFields, ClientId, Grant, GrantId, Scopes, SecretId};
use edgegate::ports::{Clients, Clock, Grants};

use super::*;

fn fields() -> ClientFields {
    ClientFields {
        name: Some("Notes".to_owned()),
        kind: Some("confidential".to_owned()),
        redirect_uris: Some(vec!["https://app.example.com/callback".to_owned()]),
        ..ClientFields::default()
    }
}

fn renamed() -> ClientFields {
    ClientFields {
        name: Some("Ada's notes".to_owned()),
        ..ClientFields::default()
    }
}

/// The demo app that has a secret.
fn web() -> ClientId {
    ClientId::parse("demo-web").unwrap()
}

/// The name of the demo app in the store, and the number of its secrets.
async fn stored<S: SessionStore>(w: &World<S>) -> Option<(String, usize)> {
    let clients = &w.service.ports().apps.inner;
    let found = Clients::find(clients, &web()).await.unwrap();
    found.map(|found| (found.client.name, found.secrets.len()))
}

/// Stores a grant of Ada to the demo app. Returns the grant's id.
async fn give<S: SessionStore>(w: &World<S>, facts: &Facts) -> GrantId {
    let now_ms = w.clock.now_ms();
    let grant = Grant {
        id: GrantId::new(now_ms, &[7; 10]),
        user: facts.id(),
        client: web(),
        scopes: Scopes::default(),
        resource: None,
        given_at: now_ms / 1000,
        withdrawn_at: None,
    };
    w.service.ports().apps.inner.give(&grant).await.unwrap();
    grant.id
}

pub(super) fn apps<S: SessionStore + 'static>() -> Vec<Case<S>> {
    vec![
        case!(
            "register an app",
            &[],
            |w| w.facts(w.operator()).await,
            |w, f| none(w.service.create_client(&f.thing, fields()).await),
            Error::Internal("never"),
            |w, _f, _mails| {
                let clients = &w.service.ports().apps.inner;
                let listed = Clients::list(clients, None, 9).await.unwrap();
                violated(&[("the app exists", listed.len() >= 3)])
            }
        ),
        case!(
            "change an app",
            &[],
            |w| w.facts(w.operator()).await,
            |w, f| none(w.service.change_client(&f.thing, &web(), renamed()).await),
            Error::Internal("never"),
            |w, _f, _mails| violated(&[(
                "it has the name",
                stored(w).await == Some(("Ada's notes".to_owned(), 1))
            )])
        ),
        case!(
            "delete an app",
            &[],
            |w| {
                let facts = w.facts(w.operator()).await;
                give(w, &facts).await;
                facts
            },
            |w, f| none(w.service.delete_client(&f.thing, &web()).await),
            Error::UnknownClient,
            |w, _f, _mails| violated(&[
                ("it is gone", stored(w).await.is_none()),
                (
                    "nothing is given to it",
                    w.service.ports().apps.inner.grants_stored() == 0
                ),
            ])
        ),
        case!(
            "make a secret",
            &[],
            |w| w.facts(w.operator()).await,
            |w, f| none(w.service.add_client_secret(&f.thing, &web()).await),
            Error::TooManySecrets,
            |w, _f, _mails| {
                let secrets = stored(w).await.map(|(_, secrets)| secrets);
                violated(&[("it is stored", secrets == Some(2))])
            }
        ),
        case!(
            "delete a secret",
            &[],
            |w| {
                let clients = &w.service.ports().apps.inner;
                let found = Clients::find(clients, &web()).await.unwrap().unwrap();
                let secret = found.secrets[0].id;
                w.facts(format!("{} {secret}", w.operator())).await
            },
            |w, f| {
                let (ticket, secret) = f.thing.split_once(' ').unwrap();
                let secret = SecretId::parse(secret).unwrap();
                none(w.service.delete_client_secret(ticket, &web(), secret).await)
            },
            Error::UnknownSecret,
            |w, _f, _mails| {
                let secrets = stored(w).await.map(|(_, secrets)| secrets);
                violated(&[("it is gone", secrets == Some(0))])
            }
        ),
        case!(
            "read apps and grants",
            &[],
            |w| {
                let facts = w.facts(w.operator()).await;
                give(w, &facts).await;
                facts
            },
            |w, f| {
                w.service.list_clients(&f.thing, None).await?;
                w.service.read_client(&f.thing, &web()).await?;
                w.service.list_grants(f.access()).await?;
                Ok(None)
            },
            Error::Internal("never"),
            |w, f, _mails| violated(&[("the session continues", w.renews(f.refresh()).await)])
        ),
        case!(
            "take back a grant",
            &[],
            |w| {
                let facts = w.facts(String::new()).await;
                let id = give(w, &facts).await;
                with_thing(facts, &id.to_string())
            },
            |w, f| {
                let id = GrantId::parse(&f.thing).unwrap();
                none(w.service.withdraw_grant(f.access(), id).await)
            },
            Error::Internal("never"),
            |w, f, _mails| {
                let grants = &w.service.ports().apps.inner;
                let left = Grants::list(grants, f.id()).await.unwrap();
                violated(&[
                    ("it is withdrawn", left.is_empty()),
                    ("the session continues", w.renews(f.refresh()).await),
                ])
            }
        ),
        case!(
            "forget withdrawn grants",
            &[],
            |w| {
                let facts = w.facts(String::new()).await;
                let id = give(w, &facts).await;
                let grants = &w.service.ports().apps.inner;
                grants.withdraw(id, facts.id(), 1).await.unwrap();
                facts
            },
            |w, _f| none(w.service.forget_withdrawn_grants().await),
            Error::Internal("never"),
            |w, _f, _mails| violated(&[(
                "none is left",
                w.service.ports().apps.inner.grants_stored() == 0
            )])
        ),
    ]
}
