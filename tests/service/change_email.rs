use edgegate::domain::error::{Code, Error, LinkRefusal};
use edgegate::domain::mail::{Locale, Message};
use edgegate::ports::SessionStore;

use crate::fixture::{
    ADA, NEW_PASSWORD, PASSWORD, ROOT, World, client, log_in, on_both, on_memory, ticket,
};

const NEW: &str = "Ada.Lovelace@example.com";

async fn ask<S: SessionStore>(
    world: &World<S>,
    token: &str,
    email: &str,
    password: &str,
) -> Result<Vec<Message>, Error> {
    world
        .service
        .change_email(token, email, password, &client(), Locale::English)
        .await?;
    Ok(world.deliver_all().await)
}

async fn confirm<S: SessionStore>(world: &World<S>, link: &str) -> Result<(), Error> {
    let (client, locale) = (client(), Locale::English);
    world
        .service
        .confirm_email(link, &client, locale)
        .await
        .map(drop)
}

on_both!(a_new_address_is_confirmed_there_and_reported_to_the_old_one, &[], world => {
    let signed_in = log_in(&world.service, ADA).await.unwrap();
    let access_token = signed_in.tokens.access_token.expose();
    let mails = ask(&world, access_token, NEW, PASSWORD).await.unwrap();
    let to: Vec<_> = mails.iter().map(|mail| mail.to.as_given()).collect();
    assert_eq!(to, [NEW, ADA]);
    assert!(world.can_log_in(ADA, PASSWORD).await, "nothing has changed yet");
    let link = ticket(&mails[0]);
    assert_eq!(confirm(&world, &link).await, Ok(()));
    assert_eq!(confirm(&world, &link).await, Err(Error::Link(LinkRefusal::Spent)));
    assert!(!world.can_log_in(ADA, PASSWORD).await);
    assert!(world.can_log_in(NEW, PASSWORD).await);
    let told = world.deliver_all().await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].to.as_given(), ADA);
    // Access tokens that contain the old address are no longer accepted, so they must be renewed.
    // The session continues.
    assert!(!world.service.is_authorized_by_email(access_token, ADA).await);
    let renewed = world.service.renew_token(signed_in.tokens.refresh_token.expose(), &client()).await.unwrap();
    assert!(world.service.is_authorized_by_email(renewed.tokens.access_token.expose(), NEW).await);
});

on_both!(what_is_wrong_sends_nothing, &[], world => {
    let signed_in = log_in(&world.service, ADA).await.unwrap();
    let access_token = signed_in.tokens.access_token.expose();
    for (token, email, password, code) in [
        ("", NEW, PASSWORD, Code::InvalidToken),
        (access_token, "no address", PASSWORD, Code::InvalidField),
        (access_token, ADA, PASSWORD, Code::InvalidField),
        (access_token, NEW, NEW_PASSWORD, Code::InvalidCredentials),
    ] {
        let error = ask(&world, token, email, password).await.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
    }
    assert!(world.deliver_all().await.is_empty());
});

#[test]
fn only_its_owner_learns_that_an_address_is_taken() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let signed_in = world.log_in(ADA);
        let mails = ask(
            &world,
            signed_in.tokens.access_token.expose(),
            ROOT,
            PASSWORD,
        )
        .await
        .unwrap();
        assert_eq!(mails[0].to.as_given(), ROOT);
        // The address has an account. Its owner gets a link that resets the password of that
        // account, not a link that confirms the address.
        assert!(
            mails[0].text.contains("/reset-password#egl_"),
            "{}",
            mails[0].text
        );
    });
}

#[test]
fn an_address_taken_meanwhile_and_a_new_password_spoil_the_link() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let (ada, root) = (world.log_in(ADA), world.log_in(ROOT));
        let ada_link = ticket(
            &ask(&world, ada.tokens.access_token.expose(), NEW, PASSWORD)
                .await
                .unwrap()[0],
        );
        world.clock.advance(60);
        let root_link = ticket(
            &ask(&world, root.tokens.access_token.expose(), NEW, PASSWORD)
                .await
                .unwrap()[0],
        );
        assert_eq!(confirm(&world, &root_link).await, Ok(()));
        assert_eq!(
            confirm(&world, &ada_link).await,
            Err(Error::Link(LinkRefusal::EmailTaken))
        );

        world.deliver_all().await;
        let other = ticket(
            &ask(
                &world,
                ada.tokens.access_token.expose(),
                "other@example.com",
                PASSWORD,
            )
            .await
            .unwrap()[0],
        );
        world.deliver_all().await;
        let reset = world.reset_ticket(ADA).await;
        world
            .service
            .confirm_reset(&reset, NEW_PASSWORD, &client(), Locale::English)
            .await
            .unwrap();
        assert_eq!(
            confirm(&world, &other).await,
            Err(Error::Link(LinkRefusal::Spent))
        );
    });
}

// Repeating the same request does not send the owner another mail.
on_both!(the_same_request_is_reported_to_the_old_address_once, &[], world => {
    let signed_in = log_in(&world.service, ADA).await.unwrap();
    let access_token = signed_in.tokens.access_token.expose();
    let mut told = 0;
    // The four requests here and the one below are the five that are allowed in a day.
    for _ in 0..4 {
        let mails = ask(&world, access_token, NEW, PASSWORD).await.unwrap();
        told += mails.iter().filter(|mail| mail.to.as_given() == ADA).count();
        world.clock.advance(1);
    }
    assert_eq!(told, 1);
    let mails = ask(&world, access_token, "another@example.com", PASSWORD).await.unwrap();
    assert_eq!(mails.iter().filter(|mail| mail.to.as_given() == ADA).count(), 1, "another change");
});

/// A thief who knows the password requests the change, waits until the link has expired, and
/// requests it again. The owner gets a notice each time.
#[test]
fn the_old_address_gets_a_notice_for_each_link_to_the_same_new_address() {
    for days in 1..=15 {
        let world = on_memory(&[]);
        pollster::block_on(async {
            for _ in 0..2 {
                let signed_in = log_in(&world.service, ADA).await.unwrap();
                let token = signed_in.tokens.access_token.expose();
                let mails = ask(&world, token, NEW, PASSWORD).await.unwrap();
                let to: Vec<_> = mails.iter().map(|mail| mail.to.as_given()).collect();
                assert_eq!(to, [NEW, ADA], "{days} days apart");
                world.clock.advance(days * 86_400);
            }
        });
    }
}

/// The id of a notice is logged, and is stored for days. Suppose that somebody sees the id and
/// knows the user's id. They must not be able to find out the address by trying many addresses.
#[test]
fn the_id_of_a_notice_needs_a_secret() {
    let id = |secret: &str| {
        let world = on_memory(&[("TICKET_SECRET", secret)]);
        pollster::block_on(async {
            let signed_in = log_in(&world.service, ADA).await.unwrap();
            let token = signed_in.tokens.access_token.expose();
            let asked = world
                .service
                .change_email(token, NEW, PASSWORD, &client(), Locale::English)
                .await;
            let jobs = world.service.ports().mail_queue.take();
            (asked.unwrap().id, jobs[1].id.clone())
        })
    };
    let (user, first) = id("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
    let (same_user, second) = id("__79_Pv6-fj39vX08_Lx8O_u7ezr6uno5-bl5OPi4eA");
    assert_eq!(user, same_user);
    assert_ne!(first, second);
}
