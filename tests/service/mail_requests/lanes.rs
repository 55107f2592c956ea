//! A mailbox gets only a few links. A link that has become invalid is not counted, so a new one can
//! be sent.

use super::*;

/// Regression: 60 mails to the variants of one address were sent within a second.
#[test]
fn the_variants_of_a_mailbox_get_few_mails() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let mut sent = 0;
        for hour in 0..24_u32 {
            for n in 0..10 {
                let number = hour * 10 + n;
                register(
                    &world,
                    &format!("ada+{number}@example.com"),
                    &network(number),
                )
                .await;
                reset(&world, ADA, &network(1000 + number)).await.unwrap();
            }
            sent += world.deliver_all().await.len();
            world.clock.advance(3600);
        }
        assert!((2..=12).contains(&sent), "{sent}");
        // Gmail ignores dots, so these addresses belong to a single mailbox.
        for email in ["a.da@gmail.com", "ad.a@gmail.com", "a.d.a+x@googlemail.com"] {
            register(&world, email, &network(5000)).await;
        }
        assert_eq!(world.deliver_all().await.len(), 1);
    });
}

/// Events that invalidate the reset links of an account.
#[derive(Clone, Copy, Debug)]
enum Ending {
    /// Somebody who knows the password changes it.
    Change,
    /// One of the links is used.
    Use,
    /// An administrator disables and enables the account.
    Disabling,
    /// The account is deleted, and its owner registers again.
    Deletion,
}

async fn end_links(world: &World<MemorySessions>, ending: Ending, link: &str) {
    let service = &world.service;
    let token = |email| world.log_in(email).tokens.access_token;
    match ending {
        Ending::Change => {
            let ada = token(ADA);
            service
                .change_password(ada.expose(), PASSWORD, NEW_PASSWORD, &client(), ENGLISH)
                .await
                .unwrap();
        }
        Ending::Use => {
            service
                .confirm_reset(link, NEW_PASSWORD, &client(), ENGLISH)
                .await
                .unwrap();
        }
        Ending::Disabling => {
            let email = EmailAddress::parse(ADA).unwrap();
            let ada = service.ports().users.find_by_email(&email).await.unwrap();
            let ada = ada.unwrap().id;
            for disabled in [true, false] {
                let amendment = Amendment {
                    disabled: Some(disabled),
                    ..Amendment::default()
                };
                let root = token(ROOT);
                service
                    .amend_user(root.expose(), ada, amendment)
                    .await
                    .unwrap();
            }
        }
        Ending::Deletion => {
            let ada = token(ADA);
            service
                .delete_own_account(ada.expose(), PASSWORD, &client(), ENGLISH)
                .await
                .unwrap();
            world.deliver_all().await;
            world.clock.advance(1);
            register(world, ADA, &client()).await;
            let mails = world.deliver_all().await;
            service
                .verify_email(&ticket(&mails[0]), PASSWORD, &client(), ENGLISH)
                .await
                .unwrap();
        }
    }
    world.deliver_all().await;
}

/// Regression: strangers had requested resets for days, so the newest link was valid for a day. A
/// thief who knew the password changed it, which invalidated that link. Then the owner got no other
/// link for half a day.
#[test]
fn a_link_that_no_longer_works_does_not_block_a_reset() {
    for ending in [
        Ending::Change,
        Ending::Use,
        Ending::Disabling,
        Ending::Deletion,
    ] {
        let world = on_memory(&[]);
        pollster::block_on(async {
            let mut link = None;
            for number in 0..3 * 24 {
                reset(&world, ADA, &network(number)).await.unwrap();
                link = world.deliver_all().await.first().map(ticket).or(link);
                world.clock.advance(3600);
            }
            assert_eq!(
                outcome(&world, ADA, &network(1000)).await,
                Delivery::EarlierLink,
                "a link that works"
            );
            end_links(&world, ending, &link.unwrap()).await;
            assert_eq!(
                outcome(&world, ADA, &network(1001)).await,
                Delivery::Sent,
                "{ending:?}"
            );
            let mails = world.service.ports().mailer.take();
            world
                .service
                .confirm_reset(
                    &ticket(&mails[0]),
                    "a third good password",
                    &client(),
                    ENGLISH,
                )
                .await
                .unwrap();
        });
    }
}

/// Invitations are counted separately from other links, because strangers can't request them.
#[test]
fn requests_of_strangers_do_not_stop_an_invitation() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let invite = async || {
            let admin = world.log_in(ROOT).tokens.access_token;
            let invitee = Invitee {
                email: NOBODY,
                first_name: None,
                last_name: None,
            };
            let service = &world.service;
            service
                .create_user(admin.expose(), invitee, None, ENGLISH)
                .await
        };
        invite().await.unwrap();
        assert_eq!(world.deliver_all().await.len(), 1);
        assert_eq!(
            outcome(&world, NOBODY, &network(2000)).await,
            Delivery::Sent,
            "an invitation does not stop a reset"
        );
        for number in 0..3 * 24 {
            reset(&world, NOBODY, &network(number)).await.unwrap();
            world.deliver_all().await;
            world.clock.advance(3600);
        }
        assert_eq!(
            outcome(&world, NOBODY, &network(1000)).await,
            Delivery::EarlierLink
        );
        // The account exists already, so this call returns an error. But the account has no
        // password, so the call requests another mail with an invitation.
        assert!(invite().await.is_err());
        assert_eq!(deliver(&world, &job(&world)).await, Delivery::Sent);
    });
}

/// A link that was requested from a known device becomes invalid. It does not block the next reset.
/// Such links are counted separately from other links.
#[test]
fn a_link_to_a_known_device_that_no_longer_works_does_not_block_a_reset() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let session = world.log_in(ADA).tokens.refresh_token;
        let known = with_session(1, &session);
        assert_eq!(outcome(&world, ADA, &known).await, Delivery::Sent);
        assert_eq!(outcome(&world, ADA, &known).await, Delivery::EarlierLink);
        end_links(&world, Ending::Change, "").await;
        reset(&world, ADA, &known).await.unwrap();
        let third = job(&world);
        assert!(matches!(third.pool, Pool::Known(_)));
        assert_eq!(deliver(&world, &third).await, Delivery::Sent);
    });
}

/// Usually a mailbox gets at most 12 mails on the first day. Here the address of its account is a
/// variant of the mailbox's address (with a `+`), and mails to this variant are counted separately.
/// So the mailbox gets 16 mails.
#[test]
fn a_mailbox_whose_account_has_a_sub_address_gets_sixteen_mails_on_the_first_day() {
    let world = on_memory(&[("MAIL_BUDGET", "1000000")]);
    pollster::block_on(async {
        let tagged = "ada+login@example.org";
        register(&world, tagged, &client()).await;
        let mails = world.deliver_all().await;
        let service = &world.service;
        service
            .verify_email(&ticket(&mails[0]), PASSWORD, &client(), ENGLISH)
            .await
            .unwrap();
        world.deliver_all().await;
        world.clock.advance(3 * 24 * 3600);
        let (mut sent, mut number) = (0, 0);
        for _ in 0..24 * 60 {
            for email in ["ada@example.org", "ada+other@example.org"] {
                number += 1;
                register(&world, email, &network(number)).await;
            }
            number += 1;
            reset(&world, tagged, &network(number)).await.unwrap();
            sent += world.deliver_all().await.len();
            world.clock.advance(60);
        }
        assert_eq!(sent, 16);
    });
}
