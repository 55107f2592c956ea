//! How long a sign-on (a user's single sign-on in one browser) lasts: what continues it, and what
//! ends it. When it ends, the sessions of its apps end too.

use edgegate::domain::account::UserId;
use edgegate::domain::authorization::{Code as AuthorizationCode, CodeId, Exchanged};
use edgegate::domain::session::{EndReason, SessionId, Verdict};
use edgegate::ports::{Ending, Ports, SessionStore};
use edgegate::service::manage_users::Amendment;

use super::{Browser, OWN, ask, json, now, text};
use crate::fixture::{ADA, ROOT, World, client, log_in, on_both, verdict};

async fn disable<S: SessionStore>(world: &World<S>, user: UserId, disabled: bool) {
    let root = log_in(&world.service, ROOT).await.unwrap();
    let change = Amendment {
        disabled: Some(disabled),
        ..Amendment::default()
    };
    let token = root.tokens.access_token.expose();
    world.service.amend_user(token, user, change).await.unwrap();
}

/// Whether the single sign-on to which this code belongs has ended. If it has ended, no app can
/// begin a session with the code.
async fn is_signed_off<S: SessionStore>(world: &World<S>, code: &AuthorizationCode) -> bool {
    let now = now(world);
    let session = SessionId::new(now * 1000, &[7; 10]);
    let id = CodeId::new(*session.as_bytes());
    let sessions = world.service.ports().sessions();
    let exchanged = sessions.exchange(code.user, &id, session, Some(code.sign_on), now + 60, now);
    exchanged.await.unwrap() == Exchanged::SignedOff
}

on_both!(a_sign_on_ends_with_its_session, &[], world => {
    let world = world.with_apps().await;
    for how in ["log out", "revoke", "disable", "reuse", "idle"] {
        let mut browser = Browser::new(&world);
        let signed_in = json(&browser.log_in(ADA).await);
        let kept = browser.sign_on.clone();
        browser.code_for(&ask(OWN, "")).await;
        let id = UserId::parse(text(signed_in.get("user").unwrap(), "id")).unwrap();
        match how {
            "log out" => {
                assert_eq!(browser.log_out().await.status, 200);
                assert_eq!(browser.sign_on, None, "cleared with the refresh cookie");
            }
            "revoke" => world.service.revoke_tokens(id).await.unwrap(),
            "disable" => disable(&world, id, true).await,
            "reuse" => {
                let token = browser.refresh.clone().unwrap();
                for _ in 0..3 {
                    world.clock.advance(100);
                    browser.renew().await;
                }
                let refused = world.service.renew_token(&token, &client()).await.unwrap_err();
                assert_eq!(verdict(&refused), Some(Verdict::Reused));
            }
            _ => world.clock.advance(31 * 86_400),
        }
        browser.sign_on = kept;
        assert_eq!(browser.error_for(&ask(OWN, "&prompt=none")).await, "login_required", "{how}");
        disable(&world, id, false).await;
    }
});

on_both!(the_same_user_keeps_the_sign_on_in_the_same_browser, &[], world => {
    let world = world.with_apps().await;
    let mut browser = Browser::of_ada(&world).await;
    let first = browser.code_for(&ask(OWN, "")).await;
    let old = browser.refresh.clone().unwrap();
    let _ = world.service.ports().events.take();
    world.clock.advance(5);
    browser.log_in(ADA).await;
    let names: Vec<_> = world.service.ports().events.take().iter().map(|e| e.name()).collect();
    assert_eq!(names, ["signed_in", "session_replaced"]);
    let second = browser.code_for(&ask(OWN, "")).await;
    assert_ne!(second.session, first.session);
    assert_eq!(second.sign_on, first.sign_on);
    let refused = world.service.renew_token(&old, &client()).await.unwrap_err();
    assert_eq!(verdict(&refused), Some(Verdict::Ended));
    // A renewal continues the single sign-on too.
    world.clock.advance(100);
    let renewed = browser.renew().await;
    assert_eq!(renewed.status, 200);
    let third = browser.code_for(&ask(OWN, "")).await;
    assert_eq!((third.sign_on, third.session), (first.sign_on, second.session));
    // The second session belongs to the same single sign-on as the first session. So a log-out now
    // also signs out the apps of the first session.
    assert!(!is_signed_off(&world, &first).await);
    browser.log_out().await;
    assert!(is_signed_off(&world, &first).await);
});

