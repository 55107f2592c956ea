//! Calls every use case that takes a client, once for each limit, while this limit refuses all
//! requests. A use case to which the limit applies must hash, queue and write nothing.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use edgegate::adapters::memory::{
    ManualClock, MemoryMailQueue, MemoryPasswordGuard, MemoryPorts, MemorySessions, MemoryUsers,
    SeededRandom,
};
use edgegate::domain::account::UserId;
use edgegate::domain::error::{Code, Error};
use edgegate::domain::mail::Locale::English;
use edgegate::domain::secret::Secret;
use edgegate::ports::{Limit, RateLimiter, UserDirectory};
use edgegate::service::authorize::{Authorized, Decision};
use edgegate::service::client_authentication::ClientCredentials;
use edgegate::service::exchange_code::CodeExchange;
use edgegate::service::leave_apps::Leaving;
use edgegate::service::renew_app_token::AppRenewal;
use edgegate::service::{AuthService, Login, NewAccount, Shared, SignedIn};

use crate::app_tokens::{self as apps, Asked};
use crate::counting_hasher::CountingHasher;
use crate::fixture::{ADA, NEW_PASSWORD, PASSWORD, client, settings, ticket};
use crate::use_cases::use_cases;

const GRACE: &str = "grace@example.com";

/// A limiter that refuses every request at the given limit, if there is one. It records the keys
/// for which it was asked.
#[derive(Clone, Default)]
struct FullAt(Rc<Cell<Option<Limit>>>, Rc<RefCell<Vec<String>>>);

impl RateLimiter for FullAt {
    async fn admit(&self, limit: Limit, key: &str) -> bool {
        self.1.borrow_mut().push(key.to_owned());
        self.0.get() != Some(limit)
    }
}

type Limited = MemoryPorts<
    MemorySessions,
    ManualClock,
    SeededRandom,
    MemoryUsers,
    CountingHasher,
    FullAt,
    MemoryPasswordGuard<CountingHasher>,
>;

struct World {
    service: AuthService<Limited>,
    hasher: CountingHasher,
    queue: MemoryMailQueue,
    full_at: FullAt,
}

impl World {
    fn new(changes: &[(&str, &str)]) -> Self {
        let (hasher, full_at) = (CountingHasher::default(), FullAt::default());
        let queue = MemoryMailQueue::default();
        let ports = Limited {
            hasher: hasher.clone(),
            password_guard: MemoryPasswordGuard::new(hasher.clone()),
            limiter: full_at.clone(),
            mail_queue: queue.clone(),
            users: MemoryUsers::default(),
            sessions: MemorySessions::default(),
            clock: ManualClock::default(),
            random: SeededRandom::default(),
            events: Default::default(),
            mailer: Default::default(),
            mail_gate: Default::default(),
            mail_ledger: Default::default(),
            devices: Default::default(),
            signatures: Default::default(),
            id_token_signer: Default::default(),
            operator_tickets: Default::default(),
            apps: Default::default(),
            vendors: Default::default(),
        };
        let service = AuthService::new(ports, Rc::new(Shared::new(settings(changes))));
        pollster::block_on(service.add_demo_accounts()).unwrap();
        Self {
            service,
            hasher,
            queue,
            full_at,
        }
    }

    async fn log_in(&self) -> SignedIn {
        let login = Login {
            email: ADA,
            password: PASSWORD,
        };
        self.service.generate_token(login, &client()).await.unwrap()
    }

    /// Lets an app's request arrive. Returns the sealed request (the request as a signed token),
    /// which waits for the user's decision.
    async fn sealed_request(&self) -> String {
        let by = client();
        match self.service.authorize(TO_THE_DEMO_APP, None, &by).await {
            Ok(Authorized::ToPage { request, .. }) => request.expose().to_owned(),
            other => panic!("{other:?}"),
        }
    }

    /// Delivers the queued mail, and returns its ticket.
    async fn mailed(&self) -> String {
        for job in self.queue.take() {
            let text = job.encode();
            self.service.deliver_from_queue(&text, &job.id).await;
        }
        let mails = self.service.ports().mailer.take();
        ticket(mails.iter().find(|mail| mail.text.contains('#')).unwrap())
    }

    /// A text with everything that is stored, and with the number of hashes that were computed.
    async fn state(&self) -> String {
        let ports = self.service.ports();
        let users = ports.users.list(None, 1000).await.unwrap();
        let hashes: Vec<_> = users
            .iter()
            .map(|user| user.password_hash.as_str())
            .collect();
        format!(
            "{} {users:?} {hashes:?} {:?} {:?} {:?} {:?} {:?}",
            self.hasher.computed.get(),
            ports.sessions,
            ports.apps,
            self.queue,
            ports.mail_ledger,
            ports.password_guard.accounts(),
        )
    }
}

