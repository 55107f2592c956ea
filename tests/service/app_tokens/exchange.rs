//! `grant_type=authorization_code`: which tokens a code gives, and which requests get them.

use base64ct::{Base64UrlUnpadded, Encoding};
use edgegate::adapters::memory::MemoryIdTokenSigner;
use edgegate::domain::authorization::{CodeId, IdTokenAlg, RedirectUri, Resource};
use edgegate::domain::session::SessionId;
use edgegate::ports::{Clock, Grants, Ports, SessionStore};
use edgegate::service::AuthService;
use edgegate_token::json::Json;

use super::{
    API, Asked, ISSUER, OTHER, OTHER_SECRET, SPA, USERINFO, VERIFIER, WEB, WEB_SECOND_SECRET,
    WEB_SECRET, basic, begin, callback, change, claims, code, error, exchange, exchanging, form,
    json, part, post, renew, rsa, text, tokens,
};
use crate::fixture::{ADA, log_in, on_both};

const PROFILE: Asked<'_> = Asked {
    app: SPA,
    scope: "openid profile email",
    resource: None,
};
const OF_WEB: Asked<'_> = Asked {
    app: WEB,
    scope: "openid notes.read",
    resource: Some(API),
};

fn list(json: &Json, name: &str) -> Vec<String> {
    match json.get(name) {
        Some(Json::String(one)) => vec![one.clone()],
        Some(list) => list.clone().into_texts().unwrap(),
        None => Vec::new(),
    }
}

on_both!(an_app_gets_its_tokens, &[], world => {
    let ada = begin(&world.service).await;
    let given = tokens(&world.service, &ada, PROFILE).await;
    assert_eq!(text(&given, "token_type"), "Bearer");
    assert_eq!(text(&given, "scope"), "email openid profile");
    assert!(text(&given, "refresh_token").starts_with("ega_"));
    assert_eq!(given.get("expires_in"), Some(&Json::Integer(600)));

    let access = claims(&text(&given, "access_token"));
    assert_eq!(list(&access, "aud"), [USERINFO]);
    assert_eq!(text(&access, "client_id"), SPA);
    assert_eq!(text(&access, "scope"), "email openid profile");
    assert_eq!(text(&access, "sub"), ada.user.id.to_string());
    assert_eq!(text(&access, "sign_on"), ada.tokens.sign_on.to_string());
    assert_ne!(text(&access, "sid"), ada.tokens.session.to_string());
    assert_eq!(text(&access, "email"), "ada@example.com");
    assert_eq!(list(&access, "roles"), ["user"]);

    let id_token = text(&given, "id_token");
    let header = part(&id_token, 0);
    assert_eq!((text(&header, "typ"), text(&header, "alg")), ("JWT".to_owned(), "EdDSA".to_owned()));
    let id = claims(&id_token);
    assert_eq!(text(&id, "iss"), ISSUER);
    assert_eq!(list(&id, "aud"), [SPA]);
    assert_eq!(text(&id, "nonce"), "a-nonce");
    assert_eq!(text(&id, "sub"), text(&access, "sub"));
    assert_eq!(text(&id, "sid"), text(&access, "sid"));
    assert_eq!(text(&id, "acr"), "aal1");
    assert_eq!(list(&id, "amr"), ["pwd"]);
    assert_eq!(text(&id, "email"), "ada@example.com");
    assert_eq!(text(&id, "given_name"), "Ada");
    assert!(id.get("at_hash").is_none());
});

on_both!(an_app_of_others_gets_no_roles_and_no_address_without_its_scope, &[], world => {
    let ada = begin(&world.service).await;
    let given = tokens(&world.service, &ada, OF_WEB).await;
    let access = claims(&text(&given, "access_token"));
    assert_eq!(list(&access, "aud"), [API, USERINFO]);
    assert!(list(&access, "roles").is_empty());
    assert!(access.get("email").is_none());
    assert_eq!(access.get("email_verified"), Some(&Json::Bool(false)));
    let id = claims(&text(&given, "id_token"));
    assert!(id.get("roles").is_none() && id.get("email").is_none());

    // Without openid the token is only for the API, and there is no id_token.
    let asked = Asked { scope: "notes.read", ..OF_WEB };
    let given = tokens(&world.service, &ada, asked).await;
    assert_eq!(list(&claims(&text(&given, "access_token")), "aud"), [API]);
    assert!(given.get("id_token").is_none());
});

