//! A store is down or refuses writes. The service issues no token without a stored record, and a
//! retry works.

use edgegate::domain::account::UserId;
use edgegate::domain::error::{Code, Error};
use edgegate::domain::mail::Locale;
use edgegate::domain::session::Verdict;
use edgegate::service::Login;

use crate::fixture::{ADA, KvStore, NEW_PASSWORD, PASSWORD, World, client, on_kv};

#[test]
fn a_store_that_is_down_is_unavailable_and_the_same_token_works_afterwards() {
    let world = on_kv(&[("ROTATE_AFTER", "0")]);
    let tokens = world.log_in(ADA).tokens;
    world.kv.set_down(true);
    pollster::block_on(async {
        let service = &world.service;
        let login = Login {
            email: ADA,
            password: PASSWORD,
        };
        let refresh_token = tokens.refresh_token.expose();
        let access_token = tokens.access_token.expose();
        let unavailable = [
            service.generate_token(login, &client()).await.unwrap_err(),
            service
                .renew_token(refresh_token, &client())
                .await
                .unwrap_err(),
            service.log_out(refresh_token).await.unwrap_err(),
            service.bearer(access_token).await.unwrap_err(),
            service.me(access_token).await.unwrap_err(),
        ];
        for error in unavailable {
            assert_eq!(error.code(), Code::Unavailable);
        }
        // If the check can't be made, the method returns false.
        assert!(!service.is_authorized_by_role(access_token, &["user"]).await);

        world.kv.set_down(false);
        assert!(service.is_authorized_by_role(access_token, &["user"]).await);
        assert!(service.renew_token(refresh_token, &client()).await.is_ok());
    });
}

#[test]
fn a_retry_completes_a_failed_log_out_or_revocation() {
    let world = on_kv(&[]);
    let one = world.log_in(ADA);
    pollster::block_on(async {
        let service = &world.service;
        let access_token = one.tokens.access_token.expose();
        assert!(service.is_authorized_by_role(access_token, &["user"]).await);
        world.kv.refuse_writes(u32::MAX);
        let error = service.log_out(access_token).await.unwrap_err();
        assert_eq!(error.code(), Code::Unavailable);
        let error = service.revoke_tokens(one.user.id).await.unwrap_err();
        assert_eq!(error.code(), Code::Unavailable);
        // The new `session_epoch` is already stored in the user's row. Refresh tokens contain the
        // old one, so renewals are refused.
        let error = service
            .renew_token(one.tokens.refresh_token.expose(), &client())
            .await;
        assert_eq!(error.unwrap_err().code(), Code::InvalidGrant);

        world.kv.refuse_writes(0);
        service.revoke_tokens(one.user.id).await.unwrap();
        assert!(!service.is_authorized_by_role(access_token, &["user"]).await);
        assert_eq!(
            world.kv.value(&format!("stale:{}", one.user.id)).unwrap(),
            "2"
        );
    });
}

#[test]
fn a_write_that_is_rejected_for_its_rate_is_retried() {
    let world = on_kv(&[("ROTATE_AFTER", "0")]);
    let tokens = world.log_in(ADA).tokens;
    let refresh_token = tokens.refresh_token.expose();
    let renew = || pollster::block_on(world.service.renew_token(refresh_token, &client()));
    world.kv.refuse_writes(2);
    assert!(matches!(renew().unwrap().verdict, Verdict::Fresh(_)));
    assert_eq!(
        renew().unwrap().verdict,
        Verdict::Repeated { shared: false }
    );

    let tokens = world.log_in(ADA).tokens;
    let refresh_token = tokens.refresh_token.expose();
    let renew = || pollster::block_on(world.service.renew_token(refresh_token, &client()));
    world.kv.refuse_writes(100);
    assert_eq!(renew().unwrap_err().code(), Code::Unavailable);
    world.kv.refuse_writes(0);
    assert!(renew().is_ok());
}

/// The user's row was changed, but the record in KV was not written. Because of the change, the
/// access token with which it was requested is outdated. A retry with this token completes the
/// change even so.
#[test]
fn an_interrupted_revocation_can_be_completed_with_ones_own_token() {
    let world = on_kv(&[]);
    let (one, other) = (world.log_in(ADA), world.log_in(ADA));
    let mine = one.tokens.access_token.expose();
    let user = one.user.id;
    let stale = format!("stale:{user}");
    pollster::block_on(async {
        let service = &world.service;
        world.kv.refuse_writes(u32::MAX);
        let error = service.revoke_tokens_as(mine, user).await.unwrap_err();
        assert_eq!(error.code(), Code::Unavailable);
        assert_eq!(world.kv.value(&stale), None);

        world.kv.refuse_writes(0);
        // A retry for another user is rejected.
        let root = world.log_in(crate::fixture::ROOT).user.id;
        let error = service.revoke_tokens_as(mine, root).await.unwrap_err();
        assert_eq!(error.code(), Code::InvalidToken);
        assert_eq!(world.kv.value(&format!("stale:{root}")), None);
        let error = service.revoke_tokens_as(mine, user).await.unwrap_err();
        assert_eq!(error.code(), Code::InvalidToken);
        assert_eq!(world.kv.value(&stale).as_deref(), Some("1"));
        let others = other.tokens.access_token.expose();
        assert!(!service.is_authorized_by_role(others, &["user"]).await);
    });
}

/// The user's row was changed, but the record in KV was not written. The change made the token of
/// the request outdated. A retry with this token writes the record. Later requests with it write
/// nothing.
#[test]
fn a_retry_with_an_outdated_token_completes_each_change_once() {
    type Change = fn(&World<KvStore>, &str, UserId) -> Result<(), Error>;
    let changes: [(&str, Change); 3] = [
        ("change_password", |world, token, _| {
            pollster::block_on(world.service.change_password(
                token,
                PASSWORD,
                NEW_PASSWORD,
                &client(),
                Locale::English,
            ))
            .map(drop)
        }),
        ("revoke_tokens_as", |world, token, user| {
            pollster::block_on(world.service.revoke_tokens_as(token, user)).map(drop)
        }),
        ("delete_own_account", |world, token, _| {
            pollster::block_on(world.service.delete_own_account(
                token,
                PASSWORD,
                &client(),
                Locale::English,
            ))
            .map(drop)
        }),
    ];
    for (name, change) in changes {
        let world = on_kv(&[]);
        let mine = world.log_in(ADA);
        let user = mine.user.id;
        let token = mine.tokens.access_token.expose();
        let stale = || world.kv.value(&format!("stale:{user}"));
        world.kv.refuse_writes(u32::MAX);
        let error = change(&world, token, user).unwrap_err();
        assert_eq!(error.code(), Code::Unavailable, "{name}");
        assert_eq!(stale(), None, "{name}");

        world.kv.refuse_writes(0);
        let retry = || change(&world, token, user).unwrap_err().code();
        assert_eq!(retry(), Code::InvalidToken, "{name}");
        assert!(stale().is_some(), "{name}");
        let _ = world.kv.take_counts();
        assert_eq!(retry(), Code::InvalidToken, "{name}");
        assert_eq!(world.kv.take_counts().writes, 0, "{name}");
    }
}