type Doing<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

struct Case {
    name: &'static str,
    settings: &'static [(&'static str, &'static str)],
    /// Whether this limit applies to the use case.
    limits: fn(Limit) -> bool,
    /// Prepares the use case, and returns the token or link that it needs.
    prepare: for<'a> fn(&'a World) -> Doing<'a, String>,
    act: for<'a> fn(&'a World, &'a str) -> Doing<'a, Result<(), Error>>,
}

const fn asking(limit: Limit) -> bool {
    match limit {
        Limit::Client | Limit::ClientOnAccount => true,
        Limit::ClientRenewals => false,
    }
}

const fn renewing(limit: Limit) -> bool {
    match limit {
        Limit::Client | Limit::ClientRenewals => true,
        Limit::ClientOnAccount => false,
    }
}

const fn signing_on(limit: Limit) -> bool {
    match limit {
        Limit::ClientRenewals => true,
        Limit::Client | Limit::ClientOnAccount => false,
    }
}

const TO_THE_DEMO_APP: &str = "response_type=code&client_id=demo-spa\
                               &redirect_uri=http%3A%2F%2F127.0.0.1%2Fcallback\
                               &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\
                               &code_challenge_method=S256";

/// All limits. If a variant is added to `Limit`, the functions above do not compile until it is
/// added there. It must also be added here.
const LIMITS: [Limit; 3] = [Limit::Client, Limit::ClientOnAccount, Limit::ClientRenewals];

macro_rules! case {
    ($name:ident, $settings:expr, $limits:expr, |$w:ident| $prepare:expr, |$aw:ident, $thing:ident| $act:expr) => {
        Case {
            name: stringify!($name),
            settings: $settings,
            limits: $limits,
            prepare: |$w| Box::pin(async move { $prepare }),
            act: |$aw, $thing| Box::pin(async move { $act.map(|_| ()) }),
        }
    };
}

const OPEN: &[(&str, &str)] = &[("REGISTRATION", "open")];

fn account(password: Option<&str>) -> NewAccount<'_> {
    NewAccount {
        email: GRACE,
        password,
        first_name: None,
        last_name: None,
    }
}

async fn access(world: &World) -> String {
    world.log_in().await.tokens.access_token.expose().to_owned()
}

const OF_WEB: Asked<'_> = Asked {
    app: apps::WEB,
    scope: "notes.read",
    resource: Some(apps::API),
};

fn web() -> ClientCredentials {
    ClientCredentials {
        client_id: apps::WEB.to_owned(),
        secret: Some(Secret::new(apps::WEB_SECRET.to_owned())),
    }
}

/// Signs an app in, and returns the token with this name.
async fn of_web(world: &World, name: &str) -> String {
    let ada = apps::begin(&world.service).await;
    apps::text(&apps::tokens(&world.service, &ada, OF_WEB).await, name)
}

