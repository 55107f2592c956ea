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

use super::{Case, Given};
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
    cases.extend(operators());
    cases.extend(mail());
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

fn world_with(facts: super::Facts, thing: &str) -> super::Facts {
    super::Facts {
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

async fn gone<S: SessionStore>(
    w: &super::World<S>,
    f: &super::Facts,
    mails: &[Message],
) -> Option<String> {
    first_of(&[
        ("no login", !w.can_log_in(ADA, PASSWORD).await),
        ("no renewal", !w.renews(f.refresh()).await),
        ("no check", !w.counts(f.access()).await),
        ("the owner gets a notice", to(mails, ADA)),
    ])
}

/// The account of [`World::invited`](super::World::invited) as it is stored.
async fn invited<S: SessionStore>(w: &super::World<S>) -> edgegate::domain::account::User {
    let grace = edgegate::domain::account::EmailAddress::parse(GRACE).unwrap();
    let users = &w.service.ports().users.inner;
    users.find_by_email(&grace).await.unwrap().unwrap()
}

/// `thing` is the operator ticket, and the id of the invited user after a space.
fn operators<S: SessionStore + 'static>() -> Vec<Case<S>> {
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
                let invitee = Invitee {
                    email: GRACE,
                    first_name: None,
                    last_name: None,
                };
                none(
                    w.service
                        .create_user_with_link(&f.thing, invitee, None)
                        .await,
                )
            },
            Error::EmailTaken,
            |w, f, mails| first_of(&[
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
            |w| {
                let (id, ticket) = w.invited().await;
                w.facts(format!("{ticket} {id}")).await
            },
            |w, f| {
                let (ticket, id) = split(&f.thing);
                none(w.service.invite(ticket, id, English).await)
            },
            Error::Internal("never"),
            |_w, _f, mails| first_of(&[("the mail is sent", to(mails, GRACE))])
        ),
        case!(
            "return an invitation",
            &[],
            |w| {
                let (id, ticket) = w.invited().await;
                w.facts(format!("{ticket} {id}")).await
            },
            |w, f| {
                let (ticket, id) = split(&f.thing);
                none(w.service.return_invitation(ticket, id).await)
            },
            Error::Internal("never"),
            |_w, _f, mails| first_of(&[("no mail", mails.is_empty())])
        ),
        case!(
            "vouch for an address",
            &[],
            |w| {
                let (id, ticket) = w.invited().await;
                w.facts(format!("{ticket} {id}")).await
            },
            |w, f| {
                let (ticket, id) = split(&f.thing);
                none(w.service.verify_address(ticket, id).await)
            },
            Error::Internal("never"),
            |w, _f, _mails| first_of(&[(
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
            |w, f, _mails| first_of(&[
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
            |w, f, _mails| first_of(&[
                ("no renewal", !w.renews(f.refresh()).await),
                ("no check", !w.counts(f.access()).await),
            ])
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
            |_w, _f, mails| first_of(&[("it is sent", to(mails, ADA))])
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
            |w, _f, mails| first_of(&[
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
            |w, f, _mails| first_of(&[
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
                service.list_failed_mail_of(ticket, f.id()).await?;
                let named = edgegate::service::pseudonyms::Named::Address(ADA);
                service.pseudonyms(ticket, named).await?;
                Ok(None)
            },
            Error::Internal("never"),
            |w, f, _mails| first_of(&[("the session continues", w.renews(f.refresh()).await)])
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
            |w, _f, _mails| first_of(&[(
                "none is left",
                w.service.ports().operator_tickets.inner.count() == 0
            )])
        ),
    ]
}

fn mail<S: SessionStore + 'static>() -> Vec<Case<S>> {
    vec![
        case!(
            "deliver from the queue",
            &[],
            |w| {
                let facts = w.facts(String::new()).await;
                w.service
                    .reset_password(ADA, &client(), English)
                    .await
                    .unwrap();
                let jobs = w.service.ports().queue.inner.take();
                world_with(facts, &jobs[0].encode())
            },
            |w, f| {
                let handed_out = w.service.deliver_from_queue(&f.thing, "job").await;
                match handed_out.delivery {
                    // Queued again or kept; otherwise the queue delivers it again.
                    Delivery::Later { .. } | Delivery::Sent if handed_out.again.is_none() => {
                        Ok(None)
                    }
                    Delivery::Later { reason, .. } => {
                        Err(edgegate::domain::error::StoreError::new("mail", reason).into())
                    }
                    other => panic!("{other:?}"),
                }
            },
            Error::Internal("never"),
            |_w, _f, mails| first_of(&[("it is sent", to(mails, ADA))])
        ),
        case!(
            "deliver a batch from the queue, after the provider failed",
            &[],
            |w| {
                let facts = w.facts(String::new()).await;
                for email in [ADA, ROOT] {
                    w.service
                        .reset_password(email, &client(), English)
                        .await
                        .unwrap();
                }
                let ports = w.service.ports();
                let failed = edgegate::domain::mail::FailureKind::Outage;
                let ledger = &ports.ledger.inner;
                ledger.provider_failed(failed, "503", 0).await.unwrap();
                let jobs = ports.queue.inner.take();
                world_with(facts, &[jobs[0].encode(), jobs[1].encode()].join("\0"))
            },
            |w, f| {
                let texts = f.thing.split('\0').map(str::to_owned);
                let messages = texts.map(|text| (text, "job".to_owned())).collect();
                let mut failed = Ok(None);
                for prepared in w.service.prepare_from_queue(messages).await {
                    let handed_out = w.service.deliver_prepared(prepared).await;
                    match handed_out.delivery {
                        Delivery::Later { .. } | Delivery::Sent if handed_out.again.is_none() => {}
                        Delivery::Later { reason, .. } => {
                            let error = edgegate::domain::error::StoreError::new("mail", reason);
                            failed = Err(error.into());
                        }
                        other => panic!("{other:?}"),
                    }
                }
                failed
            },
            Error::Internal("never"),
            |_w, _f, mails| first_of(&[
                ("the first is sent", to(mails, ADA)),
                ("the second is sent", to(mails, ROOT)),
            ])
        ),
        case!(
            "deliver without a queue",
            &[],
            |w| {
                let facts = w.facts(String::new()).await;
                w.service
                    .reset_password(ADA, &client(), English)
                    .await
                    .unwrap();
                let jobs = w.service.ports().queue.inner.take();
                world_with(facts, &jobs[0].encode())
            },
            |w, f| {
                let job = edgegate::domain::mail::Job::decode(&f.thing).unwrap();
                let delivered = w
                    .service
                    .deliver_without_queue(job)
                    .await
                    .map_err(Error::from);
                w.clock.advance(86_400);
                none(delivered)
            },
            Error::Internal("never"),
            |_w, _f, mails| first_of(&[("it is sent", !mails.is_empty())])
        ),
        case!(
            "deliver a notice that is sent once",
            &[],
            |w| {
                let facts = w.facts(String::new()).await;
                w.service
                    .change_email(facts.access(), GRACE, PASSWORD, &client(), English)
                    .await
                    .unwrap();
                let jobs = w.service.ports().queue.inner.take();
                let notice = jobs.iter().find(|job| job.task.is_sent_once()).unwrap();
                world_with(facts, &notice.encode())
            },
            |w, f| {
                let handed_out = w.service.deliver_from_queue(&f.thing, "job").await;
                // Longer than a job may reserve the notice.
                w.clock.advance(120);
                match handed_out.delivery {
                    Delivery::Sent | Delivery::NotDue(NotDue::AlreadySent) => Ok(None),
                    Delivery::Later { .. } if handed_out.again.is_none() => Ok(None),
                    Delivery::Later { reason, .. } => {
                        Err(edgegate::domain::error::StoreError::new("mail", reason).into())
                    }
                    other => panic!("{other:?}"),
                }
            },
            Error::Internal("never"),
            |_w, _f, mails| first_of(&[("it is sent", to(mails, ADA))])
        ),
        case!(
            "deliver while the provider refuses",
            &[],
            |w| {
                let facts = w.facts(String::new()).await;
                let job = w.reset_job().await;
                world_with(facts, &job)
            },
            |w, f| {
                w.service.ports().mailer.inner.set_down(true);
                let handed_out = w.service.deliver_from_queue(&f.thing, "job").await;
                w.service.ports().mailer.inner.set_down(false);
                match handed_out.delivery {
                    // Queued again, or kept until it is due; otherwise the queue delivers the
                    // message again.
                    Delivery::Later { .. } if handed_out.again.is_none() => w.clock.advance(60),
                    Delivery::Later { reason, .. } => {
                        return Err(edgegate::domain::error::StoreError::new("mail", reason).into());
                    }
                    other => panic!("{other:?}"),
                }
                Ok(None)
            },
            Error::Internal("never"),
            |_w, _f, mails| first_of(&[("it is sent", to(mails, ADA))])
        ),
        case!(
            "deliver a mail that bounced",
            &[],
            |w| {
                let facts = w.facts(String::new()).await;
                let job = w.reset_job().await;
                world_with(facts, &job)
            },
            |w, f| {
                let bounced = edgegate::domain::mail::MailFailure::Undeliverable {
                    reason: "bounced".to_owned(),
                };
                w.service.ports().mailer.inner.fail_once(bounced);
                let handed_out = w.service.deliver_from_queue(&f.thing, "job").await;
                // By then waiting mails are due, and half the lifetime of an earlier link is over.
                w.clock.advance(2_400);
                match (handed_out.delivery, handed_out.again) {
                    (Delivery::Later { reason, .. }, Some(_)) => {
                        Err(edgegate::domain::error::StoreError::new("mail", reason).into())
                    }
                    // The link never reached anybody, so the owner can request another one.
                    (_, None) => none(w.service.reset_password(ADA, &client(), English).await),
                    other => panic!("{other:?}"),
                }
            },
            Error::Internal("never"),
            |_w, _f, mails| first_of(&[("the next one is sent", to(mails, ADA))])
        ),
        case!(
            "keep a dead letter",
            &[],
            |w| {
                let facts = w.facts(String::new()).await;
                let job = w.reset_job().await;
                world_with(facts, &job)
            },
            |w, f| none(
                w.service
                    .keep_dead_letter(&f.thing, "job")
                    .await
                    .map_err(Error::from)
            ),
            Error::Internal("never"),
            |w, f, _mails| {
                let letters = w.service.ports().ledger.inner.letters();
                first_of(&[(
                    "it is kept once, as it was",
                    matches!(letters.as_slice(), [letter] if letter.job == f.thing),
                )])
            }
        ),
        case!(
            "retry kept mails through the queue",
            &[],
            |w| {
                let facts = w.facts(String::new()).await;
                w.keep_due_letter().await;
                facts
            },
            |w, _f| none(w.service.retry_kept_mail(true).await.map_err(Error::from)),
            Error::Internal("never"),
            |w, _f, mails| first_of(&[
                ("it is sent", to(mails, ADA)),
                (
                    "it is not kept any more",
                    w.service.ports().ledger.inner.letters().is_empty()
                ),
            ])
        ),
        case!(
            "retry kept mails without a queue",
            &[],
            |w| {
                let facts = w.facts(String::new()).await;
                w.keep_due_letter().await;
                facts
            },
            |w, _f| {
                let retried = w.service.retry_kept_mail(false).await;
                // A mail that could not be sent is kept for a later run.
                w.clock.advance(86_400);
                none(retried.map_err(Error::from))
            },
            Error::Internal("never"),
            |w, _f, mails| first_of(&[
                ("it is sent", to(mails, ADA)),
                (
                    "it is not kept any more",
                    w.service.ports().ledger.inner.letters().is_empty()
                ),
            ])
        ),
    ]
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
