//! Sign-ons (single sign-ons) in Workers KV. A log-out also signs the user out of the apps, no
//! matter at which location it happens and which other sessions end.

use edgegate::adapters::kv_sessions::KeyValue;
use edgegate::adapters::memory::{Faults, MemorySessions};
use edgegate::domain::account::User;
use edgegate::domain::authorization::ClientId;
use edgegate::domain::error::Code;
use edgegate::domain::policy::{KV_STALENESS, REVOCATION_MEMORY_TTL};
use edgegate::domain::session::{
    AppBinding, EndReason, Holder, Presented, RefreshTicket, SessionId, Verdict,
};
use edgegate::ports::{Ending, NewSession, Ports, SessionStore};

use crate::kv::{Deployment, client, seal, session_key};

/// The session of an app that has access through a user's single sign-on.
#[derive(Clone, Copy)]
struct App {
    ticket: RefreshTicket,
    binding: AppBinding,
}

async fn begin(
    deployment: &Deployment,
    store: &impl SessionStore,
    user: &User,
    sign_on: SessionId,
) -> App {
    let ticket = deployment.ticket(user);
    let binding = AppBinding {
        client: ClientId::parse("app").unwrap().hash(),
        sign_on: Some(sign_on),
    };
    record(deployment, store, ticket, Holder::App(binding)).await;
    App { ticket, binding }
}

async fn record(
    deployment: &Deployment,
    store: &impl SessionStore,
    ticket: RefreshTicket,
    holder: Holder,
) {
    let browser = client();
    let new = NewSession {
        user: ticket.user,
        session: ticket.session,
        epoch: ticket.epoch,
        version: 0,
        client: &browser,
        holder,
        expires_at: ticket.expires_at,
        idle_ttl: 86_400,
        most: None,
    };
    store.begin(&new, deployment.now()).await.unwrap();
}

async fn renew(
    deployment: &Deployment,
    store: &impl SessionStore,
    user: &User,
    app: App,
) -> Verdict {
    let presented = Presented {
        ticket: app.ticket,
        by: None,
        now: deployment.now(),
        app: Some(app.binding),
    };
    let rules = deployment.service(9, &[]).settings().sessions;
    let row = std::future::ready(Ok(Some(user.clone())));
    let renewal = store.renew(&presented, &client(), &rules, row).await;
    renewal.unwrap().verdict
}

async fn has_ended(deployment: &Deployment, store: &impl SessionStore, app: App) -> bool {
    let (user, session) = (app.ticket.user, app.ticket.session);
    let known = store.revocation(user, session, app.binding.sign_on, deployment.now());
    known.await.unwrap().ended
}

/// Checks the documented delays. After a log-out elsewhere, an app can renew for at most 60 s, and
/// a check succeeds for at most 75 s.
#[test]
fn a_log_out_elsewhere_reaches_the_apps_within_the_stated_time() {
    let deployment = Deployment::new(false);
    let (here, there) = (deployment.store(1), deployment.service(2, &[]));
    let user = deployment.user(1);
    let run = &deployment.time;
    let browser = run.run(deployment.begin(&here, &user));
    let app = run.run(begin(&deployment, &here, &user, browser.session));
    deployment.time.advance(90);
    let verdict = run.run(renew(&deployment, &here, &user, app));
    assert!(matches!(verdict, Verdict::Fresh(_)), "{verdict:?}");
    assert!(!run.run(has_ended(&deployment, &here, app)));
    run.run(there.log_out(&seal(browser, &[]))).unwrap();
    for _ in 0..KV_STALENESS {
        deployment.time.advance(1);
    }
    let verdict = run.run(renew(&deployment, &here, &user, app));
    assert_eq!(verdict, Verdict::Ended);
    for _ in 0..REVOCATION_MEMORY_TTL {
        deployment.time.advance(1);
    }
    assert!(run.run(has_ended(&deployment, &here, app)));
}

