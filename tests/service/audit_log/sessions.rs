//! Which events are recorded about a session, from its login to its end.

use super::*;
use crate::app_tokens::{self as apps, Asked, VERIFIER, WEB, WEB_SECRET};
use crate::authorize::{Browser, OTHER, ask};

scenarios!(
    signing_in,
    signing_in_to_an_app,
    exchanging_codes,
    entering_an_app_without_a_document,
    renewing,
    ending_sessions,
    revoking,
);

fn signing_in(seen: &mut Seen) {
    let world = on_memory(&[]);
    let events = &world.service.ports().events;
    assert!(
        events.take().is_empty(),
        "creating demo accounts records no event"
    );
    pollster::block_on(async {
        let service = &world.service;
        let one = log_in(service, ADA).await.unwrap();
        let names = user_and_session(&one);
        assert_eq!(
            seen.told(events, &names),
            ["signed_in user_id=ada session_id=one"]
        );

        let guess = async |email, password| {
            let login = Login { email, password };
            service.generate_token(login, &client()).await.unwrap_err();
        };
        guess(ADA, "a wrong guess").await;
        guess("ADA@example.com", "a wrong guess").await;
        let names = [id(one.user.id, "ada"), pseudonym(&world, ADA)];
        let wrong = "sign_in_failed! wrong_password user_id=ada address=hashed";
        assert_eq!(seen.told(events, &names), [wrong, wrong]);

        guess("nobody@example.com", PASSWORD).await;
        guess("not an address", PASSWORD).await;
        let names = [pseudonym(&world, "nobody@example.com")];
        assert_eq!(
            seen.told(events, &names),
            [
                "sign_in_failed! unknown_address address=hashed",
                "sign_in_failed! not_an_address"
            ]
        );
        let too_long = "a".repeat(1000);
        guess(&too_long, PASSWORD).await;
        assert!(events.take().is_empty(), "nothing was tried");

        service.asked_by(&client());
        log_in(service, ADA).await.unwrap();
        let told = events.take();
        assert!(told[0].network.is_some());
        service.asked_by(&edgegate::domain::session::Client::uncounted());
        log_in(service, ADA).await.unwrap();
        assert_eq!(events.take()[0].network, None);

        let id = one.user.id;
        let disabled = UserChange {
            disabled: Some(true),
            ..UserChange::default()
        };
        let users = &service.ports().users;
        users.update(id, None, None, &disabled, 1).await.unwrap();
        guess(ADA, PASSWORD).await;
        let names = [self::id(id, "ada"), pseudonym(&world, ADA)];
        assert_eq!(
            seen.told(events, &names),
            ["sign_in_failed! disabled user_id=ada address=hashed"]
        );
    });
}

fn exchanging_codes(seen: &mut Seen) {
    let world = on_memory(&[]);
    let (service, events) = (&world.service, &world.service.ports().events);
    // Events of requests also contain the network. It is removed here.
    let told = |seen: &mut Seen, names: &[(String, &str)]| -> Vec<String> {
        let is_kept = |part: &&str| !part.starts_with("network=");
        let without = |line: String| {
            line.split(' ')
                .filter(is_kept)
                .collect::<Vec<_>>()
                .join(" ")
        };
        seen.told(events, names).into_iter().map(without).collect()
    };
    pollster::block_on(async {
        let ada = apps::begin(service).await;
        let asked = Asked {
            app: WEB,
            scope: "openid",
            resource: None,
        };
        let code = apps::code(service, &ada, asked).await;
        let _ = events.take();
        // Rejected exchanges end no session.
        for (verifier, secret) in [("x", WEB_SECRET), (VERIFIER, "egc_wrong")] {
            let to = apps::callback(WEB);
            let mut parameters = apps::exchanging(&code, WEB, &to);
            parameters.retain(|(name, _)| *name != "code_verifier");
            parameters.extend([("code_verifier", verifier), ("client_secret", secret)]);
            apps::post(service, "/auth/token", &apps::form(&parameters), None).await;
        }
        let names = [id(ada.user.id, "ada")];
        assert_eq!(
            told(seen, &names),
            [
                "code_refused! code_verifier user_id=ada web",
                "client_refused! wrong_secret web"
            ]
        );
        let given = apps::json(&apps::exchange(service, &code, WEB).await);
        let session = apps::session_of(&apps::text(&given, "access_token"));
        let names = [id(ada.user.id, "ada"), (session.to_string(), "app")];
        assert_eq!(
            told(seen, &names),
            ["app_signed_in user_id=ada session_id=app web"]
        );
        let refresh_token = apps::text(&given, "refresh_token");
        apps::renew(service, &refresh_token, WEB, &[]).await;
        assert_eq!(
            told(seen, &names),
            ["renewed kept user_id=ada session_id=app"]
        );
        apps::exchange(service, &code, WEB).await;
        assert_eq!(
            told(seen, &names),
            ["code_replayed! user_id=ada session_id=app web"]
        );
    });
}

fn entering_an_app_without_a_document(seen: &mut Seen) {
    let world = on_memory(&[("CLIENT_ID_METADATA", "on")]);
    let (service, events) = (&world.service, &world.service.ports().events);
    pollster::block_on(async {
        let id = apps::documents::ID;
        let query = apps::documents::query(id);
        let _ = events.take();
        service.authorize(&query, None, &client()).await.unwrap();
        let names = [(id.to_owned(), "url")];
        assert_eq!(
            seen.told(events, &names),
            ["client_document_refused! document_not_json url"]
        );
    });
}

