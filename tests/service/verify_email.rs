use edgegate::domain::account::{Edit, Name, UserChange};
use edgegate::domain::error::{Error, LinkRefusal};
use edgegate::domain::mail::Locale;
use edgegate::ports::{SessionStore, UserDirectory};
use edgegate::service::{NewAccount, Registered, SignedIn};

use crate::fixture::{ADA, NEW_PASSWORD, PASSWORD, World, client, on_both, on_memory, ticket};

const GRACE: &str = "grace@example.com";
const OPEN: &[(&str, &str)] = &[("REGISTRATION", "open")];

async fn register<S: SessionStore>(
    world: &World<S>,
    email: &str,
    password: Option<&str>,
) -> Registered {
    let account = NewAccount {
        email,
        password,
        first_name: Some("Grace"),
        last_name: None,
    };
    world
        .service
        .register(account, &client(), Locale::English)
        .await
        .unwrap()
}

async fn register_open<S: SessionStore>(world: &World<S>) -> (SignedIn, String) {
    let Registered::SignedIn(signed_in) = register(world, GRACE, Some(PASSWORD)).await else {
        panic!("not signed in");
    };
    let mails = world.deliver_all().await;
    assert_eq!(mails.len(), 1);
    (*signed_in, ticket(&mails[0]))
}

async fn verify<S: SessionStore>(
    world: &World<S>,
    link: &str,
    password: &str,
) -> Result<(), Error> {
    world
        .service
        .verify_email(link, password, &client(), Locale::English)
        .await
        .map(drop)
}

const SPENT: Result<(), Error> = Err(Error::Link(LinkRefusal::Spent));

on_both!(the_link_of_a_registration_makes_the_account_once, &[], world => {
    register(&world, GRACE, None).await;
    let mails = world.deliver_all().await;
    assert_eq!(mails[0].to.as_given(), GRACE);
    assert!(!mails[0].text.contains("Grace"), "nothing that the requester typed");
    let link = ticket(&mails[0]);
    assert!(!world.can_log_in(GRACE, NEW_PASSWORD).await);
    assert!(matches!(verify(&world, &link, "short").await, Err(Error::WeakPassword(_))));
    assert_eq!(verify(&world, &link, NEW_PASSWORD).await, Ok(()));
    assert_eq!(verify(&world, &link, PASSWORD).await, SPENT);
    assert!(world.can_log_in(GRACE, NEW_PASSWORD).await);
    let users = &world.service.ports().users;
    let email = edgegate::domain::account::EmailAddress::parse(GRACE).unwrap();
    let user = users.find_by_email(&email).await.unwrap().unwrap();
    assert!(user.email_verified_at.is_some());
    assert_eq!(user.first_name.unwrap().as_str(), "Grace");
});

#[test]
fn two_finish_a_registration_at_once() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        register(&world, GRACE, None).await;
        let link = ticket(&world.deliver_all().await[0]);
        let (one, two) = futures_util::future::join(
            verify(&world, &link, NEW_PASSWORD),
            verify(&world, &link, NEW_PASSWORD),
        )
        .await;
        assert!(one.is_ok() != two.is_ok());
    });
}

#[test]
fn the_owner_of_a_taken_address_gets_a_mail() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        register(&world, "ADA@example.com", None).await;
        let mails = world.deliver_all().await;
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].to.as_given(), ADA, "at the stored address");
        // The address has an account already, so the mail has a link that sets a new password. That
        // link can't be used to create another account.
        let link = ticket(&mails[0]);
        assert!(
            mails[0].text.contains("/reset-password#"),
            "{}",
            mails[0].text
        );
        let verified = verify(&world, &link, NEW_PASSWORD).await;
        assert_eq!(verified, Err(Error::Link(LinkRefusal::Ticket)));
        let locale = Locale::English;
        let reset = world
            .service
            .confirm_reset(&link, NEW_PASSWORD, &client(), locale)
            .await;
        assert!(reset.is_ok(), "{reset:?}");
    });
}

