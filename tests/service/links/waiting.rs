//! Sometimes a mail has to wait before it is sent. When it is sent, its link allows only what the
//! request is still allowed to do. The text of the mail does not promise a longer lifetime than the
//! link still has.

use super::*;

on_both!(a_change_of_address_ends_with_the_owner_s_new_password, &[("LIMITS", "off")], world => {
    // A thief who knows the password requests a change of the address, while mails have to wait.
    let jobs = ask_to_move(&world, NEW, PASSWORD).await;
    world.clock.advance(HOUR);
    let reset = world.reset_ticket(ADA).await;
    assert_eq!(reset_by(&world, &reset, NEW_PASSWORD).await, Ok(()));
    let _ = world.deliver_all().await;
    assert_eq!(deliver(&world, &jobs[0]).await, Delivery::NotDue(NotDue::Superseded));
    assert!(world.service.ports().mailer.take().is_empty());
});

#[test]
fn a_change_of_address_ends_with_all_sessions() {
    for made_before in [false, true] {
        let world = on_memory(&[("LIMITS", "off")]);
        pollster::block_on(async {
            let jobs = ask_to_move(&world, NEW, PASSWORD).await;
            let link = match made_before {
                true => Some(link_of(&world, &jobs[0]).await),
                false => None,
            };
            let ada = find(&world, ADA).await.unwrap();
            world.service.revoke_tokens(ada.id).await.unwrap();
            match link {
                Some(link) => assert_eq!(move_by(&world, &link).await, SPENT),
                None => assert_eq!(
                    deliver(&world, &jobs[0]).await,
                    Delivery::NotDue(NotDue::Superseded)
                ),
            }
        });
    }
}

#[test]
fn an_old_job_makes_no_mail_not_even_by_an_operator() {
    let world = on_memory(&[("LIMITS", "off")]);
    pollster::block_on(async {
        let jobs = ask_to_move(&world, NEW, PASSWORD).await;
        let ports = world.service.ports();
        world.clock.advance(10 * DAY);
        let letter = DeadLetter {
            id: jobs[0].id.clone(),
            job: jobs[0].encode(),
            reason: "401".to_owned(),
            tries: 1,
            failed_at: edgegate::ports::Clock::now_ms(&world.clock) / 1000,
            retry_at: Some(0),
        };
        ports.mail_ledger.keep(&letter).await.unwrap();
        let (deliveries, dead) = world.service.retry_kept_mail(false).await.unwrap();
        assert_eq!(dead, 0);
        assert_eq!(deliveries[0].1, Delivery::NotDue(NotDue::Expired));
        assert_eq!(deliveries[0].1.reason(), Some("expired"));
        assert!(ports.mailer.take().is_empty());
    });
}

#[test]
fn a_job_expires_a_second_after_its_day() {
    for (age, is_sent) in [(LINK_JOB_TTL, true), (LINK_JOB_TTL + 1, false)] {
        let world = on_memory(&[("LIMITS", "off")]);
        pollster::block_on(async {
            let service = &world.service;
            let asked = service
                .reset_password(ADA, &client(), Locale::English)
                .await;
            asked.unwrap();
            let job = service.ports().mail_queue.take().remove(0);
            world.clock.advance(age);
            let delivery = deliver(&world, &job).await;
            assert_eq!(delivery == Delivery::Sent, is_sent, "{delivery:?}");
        });
    }
}

#[test]
fn a_letter_never_promises_more_time_than_its_link_has() {
    for waited in [0, 1, 599, 600, 1199, 3600] {
        let world = on_memory(&[("LIMITS", "off")]);
        pollster::block_on(async {
            let service = &world.service;
            let asked = service
                .reset_password(ADA, &client(), Locale::English)
                .await;
            asked.unwrap();
            let job = service.ports().mail_queue.take().remove(0);
            world.clock.advance(waited);
            assert_eq!(deliver(&world, &job).await, Delivery::Sent);
            let mail = service.ports().mailer.take().remove(0);
            let text = mail.text.replace('\u{a0}', " ");
            let (_, rest) = text.split_once("expires in ").expect("how long");
            let (minutes, _) = rest.split_once(" minutes").expect("minutes");
            let minutes: u64 = minutes.parse().unwrap();
            assert!(minutes >= 50, "{minutes}");
            world.clock.advance(minutes * 60 - 1);
            let link = ticket(&mail);
            assert_eq!(
                reset_by(&world, &link, NEW_PASSWORD).await,
                Ok(()),
                "{waited}"
            );
        });
    }
}