on_both!(an_app_that_asks_for_rs256_gets_it, &[("ID_TOKEN_KEYS", &rsa())], world => {
    let ada = begin(&world.service).await;
    change(&world.service, WEB, |app| app.id_token_alg = Some(IdTokenAlg::Rs256)).await;
    let given = tokens(&world.service, &ada, OF_WEB).await;
    let id_token = text(&given, "id_token");
    assert_eq!(text(&part(&id_token, 0), "alg"), "RS256");
    let kid = text(&part(&id_token, 0), "kid");
    let (signed, signature) = id_token.rsplit_once('.').unwrap();
    assert_eq!(
        Base64UrlUnpadded::decode_vec(signature).unwrap(),
        MemoryIdTokenSigner::signature(&kid, signed.as_bytes())
    );
    // The other app has not requested RS256, so its id_token is signed with EdDSA.
    let given = tokens(&world.service, &ada, PROFILE).await;
    assert_eq!(text(&part(&text(&given, "id_token"), 0), "alg"), "EdDSA");
});

on_both!(rs256_without_a_key_is_misconfigured, &[], world => {
    let ada = begin(&world.service).await;
    change(&world.service, WEB, |app| app.id_token_alg = Some(IdTokenAlg::Rs256)).await;
    let code = code(&world.service, &ada, OF_WEB).await;
    let answer = exchange(&world.service, &code, WEB).await;
    assert_eq!(answer.status, 500);
    assert!(answer.body.unwrap().contains("misconfigured"));
    assert!(answer.note.reason.unwrap().contains("ID_TOKEN_KEYS"));
});

