use edgegate::domain::session::Verdict;
use edgegate::edge::answer::Answer;
use edgegate::edge::request::Request;
use edgegate::edge::router::route;
use edgegate::ports::SessionStore;

use edgegate::domain::error::{AccessRefusal, Error};
use edgegate::service::manage_users::Amendment;

use crate::fixture::{ADA, ROOT, World, client, log_in, on_both, verdict};

on_both!(a_refresh_token_ends_its_session, &[], world => {
    let one = log_in(&world.service, ADA).await.unwrap();
    let two = log_in(&world.service, ADA).await.unwrap();
    world.service.log_out(one.tokens.refresh_token.expose()).await.unwrap();
    let error = world.service.renew_token(one.tokens.refresh_token.expose(), &client()).await.unwrap_err();
    assert_eq!(verdict(&error), Some(Verdict::Ended));
    assert!(!world.service.is_authorized_by_role(one.tokens.access_token.expose(), &["user"]).await);
    assert!(world.service.is_authorized_by_role(two.tokens.access_token.expose(), &["user"]).await);
    assert!(world.service.renew_token(two.tokens.refresh_token.expose(), &client()).await.is_ok());
});

on_both!(an_access_token_ends_its_session_too, &[], world => {
    let one = log_in(&world.service, ADA).await.unwrap();
    assert!(world.service.log_out(one.tokens.access_token.expose()).await.unwrap().is_some());
    assert!(world.service.renew_token(one.tokens.refresh_token.expose(), &client()).await.is_err());
});

on_both!(a_meaningless_token_is_not_an_error, &[], world => {
    for text in ["", "x", "egr_x", "a.b.c"] {
        assert_eq!(world.service.log_out(text).await, Ok(None));
    }
    let one = log_in(&world.service, ADA).await.unwrap();
    world.clock.advance(90 * 86_400);
    assert_eq!(world.service.log_out(one.tokens.refresh_token.expose()).await, Ok(None));
});

// An access token can expire, or become outdated by a change of roles, while its session continues.
// A log-out with such a token still ends the session.
on_both!(an_expired_or_outdated_access_token_ends_its_session_too, &[("SESSION_TTL", "34560000")], world => {
    let root = log_in(&world.service, ROOT).await.unwrap();
    for expired in [false, true] {
        for outdated in [false, true] {
            let ada = log_in(&world.service, ADA).await.unwrap();
            let access_token = ada.tokens.access_token.expose();
            if outdated {
                let root = log_in(&world.service, ROOT).await.unwrap();
                let roles = Some(vec![format!("role{expired}")]);
                let change = Amendment { roles, ..Amendment::default() };
                world.service.amend_user(root.tokens.access_token.expose(), ada.user.id, change).await.unwrap();
                let refused = world.service.bearer(access_token).await.unwrap_err();
                assert_eq!(refused, Error::Access(AccessRefusal::Outdated));
            }
            if expired {
                world.clock.advance(25 * 86_400);
            }
            assert!(world.service.renew_token(ada.tokens.refresh_token.expose(), &client()).await.is_ok());
            let ended = world.service.log_out(access_token).await.unwrap();
            assert_eq!(ended, Some((ada.user.id, ada.tokens.session)));
            let error = world.service.renew_token(ada.tokens.refresh_token.expose(), &client()).await.unwrap_err();
            assert_eq!(verdict(&error), Some(Verdict::Ended), "expired {expired}, outdated {outdated}");
        }
    }
    // By now every session that this token could belong to has expired, so no session ends.
    world.clock.advance(400 * 86_400);
    assert_eq!(world.service.log_out(root.tokens.access_token.expose()).await, Ok(None));
});

