//! The browser arrives with the request of an app: it gets a code, a page of the issuer, or a
//! refusal.

use edgegate::domain::authorization::{ClientId, Code as AuthorizationCode, RedirectUri};
use edgegate::edge::request::Navigation;
use edgegate::ports::Clock;
use edgegate_token::sign;

use super::{
    Browser, CALLBACK, CHALLENGE, ISSUER, NATIVE, OWN, ask, code_in, error_in, json, now, text, to,
};
use crate::fixture::{on_both, on_kv, on_memory};
use crate::leave_apps::id_token;

on_both!(the_operators_own_app_gets_a_code_without_a_page, &[], world => {
    let world = world.with_apps().await;
    let mut browser = Browser::of_ada(&world).await;
    let answer = browser.navigate(&ask(OWN, "&scope=openid+email&nonce=n1")).await;
    let code = code_in(to(&answer), ISSUER);
    assert_eq!(code.user.to_string(), browser.user_id().await);
    assert_eq!(code.sign_on, code.session, "the first session of the sign-on");
    assert_eq!(code.scopes.to_string(), "email openid");
    assert_eq!(code.nonce.as_deref(), Some("n1"));
    assert_eq!(code.expires_at, now(&world) + 60);
    let (client, uri) = (ClientId::parse(OWN).unwrap(), RedirectUri::register(CALLBACK).unwrap());
    assert_eq!((code.client, code.redirect_uri), AuthorizationCode::bound_to(&client, &uri));
    // Each request gets a new code, but the grant is the same.
    let again = browser.code_for(&ask(OWN, "&scope=openid")).await;
    assert_ne!(again.id, code.id);
    assert_eq!(again.grant, code.grant);
    assert!(answer.body.is_none());
});

on_both!(frames_scripts_and_early_loads_are_nobody, &[], world => {
    let world = world.with_apps().await;
    let mut browser = Browser::of_ada(&world).await;
    for (fetch_dest, purpose) in [
        (Some("iframe"), None),
        (Some("empty"), None),
        (Some("document"), Some("prefetch;prerender")),
    ] {
        let how = Navigation { fetch_dest, purpose, ..Navigation::default() };
        let answer = browser.load(&ask(OWN, "&prompt=none"), how).await;
        assert_eq!(error_in(to(&answer), ISSUER), "login_required", "{fetch_dest:?}");
    }
    code_in(to(&browser.load(&ask(OWN, ""), Navigation::default()).await), ISSUER);
});

// With prompt=none the service must not show a page to the user, so the app gets the error.
#[test]
fn without_a_page_the_app_is_told_that_a_store_is_down() {
    let world = on_kv(&[]);
    pollster::block_on(async {
        let world = world.with_apps().await;
        let mut browser = Browser::of_ada(&world).await;
        world.kv.set_down(true);
        let answer = browser.navigate(&ask(OWN, "&prompt=none")).await;
        assert_eq!(error_in(to(&answer), ISSUER), "temporarily_unavailable");
        // The log says which store failed.
        let reason = answer.note.reason.unwrap();
        assert!(reason.ends_with(" failed: down"), "{reason}");
        assert_eq!(browser.navigate(&ask(OWN, "")).await.status, 503);
    });
}

// While the app was the operator's own app, the user was not asked for consent. Now it is no longer
// the operator's own app, and the grant from that time is not treated as consent.
on_both!(an_app_that_is_no_longer_the_operators_needs_consent, &[], world => {
    let world = world.with_apps().await;
    let mut browser = Browser::of_ada(&world).await;
    browser.code_for(&ask(OWN, "")).await;
    world.change_app(OWN, |app| app.first_party = false).await;
    browser.page_for(&ask(OWN, ""), "/consent").await;
});

// See OpenID Connect Core section 3.1.2.1. A hint that is not an id_token of this service is
// ignored.
on_both!(a_hint_of_another_user_is_an_error, &[], world => {
    let world = world.with_apps().await;
    let mut browser = Browser::of_ada(&world).await;
    let user = browser.user_id().await;
    let other = "019ab7a1-2c00-7101-8101-010101010101";
    let hinted = async |browser: &mut Browser<'_, _>, hint: &str, more: &str| {
        let asked = ask(OWN, &format!("&id_token_hint={hint}{more}"));
        to(&browser.navigate(&asked).await).to_owned()
    };
    for more in ["", "&prompt=none"] {
        let theirs = id_token(&world, other, OWN, 0);
        let at = hinted(&mut browser, &theirs, more).await;
        assert_eq!(error_in(&at, ISSUER), "login_required");
        assert!(at.contains("error_description=Somebody+else+is+signed+in"), "{at}");
        for fine in [id_token(&world, &user, OWN, 0), id_token(&world, &user, OWN, 86_400)] {
            assert!(hinted(&mut browser, &fine, more).await.contains("code=egk_"));
        }
        assert!(hinted(&mut browser, "x", more).await.contains("code=egk_"));
    }
});

