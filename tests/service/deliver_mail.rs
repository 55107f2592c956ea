//! Delivery of mails. The service retries a mail until it is sent or given up. If a job is
//! delivered twice, both mails have the same idempotency key, so that the provider can drop the
//! second.

use edgegate::domain::account::EmailAddress;
use edgegate::domain::mail::{FailureKind, Job, Locale, MailFailure, NotDue};
use edgegate::domain::policy::{MAIL_PREPARED_TTL, MAIL_RETRIES, MAIL_TRIES};
use edgegate::ports::{Clock, MailLedger, SessionStore, UserDirectory};
use edgegate::service::deliver_mail::Delivery;

use crate::fixture::{ADA, NEW_PASSWORD, ROOT, World, client, on_memory, other_client, ticket};

async fn ask<S: SessionStore>(world: &World<S>, email: &str) -> Job {
    let service = &world.service;
    service
        .reset_password(email, &client(), Locale::English)
        .await
        .unwrap();
    service.ports().mail_queue.take().remove(0)
}

async fn deliver<S: SessionStore>(world: &World<S>, job: &Job) -> Delivery {
    let handed_out = world
        .service
        .deliver_from_queue(&job.encode(), &job.id)
        .await;
    assert_eq!(handed_out.again, None, "it is queued or kept elsewhere");
    handed_out.delivery
}

/// The job that was queued again, and its delay in seconds.
fn requeued<S: SessionStore>(world: &World<S>) -> (Job, u64) {
    let mut queued = world.service.ports().mail_queue.take_with_delays();
    assert_eq!(queued.len(), 1);
    queued.remove(0)
}

/// Delivers the jobs as a single batch of the queue.
async fn deliver_batch<S: SessionStore>(world: &World<S>, jobs: &[Job]) -> Vec<Delivery> {
    let messages = jobs.iter().map(|job| (job.encode(), job.id.clone()));
    let prepared = world.service.prepare_from_queue(messages.collect()).await;
    let mut deliveries = Vec::new();
    for prepared in prepared {
        deliveries.push(world.service.deliver_prepared(prepared).await.delivery);
    }
    deliveries
}

#[test]
fn a_batch_is_delivered_in_its_order_and_each_mailbox_gets_one_link() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let emails = [ADA, "nobody@example.com", ROOT, ADA];
        let mut jobs = Vec::new();
        for email in emails {
            jobs.push(ask(&world, email).await);
        }
        assert_eq!(
            deliver_batch(&world, &jobs).await,
            [
                Delivery::Sent,
                Delivery::NotDue(NotDue::NoRecipient),
                Delivery::Sent,
                Delivery::EarlierLink,
            ]
        );
        let mails = world.service.ports().mailer.take();
        let recipients: Vec<_> = mails.iter().map(|mail| mail.to.as_given()).collect();
        assert_eq!(recipients, [ADA, ROOT]);
    });
}

#[test]
fn an_unreadable_message_of_a_batch_does_not_affect_the_others() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let job = ask(&world, ADA).await;
        let messages = vec![
            ("nonsense".to_owned(), "message-1".to_owned()),
            (job.encode(), "message-2".to_owned()),
        ];
        let mut deliveries = Vec::new();
        for prepared in world.service.prepare_from_queue(messages).await {
            deliveries.push(world.service.deliver_prepared(prepared).await.delivery);
        }
        assert!(matches!(deliveries[0], Delivery::Dead { .. }));
        assert_eq!(deliveries[1], Delivery::Sent);
        let letters = world.service.ports().mail_ledger.letters();
        assert_eq!(letters[0].id, "message-1");
    });
}

#[test]
fn the_last_place_of_a_pool_goes_to_the_first_of_a_batch() {
    let world = on_memory(&[("MAIL_BUDGET", "10")]);
    pollster::block_on(async {
        let mut jobs = Vec::new();
        for email in [ADA, ROOT] {
            jobs.push(ask(&world, email).await);
        }
        // The budget allows four mails for resets that are the first request of a network. Three of
        // them are used up here.
        for _ in 0..3 {
            let ledger = &world.service.ports().mail_ledger;
            let account = jobs[0].pool.account(jobs[0].task.class().unwrap()).unwrap();
            let now = world.clock.now_ms() / 1000;
            assert!(ledger.pay(account, 4, now).await.unwrap());
        }
        jobs[1].pool = jobs[0].pool;
        let deliveries = deliver_batch(&world, &jobs).await;
        assert_eq!(deliveries[0], Delivery::Sent);
        assert!(
            matches!(deliveries[1], Delivery::Waits { .. }),
            "{deliveries:?}"
        );
    });
}

