use edgegate::domain::account::Weakness;
use edgegate::domain::error::{Code, Error, LinkRefusal};
use edgegate::domain::mail::Locale;
use edgegate::ports::SessionStore;

use crate::fixture::{
    ADA, NEW_PASSWORD, PASSWORD, ROOT, World, client, log_in, on_both, on_memory, ticket,
};

async fn confirm<S: SessionStore>(
    world: &World<S>,
    ticket: &str,
    password: &str,
) -> Result<(), Error> {
    world
        .service
        .confirm_reset(ticket, password, &client(), Locale::English)
        .await
        .map(drop)
}

const SPENT: Result<(), Error> = Err(Error::Link(LinkRefusal::Spent));
const NO_TICKET: Result<(), Error> = Err(Error::Link(LinkRefusal::Ticket));

on_both!(a_link_sets_the_password_and_ends_every_session, &[], world => {
    let before = log_in(&world.service, ADA).await.unwrap();
    let link = world.reset_ticket(ADA).await;
    assert_eq!(confirm(&world, &link, NEW_PASSWORD).await, Ok(()));
    assert!(!world.can_log_in(ADA, PASSWORD).await);
    assert!(world.can_log_in(ADA, NEW_PASSWORD).await);
    let service = &world.service;
    assert!(service.renew_token(before.tokens.refresh_token.expose(), &client()).await.is_err());
    assert!(!service.is_authorized_by_role(before.tokens.access_token.expose(), &["user"]).await);
    let notice = world.deliver_all().await;
    assert_eq!(notice.len(), 1, "the owner gets a notice");
    assert_eq!(notice[0].to.as_given(), ADA);
});

on_both!(a_link_works_once_and_takes_older_ones_with_it, &[], world => {
    let older = world.reset_ticket(ADA).await;
    world.clock.advance(60);
    let newer = world.reset_ticket(ADA).await;
    assert_eq!(confirm(&world, &older, NEW_PASSWORD).await, Ok(()), "another request does not invalidate it");
    for link in [&older, &newer] {
        assert_eq!(confirm(&world, link, "another good passphrase").await, SPENT);
    }
    assert!(world.can_log_in(ADA, NEW_PASSWORD).await);
});

#[test]
fn of_two_at_once_one_wins() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let link = world.reset_ticket(ADA).await;
        let (one, two) = futures_util::future::join(
            confirm(&world, &link, "the first passphrase"),
            confirm(&world, &link, "the second passphrase"),
        )
        .await;
        assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
        let won = if one.is_ok() {
            "the first passphrase"
        } else {
            "the second passphrase"
        };
        assert!(world.can_log_in(ADA, won).await);
    });
}

#[test]
fn a_weak_password_does_not_use_the_link_up() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let link = world.reset_ticket(ADA).await;
        for (password, weakness) in [
            ("short", Weakness::TooShort),
            ("111222333444555", Weakness::TooCommon),
            ("ada@example.com and more", Weakness::ContainsAddress),
        ] {
            match confirm(&world, &link, password).await {
                Err(Error::WeakPassword(why)) => assert!(why.contains(&weakness), "{why:?}"),
                other => panic!("{password}: {other:?}"),
            }
        }
        assert_eq!(confirm(&world, &link, NEW_PASSWORD).await, Ok(()));
    });
}

#[test]
fn a_link_expires_after_an_hour() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let link = world.reset_ticket(ADA).await;
        world.clock.advance(3599);
        assert!(matches!(
            confirm(&world, &link, "short").await,
            Err(Error::WeakPassword(_))
        ));
        world.clock.advance(1);
        assert_eq!(confirm(&world, &link, NEW_PASSWORD).await, NO_TICKET);
    });
}

