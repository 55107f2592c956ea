//! Accounts: how they are made, changed and deleted.

use super::*;

pub(super) fn accounts<S: SessionStore + 'static>() -> Vec<Case<S>> {
    vec![
        case!(
            "register by mail",
            &[],
            |w| w.facts(String::new()).await,
            |w, _f| none(w.service.register(grace(None), &client(), English).await),
            Error::Internal("never"),
            |_w, _f, mails| violated(&[("the mail is sent", to(mails, GRACE))])
        ),
        case!(
            "make the account",
            &[],
            |w| {
                w.service
                    .register(grace(None), &client(), English)
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
            |w, _f, _mails| violated(&[(
                "the account exists",
                w.can_log_in(GRACE, PASSWORD).await
            )])
        ),
        case!(
            "register openly",
            OPEN,
            |w| w.facts(String::new()).await,
            |w, _f| match w
                .service
                .register(grace(Some(PASSWORD)), &client(), English)
                .await?
            {
                Registered::SignedIn(signed_in) => issued(&signed_in.tokens),
                Registered::Asked => Err(Error::Internal("it is open")),
            },
            Error::EmailTaken,
            |w, _f, _mails| violated(&[(
                "the account exists",
                w.can_log_in(GRACE, PASSWORD).await
            )])
        ),
        case!(
            "invite",
            &[],
            |w| w.facts(String::new()).await,
            |w, f| {
                none(
                    w.service
                        .create_user(f.admin(), GRACE_INVITED, None, English)
                        .await,
                )
            },
            Error::EmailTaken,
            |_w, _f, mails| violated(&[("the invitation is sent", to(mails, GRACE))])
        ),
        case!(
            "import",
            &[],
            |w| w.facts(String::new()).await,
            |w, f| {
                let of_ada = format!(r#"{{"email":"{ADA}","password_hash":"!"}}"#);
                // The hash looks like one that `PlainHasher` has made.
                let hash = format!("plain {:?}", PASSWORD.as_bytes());
                let of_grace = format!(
                    r#"{{"id":"0198c2f4-7b1e-4c3a-9d55-1f0a6f2f8b11","email":"{GRACE}","password_hash":"{hash}"}}"#
                );
                let lines = [(1, of_grace.as_bytes()), (2, of_ada.as_bytes())];
                none(
                    w.service
                        .import_users(f.admin(), &lines, ImportOptions::default())
                        .await,
                )
            },
            Error::Internal("never"),
            |w, _f, _mails| violated(&[
                ("the account exists", w.can_log_in(GRACE, PASSWORD).await),
                ("no other was changed", w.can_log_in(ADA, PASSWORD).await),
            ])
        ),
        case!(
            "change roles",
            &[],
            |w| w.facts(String::new()).await,
            |w, f| {
                let amendment = Amendment {
                    roles: Some(vec!["editor".to_owned()]),
                    ..Amendment::default()
                };
                none(w.service.amend_user(f.admin(), f.id(), amendment).await)
            },
            Error::Internal("never"),
            |w, f, _mails| violated(&[
                (
                    "the new role",
                    w.service
                        .read_user(f.admin(), f.id())
                        .await
                        .unwrap()
                        .roles
                        .contains("editor")
                ),
                ("no check with the old", !w.accepts(f.access()).await),
            ])
        ),
        case!(
            "give and take roles",
            &[],
            |w| w.facts(String::new()).await,
            |w, f| {
                let amendment = Amendment {
                    add_roles: Some(vec!["editor".to_owned()]),
                    remove_roles: Some(vec!["user".to_owned()]),
                    ..Amendment::default()
                };
                none(w.service.amend_user(f.admin(), f.id(), amendment).await)
            },
            Error::Internal("never"),
            |w, f, _mails| {
                let user = w.service.read_user(f.admin(), f.id()).await.unwrap();
                violated(&[
                    ("the new role alone", user.roles.to_vec() == ["editor"]),
                    ("no check with the old", !w.accepts(f.access()).await),
                ])
            }
        ),
        case!(
            "disable",
            &[],
            |w| w.facts(String::new()).await,
            |w, f| {
                let amendment = Amendment {
                    disabled: Some(true),
                    ..Amendment::default()
                };
                none(w.service.amend_user(f.admin(), f.id(), amendment).await)
            },
            Error::Internal("never"),
            |w, f, _mails| violated(&[
                ("no login", !w.can_log_in(ADA, PASSWORD).await),
                ("no renewal", !w.renews(f.refresh()).await),
                ("no check", !w.accepts(f.access()).await),
            ])
        ),
        case!(
            "delete one's account",
            &[],
            |w| w.facts(String::new()).await,
            |w, f| none(
                w.service
                    .delete_own_account(f.access(), PASSWORD, &client(), English)
                    .await
            ),
            Error::Access(_),
            |w, f, mails| gone(w, f, mails).await
        ),
        case!(
            "delete an account",
            &[],
            |w| w.facts(String::new()).await,
            |w, f| none(w.service.delete_account(f.admin(), f.id(), English).await),
            Error::UnknownUser,
            |w, f, mails| gone(w, f, mails).await
        ),
        case!(
            "clear up after a deletion",
            &[],
            |w| {
                let facts = w.facts(String::new()).await;
                let deleted = w.service.delete_account(facts.admin(), facts.id(), English);
                deleted.await.unwrap();
                facts
            },
            |w, _f| {
                let first = w.service.clear_departures().await;
                w.clock.advance(DEPARTURE_SETTLES);
                none(first.and(w.service.clear_departures().await))
            },
            Error::Internal("never"),
            |w, f, _mails| {
                let ports = w.service.ports();
                let sessions = ports.sessions.list(f.id(), 0, 0).await;
                let due = ports.users.inner.due_departures(9, u64::MAX).await;
                violated(&[
                    ("no session", sessions.is_ok_and(|all| all.is_empty())),
                    ("nothing to do", due.is_ok_and(|all| all.is_empty())),
                    ("no check", !w.accepts(f.access()).await),
                ])
            }
        ),
        case!(
            "demo accounts",
            &[],
            |w| w.facts(String::new()).await,
            |w, _f| none(w.service.add_demo_accounts().await),
            Error::Internal("never"),
            |w, f, _mails| violated(&[
                ("the password", w.can_log_in(ADA, PASSWORD).await),
                ("the session continues", w.renews(f.refresh()).await),
            ])
        ),
    ]
}

async fn gone<S: SessionStore>(w: &World<S>, f: &Facts, mails: &[Message]) -> Option<String> {
    violated(&[
        ("no login", !w.can_log_in(ADA, PASSWORD).await),
        ("no renewal", !w.renews(f.refresh()).await),
        ("no check", !w.accepts(f.access()).await),
        ("the owner gets a notice", to(mails, ADA)),
    ])
}