on_both!(a_sign_on_is_kept_as_long_as_its_session_lasts, &[("SESSION_TTL", "86400")], world => {
    let world = world.with_apps().await;
    for (age, is_kept) in [(86_399, true), (86_400, false)] {
        let mut browser = Browser::of_ada(&world).await;
        let before = browser.code_for(&ask(OWN, "")).await;
        let refresh = browser.refresh.clone().unwrap();
        world.clock.advance(age);
        // If the user signs in again, the browser's earlier session is replaced, unless it has
        // expired.
        let _ = world.service.ports().events.take();
        world.service.leave_session(&refresh, before.sign_on).await.unwrap();
        let names: Vec<_> = world.service.ports().events.take().iter().map(|e| e.name()).collect();
        assert_eq!(names == ["session_replaced"], is_kept, "{names:?}");
        browser.log_in(ADA).await;
        let after = browser.code_for(&ask(OWN, "")).await;
        assert_eq!(after.sign_on == before.sign_on, is_kept, "{age}");
    }
});

// The answer to a login was lost, so the browser did not get the new cookies. At the next login it
// sends the cookies of the replaced session again.
on_both!(a_login_whose_answer_was_lost_keeps_the_sign_on_too, &[], world => {
    let world = world.with_apps().await;
    let mut browser = Browser::of_ada(&world).await;
    let first = browser.code_for(&ask(OWN, "")).await;
    let (refresh, sign_on) = (browser.refresh.clone(), browser.sign_on.clone());
    browser.log_in(ADA).await;
    (browser.refresh, browser.sign_on) = (refresh.clone(), sign_on);
    browser.log_in(ADA).await;
    let third = browser.code_for(&ask(OWN, "")).await;
    assert_eq!(third.sign_on, first.sign_on);
    // After a log-out, the next login begins a new single sign-on, even if the browser still has
    // the old cookie.
    browser.log_out().await;
    browser.refresh = refresh;
    browser.log_in(ADA).await;
    let fourth = browser.code_for(&ask(OWN, "")).await;
    assert_ne!(fourth.sign_on, first.sign_on);
});

on_both!(another_user_in_the_same_browser_logs_the_first_one_out, &[], world => {
    let world = world.with_apps().await;
    let mut browser = Browser::of_ada(&world).await;
    let first = browser.code_for(&ask(OWN, "")).await;
    browser.log_in(ROOT).await;
    let second = browser.code_for(&ask(OWN, "")).await;
    assert_ne!((second.user, second.sign_on), (first.user, first.sign_on));
    assert!(is_signed_off(&world, &first).await);
    assert!(!is_signed_off(&world, &second).await);
});

// A session ends because the user has too many sessions, or because a login replaced it and the
// answer to the login was lost. Then the sessions of its apps go on. They end when the user signs
// out in that browser, or when another user signs in there.
on_both!(whoever_signs_out_of_a_session_that_has_ended_leaves_the_apps_too, &[], world => {
    let world = world.with_apps().await;
    for reason in [EndReason::OverLimit, EndReason::Replaced] {
        for other_user in [false, true] {
            world.clock.advance(10);
            let mut browser = Browser::of_ada(&world).await;
            let code = browser.code_for(&ask(OWN, "")).await;
            let sessions = world.service.ports().sessions();
            let ending = Ending::by_id(code.user, code.session);
            sessions.end(&ending, reason, now(&world)).await.unwrap();
            assert!(!is_signed_off(&world, &code).await, "{reason:?}");
            if other_user {
                browser.log_in(ROOT).await;
            } else {
                browser.log_out().await;
            }
            assert!(is_signed_off(&world, &code).await, "{reason:?} {other_user}");
        }
    }
});

// A log-out with an access token signs the user out of the apps, even if the token's session has
// ended already. But if the token has expired, the log-out does not sign the user out of the apps.
// This is stricter than for a refresh token, because access tokens are sent to more parties.
on_both!(an_access_token_of_a_session_that_has_ended_leaves_the_apps_until_it_expires, &[], world => {
    let world = world.with_apps().await;
    for reason in [EndReason::OverLimit, EndReason::Replaced] {
        for goes_on_with_an_earlier_one in [false, true] {
            for (passed, is_left) in [(599, true), (600, false)] {
                let mut browser = Browser::of_ada(&world).await;
                if goes_on_with_an_earlier_one {
                    browser.log_in(ADA).await;
                }
                let code = browser.code_for(&ask(OWN, "")).await;
                assert_eq!(code.sign_on != code.session, goes_on_with_an_earlier_one);
                let renewed = browser.renew().await;
                let access_token = text(&json(&renewed), "access_token").to_owned();
                let sessions = world.service.ports().sessions();
                let ending = Ending::by_id(code.user, code.session);
                sessions.end(&ending, reason, now(&world)).await.unwrap();
                world.clock.advance(passed);
                let ended = world.service.log_out(&access_token).await.unwrap();
                assert_eq!(ended, Some((code.user, code.session)));
                let case = format!("{reason:?} {goes_on_with_an_earlier_one} {passed}");
                assert_eq!(is_signed_off(&world, &code).await, is_left, "{case}");
            }
        }
    }
});

/// If a session is replaced by another one, its single sign-on continues.
#[test]
fn replaced_is_no_log_out() {
    assert!(!EndReason::Replaced.ends_the_sign_on());
}