#[test]
fn of_the_answers_to_a_batch_the_last_one_says_whether_the_provider_works() {
    let refused = || MailFailure::Account {
        reason: "401".to_owned(),
        retry_after: None,
    };
    // For each run: whether the provider rejects the first of two mails (otherwise the second), and
    // how many failures are recorded afterwards.
    for (refuses_first, failures) in [(true, 0), (false, 1)] {
        let world = on_memory(&[]);
        pollster::block_on(async {
            let mut jobs = Vec::new();
            for email in [ADA, ROOT] {
                jobs.push(ask(&world, email).await);
            }
            let ports = world.service.ports();
            let messages = jobs.iter().map(|job| (job.encode(), job.id.clone()));
            let prepared = world.service.prepare_from_queue(messages.collect()).await;
            for (index, prepared) in prepared.into_iter().enumerate() {
                if refuses_first == (index == 0) {
                    ports.mailer.fail_once(refused());
                }
                world.service.deliver_prepared(prepared).await;
            }
            let left = ports.mail_ledger.provider_failures().await.unwrap();
            assert_eq!(left.len(), failures, "{left:?}");
        });
    }
}

#[test]
fn failures_from_before_a_batch_are_deleted_by_its_first_accepted_mail() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let job = ask(&world, ADA).await;
        let ledger = &world.service.ports().mail_ledger;
        let kind = FailureKind::Outage;
        ledger.provider_failed(kind, "503", 0).await.unwrap();
        assert_eq!(deliver_batch(&world, &[job]).await, [Delivery::Sent]);
        assert_eq!(ledger.provider_failures().await.unwrap(), []);
    });
}

/// A mail was prepared, but the provider was slow with the earlier mails of the batch. So some time
/// passes before the mail is sent.
#[test]
fn a_mail_that_was_prepared_too_long_ago_is_prepared_again() {
    for (seconds, expected) in [
        (MAIL_PREPARED_TTL, Delivery::Sent),
        (MAIL_PREPARED_TTL + 1, Delivery::NotDue(NotDue::NoRecipient)),
    ] {
        let world = on_memory(&[]);
        pollster::block_on(async {
            let job = ask(&world, ADA).await;
            let messages = vec![(job.encode(), job.id.clone())];
            let mut prepared = world.service.prepare_from_queue(messages).await;
            let email = EmailAddress::parse(ADA).unwrap();
            let users = &world.service.ports().users;
            let ada = users.find_by_email(&email).await.unwrap().unwrap();
            world.remove(&ada).await;
            world.clock.advance(seconds);
            let handed_out = world.service.deliver_prepared(prepared.remove(0)).await;
            assert_eq!(handed_out.delivery, expected, "{seconds}");
        });
    }
}

/// A job that is prepared again still has the same link, and its mail is paid for only once.
#[test]
fn preparing_again_neither_pays_twice_nor_takes_a_second_place() {
    let world = on_memory(&[("MAIL_BUDGET", "10")]);
    pollster::block_on(async {
        let job = ask(&world, ADA).await;
        let messages = vec![(job.encode(), job.id.clone())];
        let mut prepared = world.service.prepare_from_queue(messages).await;
        world.clock.advance(MAIL_PREPARED_TTL + 1);
        let handed_out = world.service.deliver_prepared(prepared.remove(0)).await;
        assert_eq!(handed_out.delivery, Delivery::Sent);
        let account = job.pool.account(job.task.class().unwrap()).unwrap();
        let ledger = &world.service.ports().mail_ledger;
        let now = world.clock.now_ms() / 1000;
        for left in [true, true, true, false] {
            assert_eq!(ledger.pay(account, 4, now).await, Ok(left));
        }
    });
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
        let job = ask(&world, ADA).await;
        assert_eq!(deliver(&world, &job).await, Delivery::Sent);
    });
}