// If a token was altered, its signature is wrong, so it ends no session.
on_both!(a_forged_access_token_ends_nothing, &[], world => {
    let ada = log_in(&world.service, ADA).await.unwrap();
    let genuine = ada.tokens.access_token.expose();
    let parts: Vec<&str> = genuine.split('.').collect();
    let other = log_in(&world.service, ROOT).await.unwrap();
    let others: Vec<&str> = other.tokens.access_token.expose().split('.').collect();
    for forged in [
        format!("{}.{}.{}", parts[0], parts[1], others[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}", parts[0], parts[1]),
        format!("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{}.", parts[1]),
        format!("{genuine}A"),
    ] {
        assert_eq!(world.service.log_out(&forged).await, Ok(None), "{forged}");
    }
    assert!(world.service.bearer(genuine).await.is_ok());
    assert!(world.service.renew_token(ada.tokens.refresh_token.expose(), &client()).await.is_ok());
});

/// Sends `POST /auth/revoke` as a page does, with this refresh token in the cookie.
async fn revoke<S: SessionStore>(world: &World<S>, cookie: &str, body: &str) -> Answer {
    // The cookie has this name over plain HTTP, which the fixture uses.
    let cookie = format!("edgegate-8787={cookie}");
    let request = Request {
        method: "POST",
        path: "/auth/revoke",
        content_type: Some("application/json"),
        cookie: Some(&cookie),
        from_allowed_origin: true,
        client: client(),
        body: body.as_bytes().to_vec(),
        ..Request::default()
    };
    route(&world.service, &request).await
}

fn sets_cookie(answer: &Answer) -> bool {
    answer.headers.iter().any(|(name, _)| *name == "Set-Cookie")
}

on_both!(a_log_out_for_another_session_than_the_cookies_leaves_both_alone, &[], world => {
    let one = log_in(&world.service, ADA).await.unwrap();
    let two = log_in(&world.service, ADA).await.unwrap();
    let cookie = two.tokens.refresh_token.expose();
    let of = |session| format!(r#"{{"session_id":"{session}"}}"#);

    let refused = revoke(&world, cookie, &of(one.tokens.session)).await;
    assert_eq!(refused.status, 400);
    assert!(refused.body.as_ref().unwrap().contains(r#""error":"invalid_grant""#));
    assert!(!sets_cookie(&refused), "the later login keeps its cookie");
    for tokens in [&one.tokens, &two.tokens] {
        assert!(world.service.is_authorized_by_role(tokens.access_token.expose(), &["user"]).await);
    }

    let done = revoke(&world, cookie, &of(two.tokens.session)).await;
    assert_eq!(done.status, 200);
    assert!(sets_cookie(&done));
    assert!(!world.service.is_authorized_by_role(two.tokens.access_token.expose(), &["user"]).await);
});

on_both!(a_log_out_for_a_session_clears_a_cookie_that_names_none, &[], world => {
    let one = log_in(&world.service, ADA).await.unwrap();
    let body = format!(r#"{{"session_id":"{}"}}"#, one.tokens.session);
    for cookie in ["", "x", "egr_forged"] {
        let answer = revoke(&world, cookie, &body).await;
        assert_eq!((answer.status, sets_cookie(&answer)), (200, true), "{cookie}");
    }
    assert!(world.service.is_authorized_by_role(one.tokens.access_token.expose(), &["user"]).await);
});

on_both!(an_invalid_session_id_is_rejected, &[], world => {
    let one = log_in(&world.service, ADA).await.unwrap();
    let cookie = one.tokens.refresh_token.expose();
    for body in [
        r#"{"session_id":""}"#,
        r#"{"session_id":"1"}"#,
        r#"{"session_id":null}"#,
        r#"{"session_id":7}"#,
    ] {
        let answer = revoke(&world, cookie, body).await;
        assert_eq!((answer.status, sets_cookie(&answer)), (400, false), "{body}");
        assert!(answer.body.unwrap().contains("invalid_request"), "{body}");
    }
    // A token in the body says which session ends. So a `session_id` beside it is rejected, and no
    // session ends.
    let request = Request {
        method: "POST",
        path: "/auth/revoke",
        content_type: Some("application/json"),
        body: format!(r#"{{"token":"{cookie}","session_id":"{}"}}"#, one.tokens.session).into_bytes(),
        ..Request::default()
    };
    assert_eq!(route(&world.service, &request).await.status, 400);
    assert!(world.service.is_authorized_by_role(one.tokens.access_token.expose(), &["user"]).await);
});
