//! Notices to an account's owner. They need no budget, and they go only to verified addresses.

use super::*;

#[test]
fn a_used_up_budget_stops_no_notice() {
    let world = on_memory(&[("MAIL_BUDGET", "1")]);
    pollster::block_on(async {
        for number in 0..50 {
            reset(&world, ROOT, &network(number)).await.unwrap();
            register(&world, NOBODY, &network(number)).await;
        }
        world.deliver_all().await;
        let signed_in = world.log_in(ADA);
        let token = signed_in.tokens.access_token.expose();
        let service = &world.service;
        service
            .change_password(token, PASSWORD, NEW_PASSWORD, &client(), ENGLISH)
            .await
            .unwrap();
        let mails = world.deliver_all().await;
        assert_eq!(
            mails
                .iter()
                .filter(|mail| mail.to.as_given() == ADA)
                .count(),
            1
        );
    });
}

on_both!(a_sixth_change_in_a_day_is_refused_and_each_of_the_five_is_told, &[], world => {
    let service = &world.service;
    let mut token = log_in(service, ADA).await.unwrap().tokens.access_token;
    let mut passwords = [PASSWORD, NEW_PASSWORD];
    for _ in 0..5 {
        let [now, next] = passwords;
        let changed = service.change_password(token.expose(), now, next, &client(), ENGLISH).await;
        token = changed.unwrap().tokens.access_token;
        passwords = [next, now];
        assert_eq!(world.deliver_all().await.len(), 1);
    }
    let [now, next] = passwords;
    let refused = service.change_password(token.expose(), now, next, &client(), ENGLISH).await;
    assert!(matches!(refused, Err(Error::RateLimited(_))), "{refused:?}");
    assert!(world.can_log_in(ADA, now).await);
    // At the limit, the answer to a wrong password still says that the password is wrong.
    let wrong = service.change_password(token.expose(), next, now, &client(), ENGLISH).await;
    assert_eq!(wrong.unwrap_err(), Error::CurrentPassword);

    for n in 0..6 {
        let email = format!("new-{n}@example.com");
        let asked = service.change_email(token.expose(), &email, now, &client(), ENGLISH).await;
        let is_refused = matches!(asked, Err(Error::RateLimited(_)));
        assert_eq!(is_refused, n == 5, "{n}");
    }
    let mails = world.deliver_all().await;
    assert_eq!(mails.iter().filter(|mail| mail.to.as_given() == ADA).count(), 5);
});

/// Regression: a stranger registered an address, and 21 notices were sent to it at once.
#[test]
fn an_address_that_nobody_has_verified_gets_no_notice() {
    let world = on_memory(&[("REGISTRATION", "open")]);
    pollster::block_on(async {
        let service = &world.service;
        let account = NewAccount {
            email: "victim@example.com",
            password: Some(PASSWORD),
            first_name: None,
            last_name: None,
        };
        let registered = service.register(account, &client(), ENGLISH).await.unwrap();
        let Registered::SignedIn(signed_in) = registered else {
            panic!("not signed in");
        };
        assert_eq!(world.deliver_all().await.len(), 1, "the mail to verify it");
        let token = signed_in.tokens.access_token.expose();
        let changed = service
            .change_password(token, PASSWORD, NEW_PASSWORD, &client(), ENGLISH)
            .await
            .unwrap();
        let token = changed.tokens.access_token.expose();
        service
            .change_email(
                token,
                "another@example.com",
                NEW_PASSWORD,
                &client(),
                ENGLISH,
            )
            .await
            .unwrap();
        let mails = world.deliver_all().await;
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].to.as_given(), "another@example.com");
        let confirmed = service
            .confirm_email(&ticket(&mails[0]), &client(), ENGLISH)
            .await;
        let user = confirmed.unwrap();
        assert!(world.deliver_all().await.is_empty());
        // Now the address is verified.
        let signed_in = service
            .generate_token(
                edgegate::service::Login {
                    email: "another@example.com",
                    password: NEW_PASSWORD,
                },
                &client(),
            )
            .await
            .unwrap();
        let token = signed_in.tokens.access_token.expose();
        service
            .delete_own_account(token, NEW_PASSWORD, &client(), ENGLISH)
            .await
            .unwrap();
        assert!(user.email_verified_at.is_some());
        assert_eq!(world.deliver_all().await.len(), 1);
        assert!(
            service
                .ports()
                .users
                .find_by_id(user.id)
                .await
                .unwrap()
                .is_none()
        );
    });
}

// Regression: a crafted User-Agent put sentences and a link into a mail of the service.
on_both!(no_text_of_a_thief_is_in_the_mail_about_the_theft, &[("ROTATE_AFTER", "0")], world => {
    let service = &world.service;
    for agent in [
        "URGENT, your account is locked: unlock it at https:/evil.example",
        "Call 555 1234/1",
        "<b>hello</b>/1",
        "",
    ] {
        let first = log_in(service, ADA).await.unwrap().tokens;
        let token = first.refresh_token.expose();
        service.renew_token(token, &client()).await.unwrap();
        world.clock.advance(3600);
        let place = edgegate::domain::session::Place::new(Some("DE"), Some(agent));
        let thief = Client::new(Some("198.51.100.7"), Some(agent)).at(place);
        service.renew_token(token, &thief).await.unwrap_err();
        let mails = world.deliver_all().await;
        assert_eq!(mails.len(), 1);
        for word in ["URGENT", "evil", "555", "<b>", "hello"] {
            assert!(!mails[0].text.contains(word), "{}", mails[0].text);
        }
        assert!(mails[0].text.contains("place: DE\n"), "{}", mails[0].text);
    }
});
