//! Mails that are delivered from the queue to the provider, mails that the ledger stores, and
//! notices.

use super::*;

/// The error of a mail that will be retried later.
fn mail_failed(reason: String) -> Error {
    StoreError::new("mail", reason).into()
}

pub(super) fn mail<S: SessionStore + 'static>() -> Vec<Case<S>> {
    vec![
        case!(
            "deliver from the queue",
            &[],
            |w| {
                let facts = w.facts(String::new()).await;
                with_thing(facts, &w.reset_job().await)
            },
            |w, f| {
                let handed_out = w.service.deliver_from_queue(&f.thing, "job").await;
                match handed_out.delivery {
                    // The mail was sent, or the service has put its job into the queue again or has
                    // stored it with the kept mails. If none of these worked, `again` is `Some`,
                    // and the queue delivers its message again.
                    Delivery::Later { .. } | Delivery::Sent if handed_out.again.is_none() => {
                        Ok(None)
                    }
                    Delivery::Later { reason, .. } => Err(mail_failed(reason)),
                    other => panic!("{other:?}"),
                }
            },
            Error::Internal("never"),
            |_w, _f, mails| violated(&[("it is sent", to(mails, ADA))])
        ),
        case!(
            "deliver a batch from the queue, after the provider failed",
            &[],
            |w| {
                let facts = w.facts(String::new()).await;
                for email in [ADA, ROOT] {
                    w.service
                        .reset_password(email, &client(), English)
                        .await
                        .unwrap();
                }
                let ports = w.service.ports();
                let failed = edgegate::domain::mail::FailureKind::Outage;
                let ledger = &ports.ledger.inner;
                ledger.provider_failed(failed, "503", 0).await.unwrap();
                let jobs = ports.queue.inner.take();
                with_thing(facts, &[jobs[0].encode(), jobs[1].encode()].join("\0"))
            },
            |w, f| {
                let texts = f.thing.split('\0').map(str::to_owned);
                let messages = texts.map(|text| (text, "job".to_owned())).collect();
                let mut failed = Ok(None);
                for prepared in w.service.prepare_from_queue(messages).await {
                    let handed_out = w.service.deliver_prepared(prepared).await;
                    match handed_out.delivery {
                        Delivery::Later { .. } | Delivery::Sent if handed_out.again.is_none() => {}
                        Delivery::Later { reason, .. } => {
                            failed = Err(mail_failed(reason));
                        }
                        other => panic!("{other:?}"),
                    }
                }
                failed
            },
            Error::Internal("never"),
            |_w, _f, mails| violated(&[
                ("the first is sent", to(mails, ADA)),
                ("the second is sent", to(mails, ROOT)),
            ])
        ),
        case!(
            "deliver without a queue",
            &[],
            |w| {
                let facts = w.facts(String::new()).await;
                with_thing(facts, &w.reset_job().await)
            },
            |w, f| {
                let job = edgegate::domain::mail::Job::decode(&f.thing).unwrap();
                let delivered = w
                    .service
                    .deliver_without_queue(job)
                    .await
                    .map_err(Error::from);
                w.clock.advance(86_400);
                none(delivered)
            },
            Error::Internal("never"),
            |_w, _f, mails| violated(&[("it is sent", !mails.is_empty())])
        ),
        case!(
            "deliver a notice that is sent once",
            &[],
            |w| {
                let facts = w.facts(String::new()).await;
                w.service
                    .change_email(facts.access(), GRACE, PASSWORD, &client(), English)
                    .await
                    .unwrap();
                let jobs = w.service.ports().queue.inner.take();
                let notice = jobs.iter().find(|job| job.task.is_sent_once()).unwrap();
                with_thing(facts, &notice.encode())
            },
            |w, f| {
                let handed_out = w.service.deliver_from_queue(&f.thing, "job").await;
                // Waits until the job's reservation of the notice has expired.
                w.clock.advance(120);
                match handed_out.delivery {
                    Delivery::Sent | Delivery::NotDue(NotDue::AlreadySent) => Ok(None),
                    Delivery::Later { .. } if handed_out.again.is_none() => Ok(None),
                    Delivery::Later { reason, .. } => Err(mail_failed(reason)),
                    other => panic!("{other:?}"),
                }
            },
            Error::Internal("never"),
            |_w, _f, mails| violated(&[("it is sent", to(mails, ADA))])
        ),
        case!(
            "deliver while the provider refuses",
            &[],
            |w| {
                let facts = w.facts(String::new()).await;
                let job = w.reset_job().await;
                with_thing(facts, &job)
            },
            |w, f| {
                w.service.ports().mailer.inner.set_down(true);
                let handed_out = w.service.deliver_from_queue(&f.thing, "job").await;
                w.service.ports().mailer.inner.set_down(false);
                match handed_out.delivery {
                    // The service has queued the job again, or has stored it until it is due. If
                    // neither worked, `again` is `Some`, and the queue delivers its message again.
                    Delivery::Later { .. } if handed_out.again.is_none() => w.clock.advance(60),
                    Delivery::Later { reason, .. } => {
                        return Err(mail_failed(reason));
                    }
                    other => panic!("{other:?}"),
                }
                Ok(None)
            },
            Error::Internal("never"),
            |_w, _f, mails| violated(&[("it is sent", to(mails, ADA))])
        ),
        case!(
            "deliver a mail that bounced",
            &[],
            |w| {
                let facts = w.facts(String::new()).await;
                let job = w.reset_job().await;
                with_thing(facts, &job)
            },
            |w, f| {
                let bounced = edgegate::domain::mail::MailFailure::Undeliverable {
                    reason: "bounced".to_owned(),
                };
                w.service.ports().mailer.inner.fail_once(bounced);
                let handed_out = w.service.deliver_from_queue(&f.thing, "job").await;
                // After this time, waiting mails are due, and half the lifetime of an earlier link
                // is over.
                w.clock.advance(2_400);
                match (handed_out.delivery, handed_out.again) {
                    (Delivery::Later { reason, .. }, Some(_)) => Err(mail_failed(reason)),
                    // The link never reached anybody, so the owner can request another one.
                    (_, None) => none(w.service.reset_password(ADA, &client(), English).await),
                    other => panic!("{other:?}"),
                }
            },
            Error::Internal("never"),
            |_w, _f, mails| violated(&[("the next one is sent", to(mails, ADA))])
        ),
        case!(
            "keep a dead letter",
            &[],
            |w| {
                let facts = w.facts(String::new()).await;
                let job = w.reset_job().await;
                with_thing(facts, &job)
            },
            |w, f| none(
                w.service
                    .keep_dead_letter(&f.thing, "job")
                    .await
                    .map_err(Error::from)
            ),
            Error::Internal("never"),
            |w, f, _mails| {
                let letters = w.service.ports().ledger.inner.letters();
                violated(&[(
                    "it is kept once, as it was",
                    matches!(letters.as_slice(), [letter] if letter.job == f.thing),
                )])
            }
        ),
        case!(
            "retry kept mails through the queue",
            &[],
            |w| {
                let facts = w.facts(String::new()).await;
                w.keep_due_letter().await;
                facts
            },
            |w, _f| none(w.service.retry_kept_mail(true).await.map_err(Error::from)),
            Error::Internal("never"),
            |w, _f, mails| violated(&[
                ("it is sent", to(mails, ADA)),
                (
                    "it is not kept any more",
                    w.service.ports().ledger.inner.letters().is_empty()
                ),
            ])
        ),
        case!(
            "retry kept mails without a queue",
            &[],
            |w| {
                let facts = w.facts(String::new()).await;
                w.keep_due_letter().await;
                facts
            },
            |w, _f| {
                let retried = w.service.retry_kept_mail(false).await;
                // A mail that could not be sent stays stored for a later run.
                w.clock.advance(86_400);
                none(retried.map_err(Error::from))
            },
            Error::Internal("never"),
            |w, _f, mails| violated(&[
                ("it is sent", to(mails, ADA)),
                (
                    "it is not kept any more",
                    w.service.ports().ledger.inner.letters().is_empty()
                ),
            ])
        ),
    ]
}
