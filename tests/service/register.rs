use edgegate::domain::error::{Code, Error};
use edgegate::domain::mail::{Locale, Task};
use edgegate::ports::{Clock, SessionStore};
use edgegate::service::{NewAccount, Registered, SignedIn};

use crate::fixture::{ADA, World, client, on_both};

const OPEN: &[(&str, &str)] = &[("REGISTRATION", "open")];

fn new(email: &str) -> NewAccount<'_> {
    NewAccount {
        email,
        password: Some("a long enough passphrase"),
        first_name: Some("Grace"),
        last_name: None,
    }
}

async fn register<S: SessionStore>(
    world: &World<S>,
    account: NewAccount<'_>,
) -> Result<Registered, Error> {
    world
        .service
        .register(account, &client(), Locale::English)
        .await
}

fn signed_in(registered: Registered) -> SignedIn {
    match registered {
        Registered::SignedIn(signed_in) => *signed_in,
        Registered::Asked => panic!("nobody is signed in"),
    }
}

on_both!(registering_creates_an_account_and_signs_in, OPEN, world => {
    let signed_in = signed_in(register(&world, new("Grace@Example.com")).await.unwrap());
    assert_eq!(signed_in.user.email.as_given(), "Grace@Example.com");
    assert_eq!(signed_in.user.roles.to_vec(), ["user"]);
    assert!(signed_in.user.email_verified_at.is_none());
    let now = world.clock.now_ms() / 1000;
    assert_eq!((signed_in.user.created_at, signed_in.user.updated_at), (now, now));
    let me = world.service.me(signed_in.tokens.access_token.expose()).await.unwrap();
    assert_eq!(me.id, signed_in.user.id);
    let jobs = world.service.ports().mail_queue.take();
    assert!(matches!(jobs[0].task, Task::Verification { .. }), "{jobs:?}");
});

on_both!(an_address_has_one_account, OPEN, world => {
    for email in [ADA, "ADA@EXAMPLE.COM", "Ada@example.com"] {
        let error = register(&world, new(email)).await.unwrap_err();
        assert_eq!(error, Error::EmailTaken);
    }
    assert!(world.service.ports().mail_queue.take().is_empty(), "a stranger's attempt sends no mail");
});

on_both!(what_is_wrong_is_said, OPEN, world => {
    for (account, code) in [
        (new("not an address"), Code::InvalidField),
        (NewAccount { password: None, ..new("g@example.com") }, Code::InvalidField),
        (NewAccount { password: Some("short"), ..new("g@example.com") }, Code::WeakPassword),
        (NewAccount { password: Some("grace@example.com"), ..new("grace@example.com") }, Code::WeakPassword),
        (NewAccount { first_name: Some(""), ..new("g@example.com") }, Code::InvalidField),
        (NewAccount { last_name: Some("a\nb"), ..new("g@example.com") }, Code::InvalidField),
    ] {
        let error = register(&world, account).await.unwrap_err();
        assert_eq!(error.code(), code);
    }
    assert!(register(&world, new("g@example.com")).await.is_ok());
});

on_both!(a_closed_registration_rejects_everybody, &[("REGISTRATION", "closed")], world => {
    let error = register(&world, new("g@example.com")).await.unwrap_err();
    assert_eq!(error, Error::RegistrationClosed);
});

on_both!(a_verified_registration_stores_nothing_and_accepts_no_password, &[], world => {
    let account = NewAccount { password: None, ..new("g@example.com") };
    assert!(matches!(register(&world, account).await.unwrap(), Registered::Asked));
    let taken = NewAccount { password: None, ..new(ADA) };
    assert!(matches!(register(&world, taken).await.unwrap(), Registered::Asked), "a taken address shows nothing");
    assert_eq!(world.service.ports().mail_queue.take().len(), 2);
    let error = register(&world, new("g@example.com")).await.unwrap_err();
    assert_eq!(error.code(), Code::InvalidField);
    assert!(world.service.ports().mail_queue.take().is_empty());
});
