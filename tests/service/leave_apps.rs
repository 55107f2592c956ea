//! An app sends the user's browser to the service so that the user signs out.

use std::borrow::Cow;

use base64ct::{Base64UrlUnpadded, Encoding};
use edgegate::adapters::memory::{MemoryIdTokenSigner, MemorySessions};
use edgegate::edge::answer::Answer;
use edgegate::ports::{Clock, SessionStore};
use edgegate_token::json::Json;
use edgegate_token::sign;

use crate::app_tokens::rsa;
use crate::authorize::{Browser, ISSUER, OTHER, OWN, ask, to};
use crate::fixture::{ADA, ROOT, World, on_both, on_memory};

const BYE: &str = "https%3A%2F%2Fapp.example.com%2Fbye";

/// An id_token of this service, issued `age` seconds ago.
pub(crate) fn id_token<S: SessionStore>(
    world: &World<S>,
    user: &str,
    app: &str,
    age: u64,
) -> String {
    let iat = world.clock.now_ms() / 1000 - age;
    let claims = serde_json::json!({
        "iss": ISSUER, "sub": user, "aud": app, "iat": iat, "exp": iat + 600,
    });
    let keys = &world.service.settings().keys;
    sign(keys, "JWT", &claims).unwrap()
}

fn html(answer: &Answer) -> Cow<'_, str> {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(
        answer.header("Content-Type"),
        Some("text/html; charset=utf-8")
    );
    answer.body.clone().unwrap()
}

async fn is_signed_on<S: SessionStore>(browser: &mut Browser<'_, S>) -> bool {
    let answer = browser.navigate(&ask(OWN, "&prompt=none")).await;
    to(&answer).contains("code=egk_")
}

async fn signed_in<S: SessionStore>(world: &World<S>) -> (Browser<'_, S>, String) {
    let mut browser = Browser::new(world);
    let answer = browser.log_in(ADA).await;
    let body = Json::read(answer.body.unwrap().as_bytes()).unwrap();
    let user = body.get("user").and_then(|user| user.get("id"));
    let user = user.and_then(Json::as_str).unwrap().to_owned();
    assert!(is_signed_on(&mut browser).await);
    (browser, user)
}

on_both!(an_app_with_an_id_token_of_the_user_signs_them_out, &[], world => {
    let world = world.with_apps().await;
    // The service accepts an id_token as a hint even if it expired long ago.
    for age in [0, 30 * 86_400] {
        let (mut browser, user) = signed_in(&world).await;
        let hint = id_token(&world, &user, OWN, age);
        let at = format!("/auth/logout?id_token_hint={hint}&post_logout_redirect_uri={BYE}&state=a%26b");
        let answer = browser.navigate(&at).await;
        assert_eq!(to(&answer), "https://app.example.com/bye?state=a%26b");
        assert_eq!(browser.sign_on, None);
        assert!(!is_signed_on(&mut browser).await, "{age}");
        // The user is signed out already, but the browser still goes back to the app.
        assert_eq!(to(&browser.navigate(&at).await), "https://app.example.com/bye?state=a%26b");
    }
});

/// An id_token with this header and payload, signed with this key as the in-memory signer does.
fn rs256(header: &str, kid: &str, payload: &str) -> String {
    let signed = format!(
        "{}.{payload}",
        Base64UrlUnpadded::encode_string(header.as_bytes())
    );
    let signature = MemoryIdTokenSigner::signature(kid, signed.as_bytes());
    format!("{signed}.{}", Base64UrlUnpadded::encode_string(&signature))
}

