//! Which events are recorded when an account changes.

use super::*;

scenarios!(
    resetting,
    changing_the_password,
    registering_by_mail,
    registering_openly,
    changing_the_address,
    managing_accounts,
    deleting_accounts,
);

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

pub(super) fn grace(password: Option<&str>) -> NewAccount<'_> {
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
        // The account does not have a password yet.
        let login = Login {
            email: GRACE,
            password: PASSWORD,
        };
        let _ = service.generate_token(login, &client()).await;
        let lines: [(usize, &[u8]); 2] = [
            (1, br#"{"email":"eve@example.com"}"#),
            (2, b"eve@example.com"),
        ];
        let dry = ImportOptions {
            dry_run: true,
            ..ImportOptions::default()
        };
        service.import_users(admin, &lines, dry).await.unwrap();
        let options = ImportOptions::default();
        service.import_users(admin, &lines, options).await.unwrap();
        let denied = service.export_users(admin, None, 10, true).await;
        denied.unwrap_err();
        service.export_users(admin, None, 10, false).await.unwrap();
        let _ = service.list_users(admin, None, 10).await.unwrap();
        let _ = service.read_user(admin, grace).await.unwrap();
        let names = [
            id(one.user.id, "ada"),
            session(&one, "one"),
            session(&root, "two"),
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
                "accounts_imported by=root 1 imported, 0 already there, 1 refused",
                "access_denied! user_id=root session_id=two",
                "accounts_exported by=root 4 without password hashes",
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
