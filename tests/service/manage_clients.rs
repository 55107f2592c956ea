//! How administrators and operators manage apps.

use edgegate::domain::account::Edit;
use edgegate::domain::authorization::{ClientFields, ClientId, ClientType, SecretId, StoredSecret};
use edgegate::domain::error::{Code, Error, FieldProblem};
use edgegate::domain::policy::{CLIENTS_PER_PAGE, RECENT_PROOF};
use edgegate::ports::{Clients, Clock, Ports};
use edgegate::service::AuthService;

use crate::fixture::{ADA, ROOT, log_in, on_both, on_memory, operator_ticket};

fn confidential(name: &str) -> ClientFields {
    ClientFields {
        name: Some(name.to_owned()),
        kind: Some("confidential".to_owned()),
        redirect_uris: Some(vec!["https://app.example.com/callback".to_owned()]),
        ..ClientFields::default()
    }
}

fn public(name: &str) -> ClientFields {
    ClientFields {
        kind: Some("public".to_owned()),
        ..confidential(name)
    }
}

async fn admin<P: Ports>(service: &AuthService<P>) -> String {
    let root = log_in(service, ROOT).await.unwrap();
    root.tokens.access_token.expose().to_owned()
}

on_both!(an_administrator_registers_changes_and_deletes_an_app, &[], world => {
    let service = &world.service;
    let admin = admin(service).await;
    let created = service.create_client(&admin, confidential("Notes")).await.unwrap();
    let id = &created.client.id;
    assert_eq!(id.as_str().len(), 22);
    assert_eq!(created.client.kind, ClientType::Confidential);
    assert!(!created.client.first_party && created.client.disabled_at.is_none());
    let secret = created.secret.unwrap();
    assert!(secret.expose().starts_with("egc_") && secret.expose().len() == 47);

    let found = service.read_client(&admin, id).await.unwrap();
    assert_eq!(found.client, created.client);
    assert!(StoredSecret::any_matches(&found.secrets, secret.expose()));
    assert!(!format!("{found:?}").contains(secret.expose()));

    let change = ClientFields {
        name: Some("Ada's notes".to_owned()),
        first_party: Some(true),
        resources: Some(vec!["https://api.example.com".to_owned()]),
        scopes: Some(vec!["write".to_owned(), "read".to_owned()]),
        ..ClientFields::default()
    };
    let changed = service.change_client(&admin, id, change.clone()).await.unwrap();
    assert_eq!(changed.client.name, "Ada's notes");
    assert!(changed.client.first_party);
    assert_eq!(changed.client.version, created.client.version + 1);
    assert_eq!(changed.secrets, found.secrets);
    assert_eq!(service.read_client(&admin, id).await.unwrap(), changed);
    // Making the same change again changes nothing.
    let again = service.change_client(&admin, id, change).await.unwrap();
    assert_eq!(again, changed);

    service.delete_client(&admin, id).await.unwrap();
    assert_eq!(service.read_client(&admin, id).await, Err(Error::UnknownClient));
    assert_eq!(service.delete_client(&admin, id).await.unwrap_err(), Error::UnknownClient);
});

on_both!(an_app_is_disabled_and_enabled, &[], world => {
    let service = &world.service;
    let admin = admin(service).await;
    let created = service.create_client(&admin, public("Page")).await.unwrap();
    assert!(created.secret.is_none());
    let id = &created.client.id;
    let disabled = |disabled| ClientFields { disabled: Some(disabled), ..ClientFields::default() };
    let now = world.clock.now_ms() / 1000;
    let off = service.change_client(&admin, id, disabled(true)).await.unwrap();
    assert_eq!(off.client.disabled_at, Some(now));
    world.clock.advance(5);
    // Disabling the app again does not change the time at which it was disabled.
    let off = service.change_client(&admin, id, disabled(true)).await.unwrap();
    assert_eq!(off.client.disabled_at, Some(now));
    let on = service.change_client(&admin, id, disabled(false)).await.unwrap();
    assert_eq!(on.client.disabled_at, None);
});

