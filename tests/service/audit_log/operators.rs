//! Which events are recorded when an operator acts. Such an event has no user who acts. In place of
//! the user, it has the id of the operator ticket (the operator's short-lived key). It never has
//! the ticket itself.

use edgegate::domain::authorization::{ClientFields, Grant, GrantId, Scopes};
use edgegate::domain::operator::OperatorTicketHash;
use edgegate::ports::{Clock, Grants};
use edgegate::service::pseudonyms::PseudonymFor;

use super::*;
use crate::fixture::operator_ticket;

scenarios!(
    managing_accounts,
    managing_mail,
    after_a_restore,
    managing_apps,
);

/// Stores an operator ticket with this scope. Returns the ticket, and its id with a name for it.
fn operator(world: &World<MemorySessions>, scope: &str) -> (String, (String, &'static str)) {
    let ports = world.service.ports();
    let now = ports.clock.now_ms() / 1000;
    let ticket = operator_ticket(&ports.operator_tickets, 1, scope, now);
    let id = OperatorTicketHash::of(&ticket).unwrap().id().to_string();
    assert!(id.starts_with("operator:") && id.len() == 21, "{id}");
    (ticket, (id, "operator"))
}

fn managing_accounts(seen: &mut Seen) {
    let world = on_memory(&[]);
    let events = &world.service.ports().events;
    let one = world.log_in(ADA);
    let _ = events.take();
    let (ticket, name) = operator(&world, "users sessions");
    pollster::block_on(async {
        let service = &world.service;
        let invitee = Invitee {
            email: GRACE,
            first_name: None,
            last_name: None,
        };
        let (grace, _) = service
            .create_user_with_link(&ticket, invitee, None)
            .await
            .unwrap();
        let grace = grace.id;
        service.return_invitation(&ticket, grace).await.unwrap();
        service.invite(&ticket, grace, English).await.unwrap();
        service.verify_address(&ticket, grace).await.unwrap();
        service.verify_address(&ticket, grace).await.unwrap();
        service.unlock(&ticket, grace).await.unwrap();
        let amendment = Amendment {
            roles: Some(vec!["editor".to_owned()]),
            disabled: Some(true),
            ..Amendment::default()
        };
        service.amend_user(&ticket, grace, amendment).await.unwrap();
        let ada = one.user.id;
        let ended = service.end_session_of(&ticket, ada, one.tokens.session);
        ended.await.unwrap();
        service.revoke_tokens_as(&ticket, ada).await.unwrap();
        service.delete_account(&ticket, ada, English).await.unwrap();
        service.read_user(&ticket, grace).await.unwrap();
        service.list_failed_mail(&ticket, "", 9).await.unwrap_err();
        // An invalid ticket records no event. The log line of its request has the reason.
        service.read_user("ego_", grace).await.unwrap_err();
        let names = [
            id(ada, "ada"),
            session(&one, "one"),
            id(grace, "grace"),
            pseudonym(&world, GRACE),
            name,
        ];
        assert_eq!(
            seen.told(events, &names),
            [
                "account_created user_id=grace by=operator address=hashed",
                "link_returned user_id=grace by=operator",
                "link_returned user_id=grace by=operator",
                "invited user_id=grace by=operator",
                "email_verified user_id=grace by=operator",
                "user_unlocked user_id=grace by=operator",
                "roles_changed user_id=grace by=operator editor",
                "user_disabled user_id=grace by=operator",
                "session_ended user_id=ada session_id=one by=operator",
                "sessions_revoked user_id=ada by=operator",
                "account_deleted user_id=ada by=operator",
                "operator_denied! mail by=operator",
            ]
        );
    });
}

fn managing_mail(seen: &mut Seen) {
    let world = on_memory(&[]);
    let events = &world.service.ports().events;
    let (ticket, name) = operator(&world, "mail pseudonyms");
    pollster::block_on(async {
        let service = &world.service;
        service.keep_dead_letter("a job", "1").await.unwrap();
        service.list_failed_mail(&ticket, "", 9).await.unwrap();
        service.retry_failed_mail(&ticket, None).await.unwrap();
        let dropped = service.drop_failed_mail(&ticket, &["1".to_owned()]).await;
        dropped.unwrap();
        let named = PseudonymFor::Network("203.0.113.9");
        service.pseudonyms(&ticket, named).await.unwrap();
    });
    assert_eq!(
        seen.told(events, &[name]),
        ["mail_retried by=operator 1", "mail_dropped by=operator 1"]
    );
}

fn after_a_restore(seen: &mut Seen) {
    let world = on_memory(&[]);
    let events = &world.service.ports().events;
    let (ticket, name) = operator(&world, "restore");
    pollster::block_on(world.service.raise_counters(&ticket, None)).unwrap();
    assert_eq!(
        seen.told(events, &[name]),
        ["counters_raised by=operator 2"]
    );
}

fn managing_apps(seen: &mut Seen) {
    let world = on_memory(&[]);
    let events = &world.service.ports().events;
    let one = world.log_in(ADA);
    let _ = events.take();
    let (ticket, name) = operator(&world, "clients");
    let fields = || ClientFields {
        name: Some("Notes".to_owned()),
        kind: Some("confidential".to_owned()),
        redirect_uris: Some(vec!["https://app.example/".to_owned()]),
        ..ClientFields::default()
    };
    pollster::block_on(async {
        let service = &world.service;
        let created = service.create_client(&ticket, fields()).await.unwrap();
        let app = created.client.id;
        let secret = service.add_client_secret(&ticket, &app).await.unwrap();
        let secret = secret.stored.id;
        let deleted = service.delete_client_secret(&ticket, &app, secret).await;
        deleted.unwrap();
        for (name, disabled) in [
            (Some("Other"), None),
            (None, Some(true)),
            (None, Some(true)),
            (None, Some(false)),
        ] {
            let change = ClientFields {
                name: name.map(str::to_owned),
                disabled,
                ..ClientFields::default()
            };
            service.change_client(&ticket, &app, change).await.unwrap();
        }
        let grant = Grant {
            id: GrantId::new(1, &[1; 10]),
            user: one.user.id,
            client: app.clone(),
            scopes: Scopes::default(),
            resource: None,
            given_at: 1,
            withdrawn_at: None,
        };
        service.ports().apps.give(&grant).await.unwrap();
        let own = one.tokens.access_token.expose();
        service.list_grants(own).await.unwrap();
        service.withdraw_grant(own, grant.id).await.unwrap();
        service.list_clients(&ticket, None).await.unwrap();
        service.read_client(&ticket, &app).await.unwrap();
        service.delete_client(&ticket, &app).await.unwrap();
        let names = [
            name,
            id(one.user.id, "ada"),
            session(&one, "one"),
            (app.to_string(), "app"),
            (format!("{app} {secret}"), "app and secret"),
        ];
        assert_eq!(
            seen.told(events, &names),
            [
                "client_created by=operator app",
                "client_secret_added by=operator app and secret",
                "client_secret_deleted by=operator app and secret",
                "client_changed by=operator app",
                "client_disabled by=operator app",
                "client_enabled by=operator app",
                "grant_withdrawn user_id=ada session_id=one app",
                "client_deleted by=operator app",
            ]
        );
    });
}
