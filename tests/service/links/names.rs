//! A stranger has registered with somebody else's address, under made-up names. Tests which names
//! the account has after the owner of the address uses a link, and which links then still work.

use super::*;

#[test]
fn a_stranger_who_registered_spoils_no_link_of_the_owner() {
    let world = on_memory(&[("REGISTRATION", "open"), ("LIMITS", "off")]);
    pollster::block_on(async {
        let service = &world.service;
        let account = NewAccount {
            email: GRACE,
            password: Some(PASSWORD),
            first_name: Some("Mallory"),
            last_name: Some("was here"),
        };
        let registered = service.register(account, &client(), Locale::English).await;
        let Registered::SignedIn(stranger) = registered.unwrap() else {
            panic!("not signed in");
        };
        let verification = ticket(&world.deliver_all().await[0]);
        let reset = world.reset_ticket(GRACE).await;
        // Does everything that the stranger can do without access to the mailbox.
        let token = stranger.tokens.access_token.expose();
        let other = "a stranger's other one";
        let changed = service
            .change_password(token, PASSWORD, other, &client(), Locale::English)
            .await;
        let token = changed.unwrap().tokens.access_token;
        let login = edgegate::service::Login {
            email: GRACE,
            password: other,
        };
        let _ = service.generate_token(login, &client()).await.unwrap();
        let to = "mallory@example.com";
        let asked = service
            .change_email(token.expose(), to, other, &client(), Locale::English)
            .await;
        asked.unwrap();
        service.revoke_tokens(stranger.user.id).await.unwrap();
        let jobs = service.ports().mail_queue.take();

        let user = find(&world, GRACE).await.unwrap();
        assert_eq!(reset_by(&world, &reset, NEW_PASSWORD).await, Ok(()));
        let owners = find(&world, GRACE).await.unwrap();
        assert_eq!((owners.first_name, owners.last_name), (None, None));
        assert!(user.first_name.is_some());
        // The owner has used the reset link. This invalidates the other link and the change of
        // address that the stranger requested.
        assert!(
            verify_by(&world, &verification, NEW_PASSWORD)
                .await
                .is_err()
        );
        for job in jobs.iter().filter(|job| job.task.name() == "new_address") {
            let delivery = deliver(&world, job).await;
            assert_eq!(delivery, Delivery::NotDue(NotDue::Superseded));
        }
    });
}

#[test]
fn names_go_with_another_password_and_stay_with_the_same() {
    for (password, stay) in [(PASSWORD, true), (NEW_PASSWORD, false)] {
        let world = on_memory(&[("REGISTRATION", "open")]);
        pollster::block_on(async {
            let account = NewAccount {
                email: GRACE,
                password: Some(PASSWORD),
                first_name: Some("Grace"),
                last_name: Some("Hopper"),
            };
            let service = &world.service;
            let registered = service.register(account, &client(), Locale::English).await;
            registered.unwrap();
            let link = ticket(&world.deliver_all().await[0]);
            let user = verify_by(&world, &link, password).await.unwrap();
            assert_eq!(user.first_name.is_some(), stay);
            assert_eq!(user.last_name.is_some(), stay);
            assert_eq!(find(&world, GRACE).await, Some(user));
        });
    }
}

#[test]
fn an_invited_user_keeps_the_names_that_the_administrator_typed() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let root = world.log_in(ROOT);
        let invitee = Invitee {
            email: GRACE,
            first_name: Some("Grace"),
            last_name: None,
        };
        let admin = root.tokens.access_token.expose();
        let service = &world.service;
        let invited = service.create_user(admin, invitee, None, Locale::English);
        let invited = invited.await.unwrap();
        let link = ticket(&world.deliver_all().await[0]);
        assert_eq!(reset_by(&world, &link, NEW_PASSWORD).await, Ok(()));
        let user = find(&world, GRACE).await.unwrap();
        assert_eq!(user.first_name, invited.first_name);
        assert!(user.first_name.is_some());
    });
}

#[test]
fn an_invited_user_keeps_these_names_also_with_a_link_to_verify_the_address() {
    let world = on_memory(&[("LIMITS", "off")]);
    pollster::block_on(async {
        let root = world.log_in(ROOT);
        let invitee = Invitee {
            email: GRACE,
            first_name: Some("Grace"),
            last_name: Some("Hopper"),
        };
        let admin = root.tokens.access_token.expose();
        let service = &world.service;
        let invited = service.create_user(admin, invitee, None, Locale::English);
        let invited = invited.await.unwrap();
        world.deliver_all().await;
        // Anybody can request this mail.
        let client = client();
        let asked = service.resend_verification(GRACE, &client, Locale::English);
        asked.await.unwrap();
        let link = ticket(&world.deliver_all().await[0]);
        let user = verify_by(&world, &link, NEW_PASSWORD).await.unwrap();
        assert_eq!(user.first_name, invited.first_name);
        assert_eq!(user.last_name, invited.last_name);
        assert!(user.last_name.is_some());
    });
}
