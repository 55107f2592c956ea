use edgegate::domain::session::Verdict;

use edgegate::domain::error::{AccessRefusal, Error};
use edgegate::service::manage_users::Amendment;

use crate::fixture::{ADA, ROOT, client, log_in, on_both, verdict};

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

on_both!(a_token_that_means_nothing_is_no_error, &[], world => {
    for text in ["", "x", "egr_x", "a.b.c"] {
        assert_eq!(world.service.log_out(text).await, Ok(None));
    }
    let one = log_in(&world.service, ADA).await.unwrap();
    world.clock.advance(90 * 86_400);
    assert_eq!(world.service.log_out(one.tokens.refresh_token.expose()).await, Ok(None));
});

// The session goes on after an access token has expired, and after roles were changed: whoever logs out then means it.
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
    // When no session that it names can go on, it names none.
    world.clock.advance(400 * 86_400);
    assert_eq!(world.service.log_out(root.tokens.access_token.expose()).await, Ok(None));
});

// The signature is what counts: a changed token ends nothing.
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
