//! Counts how often use cases read and write the key-value store. A write costs money, so a request
//! with a forged token must not cause a write.

use edgegate::adapters::memory::KeyValueCounts;
use edgegate::domain::policy::{ACCESS_TOKEN_TTL, HOUR, STALE_TTL};
use edgegate::service::manage_users::Amendment;

use crate::fixture::{ADA, ROOT, client, on_kv, other_client};

#[test]
fn writes_and_reads_are_counted() {
    let world = on_kv(&[]);
    let _ = world.kv.take_counts();
    let service = &world.service;
    let counts = |reads, writes| KeyValueCounts { reads, writes };

    let login = world.log_in(ADA).tokens;
    assert_eq!(world.kv.take_counts(), counts(0, 1), "a login");

    let access_token = login.access_token.expose();
    assert!(pollster::block_on(
        service.is_authorized_by_role(access_token, &["user"])
    ));
    assert_eq!(world.kv.take_counts(), counts(1, 0), "a check");
    assert!(pollster::block_on(
        service.is_authorized_by_role(access_token, &["user"])
    ));
    assert_eq!(
        world.kv.take_counts(),
        counts(0, 0),
        "a check from the isolate's memory"
    );

    let renew = |token: &str| pollster::block_on(service.renew_token(token, &client()));
    renew(login.refresh_token.expose()).unwrap();
    assert_eq!(world.kv.take_counts(), counts(1, 0), "kept");

    world.clock.advance(90);
    let second = renew(login.refresh_token.expose()).unwrap().tokens;
    assert_eq!(world.kv.take_counts(), counts(1, 1), "fresh");
    renew(login.refresh_token.expose()).unwrap();
    assert_eq!(world.kv.take_counts(), counts(1, 0), "repeated");

    let mut forged = second.refresh_token.expose().to_owned();
    forged.replace_range(20..21, if &forged[20..21] == "A" { "B" } else { "A" });
    renew(&forged).unwrap_err();
    renew("egr_nothing").unwrap_err();
    renew(access_token).unwrap_err();
    assert_eq!(world.kv.take_counts(), counts(0, 0), "forged");

    pollster::block_on(service.log_out(second.refresh_token.expose())).unwrap();
    // One write ends the session. The other write ends the single sign-on to which the session
    // belongs.
    assert_eq!(world.kv.take_counts().writes, 2, "a log-out");
    pollster::block_on(service.log_out(second.refresh_token.expose())).unwrap();
    assert_eq!(world.kv.take_counts(), counts(0, 0), "a second log-out");
}

/// The single sign-on ends with the session if its token was reused, and if its owner ends it. A
/// renewal after the grace period, by another client, is a reuse.
#[test]
fn a_reuse_and_an_end_by_the_owner_write_twice() {
    let world = on_kv(&[]);
    let service = &world.service;
    let stolen = world.log_in(ADA).tokens.refresh_token;
    world.clock.advance(90);
    pollster::block_on(service.renew_token(stolen.expose(), &client())).unwrap();
    world.clock.advance(90);
    let _ = world.kv.take_counts();
    pollster::block_on(service.renew_token(stolen.expose(), &other_client())).unwrap_err();
    assert_eq!(world.kv.take_counts().writes, 2, "a reuse");

    let other = world.log_in(ADA).tokens.session;
    let owner = world.log_in(ADA).tokens.access_token;
    let _ = world.kv.take_counts();
    pollster::block_on(service.end_session(owner.expose(), other)).unwrap();
    assert_eq!(world.kv.take_counts().writes, 2, "an end by the owner");
}

/// If the last write of a change failed, a retry completes the change. A retry does so as long as
/// it is possible that a token from before the change is still valid.
#[test]
fn a_failed_change_is_finished_until_all_tokens_from_before_it_have_expired() {
    for (age, writes) in [(STALE_TTL - 1, 1), (STALE_TTL, 0)] {
        let world = on_kv(&[]);
        let ada = world.log_in(ADA).user.id;
        let change = |refused| {
            let change = Amendment {
                roles: Some(vec!["user".to_owned(), "editor".to_owned()]),
                ..Amendment::default()
            };
            let root = world.log_in(ROOT).tokens.access_token;
            let _ = world.kv.take_counts();
            world.kv.refuse_writes(refused);
            pollster::block_on(world.service.amend_user(root.expose(), ada, change))
        };
        change(u32::MAX).unwrap_err();
        world.clock.advance(age);
        world.kv.refuse_writes(0);
        change(0).unwrap();
        assert_eq!(world.kv.take_counts().writes, writes, "after {age} s");
    }
}

#[test]
fn the_records_are_those_of_the_documentation() {
    let world = on_kv(&[("ROTATE_AFTER", "0")]);
    let login = world.log_in(ADA);
    let (user, session) = (login.user.id, login.tokens.session);
    let record = || world.kv.value(&format!("session:{user}:{session}"));
    assert_eq!(record().unwrap(), r#"{"used":null,"at":null,"by":null}"#);
    let renewed = pollster::block_on(
        world
            .service
            .renew_token(login.tokens.refresh_token.expose(), &client()),
    )
    .unwrap();
    let text = record().unwrap();
    assert!(
        text.starts_with(r#"{"used":0,"at":1767225600,"by":""#),
        "{text}"
    );
    let secret = renewed.tokens.refresh_token.expose();
    assert!(!text.contains(&secret[4..20]));
    pollster::block_on(world.service.log_out(secret)).unwrap();
    assert_eq!(
        world.kv.value(&format!("ended:{user}:{session}")).unwrap(),
        r#"{"reason":"logged_out","at":1767225600}"#
    );
    // The user has signed in only once. So the single sign-on has the same id as the session.
    assert_eq!(
        world
            .kv
            .value(&format!("signed_off:{user}:{session}"))
            .unwrap(),
        r#"{"reason":"logged_out","at":1767225600}"#
    );
    pollster::block_on(world.service.revoke_tokens(user)).unwrap();
    assert_eq!(world.kv.value(&format!("stale:{user}")).unwrap(), "1");
}

/// `AuthClient` renews a minute before the access token expires. By then the refresh token is older
/// than `ROTATE_AFTER`, so each renewal replaces it.
#[test]
fn at_the_pace_of_the_client_every_renewal_writes_once() {
    let pace = ACCESS_TOKEN_TTL - 60;
    assert_eq!(pace, 540);
    let world = on_kv(&[]);
    let mut token = world.log_in(ADA).tokens.refresh_token;
    let _ = world.kv.take_counts();
    for _ in 0..5 {
        world.clock.advance(pace);
        let renewed = pollster::block_on(world.service.renew_token(token.expose(), &client()));
        token = renewed.unwrap().tokens.refresh_token;
        assert_eq!(world.kv.take_counts().writes, 1);
    }
    // The documents say for how many users 1,000 writes a day are enough. They assume that each
    // user logs in, renews for eight hours and logs out.
    let writes = 1 + 8 * HOUR / pace + 2;
    assert_eq!(writes, 56);
    let users = 1000 / writes;
    for file in ["docs/limits.md", "docs/operations.md"] {
        let text = std::fs::read_to_string(file).unwrap();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            text.contains(&format!("{users} users who are active for eight hours")),
            "{file}"
        );
    }
}
