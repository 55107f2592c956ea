//! After an account was deleted and the cron job has run, no store contains a text that identifies
//! the person, except in a notice of the deletion that could not be sent yet. docs/storage.md lists
//! all that can remain, such as failed mails to an earlier address of the account.

use std::fmt::Debug;

use edgegate::domain::account::{EmailAddress, Name, User};
use edgegate::domain::error::Error;
use edgegate::domain::link::State;
use edgegate::domain::mail::{Job, Locale, Pool, Task};
use edgegate::domain::policy::{
    DEAD_LETTER_TTL, DEPARTURE_REMOVALS, DEPARTURE_SETTLES, DEPARTURE_TTL,
};
use edgegate::domain::session::{Client, Holder, Place, SessionId};
use edgegate::ports::{
    DeadLetter, MailLedger, MailQueue, NewSession, Ports, SessionStore, UserDirectory,
};
use edgegate::service::{Login, NewAccount, SignedIn};

use crate::fixture::{ADA, NEW_PASSWORD, PASSWORD, ROOT, World, on_both, on_kv, ticket};

const ZOE: &str = "Zo\u{eb}.M\u{fc}ller@B\u{fc}cher.example";
const NEXT: &str = "zoe.next@example.org";
const SETTINGS: &[(&str, &str)] = &[("ROTATE_AFTER", "0"), ("PASSWORD_WORK", "durable")];

fn laptop() -> Client {
    Client::new(Some("203.0.113.77"), Some("Zoe's own browser/7.3"))
        .at(Place::new(Some("DE"), Some("Leipzig")))
}

fn phone() -> Client {
    Client::new(Some("2001:db8:77:88:99::1"), Some("Zoe's telephone/2"))
}

fn zoe() -> EmailAddress {
    EmailAddress::parse(ZOE).unwrap()
}

/// The texts that identify the person, each with a description.
fn needles() -> Vec<(&'static str, String)> {
    let mut needles: Vec<(&str, String)> = vec![
        ("the address as given", ZOE.to_owned()),
        ("the canonical address", zoe().canonical().to_owned()),
        ("the new address", NEXT.to_owned()),
        ("the given name", "Zo\u{eb}hanna".to_owned()),
        ("the family name", "M\u{fc}ller-Lovelace".to_owned()),
        ("the network (IPv4)", "203.0.113.".to_owned()),
        ("the network (IPv6)", "2001:db8:77".to_owned()),
        ("the User-Agent", "own browser".to_owned()),
        ("the other User-Agent", "telephone".to_owned()),
        ("the city", "Leipzig".to_owned()),
    ];
    // The same texts in the form in which `Debug` and JSON write them.
    let escaped: Vec<_> = needles
        .iter()
        .map(|(what, text)| (*what, format!("{text:?}").trim_matches('"').to_owned()))
        .collect();
    needles.extend(escaped);
    needles
}

/// Searches all stores for these texts. Returns the descriptions of the texts that were found.
async fn found<S: SessionStore + Debug>(world: &World<S>) -> Vec<&'static str> {
    let ports = world.service.ports();
    let mut everything = format!("{ports:?}");
    for user in ports.users.list(None, 1000).await.unwrap() {
        // `Debug` hides these values, so they are added here.
        everything += user.email.as_given();
        everything += user.email.canonical();
        for name in [&user.first_name, &user.last_name].into_iter().flatten() {
            everything += name.as_str();
        }
    }
    let mut found: Vec<_> = needles()
        .into_iter()
        .filter(|(_, text)| everything.contains(text))
        .map(|(what, _)| what)
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

async fn log_in<S: SessionStore>(world: &World<S>, client: &Client) -> SignedIn {
    let login = Login {
        email: ZOE,
        password: NEW_PASSWORD,
    };
    world.service.generate_token(login, client).await.unwrap()
}

