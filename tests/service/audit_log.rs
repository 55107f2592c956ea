//! Every use case records the events in `docs/operations.md`, and no others.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use edgegate::adapters::argon2::Argon2Hasher;
use edgegate::adapters::memory::{
    MemoryDevices, MemoryEvents, MemoryMailLedger, MemoryMailQueue, MemoryMailer,
    MemoryPasswordGuard, MemoryPorts, MemorySessions, MemoryUsers, SeededRandom,
};
use edgegate::domain::account::{Edit, EmailAddress, PasswordHash, UserChange, UserId};
use edgegate::domain::event::{Act, COLUMNS, Event, Pseudonym};
use edgegate::domain::log_line::Level;
use edgegate::domain::mail::Locale::English;
use edgegate::domain::mail::MailFailure;
use edgegate::domain::session::Credentials;
use edgegate::ports::{Limit, RateLimiter, UserDirectory};
use edgegate::service::manage_users::{Amendment, Invitee};
use edgegate::service::{AuthService, Login, NewAccount, Registered, SignedIn};

use crate::fixture::{
    ADA, NEW_PASSWORD, PASSWORD, ROOT, World, client, log_in, on_kv, on_memory, settings, ticket,
};

const GRACE: &str = "grace@example.com";
const OPEN: &[(&str, &str)] = &[("REGISTRATION", "open")];
const ROTATING: &[(&str, &str)] = &[("ROTATE_AFTER", "0"), ("REUSE", "strict")];

