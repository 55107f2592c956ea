//! What an operator finds in the log. If a problem needs an operator, its line has the level
//! `error`. All lines about a mail have the same id.

use edgegate::adapters::argon2::Argon2Hasher;
use edgegate::domain::account::{EmailAddress, HashingCost, Password, PasswordHash, Peppers};
use edgegate::domain::event::{Event, Pseudonym};
use edgegate::domain::log_line::Level;
use edgegate::domain::mail::{Delivery, Job, Locale, MailFailure, MailLine};
use edgegate::domain::policy::MAIL_OUTAGE;
use edgegate::domain::request_id::RequestId;
use edgegate::ports::{PasswordHasher, SessionStore, UserDirectory};
use edgegate::service::Login;

use crate::fixture::{ADA, NEW_PASSWORD, PASSWORD, World, client, log_in, on_both, on_memory};

const GRACE: &str = "grace@example.com";

impl<S: SessionStore> World<S> {
    async fn ask_for_reset(&self) -> Job {
        let service = &self.service;
        // Removes the queued jobs that wait for their next attempt.
        let _ = service.ports().mail_queue.take();
        service
            .reset_password(ADA, &client(), Locale::English)
            .await
            .unwrap();
        let mut queued = service.ports().mail_queue.take();
        assert_eq!(queued.len(), 1);
        queued.remove(0)
    }

    async fn attempt(&self, job: &Job) -> MailLine {
        self.service
            .deliver_from_queue(&job.encode(), &job.id)
            .await;
        let mut lines = self.service.ports().events.take_mails();
        assert_eq!(lines.len(), 1, "one line for each attempt");
        lines.remove(0)
    }

    async fn cron(&self) {
        self.service.retry_kept_mail(true).await.unwrap();
    }

    /// The name, reason and detail of each event of level `error` since the last call.
    fn errors(&self) -> Vec<[String; 3]> {
        let events = self.service.ports().events.take();
        let errors = events.iter().filter(|event| event.level() == Level::Error);
        errors
            .map(|event| {
                let values = event.values("");
                [
                    event.name().to_owned(),
                    values[1].clone(),
                    values[8].clone(),
                ]
            })
            .collect()
    }
}

fn refused() -> MailFailure {
    MailFailure::Account {
        reason: "401: the key is wrong".to_owned(),
        retry_after: None,
    }
}

fn told(name: &str, reason: &str, detail: &str) -> [String; 3] {
    [name, reason, detail].map(str::to_owned)
}

#[test]
fn a_provider_that_refuses_the_account_is_an_error_at_once_and_in_each_run_of_the_cron() {
    let world = on_memory(&[("LIMITS", "off")]);
    pollster::block_on(async {
        let mailer = world.service.ports().mailer.clone();
        let reason = "401: the key is wrong";
        let first = told("mail_refused", reason, "1 attempt failed within 0 s");
        let mut jobs = Vec::new();
        for number in 1..=20 {
            let job = world.ask_for_reset().await;
            mailer.fail_once(refused());
            let line = world.attempt(&job).await;
            assert_eq!((line.delivery.name(), line.level()), ("later", Level::Warn));
            let errors = world.errors();
            let expected = if number == 1 {
                vec![first.clone()]
            } else {
                Vec::new()
            };
            assert_eq!(errors, expected, "not one error for each mail");
            jobs.push(job);
            world.clock.advance(10);
        }
        for _ in 0..2 {
            world.cron().await;
            let again = told("mail_refused", reason, "20 attempts failed within 190 s");
            assert_eq!(world.errors(), [again]);
        }
        // In the meantime the operator has repaired the cause.
        assert_eq!(world.attempt(&jobs[0]).await.delivery, Delivery::Sent);
        world.cron().await;
        assert_eq!(world.errors(), [[""; 3]; 0]);
        mailer.fail_once(refused());
        world.attempt(&jobs[1]).await;
        assert_eq!(world.errors(), [first], "it begins again");
    });
}

