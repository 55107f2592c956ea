//! What an operator ticket (a short-lived key for an operator's command) allows, and what it does
//! not allow.

use edgegate::adapters::memory::MemoryPorts;
use edgegate::domain::account::UserId;
use edgegate::domain::error::{AccessRefusal, Error, FieldProblem};
use edgegate::domain::mail::Locale::English;
use edgegate::domain::operator::{OperatorRefusal, Scope};
use edgegate::domain::policy::RAISED_AT_ONCE;
use edgegate::domain::session::{Client, SessionId};
use edgegate::ports::{Clock, Limit, MailLedger, RateLimiter, SessionStore, UserDirectory};
use edgegate::service::manage_users::{Amendment, Invitee};
use edgegate::service::pseudonyms::PseudonymFor;
use edgegate::service::{AuthService, Login};

use crate::fixture::{
    ADA, NEW_PASSWORD, PASSWORD, ROOT, World, client, log_in, on_both, on_memory, operator_ticket,
};

const GRACE: &str = "grace@example.com";

fn invitee(email: &str) -> Invitee<'_> {
    Invitee {
        email,
        first_name: None,
        last_name: None,
    }
}

fn roles(roles: &[&str]) -> Amendment {
    Amendment {
        roles: Some(roles.iter().map(|role| (*role).to_owned()).collect()),
        ..Amendment::default()
    }
}

fn ticket<S: SessionStore>(world: &World<S>, number: u8, scope: &str) -> String {
    let ports = world.service.ports();
    let now = ports.clock.now_ms() / 1000;
    operator_ticket(&ports.operator_tickets, number, scope, now)
}

/// For each scope, tries a call that needs this scope. Returns the scopes for which the call
/// succeeded.
async fn allowed<S: SessionStore>(
    service: &AuthService<MemoryPorts<S>>,
    ticket: &str,
    id: UserId,
) -> Vec<Scope> {
    let mut allowed = Vec::new();
    let mut note = |scope, outcome: Result<(), Error>| match outcome {
        Ok(()) => allowed.push(scope),
        Err(error) => assert_eq!(error, Error::Forbidden, "{scope:?}"),
    };
    note(
        Scope::UsersRead,
        service.read_user(ticket, id).await.map(drop),
    );
    note(Scope::Users, service.unlock(ticket, id).await.map(drop));
    note(
        Scope::Sessions,
        service.list_sessions_of(ticket, id).await.map(drop),
    );
    note(
        Scope::Mail,
        service.list_failed_mail(ticket, "", 9).await.map(drop),
    );
    let nobody = UserId::new(u64::MAX >> 16, &[255; 10]);
    note(
        Scope::Restore,
        service.raise_counters(ticket, Some(nobody)).await.map(drop),
    );
    let named = PseudonymFor::Address(ADA);
    note(
        Scope::Pseudonyms,
        service.pseudonyms(ticket, named).await.map(drop),
    );
    note(
        Scope::Clients,
        service.list_clients(ticket, None).await.map(drop),
    );
    allowed
}

on_both!(a_ticket_opens_its_scope_and_no_other, &[], world => {
    let id = log_in(&world.service, ADA).await.unwrap().user.id;
    for (number, scope) in Scope::ALL.into_iter().enumerate() {
        let ticket = ticket(&world, number as u8, scope.as_str());
        let expected: Vec<Scope> = Scope::ALL
            .into_iter()
            .filter(|it| *it == scope || (*it == Scope::UsersRead && scope == Scope::Users))
            .collect();
        assert_eq!(allowed(&world.service, &ticket, id).await, expected);
    }
    let all = ticket(&world, 100, "users:read users sessions mail restore pseudonyms clients");
    assert_eq!(allowed(&world.service, &all, id).await, Scope::ALL);
    let none = ticket(&world, 101, "* admin");
    assert_eq!(allowed(&world.service, &none, id).await, []);
});

