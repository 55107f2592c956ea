//! An app's authorization request has an id. If the user requests a mail before the request is
//! completed, the link in the mail contains this id. So the page that the link opens can continue
//! the app's request.

use edgegate::domain::app_request_id::AppRequestId;
use edgegate::domain::mail::{Locale, Message};
use edgegate::ports::SessionStore;
use edgegate::service::{MailOptions, NewAccount};

use crate::fixture::{ADA, NEW_PASSWORD, World, client, on_both, ticket};

const ID: &str = "3q2-7wABAgMEBQYHCAkKCw";

fn with_request() -> MailOptions {
    MailOptions {
        locale: Locale::English,
        app_request: AppRequestId::parse(ID).ok(),
    }
}

async fn register<S: SessionStore>(world: &World<S>, email: &str, password: Option<&str>) {
    let account = NewAccount {
        email,
        password,
        first_name: None,
        last_name: None,
    };
    let registered = world
        .service
        .register(account, &client(), with_request())
        .await;
    assert!(registered.is_ok(), "{registered:?}");
}

async fn only_mail<S: SessionStore>(world: &World<S>) -> Message {
    let mut mails = world.deliver_all().await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    mails.remove(0)
}

fn assert_leads_to(page: &str, mail: &Message) {
    let link = format!("/{page}?request_id={ID}#{}", ticket(mail));
    assert!(mail.text.contains(&link), "{}", mail.text);
    assert!(mail.html.contains(&link), "{}", mail.html);
}

on_both!(the_link_of_a_reset_carries_it_and_its_notice_does_not, &[], world => {
    world.service.reset_password(ADA, &client(), with_request()).await.unwrap();
    let mail = only_mail(&world).await;
    assert_leads_to("reset-password", &mail);
    let confirmed = world
        .service
        .confirm_reset(&ticket(&mail), NEW_PASSWORD, &client(), Locale::English)
        .await;
    assert!(confirmed.is_ok());
    let notice = only_mail(&world).await;
    assert!(!notice.text.contains("request_id"), "{}", notice.text);
});

on_both!(the_links_of_a_registration_carry_it, &[], world => {
    register(&world, "grace@example.com", None).await;
    assert_leads_to("verify-email", &only_mail(&world).await);
    // The address has an account already, so its owner gets a link for a new password.
    register(&world, ADA, None).await;
    assert_leads_to("reset-password", &only_mail(&world).await);
    let resent = world
        .service
        .resend_verification("alan@example.com", &client(), with_request())
        .await;
    assert!(resent.is_ok());
    assert_leads_to("verify-email", &only_mail(&world).await);
});

on_both!(the_link_of_an_open_registration_carries_it, &[("REGISTRATION", "open")], world => {
    register(&world, "grace@example.com", Some(NEW_PASSWORD)).await;
    assert_leads_to("verify-email", &only_mail(&world).await);
});

on_both!(without_an_id_the_link_has_no_parameter, &[], world => {
    world.service.reset_password(ADA, &client(), Locale::English).await.unwrap();
    let mail = only_mail(&world).await;
    assert!(mail.text.contains("/reset-password#egl_"), "{}", mail.text);
});