fn signing_in_to_an_app(seen: &mut Seen) {
    pollster::block_on(async {
        let world = on_memory(&[]).with_apps().await;
        let events = &world.service.ports().events;
        let mut browser = Browser::new(&world);
        let [ada, one] = browser.log_in_as(ADA).await;
        let network = events.take()[0].network.unwrap();
        let network = (network.as_str().to_owned(), "here");
        let names = [(ada.clone(), "ada"), (one.clone(), "one"), network.clone()];
        let sealed = browser.asked_for_consent().await;
        assert!(events.take().is_empty(), "nobody has decided yet");
        for (allow, told) in [
            (
                false,
                "authorization_denied user_id=ada session_id=one network=here other-app",
            ),
            (
                true,
                "code_issued user_id=ada session_id=one network=here other-app",
            ),
        ] {
            assert_eq!(browser.decide(&sealed, &ada, allow).await.status, 200);
            assert_eq!(seen.told(events, &names), [told]);
        }
        browser.navigate(&ask(OTHER, "&prompt=none")).await;
        let silent = "code_issued user_id=ada session_id=one network=here other-app";
        assert_eq!(seen.told(events, &names), [silent]);
        let [_, two] = browser.log_in_as(ADA).await;
        let names = [(ada, "ada"), (one, "one"), (two, "two"), network];
        assert_eq!(
            seen.told(events, &names),
            [
                "signed_in user_id=ada session_id=two network=here",
                "session_replaced user_id=ada session_id=one network=here"
            ]
        );
    });
}

fn renewing(seen: &mut Seen) {
    let world = on_memory(ROTATING);
    let events = &world.service.ports().events;
    let one = world.log_in(ADA);
    let names = user_and_session(&one);
    let _ = events.take();
    let renew = |token: &str| {
        let renewed = pollster::block_on(world.service.renew_token(token, &client()));
        renewed
            .map(|renewed| renewed.tokens.refresh_token.expose().to_owned())
            .ok()
    };
    let first = one.tokens.refresh_token.expose();
    let second = renew(first).unwrap();
    renew(&second).unwrap();
    world.clock.advance(600);
    assert_eq!(renew(first), None);
    assert_eq!(renew(&second), None);
    assert_eq!(renew("egr_forged"), None);
    let whose = "user_id=ada session_id=one";
    assert_eq!(
        seen.told(events, &names),
        [
            format!("renewed fresh {whose}"),
            format!("renewed fresh {whose}"),
            format!("token_reused! reused {whose}"),
            format!("renewal_refused! ended {whose}"),
        ]
    );
}

fn ending_sessions(seen: &mut Seen) {
    let world = on_memory(&[]);
    let events = &world.service.ports().events;
    let [one, two, three, four] = [ADA; 4].map(|email| world.log_in(email));
    let _ = events.take();
    let names = [
        id(one.user.id, "ada"),
        session(&one, "one"),
        session(&two, "two"),
        session(&three, "three"),
    ];
    pollster::block_on(async {
        let service = &world.service;
        let refresh_token = three.tokens.refresh_token.expose();
        service.log_out(refresh_token).await.unwrap();
        service.log_out(refresh_token).await.unwrap();
        service.log_out("nothing").await.unwrap();
        let access_token = one.tokens.access_token.expose();
        let ended = two.tokens.session;
        service.end_session(access_token, ended).await.unwrap();
        service.end_session(access_token, ended).await.unwrap_err();
        service.end_other_sessions(access_token).await.unwrap();
        assert!(
            service
                .bearer(four.tokens.access_token.expose())
                .await
                .is_err()
        );
    });
    assert_eq!(
        seen.told(events, &names),
        [
            "signed_out user_id=ada session_id=three",
            "session_ended user_id=ada session_id=two",
            "other_sessions_ended user_id=ada session_id=one",
        ]
    );
}

fn revoking(seen: &mut Seen) {
    let world = on_memory(&[]);
    let events = &world.service.ports().events;
    let (one, root) = (world.log_in(ADA), world.log_in(ROOT));
    let names = [
        id(one.user.id, "ada"),
        id(root.user.id, "root"),
        session(&one, "one"),
    ];
    let _ = events.take();
    let (ada, admin) = (one.user.id, root.tokens.access_token.expose());
    let own = one.tokens.access_token.expose();
    pollster::block_on(async {
        let service = &world.service;
        let denied = service.revoke_tokens_as(own, root.user.id).await;
        denied.unwrap_err();
        service.revoke_tokens_as(own, ada).await.unwrap();
        service.revoke_tokens_as(own, ada).await.unwrap_err();
        service.revoke_tokens_as(admin, ada).await.unwrap();
        service.revoke_tokens(ada).await.unwrap();
    });
    assert_eq!(
        seen.told(events, &names),
        [
            "access_denied! user_id=ada session_id=one",
            "sessions_revoked user_id=ada by=ada",
            "sessions_revoked user_id=ada by=root",
            "sessions_revoked user_id=ada",
        ]
    );
}
