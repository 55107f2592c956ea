//! Mails go out once, and as long as it takes.

use edgegate::domain::mail::{Job, Locale, MailFailure};
use edgegate::domain::policy::{MAIL_RETRIES, MAIL_TRIES};
use edgegate::ports::{MailLedger, SessionStore};
use edgegate::service::deliver_mail::Delivery;

use crate::fixture::{ADA, NEW_PASSWORD, World, client, on_memory, other_client, ticket};

async fn ask<S: SessionStore>(world: &World<S>, email: &str) -> Job {
    let service = &world.service;
    service
        .reset_password(email, &client(), Locale::English)
        .await
        .unwrap();
    service.ports().mail_queue.take().remove(0)
}

async fn deliver<S: SessionStore>(world: &World<S>, job: &Job, tries: u32) -> Delivery {
    world
        .service
        .deliver_from_queue(&job.to_text(), &job.id, tries)
        .await
}

#[test]
fn ten_requests_in_a_minute_are_one_mail() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        for _ in 0..5 {
            for client in [client(), other_client()] {
                let service = &world.service;
                service
                    .reset_password(ADA, &client, Locale::English)
                    .await
                    .unwrap();
            }
        }
        assert_eq!(world.deliver_all().await.len(), 1);
        world.clock.advance(60);
        ask(&world, ADA).await;
        let job = ask(&world, ADA).await;
        assert_eq!(deliver(&world, &job, 0).await, Delivery::Sent);
    });
}

#[test]
fn five_a_day() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let mut sent = 0;
        for _ in 0..10 {
            let job = ask(&world, ADA).await;
            if deliver(&world, &job, 0).await == Delivery::Sent {
                sent += 1;
            }
            world.clock.advance(3600);
        }
        assert_eq!(sent, 5);
        world.clock.advance(14 * 3600);
        let job = ask(&world, ADA).await;
        assert_eq!(deliver(&world, &job, 0).await, Delivery::Sent);
    });
}

#[test]
fn a_provider_down_for_an_hour_sends_when_it_is_back() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let job = ask(&world, ADA).await;
        let mailer = &world.service.ports().mailer;
        mailer.set_down(true);
        let (mut tries, mut waited) = (0, 0);
        loop {
            if waited >= 3600 {
                mailer.set_down(false);
            }
            match deliver(&world, &job, tries).await {
                Delivery::Later { seconds, .. } => {
                    assert!((10..=1800).contains(&seconds));
                    world.clock.advance(seconds);
                    waited += seconds;
                    tries += 1;
                }
                Delivery::Sent => break,
                other => panic!("{other:?}"),
            }
        }
        assert!((3600..7200).contains(&waited), "{waited}");
        let mails = mailer.take();
        assert_eq!(mails.len(), 1);
        // The link lives from now, not from the asking.
        let link = ticket(&mails[0]);
        world.clock.advance(2900);
        let (client, locale) = (client(), Locale::English);
        assert!(
            world
                .service
                .confirm_reset(&link, NEW_PASSWORD, &client, locale)
                .await
                .is_ok()
        );
    });
}

#[test]
fn the_tries_last_for_more_than_a_day_and_end_as_a_dead_letter() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let job = ask(&world, ADA).await;
        let ports = world.service.ports();
        ports.mailer.set_down(true);
        let mut waited = 0;
        for tries in 0..MAIL_TRIES {
            match deliver(&world, &job, tries).await {
                Delivery::Later { seconds, .. } => waited += seconds,
                Delivery::Dead { reason } => {
                    assert_eq!((tries, reason.as_str()), (MAIL_TRIES - 1, "down"));
                }
                other => panic!("{other:?}"),
            }
        }
        assert!(waited > 86_400, "{waited}");
        assert!(MAIL_RETRIES.is_sorted());
        let letters = ports.mail_ledger.letters();
        assert_eq!(letters.len(), 1);
        assert_eq!(
            (letters[0].job.as_str(), letters[0].retry_at),
            (job.to_text().as_str(), None)
        );
    });
}

#[test]
fn an_operator_sends_a_dead_letter_again() {
    for through_queue in [true, false] {
        let world = on_memory(&[]);
        pollster::block_on(async {
            let job = ask(&world, ADA).await;
            let ports = world.service.ports();
            ports.mailer.fail_once(MailFailure::Rejected {
                reason: "no such sender".to_owned(),
            });
            assert!(matches!(
                deliver(&world, &job, 0).await,
                Delivery::Dead { .. }
            ));
            let (deliveries, dead) = world.service.retry_kept_mail(through_queue).await.unwrap();
            assert_eq!(
                (deliveries.len(), dead),
                (0, 1),
                "it waits for the operator"
            );
            // What `npm run admin -- mail retry` does.
            let mut letter = ports.mail_ledger.letters().remove(0);
            letter.retry_at = Some(0);
            ports.mail_ledger.keep(&letter).await.unwrap();
            let (_, dead) = world.service.retry_kept_mail(through_queue).await.unwrap();
            assert_eq!(dead, 0);
            if through_queue {
                assert_eq!(ports.mail_queue.take(), [job]);
            } else {
                assert_eq!(ports.mailer.take().len(), 1);
            }
            assert!(ports.mail_ledger.letters().is_empty());
        });
    }
}

