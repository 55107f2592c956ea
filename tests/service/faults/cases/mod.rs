//! The cases: one per use case, with what must hold in the end.

use edgegate::domain::account::UserId;
use edgegate::domain::error::Error;
use edgegate::domain::mail::Locale::English;
use edgegate::domain::mail::{Message, NotDue};
use edgegate::domain::policy::DEPARTURE_SETTLES;
use edgegate::domain::session::{Credentials, SessionId};
use edgegate::ports::{MailLedger, SessionStore, UserDirectory};
use edgegate::service::deliver_mail::Delivery;
use edgegate::service::import_users::ImportOptions;
use edgegate::service::manage_users::{Amendment, Invitee};
use edgegate::service::{Criteria, NewAccount, Registered};

use super::{Case, Facts, Given, World};
use crate::fixture::{ADA, NEW_PASSWORD, PASSWORD, ROOT, client};

const GRACE: &str = "grace@example.com";
const OPEN: &[(&str, &str)] = &[("REGISTRATION", "open")];
const ROTATING: &[(&str, &str)] = &[("ROTATE_AFTER", "0"), ("REUSE", "strict")];

macro_rules! case {
    ($name:literal, $settings:expr, |$w:ident| $prepare:expr, |$aw:ident, $f:ident| $act:expr, $done:pat, |$hw:ident, $hf:ident, $mails:ident| $wrong:expr) => {
        Case {
            name: $name,
            settings: $settings,
            prepare: |$w| Box::pin(async move { $prepare }),
            act: |$aw, $f| Box::pin(async move { $act }),
            done_before: |error| matches!(error, $done),
            wrong: |$hw, $hf, $mails| Box::pin(async move { $wrong }),
        }
    };
}

mod apps;
mod authorize;
mod mail;
mod operators;

/// No refresh token was issued.
fn none<T>(outcome: Result<T, Error>) -> Given {
    outcome.map(|_| None)
}

/// All broken rules.
fn first_of(rules: &[(&str, bool)]) -> Option<String> {
    let broken: Vec<_> = rules
        .iter()
        .filter(|(_, holds)| !holds)
        .map(|(rule, _)| *rule)
        .collect();
    (!broken.is_empty()).then(|| format!("not so: {}", broken.join("; ")))
}

fn to(mails: &[Message], address: &str) -> bool {
    mails.iter().any(|mail| mail.to.as_given() == address)
}

fn grace(password: Option<&str>) -> NewAccount<'_> {
    NewAccount {
        email: GRACE,
        password,
        first_name: None,
        last_name: None,
    }
}

pub(super) fn cases<S: SessionStore + 'static>() -> Vec<Case<S>> {
    let mut cases = signing_in();
    cases.extend(sessions());
    cases.extend(passwords());
    cases.extend(addresses());
    cases.extend(accounts());
    cases.extend(operators::operators());
    cases.extend(apps::apps());
    cases.extend(authorize::authorize());
    cases.extend(mail::mail());
    cases.extend(reading());
    cases
}

fn signing_in<S: SessionStore + 'static>() -> Vec<Case<S>> {
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
                Ok(Some(signed_in.tokens.refresh_token.expose().to_owned()))
            },
            Error::Internal("never"),
            |w, f, _mails| first_of(&[(
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
                Ok(Some(signed_in.tokens.refresh_token.expose().to_owned()))
            },
            Error::Internal("never"),
            |w, f, _mails| first_of(&[
                ("the earlier session continues", w.renews(f.refresh()).await),
                ("the same password", w.can_log_in(ADA, PASSWORD).await),
            ])
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
            |_w, _f, mails| first_of(&[("the mail is sent", to(mails, ADA))])
        ),
        case!(
            "renewal",
            ROTATING,
            |w| w.facts(String::new()).await,
            |w, f| {
                let renewed = w.service.renew_token(f.refresh(), &client()).await?;
                Ok(Some(renewed.tokens.refresh_token.expose().to_owned()))
            },
            Error::Internal("never"),
            |w, f, _mails| first_of(&[("the session continues", w.counts(f.access()).await)])
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
                world_with(facts, second.tokens.refresh_token.expose())
            },
            |w, f| match w.service.renew_token(f.refresh(), &client()).await {
                Err(Error::Grant(_)) => Ok(None),
                other => none(other),
            },
            Error::Internal("never"),
            |w, f, mails| first_of(&[
                ("the session is over", !w.renews(&f.thing).await),
                ("the owner gets a notice", to(mails, ADA)),
            ])
        ),
        case!(
            "log out",
            &[],
            |w| w.facts(String::new()).await,
            |w, f| none(w.service.log_out(f.refresh()).await),
            Error::Internal("never"),
            |w, f, _mails| first_of(&[
                ("no renewal", !w.renews(f.refresh()).await),
                ("no check", !w.counts(f.access()).await),
            ])
        ),
    ]
}