// The names and roles of a user make the id_token long. An app can send it back as
// `id_token_hint`. The service must read such a hint even if it is long. Otherwise a user other
// than the one in the hint could sign in.
on_both!(the_longest_id_token_is_a_hint, &[], world => {
    let world = world.with_apps().await;
    let mut browser = Browser::of_ada(&world).await;
    let issued = world.clock.now_ms() / 1000;
    let claims = serde_json::json!({
        "iss": ISSUER, "sub": "019ab7a1-2c00-7101-8101-010101010101", "aud": OWN, "iat": issued,
        "exp": issued + 600, "name": "n".repeat(5000),
    });
    let hint = sign(&world.service.settings().keys, "JWT", &claims).unwrap();
    let at = ask(OWN, &format!("&id_token_hint={hint}"));
    assert!((7000..8192).contains(&at.len()), "{}", at.len());
    let answer = browser.navigate(&at).await;
    assert_eq!(error_in(to(&answer), ISSUER), "login_required");
});

#[test]
fn a_broken_request_stays_here_and_is_explained() {
    pollster::block_on(async {
        let world = on_memory(&[]).with_apps().await;
        let mut browser = Browser::of_ada(&world).await;
        let good = ask(OWN, "");
        let uri = "redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback";
        let with_uri = |presented: &str| {
            let presented: String = form_urlencoded::byte_serialize(presented.as_bytes()).collect();
            good.replace(uri, &["redirect_uri=", &presented].concat())
        };
        for (request, told) in [
            ("/auth/authorize".to_owned(), "client_id is missing"),
            (
                good.replace("client_id=own-app", "client_id="),
                "client_id is missing",
            ),
            (
                good.replace("own-app", "nobody"),
                "No app with this client_id",
            ),
            (
                good.replace("own-app", "%3Cscript%3E"),
                "No app with this client_id",
            ),
            (
                [&good, "&client_id=own-app"].concat(),
                "client_id is there more than once",
            ),
            (
                [&good, "&", uri].concat(),
                "redirect_uri is there more than once",
            ),
            (good.replace(uri, ""), "redirect_uri is missing"),
            (
                [&good, "&x=", &"y".repeat(8192)].concat(),
                "longer than 8 KB",
            ),
            (
                with_uri("https://evil.example/callback"),
                "has not registered",
            ),
            (
                with_uri("https://app.example.com/callback/"),
                "has not registered",
            ),
            (
                with_uri("https://app.example.com/callback?x"),
                "has not registered",
            ),
            (
                with_uri("https://app.example.com/callback#x"),
                "has not registered",
            ),
            (
                with_uri("https://app.example.com@evil.example/callback"),
                "has not registered",
            ),
            (
                with_uri("https://app.example.com:443/callback"),
                "has not registered",
            ),
            (
                with_uri("https://app.example.com/%63allback"),
                "has not registered",
            ),
            (
                with_uri("https://app.example.com/x/../callback"),
                "has not registered",
            ),
            (
                with_uri("https://APP.example.com/callback"),
                "has not registered",
            ),
            (
                with_uri("https://app.example.com\\@evil.example/callback"),
                "has not registered",
            ),
            (with_uri("javascript:alert(1)//"), "has not registered"),
            (
                with_uri("http://127.0.0.1:5000/callback"),
                "has not registered",
            ),
            (
                with_uri("\"><script>alert(1)</script>"),
                "has not registered",
            ),
        ] {
            let answer = browser.navigate(&request).await;
            assert_eq!(
                (answer.status, answer.header("Location")),
                (400, None),
                "{request}"
            );
            let html = answer.body.as_ref().unwrap();
            assert!(html.contains(told), "{request}: {html}");
            assert!(!html.contains("<script"), "{request}");
            assert_eq!(
                answer.header("Content-Type"),
                Some("text/html; charset=utf-8")
            );
            let logged = format!("{:?}", answer.note);
            assert!(!logged.contains("evil"), "{logged}");
        }
        // The port of a loopback address may differ, but no other part of it.
        let native = ask(NATIVE, "");
        assert_eq!(browser.navigate(&native).await.status, 303);
        for host in [
            "localhost",
            "%5B%3A%3A1%5D",
            "127.0.0.2",
            "127.0.0.1.evil.example",
        ] {
            let other = native.replace("127.0.0.1", host);
            assert_eq!(browser.navigate(&other).await.status, 400, "{host}");
        }
    });
}

