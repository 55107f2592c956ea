use edgegate::domain::error::{Code, Error};
use edgegate::service::NewUser;

use crate::fixture::{ADA, client, on_both};

fn new(email: &str) -> NewUser<'_> {
    NewUser {
        email,
        password: "a long enough passphrase",
        first_name: Some("Grace"),
        last_name: None,
    }
}

on_both!(an_account_and_its_tokens, &[], world => {
    let signed_in = world.service.register(new("Grace@Example.com"), &client()).await.unwrap();
    assert_eq!(signed_in.user.email.as_given(), "Grace@Example.com");
    assert_eq!(signed_in.user.roles.to_vec(), ["user"]);
    assert!(signed_in.user.email_verified_at.is_none());
    let me = world.service.me(signed_in.tokens.access_token.expose()).await.unwrap();
    assert_eq!(me.id, signed_in.user.id);
});

on_both!(an_address_has_one_account, &[], world => {
    for email in [ADA, "ADA@EXAMPLE.COM", "Ada@example.com"] {
        let error = world.service.register(new(email), &client()).await.unwrap_err();
        assert_eq!(error, Error::EmailTaken);
    }
});

on_both!(what_is_wrong_is_said, &[], world => {
    for (user, code) in [
        (new("not an address"), Code::InvalidField),
        (NewUser { password: "short", ..new("g@example.com") }, Code::WeakPassword),
        (NewUser { password: "grace@example.com", ..new("grace@example.com") }, Code::WeakPassword),
        (NewUser { first_name: Some(""), ..new("g@example.com") }, Code::InvalidField),
        (NewUser { last_name: Some("a\nb"), ..new("g@example.com") }, Code::InvalidField),
    ] {
        let error = world.service.register(user, &client()).await.unwrap_err();
        assert_eq!(error.code(), code);
    }
    assert!(world.service.register(new("g@example.com"), &client()).await.is_ok());
});

on_both!(closed_is_closed, &[("REGISTRATION", "closed")], world => {
    let error = world.service.register(new("g@example.com"), &client()).await.unwrap_err();
    assert_eq!(error, Error::RegistrationClosed);
});