on_both!(a_confidential_app_authenticates_by_either_method_and_either_secret, &[], world => {
    let ada = begin(&world.service).await;
    let to = callback(WEB);
    for secret in [WEB_SECRET, WEB_SECOND_SECRET] {
        let first = code(&world.service, &ada, OF_WEB).await;
        let by_body = [&exchanging(&first, WEB, &to)[..], &[("client_secret", secret)]].concat();
        assert_eq!(post(&world.service, "/auth/token", &form(&by_body), None).await.status, 200);
        let second = code(&world.service, &ada, OF_WEB).await;
        let parameters: Vec<_> = exchanging(&second, WEB, &to)
            .into_iter().filter(|(name, _)| *name != "client_id").collect();
        let header = basic(WEB, secret);
        let answer = post(&world.service, "/auth/token", &form(&parameters), Some(&header)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
});

/// Called after bad requests. Exchanges the code, and so shows that the code is still valid.
async fn is_still_good<P: Ports>(service: &AuthService<P>, code: &str, app: &str) {
    let answer = exchange(service, code, app).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

on_both!(whatever_is_wrong_gives_nothing_and_ends_nothing, &[], world => {
    let ada = begin(&world.service).await;
    let good = code(&world.service, &ada, OF_WEB).await;
    let to = callback(WEB);
    let (web, other) = (basic(WEB, WEB_SECRET), basic(OTHER, OTHER_SECRET));
    // The forged code must differ from the good code in its last character.
    let (start, last) = good.split_at(good.len() - 1);
    let forged = format!("{start}{}", if last == "A" { "E" } else { "A" });
    let with = |name: &'static str, value: &'static str| {
        let mut parameters: Vec<(String, String)> = exchanging(&good, WEB, &to)
            .into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        parameters.retain(|(known, _)| known != name);
        if value != "-" {
            parameters.push((name.to_owned(), value.to_owned()));
        }
        let pairs: Vec<(&str, &str)> = parameters.iter().map(|(a, b)| (&**a, &**b)).collect();
        form(&pairs)
    };
    let forged_code = form(&exchanging(&forged, WEB, &to));
    let to_other = callback(OTHER);
    let of_other = form(&exchanging(&good, OTHER, &to));
    let of_other_to = form(&exchanging(&good, OTHER, &to_other));
    let of_spa = form(&exchanging(&good, SPA, &to));
    for (body, header, status, told) in [
        // The code is forged, cut short, or another kind of ticket.
        (forged_code, Some(&web), 400, "invalid_grant"),
        (with("code", "egk_AQAA"), Some(&web), 400, "invalid_grant"),
        (with("code", "egr_AQAA"), Some(&web), 400, "invalid_grant"),
        // Another app has stolen the code of this app (code injection, mix-up).
        (of_other, Some(&other), 400, "invalid_grant"),
        (of_other_to, Some(&other), 400, "invalid_grant"),
        (of_spa, None, 400, "invalid_grant"),
        // The redirect URI or the verifier is wrong or missing.
        (with("redirect_uri", "https://web.example.com/callback/"), Some(&web), 400, "invalid_grant"),
        (with("redirect_uri", "https://evil.example/callback"), Some(&web), 400, "invalid_grant"),
        (with("redirect_uri", "-"), Some(&web), 400, "invalid_request"),
        (with("code_verifier", "-"), Some(&web), 400, "invalid_request"),
        (with("code_verifier", ""), Some(&web), 400, "invalid_request"),
        (with("code_verifier", "short"), Some(&web), 400, "invalid_grant"),
        // The PKCE challenge is sent as the verifier (PKCE downgrade).
        (with("code_verifier", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), Some(&web), 400, "invalid_grant"),
        // The resource is not the one that the user consented to.
        (with("resource", "https://other-api.example.com"), Some(&web), 400, "invalid_target"),
        (with("resource", "nonsense"), Some(&web), 400, "invalid_target"),
        // The client authentication is missing, wrong or sent twice, or the client is unknown.
        (with("x", "-"), None, 401, "invalid_client"),
        (with("client_secret", "egc_wrong"), None, 401, "invalid_client"),
        (with("client_secret", WEB_SECRET), Some(&web), 400, "invalid_request"),
        (with("client_assertion", "a.b.c"), Some(&web), 400, "invalid_request"),
        (with("client_assertion", "a.b.c"), None, 401, "invalid_client"),
        (with("client_id", "nobody"), None, 401, "invalid_client"),
        (with("client_id", "-"), None, 400, "invalid_request"),
        (with("code", "-"), Some(&web), 400, "invalid_request"),
        (with("grant_type", "password"), Some(&web), 400, "unsupported_grant_type"),
    ] {
        let answer = post(&world.service, "/auth/token", &body, header.map(String::as_str)).await;
        assert_eq!((answer.status, &*error(&answer)), (status, told), "{body}");
        assert!(!answer.body.unwrap().contains(VERIFIER));
        let challenge = answer.headers.iter().find(|(name, _)| *name == "WWW-Authenticate");
        let is_basic = challenge.is_some_and(|(_, value)| value.starts_with("Basic "));
        assert_eq!(is_basic, status == 401 && header.is_some(), "{body}");
    }
    for (name, value) in exchanging(&good, WEB, &to) {
        let body = [&with("x", "-"), "&", &form(&[(name, value)])].concat();
        let answer = post(&world.service, "/auth/token", &body, Some(&web)).await;
        assert_eq!(error(&answer), "invalid_request", "{name} twice");
    }
    is_still_good(&world.service, &good, WEB).await;
});

on_both!(a_wrong_secret_is_answered_in_the_scheme_of_the_request, &[], world => {
    let ada = begin(&world.service).await;
    let good = code(&world.service, &ada, OF_WEB).await;
    let to = callback(WEB);
    let body = form(&exchanging(&good, WEB, &to));
    for header in [basic(WEB, "egc_wrong"), basic(WEB, ""), "Basic !".to_owned()] {
        let answer = post(&world.service, "/auth/token", &body, Some(&header)).await;
        assert_eq!((answer.status, &*error(&answer)), (401, "invalid_client"), "{header}");
        let challenge = answer.header("WWW-Authenticate").unwrap();
        assert!(challenge.starts_with("Basic realm="), "{challenge}");
    }
    is_still_good(&world.service, &good, WEB).await;
});

on_both!(a_public_app_has_no_secret, &[], world => {
    let ada = begin(&world.service).await;
    let good = code(&world.service, &ada, PROFILE).await;
    let to = callback(SPA);
    let by_body = [&exchanging(&good, SPA, &to)[..], &[("client_secret", "x")]].concat();
    let answer = post(&world.service, "/auth/token", &form(&by_body), None).await;
    assert_eq!((answer.status, &*error(&answer)), (401, "invalid_client"));
    // An empty secret is treated as omitted (RFC 6749 section 2.3.1).
    let empty = [&exchanging(&good, SPA, &to)[..], &[("client_secret", "")]].concat();
    assert_eq!(post(&world.service, "/auth/token", &form(&empty), None).await.status, 200);
});

on_both!(a_code_expires_after_a_minute, &[], world => {
    let ada = begin(&world.service).await;
    let early = code(&world.service, &ada, PROFILE).await;
    world.clock.advance(59);
    assert_eq!(exchange(&world.service, &early, SPA).await.status, 200);
    let late = code(&world.service, &ada, PROFILE).await;
    world.clock.advance(60);
    assert_eq!(error(&exchange(&world.service, &late, SPA).await), "invalid_grant");
});

// A later call to the store comes from a computer whose clock is 30 s ahead. By that clock the code
// has expired. The store must still remember that the code was exchanged, because by this
// computer's clock the code is still valid.
on_both!(an_exchange_is_remembered_as_long_as_any_clock_lets_the_code_live, &[], world => {
    let ada = begin(&world.service).await;
    let code = code(&world.service, &ada, PROFILE).await;
    assert_eq!(exchange(&world.service, &code, SPA).await.status, 200);
    world.clock.advance(59);
    let later = world.clock.now_ms() / 1000 + 30;
    let (id, session) = (CodeId::new([9; 16]), SessionId::new(later * 1000, &[9; 10]));
    let sessions = world.service.ports().sessions();
    let other = sessions.exchange(ada.user.id, &id, session, None, later + 60, later);
    other.await.unwrap();
    let answer = exchange(&world.service, &code, SPA).await;
    assert_eq!((answer.status, &*error(&answer)), (400, "invalid_grant"));
});

on_both!(a_replay_of_everything_ends_the_session_that_the_code_began, &[], world => {
    let ada = begin(&world.service).await;
    let good = code(&world.service, &ada, PROFILE).await;
    let first = json(&exchange(&world.service, &good, SPA).await);
    let refresh_token = text(&first, "refresh_token");
    assert_eq!(renew(&world.service, &refresh_token, SPA, &[]).await.status, 200);
    // The used code is presented with a wrong verifier. This ends no session.
    let to = callback(SPA);
    let mut wrong = exchanging(&good, SPA, &to);
    wrong[4].1 = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let answer = post(&world.service, "/auth/token", &form(&wrong), None).await;
    assert_eq!(error(&answer), "invalid_grant");
    assert_eq!(renew(&world.service, &refresh_token, SPA, &[]).await.status, 200);
    // The used code is presented with the right verifier. This ends the session that the code
    // began.
    assert_eq!(error(&exchange(&world.service, &good, SPA).await), "invalid_grant");
    assert_eq!(error(&renew(&world.service, &refresh_token, SPA, &[]).await), "invalid_grant");
    // The browser's own session goes on, and so does another session of the app.
    assert!(world.service.bearer(ada.tokens.access_token.expose()).await.is_ok());
    assert_eq!(exchange(&world.service, &code(&world.service, &ada, PROFILE).await, SPA).await.status, 200);
});

on_both!(of_ten_exchanges_at_once_none_leaves_a_second_session, &[], world => {
    let ada = begin(&world.service).await;
    let good = code(&world.service, &ada, PROFILE).await;
    let ten = (0..10).map(|_| exchange(&world.service, &good, SPA));
    let answers = futures_util::future::join_all(ten).await;
    let given: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert!(given.len() <= 1, "{}", given.len());
    for answer in given {
        let refresh_token = text(&json(answer), "refresh_token");
        assert_eq!(error(&renew(&world.service, &refresh_token, SPA, &[]).await), "invalid_grant");
    }
});

on_both!(a_code_is_worth_nothing_after_a_log_out_or_a_change, &[], world => {
    let ada = begin(&world.service).await;
    let good = code(&world.service, &ada, PROFILE).await;
    world.service.log_out(ada.tokens.refresh_token.expose()).await.unwrap();
    assert_eq!(error(&exchange(&world.service, &good, SPA).await), "invalid_grant");

    let ada = log_in(&world.service, ADA).await.unwrap();
    let good = code(&world.service, &ada, PROFILE).await;
    world.service.revoke_tokens(ada.user.id).await.unwrap();
    assert_eq!(error(&exchange(&world.service, &good, SPA).await), "invalid_grant");

    let ada = log_in(&world.service, ADA).await.unwrap();
    let good = code(&world.service, &ada, PROFILE).await;
    change(&world.service, SPA, |app| app.disabled_at = Some(1)).await;
    assert_eq!(error(&exchange(&world.service, &good, SPA).await), "invalid_grant");
    change(&world.service, SPA, |app| app.disabled_at = None).await;

    let grants = &world.service.ports().apps;
    let given = grants.list(ada.user.id).await.unwrap();
    for given in given {
        grants.withdraw(given.grant.id, ada.user.id, 2).await.unwrap();
    }
    assert_eq!(error(&exchange(&world.service, &good, SPA).await), "invalid_grant");
});

on_both!(an_exchange_gives_no_more_than_the_app_may_have_now, &[], world => {
    let ada = begin(&world.service).await;
    let first = code(&world.service, &ada, OF_WEB).await;
    let second = code(&world.service, &ada, OF_WEB).await;
    change(&world.service, WEB, |app| app.scopes.clear()).await;
    let given = json(&exchange(&world.service, &first, WEB).await);
    assert_eq!(text(&given, "scope"), "openid");
    assert_eq!(text(&claims(&text(&given, "access_token")), "scope"), "openid");
    change(&world.service, WEB, |app| app.resources.clear()).await;
    let answer = exchange(&world.service, &second, WEB).await;
    assert_eq!((answer.status, &*error(&answer)), (400, "invalid_target"));
    // The code is still unused, and no session has ended.
    change(&world.service, WEB, |app| app.resources = vec![Resource::parse(API).unwrap()]).await;
    is_still_good(&world.service, &second, WEB).await;
});

// A code was sent to a redirect URI, and then this URI was removed from the app. The code can't be
// exchanged.
on_both!(an_address_that_was_taken_from_the_app_exchanges_nothing, &[], world => {
    let ada = begin(&world.service).await;
    let good = code(&world.service, &ada, OF_WEB).await;
    change(&world.service, WEB, |app| {
        app.redirect_uris = vec![RedirectUri::register("https://new.example.com/").unwrap()];
    }).await;
    assert_eq!(error(&exchange(&world.service, &good, WEB).await), "invalid_grant");
});

on_both!(secrets_in_the_url_are_refused, &[], world => {
    let ada = begin(&world.service).await;
    let good = code(&world.service, &ada, PROFILE).await;
    let to = callback(SPA);
    for name in ["code", "code_verifier", "client_secret", "refresh_token", "token"] {
        let query = format!("{name}=hush");
        let request = edgegate::edge::request::Request {
            method: "POST",
            path: "/auth/token",
            query: &query,
            content_type: Some("application/x-www-form-urlencoded"),
            client: crate::fixture::client(),
            body: form(&exchanging(&good, SPA, &to)).into_bytes(),
            ..Default::default()
        };
        let answer = edgegate::edge::router::route(&world.service, &request).await;
        assert_eq!(error(&answer), "invalid_request", "{name}");
        assert!(!answer.body.unwrap().contains("hush"));
    }
    is_still_good(&world.service, &good, SPA).await;
});
