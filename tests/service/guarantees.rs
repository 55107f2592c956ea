//! Attacks the service, to test what SECURITY.md claims about lost records, and what it claims
//! under "If something is stolen".

use edgegate::adapters::kv_sessions::KeyValue;
use edgegate::adapters::memory::KeyValueCounts;
use edgegate::domain::account::{Edit, User};
use edgegate::domain::error::{AccessRefusal, Code, Error, GrantRefusal};
use edgegate::domain::mail::Locale::English;
use edgegate::domain::policy::{HOUR, NEW_SESSION_UNSEEN, RECENT_PROOF};
use edgegate::domain::session::{Proof, RefreshTicket, RefreshTokens, SessionId, TokenId, Verdict};
use edgegate::ports::{Clock, Ports, SessionStore};
use edgegate::service::manage_users::{Amendment, Invitee};
use edgegate::service::{AuthService, NewAccount, Registered};
use edgegate_token::{Claims, issue};

use crate::fixture::{
    ADA, NEW_PASSWORD, PASSWORD, ROOT, World, client, log_in, on_both, on_kv, on_memory, settings,
    verdict,
};

fn now<S: SessionStore>(world: &World<S>) -> u64 {
    world.clock.now_ms() / 1000
}

/// Makes an access token for this user, as a thief of `SIGNING_KEYS` could.
fn forged_access_token(user: &User, session: SessionId, now: u64) -> String {
    let settings = settings(&[]);
    let claims = Claims {
        iss: settings.issuer.clone(),
        sub: user.id.to_string(),
        aud: settings.audience.as_str().into(),
        client_id: settings.client_id.clone(),
        exp: now + 600,
        iat: now,
        nbf: None,
        auth_time: Some(now),
        jti: TokenId::new(0, [7; 16]).to_string(),
        sid: session.to_string(),
        ver: user.version,
        roles: user.roles.to_vec(),
        email: None,
        email_verified: false,
        scope: None,
        sign_on: None,
    };
    issue(&settings.keys, &claims).unwrap()
}

/// Makes a refresh token for this user, as a thief of `TICKET_SECRET` could.
fn forged_refresh_token(user: &User, session: SessionId, now: u64) -> String {
    let settings = settings(&[]);
    let tokens = RefreshTokens::new(&settings.ticket_secrets, &settings.issuer);
    let ticket = RefreshTicket {
        user: user.id,
        session,
        epoch: user.session_epoch,
        counter: 0,
        expires_at: now + HOUR,
        proof: Proof::by_password(now),
        sign_on: None,
    };
    tokens.seal(ticket).expose().to_owned()
}

/// Tries actions that need the user's password, with a wrong password. Returns the errors.
async fn needs_the_password<P: Ports>(service: &AuthService<P>, token: &str) -> [Error; 4] {
    const GUESS: &str = "not the password of this one";
    let by = &client();
    [
        service
            .change_password(token, GUESS, NEW_PASSWORD, by, English)
            .await
            .unwrap_err(),
        service
            .change_email(token, "new@example.com", GUESS, by, English)
            .await
            .unwrap_err(),
        service
            .delete_own_account(token, GUESS, by, English)
            .await
            .unwrap_err(),
        service
            .reauthenticate(token, GUESS, None, by)
            .await
            .unwrap_err(),
    ]
}

#[test]
fn no_changed_byte_of_a_refresh_token_makes_the_store_do_anything() {
    let world = on_kv(&[]);
    let login = world.log_in(ADA).tokens;
    let genuine = login.refresh_token.expose();
    let _ = world.kv.take_counts();
    pollster::block_on(async {
        let service = &world.service;
        for at in 0..genuine.len() {
            let mut forged = genuine.to_owned();
            let other = if &genuine[at..=at] == "A" { "B" } else { "A" };
            forged.replace_range(at..=at, other);
            for text in [forged.as_str(), &genuine[..at]] {
                let error = service.renew_token(text, &client()).await.unwrap_err();
                assert_eq!(error, Error::Grant(GrantRefusal::Ticket), "{at}");
                assert_eq!(service.log_out(text).await, Ok(None), "{at}");
                assert_eq!(service.session_of(text), None, "{at}");
            }
        }
        assert_eq!(world.kv.take_counts(), KeyValueCounts::default());
        assert!(service.renew_token(genuine, &client()).await.is_ok());
    });
}

on_both!(the_signing_keys_alone_renew_nothing_and_choose_no_password, &[("LIMITS", "off")], world => {
    let service = &world.service;
    let root = log_in(service, ROOT).await.unwrap();
    world.clock.advance(RECENT_PROOF);
    let forged = &forged_access_token(&root.user, root.tokens.session, now(&world));
    assert_eq!(service.renew_token(forged, &client()).await.unwrap_err(), Error::Grant(GrantRefusal::Ticket));
    for error in needs_the_password(service, forged).await {
        assert_eq!(error, Error::CurrentPassword);
    }
    let reset = service.confirm_reset(forged, NEW_PASSWORD, &client(), English).await.unwrap_err();
    assert_eq!(reset.code(), Code::InvalidLink);
    let verified = service.verify_email(forged, NEW_PASSWORD, &client(), English).await.unwrap_err();
    assert_eq!(verified.code(), Code::InvalidLink);
    // As SECURITY.md says, a thief who forges an administrator's token with a fresh proof (the time
    // at which the password was entered) can do whatever an administrator may do.
    let ada = log_in(service, ADA).await.unwrap().user;
    let disabled = Amendment { disabled: Some(true), ..Amendment::default() };
    assert!(service.amend_user(forged, ada.id, disabled).await.is_ok());
    // When the version is raised, the forged token becomes outdated. To forge another token, the
    // thief would have to know the new version, which is stored only in the user's row.
    service.revoke_tokens(root.user.id).await.unwrap();
    assert_eq!(service.bearer(forged).await.unwrap_err(), Error::Access(AccessRefusal::Outdated));
});