#[test]
fn every_other_fault_goes_to_the_app_with_state_and_issuer() {
    pollster::block_on(async {
        let world = on_memory(&[]).with_apps().await;
        let mut browser = Browser::of_ada(&world).await;
        let good = ask(OWN, "");
        let challenge = format!("code_challenge={CHALLENGE}");
        for (request, error) in [
            (
                good.replace("response_type=code", "response_type=token"),
                "unsupported_response_type",
            ),
            (good.replace("response_type=code", "x=y"), "invalid_request"),
            (good.replace("S256", "plain"), "invalid_request"),
            (
                good.replace("&code_challenge_method=S256", ""),
                "invalid_request",
            ),
            (good.replace(&challenge, "x=y"), "invalid_request"),
            (
                good.replace(&challenge, "code_challenge=short"),
                "invalid_request",
            ),
            ([&good, "&nonce=a&nonce=b"].concat(), "invalid_request"),
            ([&good, "&code_challenge=x"].concat(), "invalid_request"),
            ([&good, "&prompt=none+login"].concat(), "invalid_request"),
            ([&good, "&request=x"].concat(), "request_not_supported"),
            (
                [&good, "&request_uri=https://x"].concat(),
                "request_uri_not_supported",
            ),
            (
                [&good, "&registration=x"].concat(),
                "registration_not_supported",
            ),
            (
                [&good, "&resource=http%3A%2F%2F127.0.0.1%3A8787"].concat(),
                "invalid_target",
            ),
            (
                [&good, "&response_mode=fragment"].concat(),
                "invalid_request",
            ),
        ] {
            let answer = browser.navigate(&request).await;
            assert_eq!(error_in(to(&answer), ISSUER), error, "{request}");
        }
        let twice = browser.navigate(&[&good, "&state=x"].concat()).await;
        assert!(to(&twice).contains("error=invalid_request"));
        assert!(!to(&twice).contains("state="), "which one would it be?");
    });
}

#[test]
fn a_posted_request_is_sent_here_once_more_by_get() {
    pollster::block_on(async {
        let world = on_memory(&[]).with_apps().await;
        let mut browser = Browser::of_ada(&world).await;
        let asked = ask(OWN, "&login_hint=%C3%A4+b");
        let (_, query) = asked.split_once('?').unwrap();
        // A secret that was sent by mistake is not copied into a URL.
        let query = [query, "&client_secret=egc_x&code_verifier=v&access_token=t"].concat();
        let answer = browser
            .submit("/auth/authorize", &query, "cross-site")
            .await;
        let at = to(&answer).to_owned();
        for name in ["client_secret", "code_verifier", "access_token", "egc_x"] {
            assert!(!at.contains(name), "{at}");
        }
        assert!(
            at.starts_with("/auth/authorize?response_type=code&"),
            "{at}"
        );
        assert!(at.contains("login_hint=%C3%A4+b"), "{at}");
        assert_eq!(browser.navigate(&at).await.status, 303);
        let long = format!("{query}&x={}", "y".repeat(8192));
        let refused = browser.submit("/auth/authorize", &long, "cross-site").await;
        assert_eq!(refused.status, 400);
        // The content of the form can't change the site to which the browser is redirected.
        let tricked = browser
            .submit("/auth/authorize", "//evil.example=1", "cross-site")
            .await;
        assert!(to(&tricked).starts_with("/auth/authorize?"));
    });
}

#[test]
fn with_symmetric_keys_only_there_is_no_endpoint() {
    const OCT: &str = r#"{"keys":[{"kty":"oct","kid":"test","alg":"HS256","k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}]}"#;
    pollster::block_on(async {
        let world = on_memory(&[("SIGNING_KEYS", OCT)]).with_apps().await;
        let mut browser = Browser::of_ada(&world).await;
        let answer = browser.navigate(&ask(OWN, "")).await;
        assert_eq!((answer.status, answer.header("Location")), (404, None));
        assert!(answer.body.unwrap().contains("is symmetric"));
        for at in ["/auth/authorize/request", "/auth/authorize/decision"] {
            let refused = browser.post(at, "{}").await;
            assert_eq!(refused.status, 404);
            assert!(refused.body.unwrap().contains("is symmetric"));
        }
        // It is possible that an app still has a refresh token from before the keys were changed to
        // symmetric ones.
        let body = format!(
            r#"{{"grant_type":"refresh_token","client_id":"{OWN}","refresh_token":"ega_AQAA"}}"#
        );
        let refused = browser.post("/auth/token", &body).await;
        assert_eq!(refused.status, 400);
        assert_eq!(text(&json(&refused), "error"), "unsupported_grant_type");
    });
}