/// The ways in which sessions end in this test. They happen in any order. Only a log-out and the
/// reuse of a browser's token sign the user out of the app, and no other ending undoes that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    FirstReplaced,
    FirstOverLimit,
    OtherApp,
    FirstLoggedOut,
    SecondLoggedOut,
    SecondReused,
}

const ENDS: [End; 6] = [
    End::FirstReplaced,
    End::FirstOverLimit,
    End::OtherApp,
    End::FirstLoggedOut,
    End::SecondLoggedOut,
    End::SecondReused,
];

/// Every order of at most four endings.
fn orders() -> Vec<Vec<End>> {
    let mut all: Vec<Vec<End>> = vec![vec![]];
    let mut last = all.clone();
    for _ in 0..4 {
        last = last
            .iter()
            .flat_map(|order| {
                ENDS.into_iter()
                    .filter(|end| !order.contains(end))
                    .map(|end| [&order[..], &[end]].concat())
            })
            .collect();
        all.extend(last.clone());
    }
    all
}

/// Ends sessions in this order, each in the store of another isolate. Returns whether the app's
/// session has ended.
fn app_has_ended<S: SessionStore>(
    deployment: &Deployment,
    stores: &[S],
    user: &User,
    order: &[End],
) -> bool {
    let run = &deployment.time;
    let store = |number: usize| &stores[number % stores.len()];
    let first = run.run(deployment.begin(store(0), user));
    let second = RefreshTicket {
        sign_on: Some(first.session),
        ..deployment.ticket(user)
    };
    let sign_on = second.sign_on;
    run.run(record(
        deployment,
        store(0),
        second,
        Holder::Browser { sign_on },
    ));
    let app = run.run(begin(deployment, store(0), user, first.session));
    let other = run.run(begin(deployment, store(0), user, first.session));
    // After this time, every location sees all earlier writes.
    deployment.time.advance(KV_STALENESS + 1);
    for (number, end) in order.iter().enumerate() {
        let (session, reason) = match end {
            End::FirstReplaced => (first.session, EndReason::Replaced),
            End::FirstOverLimit => (first.session, EndReason::OverLimit),
            End::OtherApp => (other.ticket.session, EndReason::LoggedOut),
            End::FirstLoggedOut => (first.session, EndReason::LoggedOut),
            End::SecondLoggedOut => (second.session, EndReason::LoggedOut),
            End::SecondReused => (second.session, EndReason::Reused),
        };
        let ending = Ending::by_id(user.id, session);
        let ended = store(number).end(&ending, reason, deployment.now());
        run.run(ended).unwrap();
        // KV accepts only one write a second for a key.
        deployment.time.advance(1);
    }
    deployment.time.advance(KV_STALENESS + 1);
    let verdict = run.run(renew(deployment, store(7), user, app));
    let ended = verdict == Verdict::Ended;
    assert!(ended || matches!(verdict, Verdict::Fresh(_)), "{verdict:?}");
    assert_eq!(run.run(has_ended(deployment, store(7), app)), ended);
    ended
}

#[test]
fn in_any_order_a_log_out_ends_the_apps_and_nothing_else_does() {
    let mut tried = 0;
    for order in orders() {
        let expected = order.iter().any(|end| {
            matches!(
                end,
                End::FirstLoggedOut | End::SecondLoggedOut | End::SecondReused
            )
        });
        let deployment = Deployment::seeded(tried, false);
        let user = deployment.user(1);
        let stores = [1, 2, 3].map(|location| deployment.store(location));
        let ended = app_has_ended(&deployment, &stores, &user, &order);
        assert_eq!(ended, expected, "KV: {order:?}");
        let stores = [MemorySessions::default()];
        let ended = app_has_ended(&deployment, &stores, &user, &order);
        assert_eq!(ended, expected, "memory: {order:?}");
        tried += 1;
    }
    println!("sign-ons: {tried} orders of ends, on both stores");
    assert!(tried > 500, "{tried}");
}