/// Creates an account that has data in every store.
async fn live<S: SessionStore>(world: &World<S>) -> SignedIn {
    let service = &world.service;
    let account = NewAccount {
        email: ZOE,
        password: None,
        first_name: Some("Zo\u{eb}hanna"),
        last_name: Some("M\u{fc}ller-Lovelace"),
    };
    let client = laptop();
    let asked = service.register(account, &client, Locale::English);
    asked.await.unwrap();
    let link = ticket(&world.deliver_all().await[0]);
    let verified = service.verify_email(&link, NEW_PASSWORD, &client, Locale::English);
    verified.await.unwrap();
    let first = log_in(world, &laptop()).await;
    let second = log_in(world, &phone()).await;
    for (signed_in, client) in [(&first, laptop()), (&second, phone())] {
        let token = signed_in.tokens.refresh_token.expose();
        service.renew_token(token, &client).await.unwrap();
    }
    let ended = service.log_out(second.tokens.refresh_token.expose());
    ended.await.unwrap();
    let wrong = Login {
        email: ZOE,
        password: PASSWORD,
    };
    assert!(service.generate_token(wrong, &laptop()).await.is_err());
    first
}

fn job(number: u8, asked_at: u64, task: Task) -> Job {
    Job {
        id: format!("{number:032x}"),
        asked_at,
        locale: Locale::English,
        tries: 0,
        pool: Pool::None,
        paid: true,
        request: None,
        app_request: None,
        task,
    }
}

/// One job of each kind of mail that could have been requested before the deletion.
fn tasks(account: &User) -> Vec<Task> {
    let user = account.id;
    let next = EmailAddress::parse(NEXT).unwrap();
    let spelled = EmailAddress::parse("ZO\u{eb}.m\u{fc}LLER@b\u{fc}CHER.EXAMPLE").unwrap();
    vec![
        Task::Reset { email: zoe() },
        Task::Registration {
            email: spelled,
            first_name: Name::parse("Zo\u{eb}hanna").ok(),
            last_name: Name::parse("M\u{fc}ller-Lovelace").ok(),
        },
        Task::Verification { email: zoe() },
        Task::Invitation {
            user,
            state: State::for_reset(account),
        },
        Task::NewAddress {
            user,
            email: next,
            state: State::for_new_address(account),
        },
        Task::AddressChangeAsked { to: zoe() },
        Task::AddressChanged { to: zoe() },
        Task::PasswordChanged { to: zoe() },
        Task::SessionEnded {
            to: zoe(),
            device: Some("Zoe's own browser".to_owned()),
            place: Some("Leipzig".to_owned()),
        },
    ]
}

async fn keep<S: SessionStore>(world: &World<S>, job: &Job, failed_at: u64) {
    let letter = DeadLetter {
        id: job.id.clone(),
        job: job.encode(),
        reason: "the provider said no".to_owned(),
        tries: 60,
        failed_at,
        retry_at: None,
    };
    let kept = world.service.ports().mail_ledger.keep(&letter);
    kept.await.unwrap();
}

fn now<S: SessionStore>(world: &World<S>) -> u64 {
    use edgegate::ports::Clock;
    world.service.ports().clock().now_ms() / 1000
}

async fn delete<S: SessionStore>(
    world: &World<S>,
    access_token: &str,
    password: &str,
) -> Result<(), Error> {
    let client = laptop();
    let deleted =
        world
            .service
            .delete_own_account(access_token, password, &client, Locale::English);
    deleted.await.map(drop)
}

async fn cron<S: SessionStore>(world: &World<S>) {
    world.service.retry_kept_mail(true).await.unwrap();
    world.service.clear_departures().await.unwrap();
}