fn world_with(facts: Facts, thing: &str) -> Facts {
    Facts {
        thing: thing.to_owned(),
        ..facts
    }
}

fn sessions<S: SessionStore + 'static>() -> Vec<Case<S>> {
    vec![
        case!(
            "revoke all",
            &[],
            |w| w.facts(String::new()).await,
            |w, f| none(w.service.revoke_tokens(f.id()).await),
            Error::Internal("never"),
            |w, f, _mails| first_of(&[
                ("no renewal", !w.renews(f.refresh()).await),
                ("no check", !w.counts(f.access()).await),
            ])
        ),
        case!(
            "revoke all of one's own",
            &[],
            |w| w.facts(String::new()).await,
            |w, f| none(w.service.revoke_tokens_as(f.access(), f.id()).await),
            Error::Access(_),
            |w, f, _mails| first_of(&[
                ("no renewal", !w.renews(f.refresh()).await),
                ("no check", !w.counts(f.access()).await),
            ])
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
                world_with(w.facts(String::new()).await, &thing)
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
            |w, f, _mails| first_of(&[
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
                world_with(
                    w.facts(String::new()).await,
                    other.tokens.refresh_token.expose(),
                )
            },
            |w, f| none(w.service.end_other_sessions(f.access()).await),
            Error::Internal("never"),
            |w, f, _mails| first_of(&[
                ("the other is over", !w.renews(&f.thing).await),
                ("this one continues", w.renews(f.refresh()).await),
            ])
        ),
    ]
}

fn passwords<S: SessionStore + 'static>() -> Vec<Case<S>> {
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
                Ok(Some(proved.tokens.refresh_token.expose().to_owned()))
            },
            Error::Internal("never"),
            |w, f, _mails| first_of(&[
                ("the session continues", w.counts(f.access()).await),
                ("the old token renews", w.renews(f.refresh()).await),
            ])
        ),
        case!(
            "ask for a reset",
            &[],
            |w| w.facts(String::new()).await,
            |w, _f| none(w.service.reset_password(ADA, &client(), English).await),
            Error::Internal("never"),
            |_w, _f, mails| first_of(&[("the mail is sent", to(mails, ADA))])
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
            |w, f, mails| first_of(&[
                ("the new password", w.can_log_in(ADA, NEW_PASSWORD).await),
                ("no renewal", !w.renews(f.refresh()).await),
                ("no check", !w.counts(f.access()).await),
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
                Ok(Some(changed.tokens.refresh_token.expose().to_owned()))
            },
            Error::Access(_),
            |w, f, mails| first_of(&[
                ("the new password", w.can_log_in(ADA, NEW_PASSWORD).await),
                ("no renewal", !w.renews(f.refresh()).await),
                ("no check", !w.counts(f.access()).await),
                ("the owner gets a notice", to(mails, ADA)),
            ])
        ),
    ]
}

fn addresses<S: SessionStore + 'static>() -> Vec<Case<S>> {
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
            |_w, _f, mails| first_of(&[("the mail is sent", to(mails, GRACE))])
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
                world_with(facts, &ticket)
            },
            |w, f| none(w.service.confirm_email(&f.thing, &client(), English).await),
            Error::Link(_),
            |w, _f, mails| first_of(&[
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
            |_w, _f, mails| first_of(&[("the mail is sent", to(mails, GRACE))])
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
                first_of(&[(
                    "it is verified",
                    w.service.is_authorized_by_email(&token, GRACE).await,
                )])
            }
        ),
    ]
}

