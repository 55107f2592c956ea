use edgegate::domain::session::Verdict;

use crate::fixture::{ADA, client, log_in, on_both, verdict};

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
