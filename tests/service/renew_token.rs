use edgegate::domain::error::{Code, Error, GrantRefusal};
use edgegate::domain::mail::{Job, Locale};
use edgegate::domain::session::Verdict;
use edgegate::service::manage_users::Amendment;

use crate::fixture::{ADA, ROOT, client, log_in, on_both, other_client, verdict};

on_both!(young_tokens_are_kept, &[], world => {
    let first = log_in(&world.service, ADA).await.unwrap().tokens;
    world.clock.advance(89);
    let renewed = world.service.renew_token(first.refresh_token.expose(), &client()).await.unwrap();
    assert_eq!(renewed.verdict, Verdict::Kept);
    assert_eq!(renewed.tokens.refresh_token, first.refresh_token);
    assert_ne!(renewed.tokens.access_token, first.access_token);
    world.clock.advance(1);
    let renewed = world.service.renew_token(first.refresh_token.expose(), &client()).await.unwrap();
    assert!(matches!(renewed.verdict, Verdict::Fresh(_)));
    assert_ne!(renewed.tokens.refresh_token, first.refresh_token);
});

on_both!(ten_renewals_at_once_give_one_refresh_token, &[("ROTATE_AFTER", "0")], world => {
    let first = log_in(&world.service, ADA).await.unwrap().tokens;
    let mut given = Vec::new();
    for _ in 0..10 {
        let renewed = world.service.renew_token(first.refresh_token.expose(), &client()).await.unwrap();
        given.push(renewed.tokens.refresh_token.expose().to_owned());
    }
    given.dedup();
    assert_eq!(given.len(), 1);
});

on_both!(a_used_token_after_the_grace_ends_the_session, &[("ROTATE_AFTER", "0"), ("REUSE", "strict")], world => {
    let first = log_in(&world.service, ADA).await.unwrap().tokens;
    let second = world.service.renew_token(first.refresh_token.expose(), &client()).await.unwrap().tokens;
    world.clock.advance(30);
    let error = world.service.renew_token(first.refresh_token.expose(), &client()).await.unwrap_err();
    assert_eq!(verdict(&error), Some(Verdict::Reused));
    assert_eq!(error.code(), Code::InvalidGrant);
    let error = world.service.renew_token(second.refresh_token.expose(), &client()).await.unwrap_err();
    assert_eq!(verdict(&error), Some(Verdict::Ended));
    assert!(!world.service.is_authorized_by_role(second.access_token.expose(), &["user"]).await);
});

on_both!(only_the_same_client_may_retry_after_the_grace, &[("ROTATE_AFTER", "0")], world => {
    let first = log_in(&world.service, ADA).await.unwrap().tokens;
    let second = world.service.renew_token(first.refresh_token.expose(), &client()).await.unwrap().tokens;
    world.clock.advance(3600);
    let late = world.service.renew_token(first.refresh_token.expose(), &client()).await.unwrap();
    assert_eq!(late.verdict, Verdict::Late);
    assert_eq!(late.tokens.refresh_token, second.refresh_token);
    let error = world.service.renew_token(first.refresh_token.expose(), &other_client()).await.unwrap_err();
    assert_eq!(verdict(&error), Some(Verdict::Reused));
});

on_both!(a_renewed_token_has_the_current_roles, &[], world => {
    let ada = log_in(&world.service, ADA).await.unwrap();
    let root = log_in(&world.service, ROOT).await.unwrap();
    let grant = Amendment { roles: Some(vec!["user".to_owned(), "editor".to_owned()]), ..Amendment::default() };
    world.service.amend_user(root.tokens.access_token.expose(), ada.user.id, grant).await.unwrap();
    assert!(!world.service.is_authorized_by_role(ada.tokens.access_token.expose(), &["user"]).await);
    let renewed = world.service.renew_token(ada.tokens.refresh_token.expose(), &client()).await.unwrap();
    assert!(world.service.is_authorized_by_role(renewed.tokens.access_token.expose(), &["editor"]).await);
});

on_both!(a_session_ends_at_its_time, &[("SESSION_TTL", "3600"), ("SESSION_IDLE_TTL", "1800")], world => {
    let mut tokens = log_in(&world.service, ADA).await.unwrap().tokens;
    for _ in 0..2 {
        world.clock.advance(1700);
        tokens = world.service.renew_token(tokens.refresh_token.expose(), &client()).await.unwrap().tokens;
    }
    // The access token does not outlive the session, so its lifetime is shortened.
    assert_eq!(tokens.expires_in, 200);
    assert_eq!(tokens.refresh_token_expires_in, 200);
    world.clock.advance(200);
    let error = world.service.renew_token(tokens.refresh_token.expose(), &client()).await.unwrap_err();
    assert_eq!(verdict(&error), Some(Verdict::Expired));

    let idle = log_in(&world.service, ADA).await.unwrap().tokens;
    world.clock.advance(1800);
    let error = world.service.renew_token(idle.refresh_token.expose(), &client()).await.unwrap_err();
    assert_eq!(verdict(&error), Some(Verdict::Idle));
});

// Uses the shortest SESSION_IDLE_TTL that these settings allow. A client that always renews as late
// as possible still stays signed in until the end of the session.
on_both!(a_client_in_use_does_not_go_idle, &[
    ("SESSION_TTL", "100000"), ("SESSION_IDLE_TTL", "7320"), ("ROTATE_AFTER", "3600"), ("ACCESS_TOKEN_TTL", "3600"),
], world => {
    let mut tokens = log_in(&world.service, ADA).await.unwrap().tokens;
    let (mut lived, mut kept) = (0, false);
    loop {
        // If the last renewal did not replace the refresh token, the client waits as long as
        // possible before the next renewal: the lifetime of an access token and almost two minutes.
        let wait = if kept { 3600 + 119 } else { 3599 };
        lived += wait;
        world.clock.advance(wait);
        if lived >= 100_000 {
            break;
        }
        let renewed = world.service.renew_token(tokens.refresh_token.expose(), &client()).await.unwrap();
        kept = renewed.verdict == Verdict::Kept;
        tokens = renewed.tokens;
    }
    assert!(lived > 90_000);
});

on_both!(texts_that_are_not_refresh_tokens_are_rejected, &[], world => {
    let tokens = log_in(&world.service, ADA).await.unwrap().tokens;
    for text in ["", "egr_", "egr_AAAA", tokens.access_token.expose(), &"egr_".repeat(10_000)] {
        let error = world.service.renew_token(text, &client()).await.unwrap_err();
        assert_eq!(error, Error::Grant(GrantRefusal::Ticket));
    }
});

// A renewal does not say which language the user prefers, and the service stores none. So the
// notice is in the language of MAIL_LOCALE.
on_both!(the_notice_of_a_reuse_is_in_mail_locale, &[("ROTATE_AFTER", "0"), ("REUSE", "strict"), ("MAIL_LOCALE", "de")], world => {
    let first = log_in(&world.service, ADA).await.unwrap().tokens;
    world.service.renew_token(first.refresh_token.expose(), &client()).await.unwrap();
    world.clock.advance(30);
    world.service.renew_token(first.refresh_token.expose(), &client()).await.unwrap_err();
    let [job]: [Job; 1] = world.service.ports().mail_queue.take().try_into().unwrap();
    assert_eq!(job.locale, Locale::German);
});
