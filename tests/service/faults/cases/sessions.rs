//! Logins, renewals, and the requests that end sessions.

use super::*;

pub(super) fn sessions<S: SessionStore + 'static>() -> Vec<Case<S>> {
    vec![
        case!(
            "login",
            &[],
            |w| w.facts(String::new()).await,
            |w, _f| {
                let signed_in = w
                    .service
                    .generate_token(
                        edgegate::service::Login {
                            email: ADA,
                            password: PASSWORD,
                        },
                        &client(),
                    )
                    .await?;
                issued(&signed_in.tokens)
            },
            Error::Internal("never"),
            |w, f, _mails| violated(&[(
                "the earlier session continues",
                w.renews(f.refresh()).await
            )])
        ),
        case!(
            "login with a hash of old parameters",
            &[],
            |w| {
                let facts = w.facts(String::new()).await;
                w.age_password(&facts.ada.user).await;
                facts
            },
            |w, _f| {
                let signed_in = w.log_in(ADA, PASSWORD).await?;
                issued(&signed_in.tokens)
            },
            Error::Internal("never"),
            |w, f, _mails| violated(&[
                ("the earlier session continues", w.renews(f.refresh()).await),
                ("the same password", w.can_log_in(ADA, PASSWORD).await),
            ])
        ),
        case!(
            "renewal",
            ROTATING,
            |w| w.facts(String::new()).await,
            |w, f| {
                let renewed = w.service.renew_token(f.refresh(), &client()).await?;
                issued(&renewed.tokens)
            },
            Error::Internal("never"),
            |w, f, _mails| violated(&[("the session continues", w.accepts(f.access()).await)])
        ),
        case!(
            "renewal with a used token",
            ROTATING,
            |w| {
                let facts = w.facts(String::new()).await;
                let first = w
                    .service
                    .renew_token(facts.refresh(), &client())
                    .await
                    .unwrap();
                w.clock.advance(600);
                let second = w
                    .service
                    .renew_token(first.tokens.refresh_token.expose(), &client())
                    .await
                    .unwrap();
                with_thing(facts, second.tokens.refresh_token.expose())
            },
            |w, f| match w.service.renew_token(f.refresh(), &client()).await {
                Err(Error::Grant(_)) => Ok(None),
                other => none(other),
            },
            Error::Internal("never"),
            |w, f, mails| violated(&[
                ("the session is over", !w.renews(&f.thing).await),
                ("the owner gets a notice", to(mails, ADA)),
            ])
        ),
        case!(
            "renewal by a copy",
            &[],
            |w| {
                let facts = w.facts(String::new()).await;
                assert!(w.renews(facts.refresh()).await);
                facts
            },
            |w, f| {
                let renewed = w.service.renew_token(f.refresh(), &client()).await?;
                issued(&renewed.tokens)
            },
            Error::Internal("never"),
            |w, f, _mails| violated(&[("the session continues", w.accepts(f.access()).await)])
        ),
        case!(
            "log out",
            &[],
            |w| w.facts(String::new()).await,
            |w, f| none(w.service.log_out(f.refresh()).await),
            Error::Internal("never"),
            |w, f, _mails| violated(&signed_out(w, f).await)
        ),
        case!(
            "revoke all",
            &[],
            |w| w.facts(String::new()).await,
            |w, f| none(w.service.revoke_tokens(f.id()).await),
            Error::Internal("never"),
            |w, f, _mails| violated(&signed_out(w, f).await)
        ),
        case!(
            "revoke all, too late at first",
            &[],
            |w| {
                let facts = w.facts(String::new()).await;
                assert!(w.renews(facts.refresh()).await);
                w.service.ports().users.inner.be_late(1);
                facts
            },
            |w, f| none(w.service.revoke_tokens(f.id()).await),
            Error::Internal("never"),
            |w, f, _mails| violated(&[
                ("no session renews", !w.renews(f.refresh()).await),
                ("no access token is valid", !w.accepts(f.access()).await),
            ])
        ),
        case!(
            "revoke all of one's own",
            &[],
            |w| w.facts(String::new()).await,
            |w, f| none(w.service.revoke_tokens_as(f.access(), f.id()).await),
            Error::Access(_),
            |w, f, _mails| violated(&signed_out(w, f).await)
        ),
        case!(
            "end one session",
            &[],
            |w| {
                let other = w.log_in(ADA, PASSWORD).await.unwrap();
                let all = w
                    .service
                    .list_sessions(other.tokens.access_token.expose())
                    .await
                    .unwrap();
                let thing = format!(
                    "{} {}",
                    all[0].session.id,
                    other.tokens.refresh_token.expose()
                );
                with_thing(w.facts(String::new()).await, &thing)
            },
            |w, f| {
                let (id, _) = f.thing.split_once(' ').unwrap();
                none(
                    w.service
                        .end_session(f.access(), SessionId::parse(id).unwrap())
                        .await,
                )
            },
            Error::UnknownSession,
            |w, f, _mails| violated(&[
                (
                    "the other is over",
                    !w.renews(f.thing.split_once(' ').unwrap().1).await
                ),
                ("this one continues", w.renews(f.refresh()).await),
            ])
        ),
        case!(
            "end all others",
            &[],
            |w| {
                let other = w.log_in(ADA, PASSWORD).await.unwrap();
                with_thing(
                    w.facts(String::new()).await,
                    other.tokens.refresh_token.expose(),
                )
            },
            |w, f| none(w.service.end_other_sessions(f.access()).await),
            Error::Internal("never"),
            |w, f, _mails| violated(&[
                ("the other is over", !w.renews(&f.thing).await),
                ("this one continues", w.renews(f.refresh()).await),
            ])
        ),
        case!(
            "follow changes made by hand",
            &[],
            |w| {
                let facts = w.facts(String::new()).await;
                assert!(w.renews(facts.refresh()).await);
                let users = &w.service.ports().users.inner;
                users.change_by_hand(facts.id(), 0, |user| user.disabled_at = Some(1));
                facts
            },
            |w, _f| none(w.service.follow_row_changes().await),
            Error::Internal("never"),
            |w, f, _mails| violated(&[
                ("no session renews", !w.renews(f.refresh()).await),
                (
                    "nothing is left to follow",
                    w.service.ports().users.inner.row_changes(9).await == Ok(vec![])
                ),
            ])
        ),
    ]
}