fn accounts<S: SessionStore + 'static>() -> Vec<Case<S>> {
    vec![
        case!(
            "register by mail",
            &[],
            |w| w.facts(String::new()).await,
            |w, _f| none(w.service.register(grace(None), &client(), English).await),
            Error::Internal("never"),
            |_w, _f, mails| first_of(&[("the mail is sent", to(mails, GRACE))])
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
            |w, _f, _mails| first_of(&[(
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
                Registered::SignedIn(signed_in) =>
                    Ok(Some(signed_in.tokens.refresh_token.expose().to_owned())),
                Registered::Asked => Err(Error::Internal("it is open")),
            },
            Error::EmailTaken,
            |w, _f, _mails| first_of(&[(
                "the account exists",
                w.can_log_in(GRACE, PASSWORD).await
            )])
        ),
        case!(
            "invite",
            &[],
            |w| w.facts(String::new()).await,
            |w, f| {
                let invitee = Invitee {
                    email: GRACE,
                    first_name: None,
                    last_name: None,
                };
                none(
                    w.service
                        .create_user(f.admin(), invitee, None, English)
                        .await,
                )
            },
            Error::EmailTaken,
            |_w, _f, mails| first_of(&[("the invitation is sent", to(mails, GRACE))])
        ),
        case!(
            "import",
            &[],
            |w| w.facts(String::new()).await,
            |w, f| {
                let of_ada = format!(r#"{{"email":"{ADA}","password_hash":"!"}}"#);
                // In the form of `PlainHasher`.
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
            |w, _f, _mails| first_of(&[
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
            |w, f, _mails| first_of(&[
                (
                    "the new role",
                    w.service
                        .read_user(f.admin(), f.id())
                        .await
                        .unwrap()
                        .roles
                        .contains("editor")
                ),
                ("no check with the old", !w.counts(f.access()).await),
            ])
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
            |w, f, _mails| first_of(&[
                ("no login", !w.can_log_in(ADA, PASSWORD).await),
                ("no renewal", !w.renews(f.refresh()).await),
                ("no check", !w.counts(f.access()).await),
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
                first_of(&[
                    ("no session", sessions.is_ok_and(|all| all.is_empty())),
                    ("nothing to do", due.is_ok_and(|all| all.is_empty())),
                    ("no check", !w.counts(f.access()).await),
                ])
            }
        ),
        case!(
            "demo accounts",
            &[],
            |w| w.facts(String::new()).await,
            |w, _f| none(w.service.add_demo_accounts().await),
            Error::Internal("never"),
            |w, f, _mails| first_of(&[
                ("the password", w.can_log_in(ADA, PASSWORD).await),
                ("the session continues", w.renews(f.refresh()).await),
            ])
        ),
    ]
}

async fn gone<S: SessionStore>(w: &World<S>, f: &Facts, mails: &[Message]) -> Option<String> {
    first_of(&[
        ("no login", !w.can_log_in(ADA, PASSWORD).await),
        ("no renewal", !w.renews(f.refresh()).await),
        ("no check", !w.counts(f.access()).await),
        ("the owner gets a notice", to(mails, ADA)),
    ])
}

fn reading<S: SessionStore + 'static>() -> Vec<Case<S>> {
    vec![
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
                Ok(Some(renewed.tokens.refresh_token.expose().to_owned()))
            },
            Error::Internal("never"),
            |w, f, _mails| first_of(&[("the session continues", w.counts(f.access()).await)])
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
            |w, f, _mails| first_of(&[
                ("no session renews", !w.renews(f.refresh()).await),
                ("no access token is valid", !w.counts(f.access()).await),
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
            |w, f, _mails| first_of(&[
                ("no session renews", !w.renews(f.refresh()).await),
                (
                    "nothing is left to follow",
                    w.service.ports().users.inner.row_changes(9).await == Ok(vec![])
                ),
            ])
        ),
        case!(
            "forget freed addresses",
            &[],
            |w| w.facts(String::new()).await,
            |w, _f| none(w.service.forget_freed_addresses().await),
            Error::Internal("never"),
            |_w, _f, _mails| None
        ),
        case!(
            "read",
            &[],
            |w| w.facts(String::new()).await,
            |w, f| {
                let criteria = Criteria {
                    roles: Some(vec!["user".to_owned()]),
                    ..Criteria::default()
                };
                w.service.is_authorized(f.access(), &criteria).await?;
                w.service.me(f.access()).await?;
                w.service.list_sessions(f.access()).await?;
                w.service.read_user(f.admin(), f.id()).await?;
                w.service.find_user(f.admin(), ROOT).await?;
                w.service.list_users(f.admin(), None, 10).await?;
                w.service.export_users(f.admin(), None, 10, false).await?;
                Ok(None)
            },
            Error::Internal("never"),
            |w, f, _mails| first_of(&[
                ("the session continues", w.renews(f.refresh()).await),
                (
                    "reading changes nothing",
                    w.service.me(f.access()).await.unwrap() == f.ada.user
                ),
            ])
        ),
        case!(
            "check",
            &[],
            |w| w.facts(String::new()).await,
            |w, f| {
                // A check that can't be made is false. The fault makes at most one of the first two
                // false.
                let id: UserId = f.id();
                let service = &w.service;
                let is_user = service
                    .is_authorized_by_user_id(f.access(), &id.to_string())
                    .await;
                let is_ada = service.is_authorized_by_email(f.access(), ADA).await;
                let is_admin = service.is_authorized_by_role(f.access(), &["admin"]).await;
                assert!(is_user || is_ada || w.line.is_down());
                assert!(!is_admin);
                Ok(None)
            },
            Error::Internal("never"),
            |w, f, _mails| first_of(&[
                ("the check holds again", w.counts(f.access()).await),
                ("the session continues", w.renews(f.refresh()).await),
            ])
        ),
    ]
}