#[test]
fn altered_links_and_other_texts_are_rejected() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let link = world.reset_ticket(ADA).await;
        let signed_in = world.log_in(ADA);
        let mut altered: Vec<String> = (0..link.len())
            .map(|at| {
                let other = if &link[at..=at] == "A" { "B" } else { "A" };
                format!("{}{other}{}", &link[..at], &link[at + 1..])
            })
            .collect();
        altered.extend([
            String::new(),
            "egl_".to_owned(),
            link[1..].to_owned(),
            link[..link.len() - 1].to_owned(),
            format!("{link}="),
            format!(" {link}"),
            link.repeat(100),
            signed_in.tokens.refresh_token.expose().to_owned(),
            signed_in.tokens.access_token.expose().to_owned(),
        ]);
        for text in &altered {
            assert_eq!(
                confirm(&world, text, NEW_PASSWORD).await,
                NO_TICKET,
                "{text}"
            );
        }
        // A reset link does not verify or confirm an address, and its ticket is not a token.
        let service = &world.service;
        let (client, locale) = (client(), Locale::English);
        let verified = service
            .verify_email(&link, NEW_PASSWORD, &client, locale)
            .await;
        assert_eq!(verified.unwrap_err().code(), Code::InvalidLink);
        let confirmed = service.confirm_email(&link, &client, locale).await;
        assert_eq!(confirmed.unwrap_err().code(), Code::InvalidLink);
        assert!(service.renew_token(&link, &client).await.is_err());
        assert!(service.bearer(&link).await.is_err());
        assert_eq!(confirm(&world, &link, NEW_PASSWORD).await, Ok(()));
    });
}

#[test]
fn another_deployment_s_link_is_foreign() {
    let ours = on_memory(&[]);
    let others = on_memory(&[("ISSUER", "http://localhost:8787")]);
    pollster::block_on(async {
        let link = others.reset_ticket(ADA).await;
        assert_eq!(confirm(&ours, &link, NEW_PASSWORD).await, NO_TICKET);
    });
}

#[test]
fn a_disabled_account_gets_no_mail_and_its_links_do_not_work() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let link = world.reset_ticket(ADA).await;
        let root = world.log_in(ROOT);
        let ada = world.log_in(ADA).user.id;
        let admin = root.tokens.access_token.expose();
        let disable = edgegate::service::manage_users::Amendment {
            disabled: Some(true),
            ..Default::default()
        };
        world.service.amend_user(admin, ada, disable).await.unwrap();
        let refused = confirm(&world, &link, NEW_PASSWORD).await;
        assert_eq!(refused, Err(Error::Link(LinkRefusal::NoUser)));
        world.clock.advance(60);
        let locale = Locale::English;
        world
            .service
            .reset_password(ADA, &client(), locale)
            .await
            .unwrap();
        assert!(world.deliver_all().await.is_empty());
    });
}

#[test]
fn an_unknown_address_is_queued_like_any_other_and_gets_no_mail() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let locale = Locale::English;
        for email in ["nobody@example.com", ADA] {
            world
                .service
                .reset_password(email, &client(), locale)
                .await
                .unwrap();
        }
        let mails = world.deliver_all().await;
        assert_eq!(mails.len(), 1);
        let error = world
            .service
            .reset_password("no address", &client(), locale)
            .await;
        assert_eq!(error.unwrap_err().code(), Code::InvalidField);
    });
}

#[test]
fn without_a_provider_nothing_is_promised() {
    let world = on_memory(&[("MAIL_PROVIDER", "none")]);
    pollster::block_on(async {
        let asked = world
            .service
            .reset_password(ADA, &client(), Locale::English)
            .await;
        assert_eq!(asked.unwrap_err(), Error::NoMailProvider);
    });
}

#[test]
fn the_link_begins_with_app_url_and_has_its_ticket_in_the_fragment() {
    let world = on_memory(&[("APP_URL", "https://example.com/account")]);
    pollster::block_on(async {
        let locale = Locale::German;
        world
            .service
            .reset_password(ADA, &client(), locale)
            .await
            .unwrap();
        let mails = world.deliver_all().await;
        let link = format!(
            "https://example.com/account/reset-password#{}",
            ticket(&mails[0])
        );
        assert!(mails[0].text.contains(&link), "{}", mails[0].text);
        assert!(
            mails[0]
                .html
                .contains("https://example.com/account/reset-password#egl_")
        );
    });
}