on_both!(a_ticket_is_over_after_a_quarter_of_an_hour, &[], world => {
    let id = log_in(&world.service, ADA).await.unwrap().user.id;
    let service = &world.service;
    let ticket = ticket(&world, 1, "users");
    world.clock.advance(899);
    assert!(service.read_user(&ticket, id).await.is_ok());
    world.clock.advance(1);
    let refused = |refusal| Error::Access(AccessRefusal::Operator(refusal));
    assert_eq!(service.read_user(&ticket, id).await.unwrap_err(), refused(OperatorRefusal::Expired));
    // The cron deletes the ticket that has expired, and no other.
    let fresh = self::ticket(&world, 2, "users");
    service.forget_operator_tickets().await.unwrap();
    assert_eq!(service.ports().operator_tickets.count(), 1);
    assert_eq!(service.read_user(&ticket, id).await.unwrap_err(), refused(OperatorRefusal::Unknown));
    assert!(service.read_user(&fresh, id).await.is_ok());
    assert_eq!(service.read_user("ego_", id).await.unwrap_err(), refused(OperatorRefusal::Malformed));
});

on_both!(a_ticket_never_acts_as_a_user, &[], world => {
    let ada = log_in(&world.service, ADA).await.unwrap();
    let service = &world.service;
    let all = ticket(&world, 1, "users sessions mail restore pseudonyms");
    assert!(service.me(&all).await.is_err());
    assert!(service.list_sessions(&all).await.is_err());
    assert!(service.end_session(&all, ada.tokens.session).await.is_err());
    assert!(service.end_other_sessions(&all).await.is_err());
    assert!(!service.is_authorized_by_role(&all, &["user", "admin"]).await);
    assert!(!service.is_authorized_by_user_id(&all, &ada.user.id.to_string()).await);
    assert!(service.change_password(&all, PASSWORD, NEW_PASSWORD, &client(), English).await.is_err());
    assert!(service.change_email(&all, GRACE, PASSWORD, &client(), English).await.is_err());
    assert!(service.delete_own_account(&all, PASSWORD, &client(), English).await.is_err());
    assert!(service.reauthenticate(&all, PASSWORD, None, &client()).await.is_err());
    assert!(service.renew_token(&all, &client()).await.is_err());
    assert_eq!(service.log_out(&all).await, Ok(None));
    assert_eq!(service.me(ada.tokens.access_token.expose()).await.unwrap(), ada.user);
});

on_both!(only_an_operator_does_what_no_browser_should, &[], world => {
    let (ada, root) = (log_in(&world.service, ADA).await.unwrap(), log_in(&world.service, ROOT).await.unwrap());
    let service = &world.service;
    for token in [&ada, &root].map(|signed_in| signed_in.tokens.access_token.expose()) {
        let leave = Amendment { may_leave_no_administrator: true, ..roles(&["user"]) };
        assert_eq!(service.amend_user(token, root.user.id, leave).await, Err(Error::Forbidden));
        assert_eq!(service.create_user_with_link(token, invitee(GRACE), None).await.unwrap_err(), Error::Forbidden);
        assert_eq!(service.return_invitation(token, ada.user.id).await.unwrap_err(), Error::Forbidden);
        assert_eq!(service.verify_address(token, ada.user.id).await, Err(Error::Forbidden));
        assert_eq!(service.list_failed_mail(token, "", 9).await, Err(Error::Forbidden));
        assert_eq!(service.list_failed_mail_of(token, ada.user.id, "", 9).await, Err(Error::Forbidden));
        assert_eq!(service.retry_failed_mail(token, None).await, Err(Error::Forbidden));
        assert_eq!(service.drop_failed_mail(token, &[]).await, Err(Error::Forbidden));
        assert_eq!(service.raise_counters(token, None).await, Err(Error::Forbidden));
        assert_eq!(service.pseudonyms(token, PseudonymFor::Address(ADA)).await, Err(Error::Forbidden));
    }
    assert_eq!(service.me(root.tokens.access_token.expose()).await.unwrap(), root.user);
});

