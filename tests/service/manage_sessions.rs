use edgegate::domain::error::{Code, Error};
use edgegate::domain::policy::SESSIONS_PER_USER;
use edgegate::domain::session::SessionId;
use edgegate::ports::Clock;

use crate::fixture::{ADA, ROOT, client, log_in, on_both, on_memory};

on_both!(sessions_are_listed_newest_first, &[], world => {
    let first = log_in(&world.service, ADA).await.unwrap();
    world.clock.advance(60);
    let second = log_in(&world.service, ADA).await.unwrap();
    log_in(&world.service, ROOT).await.unwrap();
    let listed = world.service.list_sessions(first.tokens.access_token.expose()).await.unwrap();
    let seen: Vec<_> = listed.iter().map(|own| (own.session.id, own.current)).collect();
    assert_eq!(seen, [(second.tokens.session, false), (first.tokens.session, true)]);
    let newest = &listed[0];
    assert_eq!(newest.session.last_used_at, world.clock.now_ms() / 1000);
    assert_eq!(newest.session.user_agent, "test/1");
    assert_eq!(newest.session.network, "203.0.113.0");
    assert_eq!(newest.device.browser, None);
});

on_both!(one_session_is_ended_and_the_others_continue, &[], world => {
    let [one, two, three] = [
        log_in(&world.service, ADA).await.unwrap().tokens,
        log_in(&world.service, ADA).await.unwrap().tokens,
        log_in(&world.service, ADA).await.unwrap().tokens,
    ];
    let mine = one.access_token.expose();
    world.service.end_session(mine, two.session).await.unwrap();
    let repeat = world.service.end_session(mine, two.session).await;
    assert_eq!(repeat.unwrap_err(), Error::UnknownSession);
    assert!(world.service.renew_token(two.refresh_token.expose(), &client()).await.is_err());
    assert!(!world.service.is_authorized_by_role(two.access_token.expose(), &["user"]).await);
    for going_on in [&one, &three] {
        assert!(world.service.renew_token(going_on.refresh_token.expose(), &client()).await.is_ok());
        assert!(world.service.is_authorized_by_role(going_on.access_token.expose(), &["user"]).await);
    }
    // A user may end the current session too.
    world.service.end_session(mine, one.session).await.unwrap();
    assert_eq!(world.service.me(mine).await.unwrap_err().code(), Code::InvalidToken);
});

on_both!(all_others_are_ended, &[], world => {
    let one = log_in(&world.service, ADA).await.unwrap().tokens;
    let two = log_in(&world.service, ADA).await.unwrap().tokens;
    let root = log_in(&world.service, ROOT).await.unwrap().tokens;
    let mine = one.access_token.expose();
    world.service.end_other_sessions(mine).await.unwrap();
    assert_eq!(world.service.list_sessions(mine).await.unwrap().len(), 1);
    assert!(world.service.renew_token(two.refresh_token.expose(), &client()).await.is_err());
    assert!(world.service.renew_token(one.refresh_token.expose(), &client()).await.is_ok());
    assert!(world.service.renew_token(root.refresh_token.expose(), &client()).await.is_ok());
});

on_both!(a_session_of_another_user_is_not_found, &[], world => {
    let ada = log_in(&world.service, ADA).await.unwrap().tokens;
    let root = log_in(&world.service, ROOT).await.unwrap().tokens;
    let mine = ada.access_token.expose();
    let unknown = SessionId::new(world.clock.now_ms() - 3_600_000, &[7; 10]);
    for session in [root.session, unknown] {
        let error = world.service.end_session(mine, session).await.unwrap_err();
        assert_eq!(error, Error::UnknownSession);
    }
    assert!(world.service.renew_token(root.refresh_token.expose(), &client()).await.is_ok());
});

on_both!(sessions_from_before_a_revoke_all_are_not_listed, &[], world => {
    let before = log_in(&world.service, ADA).await.unwrap();
    world.service.revoke_tokens(before.user.id).await.unwrap();
    let after = log_in(&world.service, ADA).await.unwrap().tokens;
    let listed = world.service.list_sessions(after.access_token.expose()).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].session.id, after.session);
    let error = world.service.list_sessions(before.tokens.access_token.expose()).await.unwrap_err();
    assert_eq!(error.code(), Code::InvalidToken);
});

/// Hashing so many passwords takes a while, so this test runs only once, with the in-memory store.
#[test]
fn the_limit_is_the_policys() {
    let world = on_memory(&[]);
    let first = world.log_in(ADA).tokens;
    for _ in 1..SESSIONS_PER_USER {
        world.clock.advance(1);
        world.log_in(ADA);
    }
    let renew = || {
        pollster::block_on(
            world
                .service
                .renew_token(first.refresh_token.expose(), &client()),
        )
    };
    assert!(renew().is_ok());
    world.clock.advance(1);
    world.log_in(ADA);
    assert_eq!(renew().unwrap_err().code(), Code::InvalidGrant);
}