on_both!(a_secret_is_replaced_while_both_are_valid, &[], world => {
    let service = &world.service;
    let admin = admin(service).await;
    let created = service.create_client(&admin, confidential("Notes")).await.unwrap();
    let (id, first) = (&created.client.id, created.secret.unwrap());
    let second = service.add_client_secret(&admin, id).await.unwrap();
    assert_ne!(first.expose(), second.secret.expose());
    let third = service.add_client_secret(&admin, id).await.unwrap_err();
    assert_eq!((third.code(), third.code().status()), (Code::TooManySecrets, 409));
    let stored = service.ports().clients().find(id).await.unwrap().unwrap().secrets;
    let now = world.clock.now_ms() / 1000;
    assert!(stored.iter().all(|secret| secret.created_at == now), "{stored:?}");
    for secret in [&first, &second.secret] {
        assert!(StoredSecret::any_matches(&stored, secret.expose()));
    }
    let old = stored.iter().find(|secret| secret.id != second.stored.id).unwrap().id;
    service.delete_client_secret(&admin, id, old).await.unwrap();
    let again = service.delete_client_secret(&admin, id, old).await.unwrap_err();
    assert_eq!(again, Error::UnknownSecret);
    let stored = service.ports().clients().find(id).await.unwrap().unwrap().secrets;
    assert!(!StoredSecret::any_matches(&stored, first.expose()));
    assert!(StoredSecret::any_matches(&stored, second.secret.expose()));
});

#[test]
fn a_public_app_has_no_secret() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let service = &world.service;
        let admin = admin(service).await;
        let page = service.create_client(&admin, public("Page")).await.unwrap();
        let refused = service.add_client_secret(&admin, &page.client.id).await;
        assert_eq!(refused.unwrap_err(), Error::PublicClient);
    });
}

#[test]
fn a_field_that_is_not_valid_is_named() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let service = &world.service;
        let admin = admin(service).await;
        for (fields, field, problem) in [
            (ClientFields::default(), "name", FieldProblem::Missing),
            (
                ClientFields {
                    redirect_uris: Some(vec!["http://app.example.com/".to_owned()]),
                    ..public("Page")
                },
                "redirect_uris",
                FieldProblem::Invalid("not_https"),
            ),
            (
                ClientFields {
                    resources: Some(vec!["http://127.0.0.1:8787/api".to_owned()]),
                    ..public("Page")
                },
                "resources",
                FieldProblem::Invalid("our_own"),
            ),
            (
                ClientFields {
                    id_token_signed_response_alg: Edit::Set("RS256".to_owned()),
                    ..public("Page")
                },
                "id_token_signed_response_alg",
                FieldProblem::Invalid("no_key"),
            ),
        ] {
            let refused = service.create_client(&admin, fields).await.unwrap_err();
            assert_eq!(refused, Error::Field(field, problem));
        }
        let page = service.create_client(&admin, public("Page")).await.unwrap();
        let id = &page.client.id;
        let refused = service
            .change_client(&admin, id, confidential("Page"))
            .await;
        let fixed = Error::Field("type", FieldProblem::Invalid("fixed"));
        assert_eq!(refused.unwrap_err(), fixed);
        let refused = service
            .change_client(&admin, id, ClientFields::default())
            .await;
        assert_eq!(refused.unwrap_err(), Error::NothingToChange);
    });
}