// This is how the first administrator is made.
on_both!(a_returned_link_makes_an_administrator_while_registration_is_closed, &[("REGISTRATION", "closed"), ("DEV", "0")], world => {
    let service = &world.service;
    let users = ticket(&world, 1, "users");
    let admin = Some(vec!["admin".to_owned(), "user".to_owned()]);
    // There is no mail provider, so the link is returned instead of mailed.
    assert_eq!(service.create_user(&users, invitee(GRACE), None, English).await.unwrap_err(), Error::NoMailProvider);
    let (grace, returned) = service.create_user_with_link(&users, invitee(GRACE), admin.clone()).await.unwrap();
    assert_eq!(returned.expires_at, service.ports().clock.now_ms() / 1000 + 86_400);
    let events = service.ports().events.take();
    let of_roles = events.iter().filter(|event| event.act.name() == "roles_changed");
    assert_eq!(of_roles.count(), 1, "whoever watches for new administrators sees this one");
    let link = returned.link.expose();
    let (page, first) = link.split_once('#').unwrap();
    assert_eq!(page, "http://127.0.0.1:8787/reset-password");
    // The operator runs the command a second time.
    let again = service.create_user_with_link(&users, invitee(GRACE), admin).await;
    assert_eq!(again.unwrap_err(), Error::EmailTaken);
    let second = service.return_invitation(&users, grace.id).await.unwrap();
    let (_, second) = second.link.expose().split_once('#').unwrap();
    assert!(service.ports().mail_queue.take().is_empty(), "no mail to anybody");
    service.confirm_reset(second, NEW_PASSWORD, &client(), English).await.unwrap();
    let used = service.confirm_reset(first, PASSWORD, &client(), English).await;
    assert!(used.is_err(), "both links are one invitation");
    let login = Login { email: GRACE, password: NEW_PASSWORD };
    let signed_in = service.generate_token(login, &client()).await.unwrap();
    assert!(service.is_authorized_by_role(signed_in.tokens.access_token.expose(), &["admin"]).await);
    // The user has a password now. From now on, nobody else can get a link to choose it.
    assert_eq!(service.return_invitation(&users, grace.id).await.unwrap_err(), Error::NotInvitable);
    assert_eq!(service.invite(&users, grace.id, English).await, Err(Error::NotInvitable));
});

on_both!(a_disabled_account_is_not_invited, &[], world => {
    let service = &world.service;
    let users = ticket(&world, 1, "users");
    let grace = service.create_user(&users, invitee(GRACE), None, English).await.unwrap();
    let disable = Amendment { disabled: Some(true), ..Amendment::default() };
    service.amend_user(&users, grace.id, disable).await.unwrap();
    assert_eq!(service.return_invitation(&users, grace.id).await.unwrap_err(), Error::NotInvitable);
    assert_eq!(service.return_invitation(&users, UserId::new(1, &[9; 10])).await.unwrap_err(), Error::UnknownUser);
});

on_both!(an_invitation_is_mailed_again, &[], world => {
    let service = &world.service;
    let users = ticket(&world, 1, "users");
    let grace = service.create_user(&users, invitee(GRACE), None, English).await.unwrap();
    let first = world.deliver_all().await;
    world.clock.advance(120);
    service.invite(&users, grace.id, English).await.unwrap();
    let second = world.deliver_all().await;
    for mails in [first, second] {
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].to.as_given(), GRACE);
    }
});

on_both!(the_last_administrator_goes_only_when_an_operator_says_so, &[], world => {
    let service = &world.service;
    let root = log_in(service, ROOT).await.unwrap().user.id;
    let users = ticket(&world, 1, "users");
    let disabled = Amendment { disabled: Some(true), ..Amendment::default() };
    for change in [roles(&["user"]), disabled.clone()] {
        assert_eq!(service.amend_user(&users, root, change).await, Err(Error::LastAdministrator));
    }
    assert_eq!(service.delete_account(&users, root, English).await.unwrap_err(), Error::LastAdministrator);
    let told = |change| Amendment { may_leave_no_administrator: true, ..change };
    assert_eq!(service.amend_user(&users, root, told(Amendment::default())).await, Err(Error::NothingToChange));
    let amended = service.amend_user(&users, root, told(roles(&["user"]))).await.unwrap();
    assert_eq!(amended.roles.to_vec(), ["user"]);
    service.amend_user(&users, root, roles(&["admin"])).await.unwrap();
    let amended = service.amend_user(&users, root, told(disabled)).await.unwrap();
    assert!(amended.disabled_at.is_some());
});

