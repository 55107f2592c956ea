//! The use cases of operators.

use super::*;

/// The account of [`World::invited`], read from the directory.
async fn invited<S: SessionStore>(w: &World<S>) -> edgegate::domain::account::User {
    let grace = edgegate::domain::account::EmailAddress::parse(GRACE).unwrap();
    let users = &w.service.ports().users.inner;
    users.find_by_email(&grace).await.unwrap().unwrap()
}

async fn with_invited<S: SessionStore>(w: &World<S>) -> Facts {
    let (id, ticket) = w.invited().await;
    w.facts(format!("{ticket} {id}")).await
}

/// The cases of operators. In each case, `Facts::thing` consists of the operator ticket, a space,
/// and the id of the invited user.
pub(super) fn operators<S: SessionStore + 'static>() -> Vec<Case<S>> {
    fn split(thing: &str) -> (&str, UserId) {
        let (ticket, id) = thing.split_once(' ').unwrap();
        (ticket, UserId::parse(id).unwrap())
    }
    vec![
        case!(
            "make an account with a link",
            &[],
            |w| w.facts(w.operator()).await,
            |w, f| {
                none(
                    w.service
                        .create_user_with_link(&f.thing, GRACE_INVITED, None)
                        .await,
                )
            },
            Error::EmailTaken,
            |w, f, mails| violated(&[
                (
                    "the link can be had",
                    w.service
                        .return_invitation(&f.thing, invited(w).await.id)
                        .await
                        .is_ok()
                ),
                ("no mail", mails.is_empty()),
            ])
        ),
        case!(
            "invite again",
            &[],
            |w| with_invited(w).await,
            |w, f| {
                let (ticket, id) = split(&f.thing);
                none(w.service.invite(ticket, id, English).await)
            },
            Error::Internal("never"),
            |_w, _f, mails| violated(&[("the mail is sent", to(mails, GRACE))])
        ),
        case!(
            "return an invitation",
            &[],
            |w| with_invited(w).await,
            |w, f| {
                let (ticket, id) = split(&f.thing);
                none(w.service.return_invitation(ticket, id).await)
            },
            Error::Internal("never"),
            |_w, _f, mails| violated(&[("no mail", mails.is_empty())])
        ),
        case!(
            "vouch for an address",
            &[],
            |w| with_invited(w).await,
            |w, f| {
                let (ticket, id) = split(&f.thing);
                none(w.service.verify_address(ticket, id).await)
            },
            Error::Internal("never"),
            |w, _f, _mails| violated(&[(
                "the address is verified",
                invited(w).await.email_verified_at.is_some()
            )])
        ),
        case!(
            "unlock",
            &[],
            |w| w.facts(w.operator()).await,
            |w, f| none(w.service.unlock(&f.thing, f.id()).await),
            Error::Internal("never"),
            |w, f, _mails| violated(&[
                (
                    "nothing is counted",
                    w.service.ports().guard.inner.accounts() == 0
                ),
                ("the session continues", w.renews(f.refresh()).await),
            ])
        ),
        case!(
            "end a session of a user",
            &[],
            |w| w.facts(w.operator()).await,
            |w, f| {
                let session = f.ada.tokens.session;
                none(w.service.end_session_of(&f.thing, f.id(), session).await)
            },
            Error::UnknownSession,
            |w, f, _mails| violated(&signed_out(w, f).await)
        ),
        case!(
            "retry failed mails",
            &[],
            |w| {
                let facts = w.facts(w.operator()).await;
                let job = w.reset_job().await;
                w.service.keep_dead_letter(&job, "job").await.unwrap();
                facts
            },
            |w, f| none(w.service.retry_failed_mail(&f.thing, None).await),
            Error::Internal("never"),
            |_w, _f, mails| violated(&[("it is sent", to(mails, ADA))])
        ),
        case!(
            "drop a failed mail",
            &[],
            |w| {
                let facts = w.facts(w.operator()).await;
                let job = w.reset_job().await;
                w.service.keep_dead_letter(&job, "job").await.unwrap();
                facts
            },
            |w, f| {
                let ids = ["job".to_owned()];
                none(w.service.drop_failed_mail(&f.thing, &ids).await)
            },
            Error::Internal("never"),
            |w, _f, mails| violated(&[
                ("no mail", mails.is_empty()),
                (
                    "it is gone",
                    w.service.ports().ledger.inner.letters().is_empty()
                ),
            ])
        ),
        case!(
            "raise all counters",
            &[],
            |w| w.facts(w.operator()).await,
            |w, f| none(w.service.raise_counters(&f.thing, None).await),
            Error::Internal("never"),
            |w, f, _mails| violated(&[
                ("no renewal", !w.renews(f.refresh()).await),
                (
                    "no session goes on",
                    w.service.me(f.access()).await.is_err()
                ),
            ])
        ),
        case!(
            "read as an operator",
            &[],
            |w| w.facts(w.operator()).await,
            |w, f| {
                let (service, ticket) = (&w.service, f.thing.as_str());
                service.list_sessions_of(ticket, f.id()).await?;
                service.find_users(ticket, "ada", None, 9).await?;
                service.list_failed_mail(ticket, "", 9).await?;
                service.list_failed_mail_of(ticket, f.id(), "", 9).await?;
                let named = edgegate::service::pseudonyms::PseudonymFor::Address(ADA);
                service.pseudonyms(ticket, named).await?;
                Ok(None)
            },
            Error::Internal("never"),
            |w, f, _mails| violated(&[("the session continues", w.renews(f.refresh()).await)])
        ),
        case!(
            "forget operator tickets",
            &[],
            |w| {
                let facts = w.facts(w.operator()).await;
                w.clock.advance(900);
                facts
            },
            |w, _f| none(w.service.forget_operator_tickets().await),
            Error::Internal("never"),
            |w, _f, _mails| violated(&[(
                "none is left",
                w.service.ports().operator_tickets.inner.count() == 0
            )])
        ),
    ]
}
