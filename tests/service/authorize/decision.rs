//! A page of the issuer shows an app's request, and the user decides. Tests what the page shows,
//! and what each decision does.

use edgegate::domain::authorization::RedirectUri;
use edgegate_token::json::Json;

use super::{
    Browser, ISSUER, NATIVE, OTHER, OWN, ask, code_in, error_in, now, redirect, sealed_in, text, to,
};
use crate::fixture::{ADA, ROOT, client, on_both};
use crate::leave_apps::id_token;

/// A deployed issuer has no demo accounts, so the test registers an account.
const DEPLOYED: &[(&str, &str)] = &[
    ("ISSUER", "https://auth.example.com"),
    ("REGISTRATION", "open"),
];

on_both!(nobody_signs_in_on_the_issuers_page_and_goes_on, &[], world => {
    let world = world.with_apps().await;
    let mut browser = Browser::new(&world);
    let answer = browser.navigate(&ask(OWN, "")).await;
    let at = to(&answer).to_owned();
    assert!(at.starts_with(&[ISSUER, "/sign-in#"].concat()), "{at}");
    let sealed = sealed_in(&at, "/sign-in").to_owned();
    let shown = browser.show(&sealed).await;
    assert_eq!(text(&shown, "next"), "sign_in");
    assert!(matches!(shown.get("user"), Some(Json::Null)));
    browser.log_in(ADA).await;
    let shown = browser.show(&sealed).await;
    assert_eq!(text(&shown, "next"), "done");
    let user = text(shown.get("user").unwrap(), "id").to_owned();
    let decided = browser.decide(&sealed, &user, true).await;
    assert_eq!(decided.status, 200);
    code_in(&redirect(&decided), ISSUER);

    let mut stranger = Browser::new(&world);
    let silent = stranger.navigate(&ask(OWN, "&prompt=none")).await;
    assert_eq!(error_in(to(&silent), ISSUER), "login_required");
});

on_both!(other_peoples_apps_need_consent_once, &[], world => {
    let world = world.with_apps().await;
    let mut browser = Browser::of_ada(&world).await;
    assert_eq!(browser.error_for(&ask(OTHER, "&prompt=none")).await, "consent_required");
    let sealed = browser.page_for(&ask(OTHER, "&scope=openid+profile"), "/consent").await;
    let shown = browser.show(&sealed).await;
    assert_eq!(text(&shown, "next"), "consent");
    let app = shown.get("client").unwrap();
    assert_eq!((text(app, "client_id"), text(app, "host")), (OTHER, "app.example.com"));
    let user = browser.user_id().await;

    let denied = browser.decide(&sealed, &user, false).await;
    assert_eq!(error_in(&redirect(&denied), ISSUER), "access_denied");
    // If the user denies a request, no grant is stored.
    browser.page_for(&ask(OTHER, "&scope=openid"), "/consent").await;

    let allowed = browser.decide(&sealed, &user, true).await;
    code_in(&redirect(&allowed), ISSUER);
    browser.code_for(&ask(OTHER, "&scope=openid")).await;
    // With prompt=consent, the user is asked to consent again. Without it, the user is asked only
    // about scopes that they have not granted yet.
    browser.page_for(&ask(OTHER, "&scope=openid+email"), "/consent").await;
    browser.page_for(&ask(OTHER, "&prompt=consent"), "/consent").await;
});

on_both!(the_sign_on_cookie_is_worth_nothing_elsewhere, &[], world => {
    let world = world.with_apps().await;
    let mut browser = Browser::of_ada(&world).await;
    let sealed = browser.asked_for_consent().await;
    let user = browser.user_id().await;
    let ticket = browser.sign_on.clone().unwrap();
    // The thief has only the cookie of the single sign-on, and not the refresh token.
    browser.refresh = None;
    assert_eq!(text(&browser.show(&sealed).await, "next"), "sign_in");
    let refused = browser.decide(&sealed, &user, true).await;
    assert_eq!(refused.status, 401);
    assert!(refused.body.unwrap().contains("sign_in_required"));
    browser.refresh = Some(ticket.clone());
    assert_eq!(browser.decide(&sealed, &user, true).await.status, 401);
    let renewed = browser.renew().await;
    assert_eq!(renewed.status, 400);
    assert!(world.service.bearer(&ticket).await.is_err());
    assert!(world.service.renew_token(&ticket, &client()).await.is_err());
    assert_eq!(world.service.log_out(&ticket).await, Ok(None));
});

on_both!(an_idle_session_decides_nothing, &[], world => {
    let world = world.with_apps().await;
    let mut browser = Browser::of_ada(&world).await;
    world.clock.advance(31 * 86_400);
    let sealed = browser.page_for(&ask(OTHER, ""), "/sign-in").await;
    let user = browser.user_id().await;
    assert_eq!(browser.decide(&sealed, &user, true).await.status, 401);
});