#[test]
fn without_a_queue_the_cron_goes_on() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let job = ask(&world, ADA).await;
        let ports = world.service.ports();
        ports.mailer.set_down(true);
        let service = &world.service;
        service.deliver_without_queue(&job, 0).await.unwrap();
        for _ in 0..12 {
            world.clock.advance(300);
            service.retry_kept_mail(false).await.unwrap();
        }
        assert_eq!(ports.mailer.take().len(), 0);
        ports.mailer.set_down(false);
        world.clock.advance(1800);
        service.retry_kept_mail(false).await.unwrap();
        assert_eq!(ports.mailer.take().len(), 1);
        assert!(ports.mail_ledger.letters().is_empty());
    });
}

#[test]
fn a_repeat_is_the_same_mail_and_another_is_not() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let job = ask(&world, ADA).await;
        let ports = world.service.ports();
        // Sent, and handed out again: the acknowledgement was lost.
        for _ in 0..2 {
            deliver(&world, &job, 0).await;
            world.clock.advance(59);
        }
        let mails = ports.mailer.take();
        assert_eq!(mails.len(), 2);
        assert_eq!(mails[0], mails[1], "body and key");
        world.clock.advance(600);
        deliver(&world, &job, 1).await;
        assert_ne!(
            ports.mailer.take()[0].idempotency_key,
            mails[0].idempotency_key
        );
        let other = ask(&world, ADA).await;
        deliver(&world, &other, 0).await;
        assert_ne!(
            ports.mailer.take()[0].idempotency_key,
            mails[0].idempotency_key
        );
    });
}

#[test]
fn the_budget_bounds_an_hour_and_loses_nothing() {
    let world = on_memory(&[("MAIL_BUDGET", "1"), ("LIMITS", "off")]);
    pollster::block_on(async {
        let (one, two) = (ask(&world, ADA).await, ask(&world, ADA).await);
        let ports = world.service.ports();
        // A failure costs nothing.
        ports.mailer.fail_once(MailFailure::Temporary {
            reason: "429".to_owned(),
            retry_after: Some(77),
        });
        let failed = deliver(&world, &one, 0).await;
        assert_eq!(
            failed,
            Delivery::Later {
                seconds: 77,
                reason: "429".to_owned()
            }
        );
        assert_eq!(deliver(&world, &one, 1).await, Delivery::Sent);
        let Delivery::Later { seconds, .. } = deliver(&world, &two, 0).await else {
            panic!("over the budget");
        };
        assert!(seconds <= 3600);
        world.clock.advance(seconds);
        assert_eq!(deliver(&world, &two, 1).await, Delivery::Sent);
    });
}

#[test]
fn what_is_refused_for_good_is_not_tried_again() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let job = ask(&world, ADA).await;
        let ports = world.service.ports();
        let bounced = MailFailure::Undeliverable {
            reason: "bounced".to_owned(),
        };
        ports.mailer.fail_once(bounced);
        assert_eq!(
            deliver(&world, &job, 0).await,
            Delivery::Undeliverable("bounced".to_owned())
        );
        assert!(ports.mail_ledger.letters().is_empty());
    });
}

#[test]
fn what_is_no_job_is_kept_for_the_operator() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        for text in [
            "",
            "1",
            "{\"purpose\":\"reset\"}",
            "2\n0\n0\nen\nreset\nada@example.com",
        ] {
            let delivery = world.service.deliver_from_queue(text, "message", 0).await;
            assert!(matches!(delivery, Delivery::Dead { .. }), "{text}");
            assert_eq!(world.service.ports().mail_ledger.letters()[0].job, text);
        }
        // Called again by the operator it stays: only a newer version can read it.
        let mut letter = world.service.ports().mail_ledger.letters().remove(0);
        letter.retry_at = Some(0);
        world
            .service
            .ports()
            .mail_ledger
            .keep(&letter)
            .await
            .unwrap();
        world.service.retry_kept_mail(true).await.unwrap();
        assert_eq!(
            world.service.ports().mail_ledger.letters()[0].retry_at,
            None
        );
    });
}

/// The queue hands a mail out as often as it is tried, and no less.
#[test]
fn the_queue_retries_as_often_as_the_policy_says() {
    let wrangler = include_str!("../../wrangler.toml");
    let line = format!("max_retries = {}", MAIL_TRIES - 1);
    assert!(wrangler.lines().any(|known| known == line), "{line}");
}