on_both!(an_operator_vouches_for_an_address, &[], world => {
    let service = &world.service;
    let users = ticket(&world, 1, "users");
    let grace = service.create_user(&users, invitee(GRACE), None, English).await.unwrap();
    let verified = service.verify_address(&users, grace.id).await.unwrap();
    assert!(verified.email_verified_at.is_some());
    assert_eq!(verified.link_generation, grace.link_generation + 1);
    let again = service.verify_address(&users, grace.id).await.unwrap();
    assert_eq!(again, verified, "a repeat changes nothing");
});

#[test]
fn an_unlocked_owner_need_not_wait() {
    let world = on_memory(&[("PASSWORD_WORK", "durable")]);
    let service = &world.service;
    pollster::block_on(async {
        let id = log_in(service, ADA).await.unwrap().user.id;
        let wrong = Login {
            email: ADA,
            password: NEW_PASSWORD,
        };
        assert!(service.generate_token(wrong, &client()).await.is_err());
        let delayed = log_in(service, ADA).await.unwrap_err();
        assert_eq!(delayed, Error::RateLimited(1));
        let users = ticket(&world, 1, "users");
        service.unlock(&users, id).await.unwrap();
        assert!(log_in(service, ADA).await.is_ok());
    });
}

on_both!(sessions_of_others_are_listed_and_ended, &[], world => {
    let service = &world.service;
    let (one, two) = (log_in(service, ADA).await.unwrap(), log_in(service, ADA).await.unwrap());
    let root = log_in(service, ROOT).await.unwrap();
    let sessions = ticket(&world, 1, "sessions");
    for manager in [sessions.as_str(), root.tokens.access_token.expose()] {
        let listed = service.list_sessions_of(manager, one.user.id).await.unwrap();
        let ids: Vec<SessionId> = listed.iter().map(|own| own.session.id).collect();
        assert!(ids.contains(&one.tokens.session) && ids.contains(&two.tokens.session));
        assert!(listed.iter().all(|own| !own.current));
    }
    let own = service.list_sessions_of(root.tokens.access_token.expose(), root.user.id).await.unwrap();
    assert!(own[0].current);
    // A session of another user can't be ended under this user's id.
    let of_root = service.end_session_of(&sessions, one.user.id, root.tokens.session).await;
    assert_eq!(of_root.unwrap_err(), Error::UnknownSession);
    service.end_session_of(&sessions, one.user.id, one.tokens.session).await.unwrap();
    assert!(service.renew_token(one.tokens.refresh_token.expose(), &client()).await.is_err());
    assert!(service.renew_token(two.tokens.refresh_token.expose(), &client()).await.is_ok());
    assert_eq!(service.revoke_tokens_as(&sessions, one.user.id).await.unwrap().map(|bearer| bearer.user), None);
    assert!(service.renew_token(two.tokens.refresh_token.expose(), &client()).await.is_err());
    assert!(service.renew_token(root.tokens.refresh_token.expose(), &client()).await.is_ok());
});

on_both!(users_are_found_by_the_beginning_of_their_address, &[], world => {
    let service = &world.service;
    let reading = ticket(&world, 1, "users:read");
    let users = ticket(&world, 2, "users");
    for email in ["adb@example.com", "Ada.King@example.com", "adam@example.com"] {
        service.create_user(&users, invitee(email), None, English).await.unwrap();
    }
    let find = async |prefix, after, limit| {
        let page = service.find_users(&reading, prefix, after, limit).await.unwrap();
        let found: Vec<String> = page.users.iter().map(|user| user.email.canonical().to_owned()).collect();
        (found, page.next.is_some())
    };
    assert_eq!(find("ADA", None, 2).await, (vec!["ada.king@example.com".to_owned(), ADA.to_owned()], true));
    assert_eq!(find("ada", Some(ADA), 2).await, (vec!["adam@example.com".to_owned()], false));
    assert_eq!(find("ada@", None, 9).await, (vec![ADA.to_owned()], false));
    assert_eq!(find("%", None, 9).await, (vec![], false));
    let empty = service.find_users(&reading, " ", None, 9).await;
    assert_eq!(empty.unwrap_err(), Error::Field("prefix", FieldProblem::Empty));
});