on_both!(a_decision_is_for_the_user_whom_the_page_showed, &[], world => {
    let world = world.with_apps().await;
    let mut browser = Browser::of_ada(&world).await;
    let sealed = browser.asked_for_consent().await;
    let ada = browser.user_id().await;
    // Another user signs in in another tab.
    browser.log_in(ROOT).await;
    let refused = browser.decide(&sealed, &ada, true).await;
    assert_eq!(refused.status, 409);
    assert!(refused.body.unwrap().contains("other_user"));
    for user in ["", "x", "019ab7a1-2c00-7101-8101-010101010101"] {
        assert_eq!(browser.decide(&sealed, user, true).await.status, 409, "{user}");
    }
});

on_both!(a_decision_comes_from_our_own_page, &[], world => {
    let world = world.with_apps().await;
    let mut browser = Browser::of_ada(&world).await;
    let sealed = browser.asked_for_consent().await;
    let user = browser.user_id().await;
    let body = format!(r#"{{"request":"{sealed}","user_id":"{user}","allow":true}}"#);
    let at = "/auth/authorize/decision";
    assert_eq!(browser.post_from(at, &body, "application/json", false).await.status, 403);
    let form = "application/x-www-form-urlencoded";
    assert_eq!(browser.post_from(at, &body, form, true).await.status, 415);
    assert_eq!(browser.post_from(at, &body, "text/plain", true).await.status, 415);
    for broken in [
        "{}".to_owned(),
        format!(r#"{{"request":"{sealed}","user_id":"{user}"}}"#),
        format!(r#"{{"request":"{sealed}","allow":true}}"#),
    ] {
        assert_eq!(browser.post(at, &broken).await.status, 422, "{broken}");
    }
    for forged in ["", "egq_", "x", &sealed[..sealed.len() - 1], &[&sealed, "A"].concat()] {
        assert_eq!(browser.decide(forged, &user, true).await.status, 400, "{forged}");
    }
    world.clock.advance(3599);
    assert_eq!(browser.decide(&sealed, &user, false).await.status, 200);
    world.clock.advance(1);
    assert_eq!(browser.decide(&sealed, &user, true).await.status, 400);
});

on_both!(a_changed_app_gets_no_answer_to_an_older_request, &[], world => {
    let world = world.with_apps().await;
    let mut browser = Browser::of_ada(&world).await;
    let sealed = browser.asked_for_consent().await;
    let user = browser.user_id().await;
    world
        .change_app(OTHER, |app| {
            app.redirect_uris = vec![RedirectUri::register("https://new.example.com/").unwrap()];
        })
        .await;
    assert_eq!(browser.decide(&sealed, &user, true).await.status, 400);
    assert_eq!(browser.navigate(&ask(OTHER, "")).await.status, 400);
    world.change_app(OWN, |app| app.disabled_at = Some(1)).await;
    assert_eq!(browser.navigate(&ask(OWN, "")).await.status, 400);
});

// A user has an hour to decide. If an administrator takes a right from the app in that time, the
// user can no longer grant that right.
on_both!(a_decision_gives_no_more_than_the_app_may_have_now, &[], world => {
    let world = world.with_apps().await;
    let mut browser = Browser::of_ada(&world).await;
    let user = browser.user_id().await;
    let more = "&resource=https%3A%2F%2Fapi.example.com&scope=openid%20notes%3Aread";
    let sealed = browser.page_for(&ask(OTHER, more), "/consent").await;
    world.change_app(OTHER, |app| app.scopes = Vec::new()).await;
    let shown = browser.show(&sealed).await;
    assert_eq!(shown.get("scopes").cloned().and_then(Json::into_texts).unwrap(), ["openid"]);
    let decided = browser.decide(&sealed, &user, true).await;
    let code = code_in(&redirect(&decided), ISSUER);
    assert_eq!(code.scopes.to_string(), "openid");
    let asked = ask(OTHER, &format!("{more}&prompt=consent"));
    let asks = browser.page_for(&asked, "/consent").await;
    assert_eq!(text(&browser.show(&asks).await, "next"), "consent");
    world.change_app(OTHER, |app| app.resources = Vec::new()).await;
    // The page does not ask for consent, because the app can't get what it requested.
    assert_eq!(text(&browser.show(&asks).await, "next"), "done");
    let decided = browser.decide(&sealed, &user, true).await;
    assert_eq!(decided.status, 200, "{decided:?}");
    assert_eq!(error_in(&redirect(&decided), ISSUER), "invalid_target");
});

// With an id_token as a hint, an app says which user it expects. No other user can sign in, even on
// the sign-in page.
on_both!(nobody_but_the_user_of_the_hint_signs_in, &[], world => {
    let world = world.with_apps().await;
    let ada = Browser::new(&world).user_id().await;
    let hint = id_token(&world, &ada, OWN, 0);
    for (email, error) in [(ROOT, Some("login_required")), (ADA, None)] {
        let mut browser = Browser::new(&world);
        let hinted = ask(OWN, &format!("&id_token_hint={hint}"));
        let sealed = browser.page_for(&hinted, "/sign-in").await;
        let [user, _] = browser.log_in_as(email).await;
        assert_eq!(text(&browser.show(&sealed).await, "next"), "done");
        let at = redirect(&browser.decide(&sealed, &user, true).await);
        match error {
            Some(error) => assert_eq!(error_in(&at, ISSUER), error),
            None => assert_eq!(code_in(&at, ISSUER).user.to_string(), ada),
        }
    }
    let mut browser = Browser::new(&world);
    let twice = ask(OWN, &format!("&id_token_hint={hint}&id_token_hint=x"));
    assert_eq!(browser.error_for(&twice).await, "invalid_request");
});

on_both!(a_proof_is_demanded_as_the_app_asks, &[], world => {
    let world = world.with_apps().await;
    let mut browser = Browser::of_ada(&world).await;
    world.clock.advance(100);
    browser.code_for(&ask(OWN, "&max_age=100")).await;
    let user = browser.user_id().await;
    for more in ["&max_age=99", "&prompt=login", "&max_age=0"] {
        world.clock.advance(1);
        let sealed = browser.page_for(&ask(OWN, more), "/sign-in").await;
        let refused = browser.decide(&sealed, &user, true).await;
        assert_eq!(refused.status, 401, "{more}");
        world.clock.advance(1);
        browser.log_in(ADA).await;
        let decided = browser.decide(&sealed, &user, true).await;
        let code = code_in(&redirect(&decided), ISSUER);
        assert_eq!(code.proof.auth_time, now(&world), "{more}");
        world.clock.advance(200);
    }
    assert_eq!(browser.error_for(&ask(OWN, "&prompt=none&max_age=10")).await, "login_required");
    let hinted = browser.navigate(&ask(OWN, "&prompt=none&login_hint=root%40example.com")).await;
    assert_eq!(error_in(to(&hinted), ISSUER), "login_required");
    let why = "error_description=The+user+has+to+be+asked%2C+and+prompt%3Dnone";
    assert!(to(&hinted).contains(why), "{}", to(&hinted));
});

// The service knows only in which second the user entered the password. If this is also the second
// in which the app's request arrived, the service assumes that the user entered the password before
// the request.
on_both!(a_proof_of_the_same_second_is_not_given_for_the_request, &[], world => {
    let world = world.with_apps().await;
    let mut browser = Browser::of_ada(&world).await;
    let user = browser.user_id().await;
    for more in ["&prompt=login", "&max_age=0", "&login_hint=root%40example.com"] {
        if more != "&prompt=login" {
            let silent = ask(OWN, &format!("{more}&prompt=none"));
            assert_eq!(browser.error_for(&silent).await, "login_required", "{more}");
        }
        // The same request arrives twice, because the user pressed the back button or used two
        // tabs.
        let asked = ask(OWN, more);
        let first = browser.page_for(&asked, "/sign-in").await;
        let second = browser.page_for(&asked, "/sign-in").await;
        for sealed in [&first, &second] {
            // In the second of the request, the page still asks for a login.
            assert_eq!(text(&browser.show(sealed).await, "next"), "sign_in", "{more}");
            assert_eq!(browser.decide(sealed, &user, true).await.status, 401, "{more}");
        }
        // A single login in that second is enough for both requests.
        browser.log_in(ADA).await;
        for sealed in [&first, &second] {
            assert_eq!(text(&browser.show(sealed).await, "next"), "done", "{more}");
            let decided = browser.decide(sealed, &user, true).await;
            code_in(&redirect(&decided), ISSUER);
        }
    }
    let choice = ask(OWN, "&prompt=select_account");
    let sealed = browser.page_for(&choice, "/consent").await;
    assert_eq!(text(&browser.show(&sealed).await, "next"), "continue");
    browser.log_in(ADA).await;
    assert_eq!(text(&browser.show(&sealed).await, "next"), "done");
});

on_both!(native_apps_need_a_click_each_time, DEPLOYED, world => {
    let world = world.with_apps().await;
    let issuer = "https://auth.example.com";
    let mut browser = Browser::new(&world);
    browser.register(ADA).await;
    let user = browser.user_id().await;
    let first = browser.navigate(&ask(NATIVE, "")).await;
    let sealed = sealed_in(to(&first), "/consent").to_owned();
    let decided = browser.decide(&sealed, &user, true).await;
    let url = redirect(&decided);
    assert!(url.starts_with("http://127.0.0.1:5000/callback?"), "{url}");
    code_in(&url, issuer);
    let second = browser.navigate(&ask(NATIVE, "")).await;
    let sealed = sealed_in(to(&second), "/consent").to_owned();
    assert_eq!(text(&browser.show(&sealed).await, "next"), "continue");
    assert_eq!(browser.error_for(&ask(NATIVE, "&prompt=none")).await, "interaction_required");
    // An app on a website gets its code, and no page is shown to the user.
    browser.code_for(&ask(OWN, "&prompt=none")).await;
});
