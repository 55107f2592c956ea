use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use edgegate::adapters::memory::{
    ManualClock, MemoryPorts, MemorySessions, MemoryUsers, NoLimits, SeededRandom,
};
use edgegate::domain::account::{
    Attempt, HashError, HashRefusal, Password, PasswordHash, UserChange, Verification,
};
use edgegate::domain::error::{AccessRefusal, Code, Error};
use edgegate::domain::mail::Locale;
use edgegate::ports::{PasswordHasher, UserDirectory};
use edgegate::service::manage_users::Invitee;
use edgegate::service::{AuthService, Shared};
use futures_util::future::join;

use crate::fixture::{
    ADA, NEW_PASSWORD, PASSWORD, ROOT, client, log_in, on_both, on_kv, on_memory, settings, ticket,
};

/// Accepts every password. While it checks a password, other futures run.
#[derive(Default)]
struct SlowHasher;

impl PasswordHasher for SlowHasher {
    async fn hash(
        &self,
        _password: &Password,
        _salt: &[u8; 16],
    ) -> Result<PasswordHash, HashError> {
        Ok(PasswordHash::new("a hash".to_owned()))
    }

    async fn verify(
        &self,
        _password: &Password,
        _hash: &PasswordHash,
    ) -> Result<Verification, HashError> {
        let mut has_waited = false;
        poll_fn(|context| {
            if std::mem::replace(&mut has_waited, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        Ok(Verification::Matches { rehash: false })
    }

    fn judge(&self, _hash: &PasswordHash) -> Result<(), HashRefusal> {
        Ok(())
    }

    async fn level_failure(&self, _attempt: &Attempt<'_>) {}

    async fn verify_nothing(&self, _password: &Password, _salt: &[u8; 16]) {}
}

type Slow =
    MemoryPorts<MemorySessions, ManualClock, SeededRandom, MemoryUsers, SlowHasher, NoLimits>;

/// A thief who knows the old password requests the deletion. While the service checks the old
/// password, the owner resets it.
#[test]
fn a_password_that_changes_during_its_check_deletes_nothing() {
    let service = AuthService::new(Slow::default(), Rc::new(Shared::new(settings(&[]))));
    pollster::block_on(async {
        service.add_demo_accounts().await.unwrap();
        let signed_in = log_in(&service, ADA).await.unwrap();
        let token = signed_in.tokens.access_token.expose();
        let (id, users) = (signed_in.user.id, &service.ports().users);
        let change = UserChange {
            password_hash: Some(PasswordHash::new("a new hash".to_owned())),
            ..UserChange::default()
        };
        let by = client();
        let (deleted, changed) = join(
            service.delete_own_account(token, PASSWORD, &by, Locale::English),
            users.update(id, None, None, &change, 1_767_225_600),
        )
        .await;
        assert!(changed.unwrap().is_some());
        assert_eq!(deleted.unwrap_err(), Error::Access(AccessRefusal::Outdated));
        assert!(users.find_by_id(id).await.unwrap().is_some());
        assert_eq!(users.departures(None, 1).await, Ok(vec![]));
        assert!(service.ports().mail_queue.take().is_empty());
    });
}

on_both!(deleting_one_s_own_account_invalidates_all_its_tokens, &[], world => {
    let service = &world.service;
    let signed_in = log_in(service, ADA).await.unwrap();
    let access_token = signed_in.tokens.access_token.expose();
    let wrong = service.delete_own_account(access_token, NEW_PASSWORD, &client(), Locale::English).await;
    assert_eq!(wrong.unwrap_err(), Error::CurrentPassword);
    service.delete_own_account(access_token, PASSWORD, &client(), Locale::English).await.unwrap();
    assert!(!world.can_log_in(ADA, PASSWORD).await);
    assert!(service.renew_token(signed_in.tokens.refresh_token.expose(), &client()).await.is_err());
    assert!(!service.is_authorized_by_role(access_token, &["user"]).await);
    let told = world.deliver_all().await;
    assert_eq!(told[0].to.as_given(), ADA);
});

#[test]
fn a_retry_completes_an_interrupted_deletion() {
    let world = on_kv(&[]);
    let signed_in = world.log_in(ADA);
    pollster::block_on(async {
        let service = &world.service;
        let access_token = signed_in.tokens.access_token.expose();
        world.remove(&signed_in.user).await;
        assert!(
            service.is_authorized_by_role(access_token, &["user"]).await,
            "nobody said so yet"
        );
        let again = service
            .delete_own_account(access_token, PASSWORD, &client(), Locale::English)
            .await;
        assert_eq!(again.unwrap_err(), Error::Access(AccessRefusal::NoUser));
        assert!(!service.is_authorized_by_role(access_token, &["user"]).await);
    });
}

on_both!(an_administrator_invites_lists_and_deletes, &[], world => {
    let service = &world.service;
    let root = log_in(service, ROOT).await.unwrap();
    let ada = log_in(service, ADA).await.unwrap();
    let admin = root.tokens.access_token.expose();
    let invitee = Invitee { email: "grace@example.com", first_name: Some("Grace"), last_name: None };
    let forbidden = service.create_user(ada.tokens.access_token.expose(), invitee, None, Locale::English).await;
    assert_eq!(forbidden.unwrap_err(), Error::Forbidden);
    let grace = service.create_user(admin, invitee, Some(vec!["editor".to_owned()]), Locale::English).await.unwrap();
    assert!(!grace.has_password());
    for guess in ["!", "", PASSWORD] {
        assert!(!world.can_log_in("grace@example.com", guess).await);
    }
    let again = service.create_user(admin, invitee, None, Locale::English).await;
    assert_eq!(again.unwrap_err(), Error::EmailTaken);
    let mails = world.deliver_all().await;
    assert_eq!(mails.len(), 2, "the first attempt may have been interrupted before the mail");
    service.confirm_reset(&ticket(&mails[0]), NEW_PASSWORD, &client(), Locale::English).await.unwrap();
    assert!(world.can_log_in("grace@example.com", NEW_PASSWORD).await);

    let page = service.list_users(admin, None, 2).await.unwrap();
    assert_eq!(page.users.len(), 2);
    let rest = service.list_users(admin, page.next, 2).await.unwrap();
    assert_eq!(rest.users.len(), 1);
    assert_eq!(rest.next, None);
    assert_eq!(service.find_user(admin, "GRACE@example.com").await.unwrap().unwrap().id, grace.id);

    let locale = Locale::English;
    let forbidden = service.delete_account(ada.tokens.access_token.expose(), grace.id, locale).await;
    assert_eq!(forbidden.unwrap_err().code(), Code::Forbidden);
    service.delete_account(admin, grace.id, locale).await.unwrap();
    assert!(!world.can_log_in("grace@example.com", NEW_PASSWORD).await);
    assert_eq!(service.delete_account(admin, grace.id, locale).await.unwrap_err(), Error::UnknownUser);
});

#[test]
fn an_invitation_is_valid_for_a_day_and_until_the_first_password() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let service = &world.service;
        let root = world.log_in(ROOT);
        let admin = root.tokens.access_token.expose();
        let invitee = Invitee {
            email: "grace@example.com",
            first_name: None,
            last_name: None,
        };
        service
            .create_user(admin, invitee, None, Locale::English)
            .await
            .unwrap();
        let link = ticket(&world.deliver_all().await[0]);
        world.clock.advance(86_399);
        let confirm = |password| {
            service.confirm_reset(&link, password, CLIENT.get_or_init(client), Locale::English)
        };
        assert!(confirm(NEW_PASSWORD).await.is_ok());
        assert_eq!(
            confirm(PASSWORD).await.unwrap_err().code(),
            Code::InvalidLink
        );
    });
}

static CLIENT: std::sync::OnceLock<edgegate::domain::session::Client> = std::sync::OnceLock::new();