on_both!(failed_mails_are_listed_retried_and_dropped, &[], world => {
    let service = &world.service;
    let ada = log_in(service, ADA).await.unwrap().user.id;
    let grace = {
        let users = ticket(&world, 2, "users");
        service.create_user(&users, invitee(GRACE), None, English).await.unwrap().id
    };
    service.reset_password(ADA, &client(), English).await.unwrap();
    service.reset_password("nobody@example.com", &client(), English).await.unwrap();
    let ledger = &service.ports().mail_ledger;
    for job in service.ports().mail_queue.take() {
        service.keep_dead_letter(&job.encode(), &job.id).await.unwrap();
    }
    service.keep_dead_letter("9\nfrom a later version", "later").await.unwrap();
    let mail = ticket(&world, 1, "mail");
    let page = service.list_failed_mail(&mail, "", 3).await.unwrap();
    let rest = service.list_failed_mail(&mail, page.next.as_deref().unwrap(), 3).await.unwrap();
    assert_eq!((page.mails.len(), rest.mails.len(), rest.next), (3, 1, None));
    let all: Vec<_> = page.mails.into_iter().chain(rest.mails).collect();
    assert!(all.iter().any(|mail| mail.id == "later" && mail.mail.is_none()));
    assert!(!format!("{all:?}").contains("example.com"), "no address");
    for (user, name) in [(ada, "reset"), (grace, "invitation")] {
        let page = service.list_failed_mail_of(&mail, user, "", 9).await.unwrap();
        assert_eq!((page.mails.len(), page.next), (1, None));
        let own = page.mails;
        assert_eq!((own[0].mail, own[0].user), (Some(name), (name == "invitation").then_some(grace)));
    }
    let id = service.list_failed_mail_of(&mail, ada, "", 9).await.unwrap().mails[0].id.clone();
    let known = [id.clone(), "unknown".to_owned()];
    assert_eq!(service.retry_failed_mail(&mail, Some(&known)).await, Ok(1));
    let due = ledger.due(9, 0).await.unwrap();
    assert_eq!(due.iter().map(|letter| &letter.id).collect::<Vec<_>>(), [&id]);
    assert_eq!(service.retry_failed_mail(&mail, None).await, Ok(4));
    assert_eq!(service.drop_failed_mail(&mail, &known).await, Ok(1));
    assert_eq!(service.drop_failed_mail(&mail, &known).await, Ok(0));
    assert_eq!(ledger.letters().len(), 3);
});

on_both!(raised_counters_end_everything_from_before, &[], world => {
    let service = &world.service;
    let ada = log_in(service, ADA).await.unwrap();
    let link = world.reset_ticket(ADA).await;
    let restore = ticket(&world, 1, "restore");
    let raised = service.raise_counters(&restore, None).await.unwrap();
    assert_eq!((raised.accounts, raised.next), (2, None));
    assert!(service.renew_token(ada.tokens.refresh_token.expose(), &client()).await.is_err());
    assert!(service.me(ada.tokens.access_token.expose()).await.is_err());
    assert!(service.confirm_reset(&link, NEW_PASSWORD, &client(), English).await.is_err());
    let after = log_in(service, ADA).await.unwrap();
    assert!(service.is_authorized_by_role(after.tokens.access_token.expose(), &["user"]).await);
    let nonces = service.ports().users.list(None, 9).await.unwrap();
    assert_ne!(nonces[0].link_nonce, nonces[1].link_nonce);
    assert!(!service.ports().users.row_changes(9).await.unwrap().is_empty());
});