on_both!(the_account_s_own_password_verifies_without_ending_sessions, OPEN, world => {
    let (signed_in, link) = register_open(&world).await;
    assert_eq!(verify(&world, &link, PASSWORD).await, Ok(()));
    assert_eq!(verify(&world, &link, PASSWORD).await, SPENT);
    let renewed = world.service.renew_token(signed_in.tokens.refresh_token.expose(), &client()).await.unwrap();
    assert!(world.service.is_authorized_by_email(renewed.tokens.access_token.expose(), GRACE).await);
});

on_both!(another_password_gives_a_stranger_s_account_to_the_address_s_owner, OPEN, world => {
    let (stranger, link) = register_open(&world).await;
    assert!(matches!(verify(&world, &link, "short").await, Err(Error::WeakPassword(_))));
    assert_eq!(verify(&world, &link, NEW_PASSWORD).await, Ok(()));
    assert!(!world.can_log_in(GRACE, PASSWORD).await);
    assert!(world.can_log_in(GRACE, NEW_PASSWORD).await);
    assert!(world.service.renew_token(stranger.tokens.refresh_token.expose(), &client()).await.is_err());
    assert_eq!(world.deliver_all().await.len(), 1, "a notice of the new password");
});

#[test]
fn a_stranger_s_changes_do_not_invalidate_the_owner_s_link() {
    let world = on_memory(OPEN);
    pollster::block_on(async {
        let (stranger, link) = register_open(&world).await;
        let access_token = stranger.tokens.access_token.expose();
        world
            .service
            .change_password(
                access_token,
                PASSWORD,
                "a stranger's other one",
                &client(),
                Locale::English,
            )
            .await
            .unwrap();
        assert_eq!(verify(&world, &link, NEW_PASSWORD).await, Ok(()));
    });
}

#[test]
fn a_change_of_names_does_not_invalidate_the_link() {
    let world = on_memory(OPEN);
    pollster::block_on(async {
        let (signed_in, link) = register_open(&world).await;
        // A change of the name raises the version, but the link stays valid.
        let change = UserChange {
            first_name: Edit::Set(Name::parse("Ada").unwrap()),
            ..UserChange::default()
        };
        let users = &world.service.ports().users;
        users
            .update(signed_in.user.id, None, None, &change, 0)
            .await
            .unwrap();
        assert_eq!(verify(&world, &link, PASSWORD).await, Ok(()));
    });
}

#[test]
fn resending() {
    for (registration, unknown, unverified) in
        [("open", 0, 1), ("verified", 1, 1), ("closed", 0, 1)]
    {
        let world = on_memory(&[("REGISTRATION", registration), ("LIMITS", "off")]);
        pollster::block_on(async {
            let resend = async |email: &str| {
                let service = &world.service;
                service
                    .resend_verification(email, &client(), Locale::English)
                    .await
                    .unwrap();
                world.deliver_all().await.len()
            };
            assert_eq!(
                resend("nobody@example.com").await,
                unknown,
                "{registration}"
            );
            assert_eq!(resend(ADA).await, 0, "verified already");
            let change = UserChange {
                email: edgegate::domain::account::EmailAddress::parse(GRACE).ok(),
                ..UserChange::default()
            };
            let ada = world.log_in(ADA).user;
            let users = &world.service.ports().users;
            let mut user = users
                .update(ada.id, None, None, &change, 0)
                .await
                .unwrap()
                .unwrap();
            user.email_verified_at = None;
            world.remove(&user).await;
            users.insert(&user, None).await.unwrap();
            assert_eq!(resend(GRACE).await, unverified, "{registration}");
        });
    }
}

#[test]
fn a_registration_that_was_closed_meanwhile_creates_no_account() {
    let before = on_memory(&[]);
    let after = on_memory(&[("REGISTRATION", "closed")]);
    pollster::block_on(async {
        register(&before, GRACE, None).await;
        let link = ticket(&before.deliver_all().await[0]);
        let refused = verify(&after, &link, NEW_PASSWORD).await;
        assert_eq!(refused, Err(Error::Link(LinkRefusal::RegistrationClosed)));
        assert!(!after.can_log_in(GRACE, NEW_PASSWORD).await);
    });
}