#[test]
fn a_mail_that_the_account_may_not_send_yet_is_retried_like_in_an_outage() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let job = world.ask_for_reset().await;
        world
            .service
            .ports()
            .mailer
            .fail_once(MailFailure::Account {
                reason: "402: unpaid".to_owned(),
                retry_after: Some(77),
            });
        let handed_out = world
            .service
            .deliver_from_queue(&job.encode(), &job.id)
            .await;
        assert!(
            matches!(handed_out.delivery, Delivery::Later { seconds: 77, .. }),
            "{handed_out:?}"
        );
        let (again, _) = world
            .service
            .ports()
            .mail_queue
            .take_with_delays()
            .remove(0);
        world.clock.advance(77);
        assert_eq!(again.tries, 1);
        assert_eq!(world.attempt_after(&again).await, Delivery::Sent);
    });
}

impl<S: SessionStore> World<S> {
    async fn attempt_after(&self, job: &Job) -> Delivery {
        let _ = self.service.ports().events.take_mails();
        self.attempt(job).await.delivery
    }
}

#[test]
fn an_outage_is_an_error_after_two_minutes_and_one_for_each_run_of_the_cron() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let mailer = world.service.ports().mailer.clone();
        let job = world.ask_for_reset().await;
        mailer.set_down(true);
        world.attempt(&job).await;
        world.clock.advance(MAIL_OUTAGE - 1);
        world.attempt(&job).await;
        world.cron().await;
        assert_eq!(world.errors(), [[""; 3]; 0], "it may be over in a minute");
        world.clock.advance(1);
        for _ in 0..20 {
            world.attempt(&job).await;
        }
        world.cron().await;
        let outage = told("mail_outage", "down", "22 attempts failed within 120 s");
        assert_eq!(world.errors(), [outage]);
        mailer.set_down(false);
        assert_eq!(world.attempt(&job).await.delivery, Delivery::Sent);
        world.cron().await;
        assert_eq!(world.errors(), [[""; 3]; 0], "it is over");
    });
}

/// Sending a mail fails once. Then the mail is no longer needed, so it is never tried again. The
/// alarm about this failure must end.
#[test]
fn a_failure_after_which_nothing_is_attempted_is_forgotten() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let job = world.ask_for_reset().await;
        let mailer = world.service.ports().mailer.clone();
        mailer.fail_once(refused());
        world.attempt(&job).await;
        assert_eq!(world.errors().len(), 1);
        world.clock.advance(3600);
        world.cron().await;
        assert_eq!(world.errors().len(), 1, "a retry may still come");
        world.clock.advance(3600);
        world.cron().await;
        assert_eq!(world.errors(), [[""; 3]; 0]);
    });
}

/// If the provider rejects only one mail or its address, the provider itself works.
#[test]
fn a_rejected_mail_ends_an_outage_and_is_an_error_of_its_own() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let reason = || "422: bad".to_owned();
        for (failure, level) in [
            (MailFailure::Rejected { reason: reason() }, Level::Error),
            (MailFailure::Undeliverable { reason: reason() }, Level::Warn),
        ] {
            let job = world.ask_for_reset().await;
            let mailer = &world.service.ports().mailer;
            mailer.fail_once(refused());
            world.attempt(&job).await;
            mailer.fail_once(failure);
            assert_eq!(world.attempt(&job).await.level(), level);
            let _ = world.errors();
            world.cron().await;
            assert_eq!(world.errors(), [[""; 3]; 0]);
            world.clock.advance(26 * 3600);
        }
    });
}