#[test]
fn counters_are_raised_page_by_page() {
    let world = on_memory(&[]);
    let service = &world.service;
    pollster::block_on(async {
        let template = log_in(service, ADA).await.unwrap().user;
        for number in 2..RAISED_AT_ONCE + 1 {
            let mut random = [0; 10];
            random[..4].copy_from_slice(&number.to_be_bytes());
            let email = format!("user{number}@example.com");
            let user = edgegate::domain::account::User {
                id: UserId::new(1, &random),
                email: edgegate::domain::account::EmailAddress::parse(&email).unwrap(),
                ..template.clone()
            };
            service.ports().users.insert(&user, None).await.unwrap();
        }
        let restore = ticket(&world, 1, "restore");
        let first = service.raise_counters(&restore, None).await.unwrap();
        assert_eq!(first.accounts, u64::from(RAISED_AT_ONCE));
        let second = service.raise_counters(&restore, first.next).await.unwrap();
        assert_eq!((second.accounts, second.next), (1, None));
        let all = service
            .ports()
            .users
            .list(None, 2 * RAISED_AT_ONCE)
            .await
            .unwrap();
        assert!(all.iter().all(|user| user.session_epoch > 1_000_000_000));
    });
}

on_both!(pseudonyms_are_those_of_the_log, &[("TICKET_SECRET", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8,ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8")], world => {
    let service = &world.service;
    let asking = ticket(&world, 1, "pseudonyms");
    let of_ada = service.pseudonyms(&asking, PseudonymFor::Address(" ADA@example.com")).await.unwrap();
    assert_eq!(of_ada.len(), 2);
    assert_ne!(of_ada[0], of_ada[1]);
    service.asked_by(&client());
    let _ = service.ports().events.take();
    service.reset_password(ADA, &client(), English).await.unwrap();
    let events = service.ports().events.take();
    let values = events[0].values("");
    assert_eq!(values[5], of_ada[0].as_str());
    let of_network = service.pseudonyms(&asking, PseudonymFor::Network("203.0.113.9")).await.unwrap();
    assert_eq!(values[6], of_network[0].as_str());
    for (named, field) in [(PseudonymFor::Address("ada"), "email"), (PseudonymFor::Network("ada"), "ip")] {
        let refused = service.pseudonyms(&asking, named).await.unwrap_err();
        assert!(matches!(refused, Error::Field(name, _) if name == field), "{refused:?}");
    }
});

/// A limiter that refuses a request only if the request is counted at the limit for renewals and
/// under the key of an operator.
#[derive(Clone, Copy, Default)]
struct Full;

impl RateLimiter for Full {
    async fn admit(&self, limit: Limit, key: &str) -> bool {
        !(limit == Limit::ClientRenewals && key.starts_with("operator "))
    }
}

#[test]
fn a_limit_comes_before_the_look_up() {
    let shared = on_memory(&[]).shared;
    let ports: MemoryPorts<edgegate::adapters::memory::MemorySessions, _, _, _, _, Full> =
        MemoryPorts::default();
    let tickets = ports.operator_tickets.clone();
    let service = AuthService::new(ports, shared);
    let service: AuthService<
        MemoryPorts<
            _,
            edgegate::adapters::memory::ManualClock,
            edgegate::adapters::memory::SeededRandom,
            edgegate::adapters::memory::MemoryUsers,
            edgegate::adapters::argon2::Argon2Hasher,
            Full,
        >,
    > = service;
    let now = service.ports().clock.now_ms() / 1000;
    let ticket = operator_ticket(&tickets, 1, "users", now);
    let id = UserId::new(1, &[9; 10]);
    service.asked_by(&Client::new(Some("203.0.113.9"), None));
    pollster::block_on(async {
        for credential in [ticket.as_str(), &ticket.replace("ego_A", "ego_B")] {
            let refused = service.read_user(credential, id).await.unwrap_err();
            assert_eq!(refused, Error::RateLimited(60));
        }
        // A text that can't be a ticket is rejected, and the limiter is not asked.
        let refused = service.read_user("ego_x", id).await.unwrap_err();
        assert_eq!(
            refused,
            Error::Access(AccessRefusal::Operator(OperatorRefusal::Malformed))
        );
    });
}