#[test]
fn a_provider_down_for_an_hour_sends_when_it_is_back() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let mut job = ask(&world, ADA).await;
        let mailer = &world.service.ports().mailer;
        mailer.set_down(true);
        let mut waited = 0;
        loop {
            if waited >= 3600 {
                mailer.set_down(false);
            }
            match deliver(&world, &job).await {
                Delivery::Later { seconds, .. } => {
                    assert!((10..=1800).contains(&seconds));
                    let (next, delay) = requeued(&world);
                    assert_eq!((next.tries, delay), (job.tries + 1, seconds));
                    job = next;
                    world.clock.advance(seconds);
                    waited += seconds;
                }
                Delivery::Sent => break,
                other => panic!("{other:?}"),
            }
        }
        assert!((3600..7200).contains(&waited), "{waited}");
        let mails = mailer.take();
        assert_eq!(mails.len(), 1);
        // The lifetime of the link begins when the mail is sent, not when it was requested.
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
        let mut job = ask(&world, ADA).await;
        let ports = world.service.ports();
        ports.mailer.set_down(true);
        let mut waited = 0;
        for tries in 0..MAIL_TRIES {
            match deliver(&world, &job).await {
                Delivery::Later { seconds, .. } => {
                    waited += seconds;
                    job = requeued(&world).0;
                }
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
        let kept = Job::decode(&letters[0].job).unwrap();
        assert_eq!((kept.id, kept.tries), (job.id, MAIL_TRIES));
        assert_eq!(letters[0].retry_at, None);
        // No mail was sent. So the job does not use up one of the links that the mailbox may get.
        ports.mailer.set_down(false);
        let next = ask(&world, ADA).await;
        assert_eq!(deliver(&world, &next).await, Delivery::Sent);
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
            assert!(matches!(deliver(&world, &job).await, Delivery::Dead { .. }));
            let (deliveries, dead) = world.service.retry_kept_mail(through_queue).await.unwrap();
            assert_eq!(
                (deliveries.len(), dead),
                (0, 1),
                "it waits for the operator"
            );
            // This is what the command `edgegate mail retry` does.
            let mut letter = ports.mail_ledger.letters().remove(0);
            letter.retry_at = Some(0);
            ports.mail_ledger.keep(&letter).await.unwrap();
            let (_, dead) = world.service.retry_kept_mail(through_queue).await.unwrap();
            assert_eq!(dead, 0);
            if through_queue {
                let again = ports.mail_queue.take().remove(0);
                assert_eq!((again.id, again.tries, again.paid), (job.id, 0, true));
            } else {
                assert_eq!(ports.mailer.take().len(), 1);
            }
            assert!(ports.mail_ledger.letters().is_empty());
        });
    }
}

#[test]
fn without_a_queue_the_cron_retries() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let job = ask(&world, ADA).await;
        let ports = world.service.ports();
        ports.mailer.set_down(true);
        let service = &world.service;
        service.deliver_without_queue(job).await.unwrap();
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
fn a_retry_sends_the_same_mail_and_another_request_does_not() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let job = ask(&world, ADA).await;
        let ports = world.service.ports();
        // The mail is sent, and the job is delivered again because the acknowledgement was lost.
        for _ in 0..2 {
            deliver(&world, &job).await;
            world.clock.advance(59);
        }
        let mails = ports.mailer.take();
        assert_eq!(mails.len(), 2);
        assert_eq!(mails[0], mails[1], "body and key");
        let other = ask(&world, ADA).await;
        deliver(&world, &other).await;
        let others = ports.mailer.take();
        assert_ne!(others[0].idempotency_key, mails[0].idempotency_key);
    });
}

/// It is possible that the provider accepts a mail and its answer is lost. The retry has the same
/// idempotency key, even if it comes much later, so the provider can recognise it.
#[test]
fn the_key_of_a_mail_is_the_same_in_every_try() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let job = ask(&world, ADA).await;
        let mailer = &world.service.ports().mailer;
        let mut keys = Vec::new();
        for pause in [599, 1, 3600, 40_000] {
            deliver(&world, &job).await;
            let mail = mailer.take().remove(0);
            // The mail does not promise more time than its link has left.
            assert!(mail.text.contains("expires in 50"), "{}", mail.text);
            keys.push(mail.idempotency_key.clone());
            world.clock.advance(pause);
        }
        keys.dedup();
        assert_eq!(keys.len(), 1);
    });
}

/// After some failures of the provider, such as a timeout, nobody knows whether it accepted the
/// mail. So the mail stays paid: the budget does not get it back.
#[test]
fn a_failure_of_the_provider_is_not_refunded() {
    let world = on_memory(&[("MAIL_BUDGET", "1"), ("LIMITS", "off")]);
    pollster::block_on(async {
        let (one, two) = (ask(&world, ADA).await, ask(&world, ADA).await);
        let ports = world.service.ports();
        ports.mailer.fail_once(MailFailure::Temporary {
            reason: "429".to_owned(),
            retry_after: Some(77),
        });
        let failed = deliver(&world, &one).await;
        assert!(
            matches!(failed, Delivery::Later { seconds: 77, .. }),
            "{failed:?}"
        );
        let (again, _) = requeued(&world);
        assert!(again.paid);
        assert!(matches!(
            deliver(&world, &two).await,
            Delivery::Waits { .. }
        ));
        requeued(&world);
        // The mail has been paid for already, so the retry pays nothing.
        assert_eq!(deliver(&world, &again).await, Delivery::Sent);
    });
}