on_both!(nothing_that_names_the_person_is_left_in_any_store, SETTINGS, world => {
    let service = &world.service;
    let ports = service.ports();
    let zoe = live(&world).await;
    let asked_at = now(&world);
    for (number, task) in tasks(&zoe.user).into_iter().enumerate() {
        let job = job(u8::try_from(number).unwrap(), asked_at, task);
        keep(&world, &job, asked_at).await;
        ports.mail_queue.put(&job, 0).await.unwrap();
    }
    // Before the deletion the search finds every text.
    let mut all: Vec<_> = needles().iter().map(|(what, _)| *what).collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(found(&world).await, all);

    let access_token = zoe.tokens.access_token.expose();
    delete(&world, access_token, NEW_PASSWORD).await.unwrap();
    // The queue delivers its jobs, and the notices are still sent.
    let mails = world.deliver_all().await;
    assert!(mails.iter().any(|mail| mail.subject.contains("deleted")), "{mails:?}");
    cron(&world).await;
    assert_eq!(found(&world).await, [""; 0], "after one run");
    assert!(!service.is_authorized_by_role(access_token, &["user"]).await);

    // Two things happen late. A login that began before the deletion writes its session, and the
    // queue gives up a mail to the person.
    let late = NewSession {
        user: zoe.user.id,
        session: SessionId::new(now(&world) * 1000, &[9; 10]),
        epoch: 0,
        version: 0,
        client: &laptop(),
        expires_at: now(&world) + 1000,
        idle_ttl: 1000,
        most: None,
        holder: Holder::default(),
    };
    ports.sessions.begin(&late, now(&world)).await.unwrap();
    keep(&world, &job(99, asked_at, Task::PasswordChanged { to: self::zoe() }), now(&world)).await;
    assert_ne!(found(&world).await, [""; 0]);
    world.clock.advance(DEPARTURE_SETTLES);
    cron(&world).await;
    assert_eq!(found(&world).await, [""; 0], "after what came late");

    // Days later, another mail comes from the queue of dead letters.
    world.clock.advance(DEPARTURE_TTL - 2 * DEPARTURE_SETTLES);
    keep(&world, &job(98, asked_at, Task::Reset { email: self::zoe() }), now(&world)).await;
    cron(&world).await;
    assert_eq!(found(&world).await, [""; 0], "after days");
    assert_eq!(ports.users.departures(None, 9).await.unwrap().len(), 1);
    world.clock.advance(2 * DEPARTURE_SETTLES);
    cron(&world).await;
    assert_eq!(ports.users.departures(None, 9).await.unwrap(), vec![], "all is done");
    // Other accounts have lost nothing.
    assert!(world.can_log_in(ADA, PASSWORD).await && world.can_log_in(ROOT, PASSWORD).await);
});

on_both!(the_notice_of_the_deletion_outlives_the_account, &[], world => {
    let ada = world.log_in(ADA);
    let access_token = ada.tokens.access_token.expose();
    delete(&world, access_token, PASSWORD).await.unwrap();
    let [notice]: [Job; 1] = world.service.ports().mail_queue.take().try_into().unwrap();
    keep(&world, &notice, now(&world)).await;
    cron(&world).await;
    assert_eq!(world.service.ports().mail_ledger.letters()[0].id, notice.id);
    world.clock.advance(DEAD_LETTER_TTL + 1);
    cron(&world).await;
    assert!(world.service.ports().mail_ledger.letters().is_empty());
});

on_both!(somebody_who_registers_again_keeps_the_new_mails, &[], world => {
    let ada = world.log_in(ADA);
    let access_token = ada.tokens.access_token.expose();
    delete(&world, access_token, PASSWORD).await.unwrap();
    world.clock.advance(60);
    let email = EmailAddress::parse(ADA).unwrap();
    let registration = Task::Registration { email, first_name: None, last_name: None };
    keep(&world, &job(1, now(&world), registration), now(&world)).await;
    // Mails to other accounts are not deleted.
    let root = EmailAddress::parse(ROOT).unwrap();
    keep(&world, &job(2, 0, Task::Reset { email: root }), now(&world)).await;
    cron(&world).await;
    assert_eq!(world.service.ports().mail_ledger.letters().len(), 2);
});

