use edgegate::domain::account::UserId;
use edgegate::domain::error::{AccessRefusal, Error};
use edgegate::domain::session::Verdict;

use crate::fixture::{ADA, ROOT, client, log_in, on_both, verdict};

on_both!(every_session_ends_at_once, &[], world => {
    let one = log_in(&world.service, ADA).await.unwrap();
    let two = log_in(&world.service, ADA).await.unwrap();
    let root = log_in(&world.service, ROOT).await.unwrap();
    world.service.revoke_tokens_as(one.tokens.access_token.expose(), one.user.id).await.unwrap();
    for signed_in in [&one, &two] {
        let error = world.service.renew_token(signed_in.tokens.refresh_token.expose(), &client()).await.unwrap_err();
        assert_eq!(verdict(&error), Some(Verdict::OtherEpoch));
        let error = world.service.me(signed_in.tokens.access_token.expose()).await.unwrap_err();
        assert_eq!(error, Error::Access(AccessRefusal::Outdated));
        assert!(!world.service.is_authorized_by_role(signed_in.tokens.access_token.expose(), &["user"]).await);
    }
    assert!(world.service.is_authorized_by_role(root.tokens.access_token.expose(), &["admin"]).await);
    let again = log_in(&world.service, ADA).await.unwrap();
    assert!(world.service.is_authorized_by_role(again.tokens.access_token.expose(), &["user"]).await);
    assert!(world.service.renew_token(again.tokens.refresh_token.expose(), &client()).await.is_ok());
});

on_both!(only_the_user_or_an_administrator_may, &[], world => {
    let ada = log_in(&world.service, ADA).await.unwrap();
    let root = log_in(&world.service, ROOT).await.unwrap();
    let error = world.service.revoke_tokens_as(ada.tokens.access_token.expose(), root.user.id).await.unwrap_err();
    assert_eq!(error, Error::Forbidden);
    assert!(world.service.is_authorized_by_role(root.tokens.access_token.expose(), &["admin"]).await);
    world.service.revoke_tokens_as(root.tokens.access_token.expose(), ada.user.id).await.unwrap();
    assert!(!world.service.is_authorized_by_role(ada.tokens.access_token.expose(), &["user"]).await);
    let nobody = UserId::new(1, &[9; 10]);
    let error = world.service.revoke_tokens_as(root.tokens.access_token.expose(), nobody).await.unwrap_err();
    assert_eq!(error, Error::UnknownUser);
});