/// The scenarios: one test each, and one of all of them together.
macro_rules! scenarios {
    ($($name:ident),* $(,)?) => {
        mod acts {
            $(#[test] fn $name() { super::$name(&mut super::Seen::default()); })*
        }

        fn all() -> Seen {
            let mut seen = Seen::default();
            $($name(&mut seen);)*
            seen
        }
    };
}

scenarios!(
    signing_in,
    renewing,
    ending_sessions,
    revoking,
    resetting,
    changing_the_password,
    registering_by_mail,
    registering_openly,
    changing_the_address,
    managing_accounts,
    deleting_accounts,
    hitting_limits,
    keeping_a_mail,
    losing_a_mail,
    failing_to_send,
    losing_a_pepper,
    missing_a_vendor,
);

/// The recorded variants, and the names of events with the variant of each.
#[derive(Default)]
struct Seen {
    variants: BTreeSet<usize>,
    names: BTreeMap<&'static str, usize>,
    pseudonyms: BTreeSet<String>,
    /// The name, reason and detail of each event, and its level.
    levels: BTreeSet<([String; 3], Level)>,
}

/// The index of a variant. A new variant does not compile here until a scenario records it.
fn variant(act: &Act) -> usize {
    match act {
        Act::SignedIn { .. } => 0,
        Act::SignInFailed { .. } => 1,
        Act::Renewal { .. } => 2,
        Act::SignedOut { .. } => 3,
        Act::SessionEnded { .. } => 4,
        Act::OtherSessionsEnded { .. } => 5,
        Act::SessionsRevoked { .. } => 6,
        Act::ResetRequested { .. } => 7,
        Act::PasswordReset { .. } => 8,
        Act::PasswordChanged { .. } => 9,
        Act::PasswordCheckFailed { .. } => 10,
        Act::RegistrationRequested { .. } => 11,
        Act::Registered { .. } => 12,
        Act::VerificationRequested { .. } => 13,
        Act::EmailVerified { .. } => 14,
        Act::EmailChangeRequested { .. } => 15,
        Act::EmailChanged { .. } => 16,
        Act::LinkRefused { .. } => 17,
        Act::AccountCreated { .. } => 18,
        Act::AccountDeleted { .. } => 19,
        Act::RolesChanged { .. } => 20,
        Act::DisabledChanged { .. } => 21,
        Act::AccessDenied { .. } => 22,
        Act::LimitHit { .. } => 23,
        Act::MailNotQueued { .. } => 24,
        Act::VendorUnreachable { .. } => 25,
        Act::Reauthenticated { .. } => 26,
        Act::MailKept { .. } => 27,
        Act::ProviderFails(_) => 28,
    }
}
const VARIANTS: usize = 29;

impl Seen {
    /// The events since the last call as texts: the name, with `!` unless it was done, and the
    /// values, with ids replaced by the given names.
    fn told(&mut self, events: &MemoryEvents, names: &[(String, &str)]) -> Vec<String> {
        let tell = |event: Event| {
            self.variants.insert(variant(&event.act));
            let same = self.names.insert(event.name(), variant(&event.act));
            assert!(
                same.is_none_or(|before| before == variant(&event.act)),
                "two events share the name {}",
                event.name()
            );
            assert_nothing_secret(&event);
            let values = event.values("");
            let [name, reason, detail] = [event.name(), &values[1], &values[8]].map(str::to_owned);
            self.levels.insert(([name, reason, detail], event.level()));
            self.pseudonyms
                .extend([values[5].clone(), values[6].clone()]);
            let mut text = event.name().to_owned();
            if values[0] != "done" {
                text.push('!');
            }
            for (column, value) in COLUMNS.into_iter().zip(values).skip(1) {
                let known = names.iter().find(|(id, _)| *id == value);
                let value = known.map_or(value.clone(), |(_, name)| (*name).to_owned());
                match column {
                    _ if value.is_empty() => {}
                    "reason" | "detail" => text.push_str(&[" ", &value].concat()),
                    column => text.push_str(&[" ", column, "=", &value].concat()),
                }
            }
            text
        };
        events.take().into_iter().map(tell).collect()
    }
}

/// Requires that an event neither prints nor logs a password, token or address.
fn assert_nothing_secret(event: &Event) {
    let texts = [event.to_json("", ""), format!("{event:?}")];
    let secret = [
        PASSWORD,
        NEW_PASSWORD,
        "a wrong guess",
        "@",
        "example.com",
        "not an address",
        "eyJ",
        "egr_",
        "egl_",
        "egd_",
        "argon2",
        "203.0.113",
        "Ada",
        "Grace",
    ];
    for text in &texts {
        for secret in secret {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

fn id(user: UserId, name: &str) -> (String, &str) {
    (user.to_string(), name)
}

fn session<'a>(signed_in: &SignedIn, name: &'a str) -> (String, &'a str) {
    (signed_in.tokens.session.to_string(), name)
}

fn user_and_session(signed_in: &SignedIn) -> [(String, &'static str); 2] {
    [id(signed_in.user.id, "ada"), session(signed_in, "one")]
}

/// The pseudonym of an address, the same in each of these worlds.
fn pseudonym<S: edgegate::ports::SessionStore>(
    world: &World<S>,
    email: &str,
) -> (String, &'static str) {
    let names = edgegate::domain::account::AccountNames::new(
        &world.service.settings().ticket_secrets,
        &world.service.settings().issuer,
    );
    let name = names.of(&EmailAddress::parse(email).unwrap());
    let pseudonym = Pseudonym::of_account(&name);
    (pseudonym.as_str().to_owned(), "hashed")
}

fn signing_in(seen: &mut Seen) {
    let world = on_memory(&[]);
    let events = &world.service.ports().events;
    assert!(
        events.take().is_empty(),
        "creating demo accounts records no event"
    );
    pollster::block_on(async {
        let service = &world.service;
        let one = log_in(service, ADA).await.unwrap();
        let names = user_and_session(&one);
        assert_eq!(
            seen.told(events, &names),
            ["signed_in user_id=ada session_id=one"]
        );

        let guess = async |email, password| {
            let login = Login { email, password };
            service.generate_token(login, &client()).await.unwrap_err();
        };
        guess(ADA, "a wrong guess").await;
        guess("ADA@example.com", "a wrong guess").await;
        let names = [id(one.user.id, "ada"), pseudonym(&world, ADA)];
        let wrong = "sign_in_failed! wrong_password user_id=ada address=hashed";
        assert_eq!(seen.told(events, &names), [wrong, wrong]);

        guess("nobody@example.com", PASSWORD).await;
        guess("not an address", PASSWORD).await;
        let names = [pseudonym(&world, "nobody@example.com")];
        assert_eq!(
            seen.told(events, &names),
            [
                "sign_in_failed! unknown_address address=hashed",
                "sign_in_failed! not_an_address"
            ]
        );
        let too_long = "a".repeat(1000);
        guess(&too_long, PASSWORD).await;
        assert!(events.take().is_empty(), "nothing was tried");

        service.asked_by(&client());
        log_in(service, ADA).await.unwrap();
        let told = events.take();
        assert!(told[0].network.is_some());
        service.asked_by(&edgegate::domain::session::Client::uncounted());
        log_in(service, ADA).await.unwrap();
        assert_eq!(events.take()[0].network, None);

        let id = one.user.id;
        let disabled = UserChange {
            disabled: Some(true),
            ..UserChange::default()
        };
        let users = &service.ports().users;
        users.update(id, None, None, &disabled, 1).await.unwrap();
        guess(ADA, PASSWORD).await;
        let names = [self::id(id, "ada"), pseudonym(&world, ADA)];
        assert_eq!(
            seen.told(events, &names),
            ["sign_in_failed! disabled user_id=ada address=hashed"]
        );
    });
}

fn renewing(seen: &mut Seen) {
    let world = on_memory(ROTATING);
    let events = &world.service.ports().events;
    let one = world.log_in(ADA);
    let names = user_and_session(&one);
    let _ = events.take();
    let renew = |token: &str| {
        let renewed = pollster::block_on(world.service.renew_token(token, &client()));
        renewed
            .map(|renewed| renewed.tokens.refresh_token.expose().to_owned())
            .ok()
    };
    let first = one.tokens.refresh_token.expose();
    let second = renew(first).unwrap();
    renew(&second).unwrap();
    world.clock.advance(600);
    assert_eq!(renew(first), None);
    assert_eq!(renew(&second), None);
    assert_eq!(renew("egr_forged"), None);
    let whose = "user_id=ada session_id=one";
    assert_eq!(
        seen.told(events, &names),
        [
            format!("renewed fresh {whose}"),
            format!("renewed fresh {whose}"),
            format!("token_reused! reused {whose}"),
            format!("renewal_refused! ended {whose}"),
        ]
    );
}

fn ending_sessions(seen: &mut Seen) {
    let world = on_memory(&[]);
    let events = &world.service.ports().events;
    let [one, two, three, four] = [ADA; 4].map(|email| world.log_in(email));
    let _ = events.take();
    let names = [
        id(one.user.id, "ada"),
        session(&one, "one"),
        session(&two, "two"),
        session(&three, "three"),
    ];
    pollster::block_on(async {
        let service = &world.service;
        let refresh_token = three.tokens.refresh_token.expose();
        service.log_out(refresh_token).await.unwrap();
        service.log_out(refresh_token).await.unwrap();
        service.log_out("nothing").await.unwrap();
        let access_token = one.tokens.access_token.expose();
        let ended = two.tokens.session;
        service.end_session(access_token, ended).await.unwrap();
        service.end_session(access_token, ended).await.unwrap_err();
        service.end_other_sessions(access_token).await.unwrap();
        assert!(
            service
                .bearer(four.tokens.access_token.expose())
                .await
                .is_err()
        );
    });
    assert_eq!(
        seen.told(events, &names),
        [
            "signed_out user_id=ada session_id=three",
            "session_ended user_id=ada session_id=two",
            "other_sessions_ended user_id=ada session_id=one",
        ]
    );
}

fn revoking(seen: &mut Seen) {
    let world = on_memory(&[]);
    let events = &world.service.ports().events;
    let (one, root) = (world.log_in(ADA), world.log_in(ROOT));
    let names = [
        id(one.user.id, "ada"),
        id(root.user.id, "root"),
        session(&one, "one"),
    ];
    let _ = events.take();
    let (ada, admin) = (one.user.id, root.tokens.access_token.expose());
    let own = one.tokens.access_token.expose();
    pollster::block_on(async {
        let service = &world.service;
        let denied = service.revoke_tokens_as(own, root.user.id).await;
        denied.unwrap_err();
        service.revoke_tokens_as(own, ada).await.unwrap();
        service.revoke_tokens_as(own, ada).await.unwrap_err();
        service.revoke_tokens_as(admin, ada).await.unwrap();
        service.revoke_tokens(ada).await.unwrap();
    });
    assert_eq!(
        seen.told(events, &names),
        [
            "access_denied! user_id=ada session_id=one",
            "sessions_revoked user_id=ada by=ada",
            "sessions_revoked user_id=ada by=root",
            "sessions_revoked user_id=ada",
        ]
    );
}

fn resetting(seen: &mut Seen) {
    let world = on_memory(&[]);
    let events = &world.service.ports().events;
    let ada = world.log_in(ADA).user.id;
    let _ = events.take();
    let names = [id(ada, "ada"), pseudonym(&world, ADA)];
    pollster::block_on(async {
        let service = &world.service;
        let link = world.reset_ticket(ADA).await;
        let confirm = async |link: &str, password| {
            service
                .confirm_reset(link, password, &client(), English)
                .await
        };
        confirm(&link, "short").await.unwrap_err();
        confirm(&link, NEW_PASSWORD).await.unwrap();
        confirm(&link, NEW_PASSWORD).await.unwrap_err();
        confirm("egl_forged", NEW_PASSWORD).await.unwrap_err();
    });
    assert_eq!(
        seen.told(events, &names),
        [
            "reset_requested address=hashed",
            "password_reset user_id=ada",
            "link_refused! spent user_id=ada",
            "link_refused! not_a_ticket_or_over",
        ]
    );
}

fn changing_the_password(seen: &mut Seen) {
    let world = on_memory(&[]);
    let events = &world.service.ports().events;
    let one = world.log_in(ADA);
    let _ = events.take();
    let own = one.tokens.access_token.expose();
    let change = |current, new| {
        let from = client();
        let change = world
            .service
            .change_password(own, current, new, &from, English);
        pollster::block_on(change)
    };
    let prove = |password| {
        let from = client();
        pollster::block_on(world.service.reauthenticate(own, password, None, &from))
    };
    prove("a wrong guess").unwrap_err();
    prove(PASSWORD).unwrap();
    change("a wrong guess", NEW_PASSWORD).unwrap_err();
    change(PASSWORD, "short").unwrap_err();
    let two = change(PASSWORD, NEW_PASSWORD).unwrap();
    let names = [
        id(one.user.id, "ada"),
        session(&one, "one"),
        session(&two, "two"),
    ];
    assert_eq!(
        seen.told(events, &names),
        [
            "password_check_failed! user_id=ada session_id=one",
            "reauthenticated user_id=ada session_id=one",
            "password_check_failed! user_id=ada session_id=one",
            "password_changed user_id=ada session_id=one",
            "signed_in user_id=ada session_id=two",
        ]
    );
}

fn grace(password: Option<&str>) -> NewAccount<'_> {
    NewAccount {
        email: GRACE,
        password,
        first_name: Some("Grace"),
        last_name: None,
    }
}

fn registering_by_mail(seen: &mut Seen) {
    let world = on_memory(&[]);
    let events = &world.service.ports().events;
    pollster::block_on(async {
        let service = &world.service;
        let asked = service.register(grace(None), &client(), English).await;
        asked.unwrap();
        let link = ticket(&world.deliver_all().await[0]);
        let verify = async || {
            service
                .verify_email(&link, PASSWORD, &client(), English)
                .await
        };
        let user = verify().await.unwrap().id;
        verify().await.unwrap_err();
        let names = [id(user, "grace"), pseudonym(&world, GRACE)];
        assert_eq!(
            seen.told(events, &names),
            [
                "registration_requested address=hashed",
                "registered user_id=grace address=hashed",
                "link_refused! spent",
            ]
        );
    });
}

fn registering_openly(seen: &mut Seen) {
    for (password, rest) in [
        (PASSWORD, &["email_verified user_id=grace"][..]),
        (
            NEW_PASSWORD,
            &[
                "email_verified user_id=grace",
                "password_reset user_id=grace",
            ],
        ),
    ] {
        let world = on_memory(OPEN);
        let events = &world.service.ports().events;
        pollster::block_on(async {
            let service = &world.service;
            let (account, from) = (grace(Some(PASSWORD)), client());
            let registered = service.register(account, &client(), English).await;
            let Registered::SignedIn(one) = registered.unwrap() else {
                panic!("nobody is signed in");
            };
            let again = service.register(account, &client(), English).await;
            again.unwrap_err();
            let _ = world.deliver_all().await;
            world.clock.advance(3600);
            let asked = service.resend_verification(GRACE, &from, English);
            asked.await.unwrap();
            let link = ticket(&world.deliver_all().await[0]);
            let verified = service.verify_email(&link, password, &from, English);
            verified.await.unwrap();
            let names = [
                id(one.user.id, "grace"),
                session(&one, "one"),
                pseudonym(&world, GRACE),
            ];
            let told = seen.told(events, &names);
            let (first, last) = told.split_at(3);
            assert_eq!(
                first,
                [
                    "registered user_id=grace address=hashed",
                    "signed_in user_id=grace session_id=one",
                    "verification_requested address=hashed",
                ]
            );
            assert_eq!(last, rest);
        });
    }
}

fn changing_the_address(seen: &mut Seen) {
    let world = on_memory(&[]);
    let events = &world.service.ports().events;
    let one = world.log_in(ADA);
    let names = [
        id(one.user.id, "ada"),
        session(&one, "one"),
        pseudonym(&world, GRACE),
    ];
    let _ = events.take();
    let own = one.tokens.access_token.expose();
    pollster::block_on(async {
        let service = &world.service;
        let ask = async |email, password| {
            service
                .change_email(own, email, password, &client(), English)
                .await
        };
        ask(ADA, PASSWORD).await.unwrap_err();
        ask(GRACE, "a wrong guess").await.unwrap_err();
        ask(GRACE, PASSWORD).await.unwrap();
        let mails = world.deliver_all().await;
        let link = ticket(&mails[0]);
        let confirm = async || service.confirm_email(&link, &client(), English).await;
        confirm().await.unwrap();
        confirm().await.unwrap_err();
    });
    assert_eq!(
        seen.told(events, &names),
        [
            "password_check_failed! user_id=ada session_id=one",
            "email_change_requested user_id=ada session_id=one address=hashed",
            "email_changed user_id=ada address=hashed",
            "link_refused! spent user_id=ada",
        ]
    );
}

fn managing_accounts(seen: &mut Seen) {
    let world = on_memory(&[]);
    let events = &world.service.ports().events;
    let (one, root) = (world.log_in(ADA), world.log_in(ROOT));
    let _ = events.take();
    let (own, admin) = (
        one.tokens.access_token.expose(),
        root.tokens.access_token.expose(),
    );
    pollster::block_on(async {
        let service = &world.service;
        let invitee = Invitee {
            email: GRACE,
            first_name: Some("Grace"),
            last_name: None,
        };
        let denied = service.create_user(own, invitee, None, English).await;
        denied.unwrap_err();
        let made = service.create_user(admin, invitee, None, English).await;
        let grace = made.unwrap().id;
        let amend = async |amendment| {
            let amended = service.amend_user(admin, grace, amendment).await;
            amended.unwrap();
        };
        let rename = Amendment {
            first_name: Edit::Set("Ada".to_owned()),
            ..Amendment::default()
        };
        amend(rename).await;
        let roles = ["user", "editor"].map(str::to_owned).to_vec();
        amend(Amendment {
            roles: Some(roles),
            disabled: Some(true),
            ..Amendment::default()
        })
        .await;
        amend(Amendment {
            disabled: Some(false),
            ..Amendment::default()
        })
        .await;
        // Nobody has chosen a password for it yet.
        let login = Login {
            email: GRACE,
            password: PASSWORD,
        };
        let _ = service.generate_token(login, &client()).await;
        let _ = service.list_users(admin, None, 10).await.unwrap();
        let _ = service.read_user(admin, grace).await.unwrap();
        let names = [
            id(one.user.id, "ada"),
            session(&one, "one"),
            id(root.user.id, "root"),
            id(grace, "grace"),
            pseudonym(&world, GRACE),
        ];
        assert_eq!(
            seen.told(events, &names),
            [
                "access_denied! user_id=ada session_id=one",
                "account_created user_id=grace by=root address=hashed",
                "roles_changed user_id=grace by=root editor user",
                "user_disabled user_id=grace by=root",
                "user_enabled user_id=grace by=root",
                "sign_in_failed! no_password user_id=grace address=hashed",
            ]
        );
    });
}

fn deleting_accounts(seen: &mut Seen) {
    let world = on_memory(&[]);
    let events = &world.service.ports().events;
    let (one, root) = (world.log_in(ADA), world.log_in(ROOT));
    let names = [id(one.user.id, "ada"), id(root.user.id, "root")];
    let _ = events.take();
    let admin = root.tokens.access_token.expose();
    pollster::block_on(async {
        let service = &world.service;
        for _ in 0..2 {
            let _ = service.delete_account(admin, one.user.id, English).await;
        }
    });
    assert_eq!(
        seen.told(events, &names),
        ["account_deleted user_id=ada by=root"]
    );

    let world = on_memory(&[]);
    let events = &world.service.ports().events;
    let one = world.log_in(ADA);
    let names = [id(one.user.id, "ada")];
    let _ = events.take();
    let (own, from) = (one.tokens.access_token.expose(), client());
    let deleted = world
        .service
        .delete_own_account(own, PASSWORD, &from, English);
    pollster::block_on(deleted).unwrap();
    assert_eq!(
        seen.told(events, &names),
        ["account_deleted user_id=ada by=ada"]
    );
}

/// A limiter that refuses at one limit.
struct Full(Limit);

impl RateLimiter for Full {
    async fn admit(&self, limit: Limit, _key: &str) -> bool {
        limit != self.0
    }
}

fn hitting_limits(seen: &mut Seen) {
    let world = on_memory(&[]);
    let (one, reset) = (
        world.log_in(ADA),
        pollster::block_on(world.reset_ticket(ADA)),
    );
    let names = [
        id(one.user.id, "ada"),
        session(&one, "one"),
        pseudonym(&world, ADA),
    ];
    let mut told = |limit| {
        let ports = MemoryPorts {
            users: MemoryUsers::default(),
            sessions: MemorySessions::default(),
            hasher: Argon2Hasher::default(),
            password_guard: MemoryPasswordGuard::default(),
            limiter: Full(limit),
            clock: world.clock.clone(),
            random: SeededRandom::default(),
            events: MemoryEvents::default(),
            mail_queue: MemoryMailQueue::default(),
            mail_gate: Default::default(),
            mailer: MemoryMailer::default(),
            mail_ledger: MemoryMailLedger::default(),
            devices: MemoryDevices,
            vendors: Default::default(),
        };
        let service = AuthService::new(ports, Rc::clone(&world.shared));
        pollster::block_on(async {
            let login = |email| Login {
                email,
                password: PASSWORD,
            };
            for email in [ADA, "not an address"] {
                let _ = service.generate_token(login(email), &client()).await;
            }
            let refresh_token = one.tokens.refresh_token.expose();
            let _ = service.renew_token(refresh_token, &client()).await;
            let _ = service
                .confirm_reset(&reset, NEW_PASSWORD, &client(), English)
                .await;
        });
        let mut told = seen.told(&service.ports().events, &names);
        told.retain(|line| line.starts_with("limit_hit"));
        told
    };
    assert_eq!(
        told(Limit::Client),
        [
            "limit_hit! client",
            "limit_hit! client",
            "limit_hit! client session_id=one",
            "limit_hit! client"
        ]
    );
    assert_eq!(
        told(Limit::ClientOnAccount),
        [
            "limit_hit! client_on_account address=hashed",
            "limit_hit! client_on_account",
            "limit_hit! client_on_account user_id=ada",
        ]
    );
    assert_eq!(told(Limit::ClientRenewals), ["limit_hit! client_renewals"]);

    // The ids are the same as in the previous world, since the tests' random numbers come from one
    // seed.
    let world = on_memory(&[("PASSWORD_WORK", "durable")]);
    let guess = || {
        let login = Login {
            email: ADA,
            password: "a wrong guess",
        };
        pollster::block_on(world.service.generate_token(login, &client())).unwrap_err()
    };
    guess();
    guess();
    assert_eq!(
        seen.told(&world.service.ports().events, &names),
        [
            "sign_in_failed! wrong_password user_id=ada address=hashed",
            "limit_hit! account address=hashed",
        ]
    );
}

fn missing_a_vendor(seen: &mut Seen) {
    let world = on_memory(&[]);
    let ada = world.log_in(ADA);
    let names = [id(ada.user.id, "ada")];
    let events = &world.service.ports().events;
    seen.told(events, &names);
    world.service.ports().vendors.unreachable.set(true);
    let challenge = Credentials::default().with_challenge(Some("token"));
    let caller = (client(), challenge);
    pollster::block_on(async {
        let login = Login {
            email: ADA,
            password: "not the password at all",
        };
        let _ = world.service.generate_token(login, &caller).await;
        let _ = world.service.reset_password(ADA, &caller, English).await;
    });
    let told = seen.told(events, &names);
    let unreachable = "vendor_unreachable! vendor failed: it does not answer turnstile";
    assert_eq!([told[0].as_str(), told[2].as_str()], [unreachable; 2]);
    assert_eq!(told.len(), 3);
    let (own, from) = (ada.tokens.access_token.expose(), client());
    let change = world
        .service
        .change_password(own, PASSWORD, NEW_PASSWORD, &from, English);
    pollster::block_on(change).unwrap();
    let told = seen.told(events, &names);
    let unreachable = "vendor_unreachable! vendor failed: it does not answer breached_passwords";
    assert_eq!(told[0], unreachable);
}

/// A notice whose queue fails. The ledger keeps it.
fn keeping_a_mail(seen: &mut Seen) {
    let world = on_memory(&[]);
    let one = world.log_in(ADA);
    let ports = world.service.ports();
    let _ = ports.events.take();
    ports.mail_queue.set_down(true);
    let own = one.tokens.access_token.expose();
    let from = client();
    let change = world
        .service
        .change_password(own, PASSWORD, NEW_PASSWORD, &from, English);
    pollster::block_on(change).unwrap();
    let told = seen.told(&ports.events, &user_and_session(&one));
    assert!(
        told.contains(&"mail_kept! queue failed: down password_changed".to_owned()),
        "{told:?}"
    );
}

fn failing_to_send(seen: &mut Seen) {
    let world = on_memory(&[]);
    let ports = world.service.ports();
    pollster::block_on(async {
        let service = &world.service;
        service
            .reset_password(ADA, &client(), English)
            .await
            .unwrap();
        let job = ports.mail_queue.take().remove(0);
        let _ = ports.events.take();
        ports.mailer.fail_once(MailFailure::Account {
            reason: "401".to_owned(),
            retry_after: None,
        });
        service.deliver_from_queue(&job.encode(), &job.id).await;
        assert_eq!(
            seen.told(&ports.events, &[]),
            ["mail_refused! 401 1 attempt failed within 0 s"]
        );
        ports.mailer.set_down(true);
        for _ in 0..2 {
            service.deliver_from_queue(&job.encode(), &job.id).await;
            world.clock.advance(120);
        }
        service.retry_kept_mail(true).await.unwrap();
        assert_eq!(
            seen.told(&ports.events, &[]),
            [
                "mail_outage! down 2 attempts failed within 120 s",
                "mail_refused! 401 1 attempt failed within 0 s",
            ]
        );
    });
}

/// A hash that was made with a pepper that is gone, and one that can't be read.
fn losing_a_pepper(seen: &mut Seen) {
    for (hash, reason) in [
        (
            "$argon2id$v=19$m=19456,t=2,p=1,keyid=Bw$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "unknown_pepper",
        ),
        ("$argon2id$broken", "broken_hash"),
    ] {
        let world = on_memory(&[]);
        let one = world.log_in(ADA);
        let ports = world.service.ports();
        let _ = ports.events.take();
        pollster::block_on(async {
            let email = EmailAddress::parse(ADA).unwrap();
            let user = ports.users.find_by_email(&email).await.unwrap().unwrap();
            let hash = PasswordHash::new(hash.to_owned());
            let stored = &user.password_hash;
            ports.users.rehash(user.id, stored, &hash).await.unwrap();
            let login = Login {
                email: ADA,
                password: PASSWORD,
            };
            let _ = world.service.generate_token(login, &client()).await;
            let own = one.tokens.access_token.expose();
            let _ = world
                .service
                .reauthenticate(own, PASSWORD, None, &client())
                .await;
        });
        let mut names = user_and_session(&one).to_vec();
        names.push(pseudonym(&world, ADA));
        assert_eq!(
            seen.told(&ports.events, &names),
            [
                format!("sign_in_failed! {reason} user_id=ada address=hashed"),
                format!("password_check_failed! {reason} user_id=ada session_id=one"),
            ]
        );
    }
}

fn losing_a_mail(seen: &mut Seen) {
    let deployed = settings(&[
        ("ISSUER", "https://auth.example.com"),
        ("DEV", "0"),
        ("REGISTRATION", "open"),
    ]);
    let service: AuthService<MemoryPorts> = AuthService::new(
        MemoryPorts::default(),
        Rc::new(edgegate::service::Shared::new(deployed)),
    );
    let registered =
        pollster::block_on(service.register(grace(Some(PASSWORD)), &client(), English));
    assert!(matches!(registered, Ok(Registered::SignedIn(_))));
    let told = seen.told(&service.ports().events, &[]);
    assert_eq!(
        told[1],
        "mail_not_queued! MAIL_PROVIDER is not set. Set it under [vars] in wrangler.toml to the provider that sends your mail. verification"
    );
}

/// The name, reason and detail of each event that the scenarios record, and its level.
pub(crate) fn levels() -> BTreeSet<([String; 3], Level)> {
    all().levels
}

#[test]
fn every_act_is_recorded_and_documented() {
    let seen = all();
    assert!(seen.variants.iter().copied().eq(0..VARIANTS));
    let operations = include_str!("../../docs/operations.md");
    let (_, table) = operations
        .split_once("| `event` | when |")
        .expect("the table of events");
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let documented: BTreeSet<&str> = rows
        .filter_map(|row| row.strip_prefix("| `")?.split('`').next())
        .collect();
    assert_eq!(documented, seen.names.keys().copied().collect());
    crate::count::count(
        "audit-log",
        &format!(
            "{} events of the audit log, each recorded by what it tells of, none with a secret",
            seen.names.len()
        ),
    );
}

/// A later failure of a store changes nothing: the password is changed, and that is in the log.
#[test]
fn a_stored_change_is_recorded_even_if_a_later_step_fails() {
    let world = on_kv(&[]);
    let one = world.log_in(ADA);
    let events = &world.service.ports().events;
    let _ = events.take();
    let own = one.tokens.access_token.expose();
    world.kv.refuse_writes(u32::MAX);
    let service = &world.service;
    let from = client();
    let change = service.change_password(own, PASSWORD, NEW_PASSWORD, &from, English);
    pollster::block_on(change).unwrap_err();
    assert_eq!(
        Seen::default().told(events, &user_and_session(&one)),
        ["password_changed user_id=ada session_id=one"]
    );
    assert!(!pollster::block_on(world.can_log_in(ADA, PASSWORD)));
}

#[test]
fn checks_and_reads_record_nothing() {
    let world = on_memory(&[]);
    let one = world.log_in(ADA);
    let events = &world.service.ports().events;
    let _ = events.take();
    let own = one.tokens.access_token.expose();
    let service = &world.service;
    pollster::block_on(async {
        assert!(service.is_authorized_by_role(own, &["user"]).await);
        assert!(!service.is_authorized_by_role(own, &["admin"]).await);
        assert!(!service.is_authorized_by_role("forged", &["user"]).await);
        service.me(own).await.unwrap();
        service.list_sessions(own).await.unwrap();
    });
    assert!(events.take().is_empty());
}
