//! Addresses: changing, verifying and forgetting them.

use super::*;

pub(super) fn addresses<S: SessionStore + 'static>() -> Vec<Case<S>> {
    vec![
        case!(
            "ask for another address",
            &[],
            |w| w.facts(String::new()).await,
            |w, f| none(
                w.service
                    .change_email(f.access(), GRACE, PASSWORD, &client(), English)
                    .await
            ),
            Error::Internal("never"),
            |_w, _f, mails| violated(&[("the mail is sent", to(mails, GRACE))])
        ),
        case!(
            "take another address",
            &[],
            |w| {
                let facts = w.facts(String::new()).await;
                w.service
                    .change_email(facts.access(), GRACE, PASSWORD, &client(), English)
                    .await
                    .unwrap();
                let ticket = w.ticket(GRACE).await;
                with_thing(facts, &ticket)
            },
            |w, f| none(w.service.confirm_email(&f.thing, &client(), English).await),
            Error::Link(_),
            |w, _f, mails| violated(&[
                ("the new address", w.can_log_in(GRACE, PASSWORD).await),
                ("not the old one", !w.can_log_in(ADA, PASSWORD).await),
                ("the old one gets a notice", to(mails, ADA)),
            ])
        ),
        case!(
            "ask again to verify",
            OPEN,
            |w| {
                let Registered::SignedIn(_) = w
                    .service
                    .register(grace(Some(PASSWORD)), &client(), English)
                    .await
                    .unwrap()
                else {
                    panic!("open")
                };
                w.mails().await;
                w.clock.advance(600);
                w.facts(String::new()).await
            },
            |w, _f| none(
                w.service
                    .resend_verification(GRACE, &client(), English)
                    .await
            ),
            Error::Internal("never"),
            |_w, _f, mails| violated(&[("the mail is sent", to(mails, GRACE))])
        ),
        case!(
            "verify an open account",
            OPEN,
            |w| {
                w.service
                    .register(grace(Some(PASSWORD)), &client(), English)
                    .await
                    .unwrap();
                let ticket = w.ticket(GRACE).await;
                w.facts(ticket).await
            },
            |w, f| none(
                w.service
                    .verify_email(&f.thing, PASSWORD, &client(), English)
                    .await
            ),
            Error::Link(_),
            |w, _f, _mails| {
                let signed_in = w.log_in(GRACE, PASSWORD).await.unwrap();
                let token = signed_in.tokens.access_token.expose().to_owned();
                violated(&[(
                    "it is verified",
                    w.service.is_authorized_by_email(&token, GRACE).await,
                )])
            }
        ),
        case!(
            "forget freed addresses",
            &[],
            |w| w.facts(String::new()).await,
            |w, _f| none(w.service.forget_freed_addresses().await),
            Error::Internal("never"),
            |_w, _f, _mails| None
        ),
    ]
}