on_both!(an_id_token_of_an_rsa_key_is_a_hint_too, &[("ID_TOKEN_KEYS", &rsa())], world => {
    let world = world.with_apps().await;
    let header = r#"{"alg":"RS256","kid":"rsa","typ":"JWT"}"#;
    let payload_of = |token: &str| token.split('.').nth(1).unwrap().to_owned();
    let at = |hint: &str| {
        format!("/auth/logout?id_token_hint={hint}&post_logout_redirect_uri={BYE}")
    };
    let (mut browser, user) = signed_in(&world).await;
    let payload = payload_of(&id_token(&world, &user, OWN, 0));
    for forged in [
        rs256(r#"{"alg":"RS256","kid":"other","typ":"JWT"}"#, "other", &payload),
        rs256(r#"{"alg":"RS256","kid":"rsa","typ":"at+jwt"}"#, "rsa", &payload),
        rs256(r#"{"alg":"EdDSA","kid":"rsa","typ":"JWT"}"#, "rsa", &payload),
        rs256(r#"{"alg":"RS256","kid":"rsa","typ":"JWT","crit":["x"]}"#, "rsa", &payload),
        rs256(header, "other", &payload),
        rs256(header, "rsa", &payload_of(&id_token(&world, &user, OWN, 500 * 86_400))),
    ] {
        assert!(html(&browser.navigate(&at(&forged)).await).contains("<form"), "{forged}");
        assert!(is_signed_on(&mut browser).await);
    }
    // An authorization request accepts the same hints. This hint is for another user.
    let other = "019ab7a1-2c00-7101-8101-010101010101";
    let hint = rs256(header, "rsa", &payload_of(&id_token(&world, other, OWN, 0)));
    let answer = browser.navigate(&ask(OWN, &format!("&id_token_hint={hint}"))).await;
    assert!(to(&answer).contains("error=login_required"), "{answer:?}");
    let hint = rs256(header, "rsa", &payload);
    let answer = browser.navigate(&at(&hint)).await;
    assert_eq!(to(&answer), "https://app.example.com/bye");
    assert!(!is_signed_on(&mut browser).await);
});

on_both!(without_proof_the_person_is_asked_first, &[], world => {
    let world = world.with_apps().await;
    let (mut browser, user) = signed_in(&world).await;
    let other = "019ab7a1-2c00-7101-8101-010101010101";
    let genuine = id_token(&world, &user, OWN, 0);
    let access_token = world.log_in(ADA).tokens.access_token;
    let forged = format!("{}.{}", genuine.rsplit_once('.').unwrap().0, "A".repeat(86));
    let none = Base64UrlUnpadded::encode_string(br#"{"alg":"none","typ":"JWT","kid":"test"}"#);
    let payload = genuine.split('.').nth(1).unwrap();
    for hint in [
        String::new(),
        id_token(&world, other, OWN, 0),
        id_token(&world, &user, OTHER, 0),
        id_token(&world, &user, OWN, 500 * 86_400),
        access_token.expose().to_owned(),
        forged,
        format!("{none}.{payload}."),
        "x".to_owned(),
    ] {
        let at = format!(
            "/auth/logout?id_token_hint={hint}&client_id={OWN}&post_logout_redirect_uri={BYE}"
        );
        let answer = browser.navigate(&at).await;
        let page = html(&answer);
        assert!(page.contains("<form method=\"post\" action=\"/auth/logout\">"), "{hint}: {page}");
        assert!(page.contains(ADA));
        assert_eq!(answer.header("Referrer-Policy"), Some("same-origin"));
        let policy = answer.header("Content-Security-Policy").unwrap();
        assert!(policy.contains("form-action 'self' https://app.example.com;"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"));
        assert!(is_signed_on(&mut browser).await, "{hint}");
    }
    let form = format!("client_id={OWN}&post_logout_redirect_uri={BYE}&confirmed=1");
    let done = browser.submit("/auth/logout", &form, "same-origin").await;
    assert_eq!(to(&done), "https://app.example.com/bye");
    assert!(!is_signed_on(&mut browser).await);
});

// Another site can submit a form with any fields to this route, so such a form must not confirm the
// log-out.
on_both!(no_other_page_confirms_it, &[], world => {
    let world = world.with_apps().await;
    let (mut browser, _) = signed_in(&world).await;
    for site in ["cross-site", "same-site", "none"] {
        let answer = browser.submit("/auth/logout", "confirmed=1", site).await;
        assert_eq!(to(&answer), "/auth/logout?confirmed=1", "{site}");
        assert!(html(&browser.navigate("/auth/logout?confirmed=1").await).contains("<form"));
        assert!(is_signed_on(&mut browser).await, "{site}");
    }
    assert!(html(&browser.submit("/auth/logout", "confirmed=1", "same-origin").await).contains("signed out"));
    assert!(!is_signed_on(&mut browser).await);
});

on_both!(a_log_out_leads_to_registered_addresses_only, &[], world => {
    let world = world.with_apps().await;
    for uri in [
        "https%3A%2F%2Fevil.example%2F",
        "https%3A%2F%2Fapp.example.com%2Fcallback",
        "https%3A%2F%2Fapp.example.com%2Fbye%2F",
        "%2F%2Fevil.example",
        "javascript%3Aalert(1)",
        "",
    ] {
        let (mut browser, user) = signed_in(&world).await;
        let hint = id_token(&world, &user, OWN, 0);
        let at = format!("/auth/logout?id_token_hint={hint}&post_logout_redirect_uri={uri}");
        let page = browser.navigate(&at).await;
        let page = html(&page);
        assert!(page.contains("signed out") && !page.contains("href"), "{uri}: {page}");
        assert!(!is_signed_on(&mut browser).await);
        // Without a hint, the page has a link only if the URI is registered. This URI is not.
        let at = format!("/auth/logout?client_id={OWN}&post_logout_redirect_uri={uri}");
        assert!(!html(&browser.navigate(&at).await).contains("href"), "{uri}");
    }
    let mut nobody = Browser::new(&world);
    let at = format!("/auth/logout?client_id={OWN}&post_logout_redirect_uri={BYE}&state=%22%3E");
    let answer = nobody.navigate(&at).await;
    let page = html(&answer);
    assert!(page.contains("href=\"https://app.example.com/bye?state=%22%3E\""), "{page}");
    assert!(page.contains("&lt;b&gt;own-app&lt;/b&gt;"), "{page}");
});

#[test]
fn a_broken_request_signs_nobody_out() {
    pollster::block_on(async {
        let world: World<MemorySessions> = on_memory(&[]).with_apps().await;
        let (mut browser, user) = signed_in(&world).await;
        let hint = id_token(&world, &user, OWN, 0);
        for query in [
            format!("id_token_hint={hint}&id_token_hint={hint}"),
            format!("id_token_hint={hint}&state=a&state=b"),
            format!("id_token_hint={hint}&x={}", "y".repeat(8192)),
        ] {
            let answer = browser.navigate(&["/auth/logout?", &query].concat()).await;
            assert_eq!((answer.status, answer.header("Location")), (400, None));
            assert!(is_signed_on(&mut browser).await);
        }
    });
}

on_both!(when_the_session_has_expired_nobody_is_asked, &[("SESSION_TTL", "86400")], world => {
    let world = world.with_apps().await;
    let (mut browser, _) = signed_in(&world).await;
    world.clock.advance(86_399);
    let asked = browser.navigate("/auth/logout").await;
    assert!(html(&asked).contains("<form") && html(&asked).contains(ADA));
    world.clock.advance(1);
    let expired = browser.navigate("/auth/logout").await;
    assert!(!html(&expired).contains("<form") && !html(&expired).contains(ADA));
});

// If the same user signs in again, the same single sign-on continues. A log-out ends this sign-on.
on_both!(a_log_out_ends_the_sign_on, &[], world => {
    let world = world.with_apps().await;
    let (mut browser, user) = signed_in(&world).await;
    let earlier = browser.sign_on.clone();
    world.clock.advance(10);
    browser.log_in(ADA).await;
    let hint = id_token(&world, &user, OWN, 0);
    browser.navigate(&format!("/auth/logout?id_token_hint={hint}")).await;
    browser.sign_on = earlier;
    assert!(!is_signed_on(&mut browser).await);
    browser.log_in(ROOT).await;
    assert!(is_signed_on(&mut browser).await);
});
