use edgegate::domain::error::Code;
use edgegate::domain::mail::Locale;
use edgegate::service::{Criteria, NewAccount, Registered};

use crate::fixture::{ADA, ROOT, client, log_in, on_both};

on_both!(by_role, &[], world => {
    let ada = log_in(&world.service, ADA).await.unwrap();
    let root = log_in(&world.service, ROOT).await.unwrap();
    let (ada, root) = (ada.tokens.access_token.expose(), root.tokens.access_token.expose());
    assert!(world.service.is_authorized_by_role(ada, &["user"]).await);
    assert!(world.service.is_authorized_by_role(ada, &["admin", "user"]).await);
    assert!(!world.service.is_authorized_by_role(ada, &["admin"]).await);
    assert!(!world.service.is_authorized_by_role(ada, &["User"]).await);
    assert!(!world.service.is_authorized_by_role(ada, &[]).await);
    assert!(world.service.is_authorized_by_role(root, &["admin"]).await);
    for token in ["", "x.y.z", &ada[1..]] {
        assert!(!world.service.is_authorized_by_role(token, &["user"]).await);
    }
});

on_both!(by_user_id, &[], world => {
    let ada = log_in(&world.service, ADA).await.unwrap();
    let root = log_in(&world.service, ROOT).await.unwrap();
    let token = ada.tokens.access_token.expose();
    assert!(world.service.is_authorized_by_user_id(token, &ada.user.id.to_string()).await);
    assert!(!world.service.is_authorized_by_user_id(token, &root.user.id.to_string()).await);
    assert!(!world.service.is_authorized_by_user_id(token, "").await);
});

on_both!(by_verified_email, &[("REGISTRATION", "open")], world => {
    let ada = log_in(&world.service, ADA).await.unwrap();
    let token = ada.tokens.access_token.expose();
    assert!(world.service.is_authorized_by_email(token, ADA).await);
    assert!(world.service.is_authorized_by_email(token, "ADA@Example.COM").await);
    assert!(!world.service.is_authorized_by_email(token, ROOT).await);
    assert!(!world.service.is_authorized_by_email(token, "").await);

    let new = NewAccount { email: "new@example.com", password: Some("a long enough passphrase"), first_name: None, last_name: None };
    let registered = world.service.register(new, &client(), Locale::English).await.unwrap();
    let Registered::SignedIn(new) = registered else { panic!("not signed in") };
    assert!(!world.service.is_authorized_by_email(new.tokens.access_token.expose(), "new@example.com").await);
});

on_both!(all_criteria_must_hold, &[], world => {
    let ada = log_in(&world.service, ADA).await.unwrap();
    let token = ada.tokens.access_token.expose();
    let mut criteria = Criteria {
        roles: Some(vec!["user".to_owned()]),
        user_id: Some(ada.user.id.to_string()),
        email: Some(ADA.to_owned()),
    };
    assert_eq!(world.service.is_authorized(token, &criteria).await, Ok(true));
    criteria.email = Some(ROOT.to_owned());
    assert_eq!(world.service.is_authorized(token, &criteria).await, Ok(false));
    assert_eq!(world.service.is_authorized(token, &Criteria::default()).await, Ok(false));
});

on_both!(a_token_is_valid_until_it_expires, &[], world => {
    let ada = log_in(&world.service, ADA).await.unwrap();
    let token = ada.tokens.access_token.expose();
    world.clock.advance(599);
    assert!(world.service.is_authorized_by_role(token, &["user"]).await);
    world.clock.advance(1);
    let criteria = Criteria { roles: Some(vec!["user".to_owned()]), ..Criteria::default() };
    let error = world.service.is_authorized(token, &criteria).await.unwrap_err();
    assert_eq!(error.code(), Code::InvalidToken);
});