fn cases() -> Vec<Case> {
    vec![
        case!(
            generate_token,
            &[],
            asking,
            |_w| String::new(),
            |w, _thing| {
                let login = Login {
                    email: ADA,
                    password: PASSWORD,
                };
                w.service.generate_token(login, &client()).await
            }
        ),
        case!(register, &[], asking, |_w| String::new(), |w, _thing| w
            .service
            .register(account(None), &client(), English)
            .await),
        case!(register, OPEN, asking, |_w| String::new(), |w, _thing| {
            let account = account(Some(PASSWORD));
            w.service.register(account, &client(), English).await
        }),
        case!(
            verify_email,
            &[],
            asking,
            |w| {
                let asked = w.service.register(account(None), &client(), English).await;
                asked.unwrap();
                w.mailed().await
            },
            |w, link| w
                .service
                .verify_email(link, PASSWORD, &client(), English)
                .await
        ),
        case!(
            verify_email,
            OPEN,
            asking,
            |w| {
                let account = account(Some(PASSWORD));
                let made = w.service.register(account, &client(), English).await;
                made.unwrap();
                w.mailed().await
            },
            |w, link| w
                .service
                .verify_email(link, NEW_PASSWORD, &client(), English)
                .await
        ),
        case!(
            resend_verification,
            OPEN,
            asking,
            |_w| String::new(),
            |w, _thing| w
                .service
                .resend_verification(GRACE, &client(), English)
                .await
        ),
        case!(
            reset_password,
            &[],
            asking,
            |_w| String::new(),
            |w, _thing| w.service.reset_password(ADA, &client(), English).await
        ),
        case!(
            confirm_reset,
            &[],
            asking,
            |w| {
                let asked = w.service.reset_password(ADA, &client(), English).await;
                asked.unwrap();
                w.mailed().await
            },
            |w, link| w
                .service
                .confirm_reset(link, NEW_PASSWORD, &client(), English)
                .await
        ),
        case!(
            change_email,
            &[],
            asking,
            |w| access(w).await,
            |w, token| w
                .service
                .change_email(token, GRACE, PASSWORD, &client(), English)
                .await
        ),
        case!(
            confirm_email,
            &[],
            asking,
            |w| {
                let (token, by) = (access(w).await, client());
                let asked = w
                    .service
                    .change_email(&token, GRACE, PASSWORD, &by, English);
                asked.await.unwrap();
                w.mailed().await
            },
            |w, link| w.service.confirm_email(link, &client(), English).await
        ),
        case!(
            change_password,
            &[],
            asking,
            |w| access(w).await,
            |w, token| {
                let by = client();
                let changing =
                    w.service
                        .change_password(token, PASSWORD, NEW_PASSWORD, &by, English);
                changing.await
            }
        ),
        case!(
            reauthenticate,
            &[],
            asking,
            |w| access(w).await,
            |w, token| w
                .service
                .reauthenticate(token, PASSWORD, None, &client())
                .await
        ),
        case!(
            delete_own_account,
            &[],
            asking,
            |w| access(w).await,
            |w, token| w
                .service
                .delete_own_account(token, PASSWORD, &client(), English)
                .await
        ),
        case!(
            authorize,
            &[],
            signing_on,
            |w| w.log_in().await.tokens.sign_on_ticket.expose().to_owned(),
            |w, ticket| w
                .service
                .authorize(TO_THE_DEMO_APP, Some(ticket), &client())
                .await
        ),
        case!(
            show_request,
            &[],
            signing_on,
            |w| w.sealed_request().await,
            |w, sealed| w.service.show_request(sealed, None, &client()).await
        ),
        case!(
            decide_authorization,
            &[],
            signing_on,
            |w| {
                let (sealed, ada) = (w.sealed_request().await, w.log_in().await);
                let held = ada.tokens.refresh_token.expose();
                format!("{sealed} {held} {}", ada.user.id)
            },
            |w, things| {
                let things: Vec<&str> = things.split(' ').collect();
                let decision = Decision {
                    request: things[0],
                    user: UserId::parse(things[2]).unwrap(),
                    allow: true,
                };
                let (held, by) = (Some(things[1]), client());
                let decided = w.service.decide_authorization(decision, held, &by);
                decided.await
            }
        ),
        case!(
            leave_apps,
            &[],
            signing_on,
            |w| w.log_in().await.tokens.sign_on_ticket.expose().to_owned(),
            |w, ticket| {
                let leaving = Leaving::default();
                let by = client();
                let left = w.service.leave_apps(leaving, Some(ticket), true, &by);
                left.await
            }
        ),
        case!(
            exchange_code,
            &[],
            signing_on,
            |w| {
                let ada = apps::begin(&w.service).await;
                apps::code(&w.service, &ada, OF_WEB).await
            },
            |w, code| {
                let exchange = CodeExchange {
                    code,
                    redirect_uri: &apps::callback(apps::WEB),
                    verifier: apps::VERIFIER,
                    resource: None,
                };
                w.service.exchange_code(exchange, &web(), &client()).await
            }
        ),
        case!(
            renew_app_token,
            &[("ROTATE_AFTER", "0")],
            renewing,
            |w| of_web(w, "refresh_token").await,
            |w, refresh_token| {
                let renewal = AppRenewal {
                    refresh_token,
                    scope: None,
                    resource: None,
                };
                w.service.renew_app_token(renewal, &web(), &client()).await
            }
        ),
        case!(
            revoke_app_token,
            &[],
            signing_on,
            |w| of_web(w, "refresh_token").await,
            |w, token| w.service.revoke_app_token(token, &web(), &client()).await
        ),
        case!(
            introspect,
            &[],
            signing_on,
            |w| of_web(w, "access_token").await,
            |w, token| {
                let claims = w.service.introspect(token, &web(), &client()).await;
                // An introspection writes nothing, but the test recognises success by a change in
                // the stores. So if the introspection succeeded, a login makes such a change.
                if claims.as_ref().is_ok_and(Option::is_some) {
                    w.full_at.0.set(None);
                    w.log_in().await;
                }
                claims
            }
        ),
        case!(
            renew_token,
            &[("ROTATE_AFTER", "0")],
            renewing,
            |w| w.log_in().await.tokens.refresh_token.expose().to_owned(),
            |w, token| w.service.renew_token(token, &client()).await
        ),
    ]
}