#[test]
fn a_mail_waits_for_the_next_hour_without_using_up_a_try_and_is_given_up_after_a_day() {
    let world = on_memory(&[("MAIL_BUDGET", "1"), ("LIMITS", "off")]);
    pollster::block_on(async {
        let (one, mut two) = (ask(&world, ADA).await, ask(&world, ADA).await);
        assert_eq!(deliver(&world, &one).await, Delivery::Sent);
        let mut waited = 0;
        loop {
            match deliver(&world, &two).await {
                Delivery::Waits { seconds } => {
                    let (next, delay) = requeued(&world);
                    assert_eq!((next.tries, next.paid, delay), (0, false, seconds));
                    let now = world.clock.now_ms() / 1000;
                    let hour = 3600 - now % 3600;
                    assert!((hour..hour + 600).contains(&seconds), "{seconds}");
                    world.clock.advance(seconds);
                    waited += seconds;
                    // In each hour, another request uses up the budget before this mail is tried
                    // again.
                    let other = ask(&world, ADA).await;
                    deliver(&world, &other).await;
                    let _ = world.service.ports().mail_queue.take();
                    two = next;
                }
                Delivery::GivenUp => break,
                other => panic!("{other:?}"),
            }
        }
        assert!((86_400 - 4200..=86_400).contains(&waited), "{waited}");
        assert!(world.service.ports().mail_ledger.letters().is_empty());
    });
}

#[test]
fn a_bounced_mail_frees_its_place_for_the_next_job() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let ports = world.service.ports();
        for failure in [
            MailFailure::Undeliverable {
                reason: "bounced".to_owned(),
            },
            MailFailure::Rejected {
                reason: "no such sender".to_owned(),
            },
        ] {
            let job = ask(&world, ADA).await;
            ports.mailer.fail_once(failure);
            let delivery = deliver(&world, &job).await;
            assert!(
                matches!(delivery, Delivery::Undeliverable(_) | Delivery::Dead { .. }),
                "{delivery:?}"
            );
            let next = ask(&world, ADA).await;
            assert_eq!(deliver(&world, &next).await, Delivery::Sent);
            world.clock.advance(26 * 3600);
        }
    });
}

#[test]
fn a_rejected_mail_is_not_retried() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let job = ask(&world, ADA).await;
        let ports = world.service.ports();
        let bounced = MailFailure::Undeliverable {
            reason: "bounced".to_owned(),
        };
        ports.mailer.fail_once(bounced);
        assert_eq!(
            deliver(&world, &job).await,
            Delivery::Undeliverable("bounced".to_owned())
        );
        assert!(ports.mail_ledger.letters().is_empty());
    });
}

#[test]
fn an_unreadable_job_is_kept_for_the_operator() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        for text in [
            "",
            "1",
            "{\"purpose\":\"reset\"}",
            "2\n0\n0\nen\nreset\nada@example.com",
        ] {
            let handed_out = world.service.deliver_from_queue(text, "message").await;
            assert!(
                matches!(handed_out.delivery, Delivery::Dead { .. }),
                "{text}"
            );
            assert_eq!(world.service.ports().mail_ledger.letters()[0].job, text);
        }
        // The operator retries the mail, but it stays stored, because only a newer version of the
        // service can read it.
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

/// Regression: a mail that expired between two attempts still counted as sent to the mailbox. The
/// next mail was refused for up to half a day, although no mail had been sent.
#[test]
fn a_mail_that_expires_while_it_is_tried_frees_its_place() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let ports = world.service.ports();
        // After three days of hourly requests, a link is valid for a day.
        for _ in 0..3 * 24 {
            ask_and_drop(&world).await;
            world.clock.advance(3600);
        }
        let mut job = loop {
            ports.mailer.set_down(true);
            let job = ask(&world, ADA).await;
            if let Delivery::Later { .. } = deliver(&world, &job).await {
                break requeued(&world).0;
            }
            world.clock.advance(3600);
        };
        loop {
            world.clock.advance(1800);
            match deliver(&world, &job).await {
                Delivery::Later { .. } => job = requeued(&world).0,
                delivery => {
                    assert_eq!(delivery, Delivery::NotDue(NotDue::Expired));
                    break;
                }
            }
        }
        ports.mailer.set_down(false);
        let next = ask(&world, ADA).await;
        assert_eq!(deliver(&world, &next).await, Delivery::Sent);
    });
}

async fn ask_and_drop<S: SessionStore>(world: &World<S>) {
    let job = ask(world, ADA).await;
    deliver(world, &job).await;
}
