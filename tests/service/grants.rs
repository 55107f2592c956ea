//! The grants that a user gave to apps, and the sessions of those apps.

use edgegate::domain::authorization::{ClientId, Grant, GrantId, Scopes};
use edgegate::domain::error::Error;
use edgegate::domain::policy::WITHDRAWN_GRANT_TTL;
use edgegate::domain::session::{
    AppBinding, EndReason, Holder, Presented, Proof, RefreshTicket, SessionId, Verdict,
};
use edgegate::ports::{Clock, Ending, Grants, NewSession, Ports, SessionStore};
use edgegate::service::{AuthService, SignedIn};

use crate::fixture::{ADA, ROOT, client, log_in, on_both};

const IDLE: u64 = 86_400;

fn demo(id: &str) -> ClientId {
    ClientId::parse(id).unwrap()
}

/// Bytes that differ for each user and app.
fn random(signed_in: &SignedIn, app: &str) -> [u8; 10] {
    let (user, hash) = (signed_in.user.id, demo(app).hash());
    std::array::from_fn(|at| user.as_bytes()[at + 6] ^ hash.as_bytes()[at])
}

/// Stores a grant to an app, as the user's consent would.
async fn give<P: Ports>(service: &AuthService<P>, signed_in: &SignedIn, app: &str) -> Grant {
    let now_ms = service.ports().clock().now_ms();
    let grant = Grant {
        id: GrantId::new(now_ms, &random(signed_in, app)),
        user: signed_in.user.id,
        client: demo(app),
        scopes: Scopes::parse("openid").unwrap(),
        resource: None,
        given_at: now_ms / 1000,
        withdrawn_at: None,
    };
    service.ports().grants().give(&grant).await.unwrap()
}

/// A session of an app, as it begins when the app exchanges a code.
#[derive(Clone, Copy)]
struct App {
    ticket: RefreshTicket,
    binding: AppBinding,
}

async fn begin<P: Ports>(
    service: &AuthService<P>,
    signed_in: &SignedIn,
    app: &str,
    number: u8,
) -> App {
    let now_ms = service.ports().clock().now_ms();
    let now = now_ms / 1000;
    let binding = AppBinding {
        client: demo(app).hash(),
        sign_on: Some(signed_in.tokens.session),
    };
    let ticket = RefreshTicket {
        user: signed_in.user.id,
        session: SessionId::new(now_ms, &[number; 10]),
        epoch: signed_in.user.session_epoch,
        counter: 0,
        expires_at: now + 90 * 86_400,
        proof: Proof::by_password(now),
        sign_on: None,
    };
    let client = client();
    let new = NewSession {
        user: ticket.user,
        session: ticket.session,
        epoch: ticket.epoch,
        version: signed_in.user.version,
        client: &client,
        holder: Holder::App(binding),
        expires_at: ticket.expires_at,
        idle_ttl: IDLE,
        most: None,
    };
    service.ports().sessions().begin(&new, now).await.unwrap();
    App { ticket, binding }
}

async fn renew<P: Ports>(service: &AuthService<P>, signed_in: &SignedIn, app: App) -> Verdict {
    let user = signed_in.user.clone();
    let presented = Presented {
        ticket: app.ticket,
        by: None,
        now: service.ports().clock().now_ms() / 1000,
        app: Some(app.binding),
    };
    let rules = &service.settings().sessions;
    let sessions = service.ports().sessions();
    let row = std::future::ready(Ok(Some(user)));
    let renewal = sessions.renew(&presented, &client(), rules, row).await;
    renewal.unwrap().verdict
}

on_both!(the_list_shows_the_apps, &[], world => {
    let service = &world.service;
    let ada = log_in(service, ADA).await.unwrap();
    let token = ada.tokens.access_token.expose();
    assert_eq!(service.list_grants(token).await.unwrap(), []);
    let grant = give(service, &ada, "demo-spa").await;
    begin(service, &ada, "demo-spa", 1).await;
    begin(service, &ada, "unknown", 2).await;
    let grants = service.list_grants(token).await.unwrap();
    assert_eq!(grants.len(), 1);
    assert_eq!((&grants[0].grant, grants[0].name()), (&grant, "Demo page"));
    let sessions = service.list_sessions(token).await.unwrap();
    let apps: Vec<_> = sessions
        .iter()
        .map(|own| own.app.as_ref().map(|app| (app.client_id.clone(), app.name.as_deref())))
        .collect();
    let spa = (Some(demo("demo-spa")), Some("Demo page"));
    for expected in [None, Some(spa), Some((None, None))] {
        assert!(apps.contains(&expected), "{apps:?}");
    }
    assert!(sessions.iter().all(|own| own.current == own.app.is_none()));
    // An administrator sees the same grants.
    let root = log_in(service, ROOT).await.unwrap();
    let admin = root.tokens.access_token.expose();
    let seen = service.list_sessions_of(admin, ada.user.id).await.unwrap();
    assert_eq!(seen.iter().filter(|own| own.app.is_some()).count(), 2);
});

