//! Services of other vendors. A user can't choose a breached password. If the settings require a
//! challenge (such as Turnstile), it must be solved.

use edgegate::domain::account::Weakness;
use edgegate::domain::error::{Code, Error, FieldProblem};
use edgegate::domain::mail::Locale::English;
use edgegate::domain::session::Credentials;
use edgegate::service::{Login, NewAccount};

use crate::fixture::{ADA, NEW_PASSWORD, PASSWORD, client, log_in, on_both, on_memory};

on_both!(a_breached_password_can_t_be_chosen, &[("REGISTRATION", "open")], world => {
    let service = &world.service;
    *service.ports().vendors.breached.borrow_mut() = vec![NEW_PASSWORD.to_owned(), PASSWORD.to_owned()];
    let breached = Error::WeakPassword(vec![Weakness::Breached]);
    let link = world.reset_ticket(ADA).await;
    let confirmed = service.confirm_reset(&link, NEW_PASSWORD, &client(), English).await;
    assert_eq!(confirmed.unwrap_err(), breached);
    // A login does not check whether the password is breached.
    let ada = log_in(service, ADA).await.unwrap();
    let token = ada.tokens.access_token.expose();
    let changed = service.change_password(token, PASSWORD, NEW_PASSWORD, &client(), English).await;
    assert_eq!(changed.unwrap_err(), breached);
    let account = NewAccount { email: "grace@example.com", password: Some(NEW_PASSWORD), first_name: None, last_name: None };
    assert_eq!(service.register(account, &client(), English).await.unwrap_err(), breached);

    // If the vendor does not answer, the password is accepted. The link is still valid, because the
    // refused attempt has not used it.
    service.ports().vendors.unreachable.set(true);
    assert!(service.confirm_reset(&link, NEW_PASSWORD, &client(), English).await.is_ok());
});

const MET: &str = "a token of a challenge that was met";

#[test]
fn a_challenge_is_met_before_anything_is_done() {
    let world = on_memory(&[("REGISTRATION", "open")]);
    let service = &world.service;
    *service.ports().vendors.met.borrow_mut() = Some(MET.to_owned());
    pollster::block_on(async {
        for (token, expected) in [
            (None, Some(FieldProblem::Missing)),
            (Some("another"), Some(FieldProblem::Invalid("not_met"))),
            (Some(MET), None),
        ] {
            let caller = (client(), Credentials::default().with_challenge(token));
            let expected = expected.map(|problem| Error::Field("challenge", problem));
            let login = Login {
                email: ADA,
                password: PASSWORD,
            };
            let account = NewAccount {
                email: "grace@example.com",
                password: Some(PASSWORD),
                first_name: None,
                last_name: None,
            };
            drop(world.service.ports().mail_queue.take());
            assert_eq!(service.generate_token(login, &caller).await.err(), expected);
            assert_eq!(
                service.reset_password(ADA, &caller, English).await.err(),
                expected
            );
            assert_eq!(
                service
                    .resend_verification(ADA, &caller, English)
                    .await
                    .err(),
                expected
            );
            assert_eq!(
                service.register(account, &caller, English).await.err(),
                expected
            );
            let queued = world.service.ports().mail_queue.take().len();
            assert_eq!(queued, if expected.is_none() { 3 } else { 0 });
        }
    });
}

#[test]
fn a_vendor_that_does_not_answer_stops_no_login_and_all_else() {
    let world = on_memory(&[]);
    let service = &world.service;
    service.ports().vendors.unreachable.set(true);
    let caller = (client(), Credentials::default().with_challenge(Some(MET)));
    pollster::block_on(async {
        let login = |password| Login {
            email: ADA,
            password,
        };
        assert!(
            service
                .generate_token(login(PASSWORD), &caller)
                .await
                .is_ok()
        );
        let wrong = service
            .generate_token(login("another password"), &caller)
            .await;
        assert_eq!(wrong.unwrap_err().code(), Code::InvalidCredentials);
        let reset = service.reset_password(ADA, &caller, English).await;
        assert_eq!(reset.unwrap_err().code(), Code::Unavailable);
    });
}