#[test]
fn where_a_limit_refuses_nothing_is_hashed_queued_or_written() {
    let mut points = 0;
    for work in ["inline", "durable"] {
        for case in cases() {
            for limit in LIMITS {
                let settings = [case.settings, &[("PASSWORD_WORK", work)]].concat();
                let what = format!("{work}, {} {:?}, {limit:?}", case.name, case.settings);
                pollster::block_on(async {
                    let world = World::new(&settings);
                    let thing = (case.prepare)(&world).await;
                    let before = world.state().await;
                    world.full_at.0.set(Some(limit));
                    let outcome = (case.act)(&world, &thing).await;
                    let after = world.state().await;
                    if (case.limits)(limit) {
                        let code = outcome.err().map(|error| error.code());
                        assert_eq!(code, Some(Code::RateLimited), "{what}");
                        assert_eq!(after, before, "{what}");
                    } else {
                        assert_eq!(outcome, Ok(()), "{what}");
                        // This use case only reads, so nothing changes.
                        let is_read = case.name == "show_request";
                        assert_eq!(after == before, is_read, "{what}");
                    }
                });
                points += 1;
            }
        }
    }
    crate::count::count(
        "limits",
        &format!("{points} use cases at a limit that refuses: nothing hashed, queued or written"),
    );
}

#[test]
fn every_use_case_that_takes_a_client_is_in_the_table() {
    let named: BTreeSet<String> = cases().iter().map(|case| case.name.to_owned()).collect();
    let taking: BTreeSet<String> = use_cases()
        .into_iter()
        .filter(|(_, use_case)| use_case.takes_client)
        .map(|(name, _)| name)
        .collect();
    assert_eq!(named, taking);
}

/// Some clients are not counted. No limit applies to them, even while every limit refuses requests.
#[test]
fn a_client_that_is_not_counted_meets_no_limit() {
    let world = World::new(&[]);
    for limit in LIMITS {
        world.full_at.0.set(Some(limit));
        let login = Login {
            email: ADA,
            password: PASSWORD,
        };
        let by = client().without_counting();
        let outcome = pollster::block_on(world.service.generate_token(login, &by));
        assert!(outcome.is_ok(), "{limit:?}");
    }
}

/// It is possible that an app's servers send the requests of all its users from one address. So an
/// app that authenticates is counted under its own id. Other requests are counted under their
/// network.
#[test]
fn an_app_that_proves_which_one_it_is_is_counted_by_itself() {
    let world = World::new(&[]);
    pollster::block_on(async {
        let service = &world.service;
        let refresh_token = &of_web(&world, "refresh_token").await;
        let network = client().limit_key();
        let app = edgegate::domain::authorization::ClientId::parse(apps::WEB);
        let app = app.unwrap().hash().to_string();
        let keys = || std::mem::take(&mut *world.full_at.1.borrow_mut());
        let renewal = AppRenewal {
            refresh_token,
            scope: None,
            resource: None,
        };
        keys();
        service
            .renew_app_token(renewal, &web(), &client())
            .await
            .unwrap();
        let counted = keys();
        assert_eq!(counted.len(), 2);
        assert!(counted.iter().all(|key| key.contains(&app)), "{counted:?}");
        assert!(!counted.iter().any(|key| key.contains(&network)));

        let wrong = Secret::new("egc_wrong".to_owned());
        let wrong = ClientCredentials {
            secret: Some(wrong),
            ..web()
        };
        let nobody = ClientCredentials {
            client_id: "nobody".to_owned(),
            secret: None,
        };
        for stranger in [wrong, nobody] {
            let refused = service.renew_app_token(renewal, &stranger, &client()).await;
            assert_eq!(refused.unwrap_err().code(), Code::InvalidClient);
            assert_eq!(keys(), [&*network]);
        }

        // A public app can't prove that it sent its id, because anybody can send this id. So its
        // requests are counted under their network.
        let public = ClientCredentials {
            client_id: apps::SPA.to_owned(),
            secret: None,
        };
        let refused = service.renew_app_token(renewal, &public, &client()).await;
        assert_eq!(refused.unwrap_err().code(), Code::InvalidGrant);
        let spa = edgegate::domain::authorization::ClientId::parse(apps::SPA);
        let spa = spa.unwrap().hash().to_string();
        let counted = keys();
        assert!(
            counted.iter().any(|key| key.contains(&network)),
            "{counted:?}"
        );
        assert!(!counted.iter().any(|key| key.contains(&spa)), "{counted:?}");
    });
}
