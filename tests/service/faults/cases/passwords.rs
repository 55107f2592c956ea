//! Passwords: proving, resetting and changing them.

use super::*;

pub(super) fn passwords<S: SessionStore + 'static>() -> Vec<Case<S>> {
    vec![
        case!(
            "prove the password again",
            ROTATING,
            |w| w.facts(String::new()).await,
            |w, f| {
                let proved = w
                    .service
                    .reauthenticate(f.access(), PASSWORD, None, &client())
                    .await?;
                issued(&proved.tokens)
            },
            Error::Internal("never"),
            |w, f, _mails| violated(&[
                ("the session continues", w.accepts(f.access()).await),
                ("the old token renews", w.renews(f.refresh()).await),
            ])
        ),
        case!(
            "ask for a reset",
            &[],
            |w| w.facts(String::new()).await,
            |w, _f| none(w.service.reset_password(ADA, &client(), English).await),
            Error::Internal("never"),
            |_w, _f, mails| violated(&[("the mail is sent", to(mails, ADA))])
        ),
        case!(
            "ask for a reset with a challenge",
            &[],
            |w| w.facts(String::new()).await,
            |w, _f| {
                let by = (client(), Credentials::default().with_challenge(Some("met")));
                none(w.service.reset_password(ADA, &by, English).await)
            },
            Error::Internal("never"),
            |_w, _f, mails| violated(&[("the mail is sent", to(mails, ADA))])
        ),
        case!(
            "reset",
            &[],
            |w| {
                let ticket = w.reset_ticket().await;
                w.facts(ticket).await
            },
            |w, f| none(
                w.service
                    .confirm_reset(&f.thing, NEW_PASSWORD, &client(), English)
                    .await
            ),
            Error::Link(_),
            |w, f, mails| violated(&[
                ("the new password", w.can_log_in(ADA, NEW_PASSWORD).await),
                ("no renewal", !w.renews(f.refresh()).await),
                ("no check", !w.accepts(f.access()).await),
                ("the owner gets a notice", to(mails, ADA)),
            ])
        ),
        case!(
            "change the password",
            &[],
            |w| w.facts(String::new()).await,
            |w, f| {
                let changed = w
                    .service
                    .change_password(f.access(), PASSWORD, NEW_PASSWORD, &client(), English)
                    .await?;
                issued(&changed.tokens)
            },
            Error::Access(_),
            |w, f, mails| violated(&[
                ("the new password", w.can_log_in(ADA, NEW_PASSWORD).await),
                ("no renewal", !w.renews(f.refresh()).await),
                ("no check", !w.accepts(f.access()).await),
                ("the owner gets a notice", to(mails, ADA)),
            ])
        ),
    ]
}