on_both!(one_run_clears_several_accounts, &[], world => {
    let sessions = &world.service.ports().sessions;
    let (zoe, ada) = (live(&world).await, world.log_in(ADA));
    for (user, password) in [(&zoe, NEW_PASSWORD), (&ada, PASSWORD)] {
        delete(&world, user.tokens.access_token.expose(), password).await.unwrap();
        assert!(!sessions.list(user.user.id, 0, now(&world)).await.unwrap().is_empty());
    }
    cron(&world).await;
    for user in [zoe, ada] {
        assert!(sessions.list(user.user.id, 0, now(&world)).await.unwrap().is_empty());
    }
});

/// One run of the cron job makes only a limited number of requests. The next run continues with the
/// rest.
#[test]
fn many_sessions_take_several_runs() {
    let world = on_kv(&[]);
    pollster::block_on(async {
        let ada = world.log_in(ADA);
        let user = ada.user.id;
        let ports = world.service.ports();
        let client = laptop();
        for number in 0..=u64::try_from(2 * DEPARTURE_REMOVALS).unwrap() {
            let new = NewSession {
                user,
                session: SessionId::new(number, &[1; 10]),
                epoch: 0,
                version: 0,
                client: &client,
                expires_at: now(&world) + 1000,
                idle_ttl: 1000,
                most: None,
                holder: Holder::default(),
            };
            ports.sessions.begin(&new, now(&world)).await.unwrap();
        }
        let access_token = ada.tokens.access_token.expose();
        delete(&world, access_token, PASSWORD).await.unwrap();
        let mut left = 2 * DEPARTURE_REMOVALS + 2;
        while left > 0 {
            let sessions = ports.sessions.list(user, 0, now(&world)).await.unwrap();
            assert_eq!(sessions.len(), left);
            left = left.saturating_sub(DEPARTURE_REMOVALS);
            cron(&world).await;
        }
        let sessions = ports.sessions.list(user, 0, now(&world)).await.unwrap();
        assert!(sessions.is_empty());
    });
}

/// The deletion stopped right after it had deleted the user's row. The cron job completes it.
#[test]
fn the_cron_completes_an_interrupted_deletion() {
    let world = on_kv(&[]);
    pollster::block_on(async {
        let service = &world.service;
        let ada = world.log_in(ADA);
        let access_token = ada.tokens.access_token.expose();
        let is_good = || service.is_authorized_by_role(access_token, &["user"]);
        assert!(is_good().await);
        world.kv.set_down(true);
        assert!(delete(&world, access_token, PASSWORD).await.is_err());
        assert!(service.clear_departures().await.is_err());
        world.kv.set_down(false);
        world.clock.advance(DEPARTURE_SETTLES);
        cron(&world).await;
        assert!(!is_good().await);
        assert_eq!(found(&world).await, [""; 0]);
    });
}

on_both!(a_mail_that_another_version_queued_is_removed_too, &[], world => {
    let ada = world.log_in(ADA);
    let access_token = ada.tokens.access_token.expose();
    delete(&world, access_token, PASSWORD).await.unwrap();
    let user = ada.user.id;
    for (number, text, goes) in [
        ("one", format!("99\nan id\n{ADA}\nsomething new"), true),
        ("two", format!("99\nan id\n{user}"), true),
        ("three", format!("99\nan id\n{ROOT}"), false),
        ("four", "no mail at all".to_owned(), false),
    ] {
        let letter = DeadLetter {
            id: number.to_owned(),
            job: text,
            reason: "this version can't read the mail".to_owned(),
            tries: 1,
            failed_at: now(&world),
            retry_at: None,
        };
        world.service.ports().mail_ledger.keep(&letter).await.unwrap();
        world.service.clear_departures().await.unwrap();
        let is_kept = world.service.ports().mail_ledger.letters().iter().any(|it| it.id == number);
        assert_eq!(is_kept, !goes, "{number}");
    }
});