on_both!(taking_back_ends_the_app_and_nothing_else, &[], world => {
    let service = &world.service;
    let ada = log_in(service, ADA).await.unwrap();
    let token = ada.tokens.access_token.expose();
    let spa = give(service, &ada, "demo-spa").await;
    give(service, &ada, "demo-web").await;
    let (one, two) = (begin(service, &ada, "demo-spa", 1).await, begin(service, &ada, "demo-web", 2).await);
    for app in [one, two] {
        assert_eq!(renew(service, &ada, app).await, Verdict::Kept);
    }
    for _ in 0..2 {
        service.withdraw_grant(token, spa.id).await.unwrap();
        assert_eq!(renew(service, &ada, one).await, Verdict::Ended);
        assert_eq!(renew(service, &ada, two).await, Verdict::Kept);
    }
    let left = service.list_grants(token).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].grant.client, demo("demo-web"));
    assert!(service.bearer(token).await.is_ok());
    // Neither another user's grant nor an unknown grant can be withdrawn.
    let root = log_in(service, ROOT).await.unwrap();
    let unknown = GrantId::new(1, &[1; 10]);
    for (token, id) in [(root.tokens.access_token.expose(), left[0].grant.id), (token, unknown)] {
        let refused = service.withdraw_grant(token, id).await;
        assert_eq!(refused.unwrap_err(), Error::UnknownGrant);
    }
});

on_both!(a_log_out_reaches_the_apps, &[], world => {
    let service = &world.service;
    let ada = log_in(service, ADA).await.unwrap();
    let other = log_in(service, ADA).await.unwrap();
    let app = begin(service, &ada, "demo-spa", 1).await;
    let elsewhere = begin(service, &other, "demo-spa", 2).await;
    service.log_out(ada.tokens.refresh_token.expose()).await.unwrap();
    assert_eq!(renew(service, &ada, app).await, Verdict::Ended);
    assert_eq!(renew(service, &ada, elsewhere).await, Verdict::Kept);
    // The user can also end the browser's session in the list of sessions. This ends the app's
    // session too.
    let token = log_in(service, ADA).await.unwrap();
    let token = token.tokens.access_token.expose();
    service.end_session(token, other.tokens.session).await.unwrap();
    assert_eq!(renew(service, &ada, elsewhere).await, Verdict::Ended);
});

on_both!(an_end_of_an_apps_session_leaves_the_browser, &[], world => {
    let service = &world.service;
    let ada = log_in(service, ADA).await.unwrap();
    let (one, two) = (begin(service, &ada, "demo-spa", 1).await, begin(service, &ada, "demo-web", 2).await);
    let token = ada.tokens.access_token.expose();
    service.end_session(token, one.ticket.session).await.unwrap();
    assert_eq!(renew(service, &ada, one).await, Verdict::Ended);
    assert_eq!(renew(service, &ada, two).await, Verdict::Kept);
    assert!(service.bearer(token).await.is_ok());
    // When a session is replaced, the apps' sessions don't end.
    let now = world.clock.now_ms() / 1000;
    let ending = Ending::by_id(ada.user.id, ada.tokens.session);
    service.ports().sessions().end(&ending, EndReason::Replaced, now).await.unwrap();
    assert!(service.bearer(token).await.is_err());
    assert_eq!(renew(service, &ada, two).await, Verdict::Kept);
});

on_both!(a_deleted_account_leaves_no_grant, &[], world => {
    let service = &world.service;
    let ada = log_in(service, ADA).await.unwrap();
    let root = log_in(service, ROOT).await.unwrap();
    let grant = give(service, &ada, "demo-spa").await;
    let roots = give(service, &root, "demo-spa").await;
    assert_ne!(grant.user, roots.user);
    let admin = root.tokens.access_token.expose();
    service.delete_account(admin, ada.user.id, edgegate::domain::mail::Locale::English).await.unwrap();
    service.clear_departures().await.unwrap();
    let grants = service.ports().grants();
    assert_eq!(Grants::list(grants, ada.user.id).await.unwrap(), []);
    assert_eq!(Grants::list(grants, root.user.id).await.unwrap().len(), 1);
});

on_both!(old_withdrawn_grants_are_forgotten, &[], world => {
    let service = &world.service;
    let ada = log_in(service, ADA).await.unwrap();
    let grant = give(service, &ada, "demo-spa").await;
    service.withdraw_grant(ada.tokens.access_token.expose(), grant.id).await.unwrap();
    let grants = service.ports().grants();
    for (passed, is_left) in [(WITHDRAWN_GRANT_TTL, true), (1, false)] {
        world.clock.advance(passed);
        service.forget_withdrawn_grants().await.unwrap();
        assert_eq!(Grants::find(grants, grant.id).await.unwrap().is_some(), is_left);
    }
});