on_both!(only_administrators_with_a_recent_proof_and_operators_manage_apps, &[], world => {
    let service = &world.service;
    let ada = log_in(service, ADA).await.unwrap();
    let root = log_in(service, ROOT).await.unwrap();
    let id = ClientId::parse("demo-web").unwrap();
    let secret = SecretId::new(1, &[1; 10]);
    let all = async |credential: &str| {
        let no_fields = ClientFields::default;
        [
            service.list_clients(credential, None).await.map(drop),
            service.create_client(credential, no_fields()).await.map(drop),
            service.read_client(credential, &id).await.map(drop),
            service.change_client(credential, &id, no_fields()).await.map(drop),
            service.delete_client(credential, &id).await.map(drop),
            service.add_client_secret(credential, &id).await.map(drop),
            service.delete_client_secret(credential, &id, secret).await.map(drop),
        ]
        .map(Result::unwrap_err)
    };
    for refused in all(ada.tokens.access_token.expose()).await {
        assert_eq!(refused, Error::Forbidden);
    }
    let tickets = &service.ports().operator_tickets;
    let now = world.clock.now_ms() / 1000;
    let other = operator_ticket(tickets, 1, "users sessions mail", now);
    for refused in all(&other).await {
        assert_eq!(refused, Error::Forbidden);
    }
    world.clock.advance(RECENT_PROOF);
    // The renewed access token is valid, but the password was entered too long ago for these
    // actions.
    let renewed = service
        .renew_token(root.tokens.refresh_token.expose(), &crate::fixture::client())
        .await
        .unwrap();
    for refused in all(renewed.tokens.access_token.expose()).await {
        assert_eq!(refused, Error::ReauthenticationRequired);
    }
    let now = world.clock.now_ms() / 1000;
    let ticket = operator_ticket(tickets, 2, "clients", now);
    let page = service.list_clients(&ticket, None).await.unwrap();
    let ids: Vec<&str> = page.clients.iter().map(|client| client.id.as_str()).collect();
    assert_eq!(ids, ["demo-spa", "demo-web"]);
});

#[test]
fn a_list_has_pages() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let service = &world.service;
        let admin = admin(service).await;
        // The two demo apps exist already.
        for _ in 2..CLIENTS_PER_PAGE {
            service.create_client(&admin, public("Page")).await.unwrap();
        }
        let all = service.list_clients(&admin, None).await.unwrap();
        assert_eq!((all.clients.len(), all.next), (100, None), "one full page");
        service.create_client(&admin, public("Page")).await.unwrap();
        let first = service.list_clients(&admin, None).await.unwrap();
        assert_eq!(first.clients.len(), 100);
        let next = first.next.as_ref();
        assert_eq!(next, Some(&first.clients[99].id));
        let second = service.list_clients(&admin, next).await.unwrap();
        assert_eq!(second.clients.len(), 1);
        assert_eq!(second.next, None);
    });
}

#[test]
fn the_demo_apps_are_added_once_and_only_in_local_development() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let service = &world.service;
        let clients = service.ports().clients();
        let (spa, web) = ("demo-spa", "demo-web");
        let find = async |id: &str| {
            let id = ClientId::parse(id).unwrap();
            Clients::find(clients, &id).await.unwrap()
        };
        let page = find(spa).await.unwrap();
        assert!(page.client.first_party && page.secrets.is_empty());
        let site = find(web).await.unwrap();
        assert!(!site.client.first_party);
        assert!(StoredSecret::any_matches(&site.secrets, "demo-web-secret"));
        for uri in [
            "http://127.0.0.1:3000/callback",
            "http://localhost/callback",
            "http://[::1]:49152/callback",
        ] {
            assert!(page.client.redirect_uri(uri).is_some(), "{uri}");
        }
        // An administrator has changed a demo app. Adding the demo accounts again does not undo
        // this change.
        let admin = admin(service).await;
        let change = ClientFields {
            disabled: Some(true),
            ..ClientFields::default()
        };
        service
            .change_client(&admin, &site.client.id, change)
            .await
            .unwrap();
        service.add_demo_accounts().await.unwrap();
        let site = find(web).await.unwrap();
        assert!(site.client.disabled_at.is_some() && site.secrets.len() == 1);
    });
    let deployed = on_memory(&[
        ("DEV", "0"),
        ("ISSUER", "https://auth.example.com"),
        ("MAIL_PROVIDER", "resend"),
        ("MAIL_API_KEY", "re_test"),
        ("MAIL_FROM", "Example <no-reply@example.com>"),
    ]);
    let clients = deployed.service.ports().clients();
    let listed = pollster::block_on(Clients::list(clients, None, 9)).unwrap();
    assert_eq!(listed, []);
}