#[test]
fn the_ticket_secret_alone_continues_no_session_that_is_not_in_a_durable_object() {
    fn presented<S: SessionStore>(world: &World<S>, age: u64) -> Result<(), Error> {
        let ada = world.log_in(ADA).user;
        let now = now(world);
        let session = SessionId::new((now - age) * 1000, &[7; 10]);
        let forged = forged_refresh_token(&ada, session, now);
        let renewed = pollster::block_on(world.service.renew_token(&forged, &client()));
        renewed.map(drop)
    }
    for age in [0, 1, NEW_SESSION_UNSEEN, NEW_SESSION_UNSEEN + 1] {
        let error = presented(&on_memory(&[]), age).unwrap_err();
        assert_eq!(verdict(&error), Some(Verdict::Unknown), "{age}");
    }
    // At this KV location, this session looks like a new session that began elsewhere a moment ago.
    assert_eq!(presented(&on_kv(&[]), NEW_SESSION_UNSEEN), Ok(()));
    let error = presented(&on_kv(&[]), NEW_SESSION_UNSEEN + 1).unwrap_err();
    assert_eq!(verdict(&error), Some(Verdict::Unknown));
}

#[test]
fn without_the_records_of_kv_only_sessions_of_the_last_two_minutes_continue() {
    for (age, goes_on) in [
        (0, true),
        (NEW_SESSION_UNSEEN, true),
        (NEW_SESSION_UNSEEN + 1, false),
    ] {
        let world = on_kv(&[]);
        let ada = world.log_in(ADA);
        world.clock.advance(age);
        pollster::block_on(async {
            let keys = world.kv.list("", None).await.unwrap().keys;
            assert!(!keys.is_empty());
            for (key, _) in keys {
                world.kv.delete(&key).await.unwrap();
            }
            let service = &world.service;
            let refresh_token = ada.tokens.refresh_token.expose();
            let renewed = service.renew_token(refresh_token, &client()).await;
            assert_eq!(renewed.is_ok(), goes_on, "{age}");
            // No record is left that would reject the access token before it expires.
            let access_token = ada.tokens.access_token.expose();
            assert!(service.bearer(access_token).await.is_ok(), "{age}");
        });
    }
}

// Tests what SECURITY.md says about a stolen access token of an administrator, if the password was
// not entered in the last ten minutes. The actions that need the password are tested in
// reauthenticate.rs.
on_both!(an_administrator_without_a_fresh_password_reads_renames_invites_and_ends_sessions, &[], world => {
    let service = &world.service;
    let root = log_in(service, ROOT).await.unwrap().tokens;
    world.clock.advance(RECENT_PROOF);
    let stolen = service.renew_token(root.refresh_token.expose(), &client()).await.unwrap().tokens;
    let stolen = stolen.access_token.expose();
    let ada = log_in(service, ADA).await.unwrap();
    let id = ada.user.id;
    assert!(service.read_user(stolen, id).await.is_ok());
    assert_eq!(service.list_users(stolen, None, 10).await.unwrap().users.len(), 2);
    let renamed = Amendment { first_name: Edit::Set("A".to_owned()), ..Amendment::default() };
    assert!(service.amend_user(stolen, id, renamed).await.is_ok());
    let invitee = Invitee { email: "grace@example.com", first_name: None, last_name: None };
    assert!(service.create_user(stolen, invitee, None, English).await.is_ok());
    assert!(service.revoke_tokens_as(stolen, id).await.is_ok());
    assert!(service.renew_token(ada.tokens.refresh_token.expose(), &client()).await.is_err());
    assert_eq!(service.delete_account(stolen, id, English).await.unwrap_err(), Error::ReauthenticationRequired);
});

on_both!(an_unverified_address_gets_no_notice_of_a_theft_or_of_the_deletion,
    &[("REGISTRATION", "open"), ("ROTATE_AFTER", "0"), ("REUSE", "strict")], world => {
    let service = &world.service;
    let account = NewAccount { email: "victim@example.com", password: Some(PASSWORD), first_name: None, last_name: None };
    let Registered::SignedIn(own) = service.register(account, &client(), English).await.unwrap() else {
        panic!("not signed in");
    };
    let again = log_in(service, "victim@example.com").await.unwrap().tokens;
    assert_eq!(world.deliver_all().await.len(), 1, "the mail to verify it");
    let spent = own.tokens.refresh_token.expose();
    service.renew_token(spent, &client()).await.unwrap();
    world.clock.advance(HOUR);
    let error = service.renew_token(spent, &client()).await.unwrap_err();
    assert_eq!(verdict(&error), Some(Verdict::Reused));
    let renewed = service.renew_token(again.refresh_token.expose(), &client()).await.unwrap().tokens;
    service.delete_own_account(renewed.access_token.expose(), PASSWORD, &client(), English).await.unwrap();
    assert_eq!(world.deliver_all().await, []);
});