/// Three hashes that can't be checked. The first is a hash of the right password, but its pepper is
/// no longer in the settings. The second is not a hash. The third is a Firebase hash, and the
/// settings have no signer key for it.
fn unusable_hashes() -> [(&'static str, PasswordHash); 3] {
    let peppers = Peppers::parse("7:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8").unwrap();
    let hasher = Argon2Hasher::new(HashingCost::default(), peppers);
    let password = Password::for_login(PASSWORD).unwrap();
    let peppered = pollster::block_on(hasher.hash(&password, &[5; 16])).unwrap();
    [
        ("unknown_pepper", peppered),
        (
            "broken_hash",
            PasswordHash::new("$argon2id$broken".to_owned()),
        ),
        ("no_signer_key", PasswordHash::new("$firescrypt$ln=14,r=8,p=1$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==$Bw==".to_owned())),
    ]
}

#[test]
fn an_owner_who_cannot_sign_in_with_any_password_is_an_error() {
    for work in ["inline", "durable"] {
        for (reason, hash) in unusable_hashes() {
            let world = on_memory(&[("PASSWORD_WORK", work), ("LIMITS", "off")]);
            pollster::block_on(async {
                let service = &world.service;
                let one = log_in(service, ADA).await.unwrap();
                let users = &service.ports().users;
                let before = &one.user;
                let email = EmailAddress::parse(ADA).unwrap();
                let stored = users.find_by_email(&email).await.unwrap().unwrap();
                users
                    .rehash(before.id, &stored.password_hash, &hash)
                    .await
                    .unwrap();
                let login = Login {
                    email: ADA,
                    password: PASSWORD,
                };
                service.generate_token(login, &client()).await.unwrap_err();
                assert_eq!(world.errors(), [told("sign_in_failed", reason, "")]);
                let own = one.tokens.access_token.expose();
                service
                    .change_password(own, PASSWORD, NEW_PASSWORD, &client(), Locale::English)
                    .await
                    .unwrap_err();
                assert_eq!(world.errors(), [told("password_check_failed", reason, "")]);

                let login = Login {
                    email: "root@example.com",
                    password: "a wrong guess",
                };
                service.generate_token(login, &client()).await.unwrap_err();
                assert_eq!(world.errors(), [[""; 3]; 0], "a wrong password");
            });
        }
    }
}

/// A request id. The HTTP layer sets it before it calls a use case.
fn request(number: u8) -> RequestId {
    RequestId::parse(&format!("6f1a7c52-3b0e-4d59-9a0c-5d2f1e8b7a{number:02x}")).unwrap()
}

on_both!(each_mail_is_followed_by_the_id_of_its_request, &[("REGISTRATION", "verified"), ("ROTATE_AFTER", "0"), ("REUSE", "strict")], world => {
    let service = &world.service;
    let events = &service.ports().events;
    let mut number = 0;
    // Delivers the mails of the request that was just made, and checks their lines.
    let mut follow = async |expected: &[(&str, &str)]| {
        let jobs = service.ports().mail_queue.take();
        let mut seen = Vec::new();
        for job in jobs {
            service.deliver_from_queue(&job.encode(), "message").await;
            let lines = events.take_mails();
            assert_eq!(lines.len(), 1);
            let line = &lines[0];
            assert_eq!((line.request, &line.job), (Some(request(number)), &job.id));
            assert_eq!((line.delivery.name(), line.attempt), ("sent", Some(1)));
            let [.., message] = &service.ports().mailer.take()[..] else {
                panic!("no mail");
            };
            assert_eq!(message.request, Some(request(number)), "the provider knows it too");
            assert_eq!(line.provider_id.as_deref(), Some("mail-1"));
            let pseudonym = line.address.map(|address: Pseudonym| address.as_str().to_owned());
            let recipient = service.pseudonym(&message.to);
            assert_eq!(pseudonym.as_deref(), Some(recipient.as_str()));
            let json = line.to_json();
            for part in [request(number).to_string(), job.id.clone(), recipient.as_str().to_owned()] {
                assert!(json.contains(&part), "{json}");
            }
            assert!(!json.contains('@'), "{json}");
            seen.push((line.mail, message.to.as_given().to_owned()));
        }
        let seen: Vec<_> = seen.iter().map(|(mail, to)| (*mail, to.as_str())).collect();
        assert_eq!(seen, expected);
        number += 1;
        service.set_request(Some(request(number)));
    };
    service.set_request(Some(request(0)));
    let english = Locale::English;
    service.reset_password(ADA, &client(), english).await.unwrap();
    follow(&[("reset", ADA)]).await;
    let account = edgegate::service::NewAccount {
        email: GRACE,
        password: None,
        first_name: None,
        last_name: None,
    };
    service.register(account, &client(), english).await.unwrap();
    follow(&[("registration", GRACE)]).await;
    let one = log_in(service, ADA).await.unwrap();
    let own = one.tokens.access_token.expose();
    service.change_email(own, "ada@new.example", PASSWORD, &client(), english).await.unwrap();
    follow(&[("new_address", "ada@new.example"), ("address_change_asked", ADA)]).await;
    let used = one.tokens.refresh_token.expose();
    let renewed = service.renew_token(used, &client()).await.unwrap();
    world.clock.advance(600);
    let newer = renewed.tokens.refresh_token.expose();
    service.renew_token(newer, &client()).await.unwrap();
    world.clock.advance(600);
    service.renew_token(used, &client()).await.unwrap_err();
    follow(&[("session_ended", ADA)]).await;
    let root = log_in(service, "root@example.com").await.unwrap();
    let admin = root.tokens.access_token.expose();
    let invitee = edgegate::service::manage_users::Invitee {
        email: "lin@example.com",
        first_name: None,
        last_name: None,
    };
    service.create_user(admin, invitee, None, english).await.unwrap();
    follow(&[("invitation", "lin@example.com")]).await;
    let one = log_in(service, ADA).await.unwrap();
    let own = one.tokens.access_token.expose();
    service.change_password(own, PASSWORD, NEW_PASSWORD, &client(), english).await.unwrap();
    follow(&[("password_changed", ADA)]).await;
});

/// A mail keeps the id of the request that caused it. This is also true if it is retried, and if
/// the cron job takes it from the ledger.
#[test]
fn the_id_of_the_request_survives_retries_and_the_ledger() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let service = &world.service;
        service.set_request(Some(request(1)));
        let job = world.ask_for_reset().await;
        service.set_request(Some(request(2)));
        let ports = service.ports();
        ports.mailer.fail_once(MailFailure::Temporary {
            reason: "503".to_owned(),
            retry_after: None,
        });
        let line = world.attempt(&job).await;
        assert_eq!((line.request, line.attempt), (Some(request(1)), Some(1)));
        let (again, _) = ports.mail_queue.take_with_delays().remove(0);
        ports.mailer.fail_once(MailFailure::Rejected {
            reason: "422".to_owned(),
        });
        let line = world.attempt(&again).await;
        assert_eq!((line.request, line.attempt), (Some(request(1)), Some(2)));
        let letter = ports.mail_ledger.letters().remove(0);
        let kept = Job::decode(&letter.job).unwrap();
        assert_eq!(kept.request, Some(request(1)));
        let line = world.attempt(&Job { tries: 0, ..kept }).await;
        assert_eq!(
            (line.request, line.level()),
            (Some(request(1)), Level::Info)
        );
    });
}

#[test]
fn what_became_of_an_unreadable_message_is_an_error_with_the_message_s_id() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let service = &world.service;
        service.deliver_from_queue("nonsense", "message-7").await;
        let lines = service.ports().events.take_mails();
        let line = lines[0].to_json();
        assert_eq!(
            line,
            r#"{"level":"error","event":"mail","job":"message-7","mail":"unknown","outcome":"dead","reason":"this version can't read the mail"}"#
        );
    });
}

#[test]
fn an_event_says_its_level() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let job = world.ask_for_reset().await;
        world.service.ports().mailer.fail_once(refused());
        world.attempt(&job).await;
        let events = world.service.ports().events.take();
        let lines: Vec<String> = events
            .iter()
            .map(|event: &Event| event.to_json("", ""))
            .collect();
        assert!(
            lines
                .iter()
                .any(|line| line.starts_with(r#"{"level":"error","event":"mail_refused","#)),
            "{lines:?}"
        );
    });
}