/// A log-out writes two keys. If one of the writes fails, a retry of the log-out completes it.
#[test]
fn a_log_out_that_failed_is_finished_by_a_repeat() {
    let mut failed = 0;
    for seed in 0..200 {
        let deployment = Deployment::seeded(seed, false);
        let run = &deployment.time;
        let (here, service) = (deployment.store(2), deployment.service(1, &[]));
        let user = deployment.user(1);
        let browser = run.run(deployment.begin(service.ports().sessions(), &user));
        let app = run.run(begin(&deployment, &here, &user, browser.session));
        deployment.time.advance(KV_STALENESS + 1);
        deployment.kv.set_faults(Faults {
            failures_in_256: 80,
            ..Faults::default()
        });
        let token = seal(browser, &[]);
        while let Err(error) = run.run(service.log_out(&token)) {
            assert_eq!(error.code(), Code::Unavailable);
            failed += 1;
            deployment.time.advance(2);
        }
        deployment.kv.set_faults(Faults::default());
        deployment.time.advance(KV_STALENESS + 1);
        let verdict = run.run(renew(&deployment, &here, &user, app));
        assert_eq!(verdict, Verdict::Ended, "seed {seed}");
    }
    println!("log-outs: {failed} failed and were repeated");
    assert!(failed > 100, "{failed}");
}

/// A person signs in again in the same browser. Then they sign out at a location that does not see
/// the record of the new session yet. The apps are signed out even so, because the access token
/// contains the id of the single sign-on.
#[test]
fn a_log_out_reaches_the_apps_from_where_the_record_is_not_seen() {
    for ends_by_the_list in [false, true] {
        let deployment = Deployment::new(false);
        let run = &deployment.time;
        let (here, there) = (deployment.service(1, &[]), deployment.service(2, &[]));
        let user = deployment.user(1);
        let first = run.run(deployment.begin(here.ports().sessions(), &user));
        let store = deployment.store(3);
        let app = run.run(begin(&deployment, &store, &user, first.session));
        deployment.time.advance(KV_STALENESS + 1);
        let second = RefreshTicket {
            sign_on: Some(first.session),
            ..deployment.ticket(&user)
        };
        let absent = [session_key(second)];
        let seen = run.run(deployment.kv.at("2").read(&absent, None)).unwrap();
        assert!(seen.is_empty());
        let sign_on = second.sign_on;
        run.run(record(
            &deployment,
            here.ports().sessions(),
            second,
            Holder::Browser { sign_on },
        ));
        let renewed = run.run(here.renew_token(&seal(second, &[]), &client()));
        let renewed = renewed.unwrap();
        let access_token = renewed.tokens.access_token.expose();
        deployment.time.advance(2);
        if ends_by_the_list {
            let ended = there.end_session(access_token, second.session);
            drop(run.run(ended).unwrap());
        } else {
            assert!(run.run(there.log_out(access_token)).unwrap().is_some());
        }
        let seen = run.run(deployment.kv.at("2").read(&absent, None)).unwrap();
        assert!(seen.is_empty(), "the test shows nothing");
        deployment.time.advance(KV_STALENESS + 1);
        let verdict = run.run(renew(&deployment, &store, &user, app));
        assert_eq!(verdict, Verdict::Ended, "by the list: {ends_by_the_list}");
    }
}

/// Workers KV alone can't exchange an authorization code. For this, each user needs a Durable
/// Object.
#[test]
fn without_an_exact_store_no_code_is_exchanged() {
    use edgegate::adapters::kv_sessions::KvSessions;
    use edgegate::domain::authorization::CodeId;

    let deployment = Deployment::new(false);
    let user = deployment.user(1);
    let store: crate::kv::Store = KvSessions::new(
        deployment.kv.at("1"),
        deployment.dice.clone(),
        deployment.time.clone(),
        deployment.background.clone(),
        std::rc::Rc::default(),
        None,
    );
    let (code, session) = (CodeId::new([1; 16]), deployment.ticket(&user).session);
    let now = deployment.now();
    let exchanged = store.exchange(user.id, &code, session, None, now + 60, now);
    let error = deployment.time.run(exchanged).unwrap_err();
    assert!(error.detail.contains("SESSION_OBJECTS"), "{error}");
}
