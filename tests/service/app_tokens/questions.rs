//! `/auth/userinfo`, `/auth/introspect` and `/auth/revoke` for apps. No route of the account
//! accepts an app's token.

use edgegate::domain::account::UserId;
use edgegate::domain::error::AccessRefusal;
use edgegate::domain::error::Error;
use edgegate::edge::request::Request;
use edgegate::edge::router::route;
use edgegate::service::manage_users::Amendment;
use edgegate_token::json::Json;

use super::{
    API, Asked, OTHER, OTHER_API, SPA, WEB, begin, change, claims, error, form, get, json, post,
    renew, secret_of, session_of, text, tokens,
};
use crate::fixture::{ADA, ROOT, client, log_in, on_both};

const OF_SPA: Asked<'_> = Asked {
    app: SPA,
    scope: "openid profile email",
    resource: None,
};
const OF_WEB: Asked<'_> = Asked {
    app: WEB,
    scope: "openid notes.read",
    resource: Some(API),
};
const OF_OTHER: Asked<'_> = Asked {
    app: OTHER,
    scope: "notes.read",
    resource: Some(OTHER_API),
};

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

on_both!(userinfo_says_what_the_scopes_allow, &[], world => {
    let ada = begin(&world.service).await;
    let spa = text(&tokens(&world.service, &ada, OF_SPA).await, "access_token");
    let answer = get(&world.service, "/auth/userinfo", Some(&bearer(&spa))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let all = json(&answer);
    assert_eq!(text(&all, "sub"), ada.user.id.to_string());
    assert_eq!(text(&all, "email"), "ada@example.com");
    assert_eq!(text(&all, "given_name"), "Ada");
    assert!(all.get("roles").is_some(), "the first party sees roles");

    let web = text(&tokens(&world.service, &ada, OF_WEB).await, "access_token");
    for authorization in [Some(bearer(&web)), None] {
        let body = if authorization.is_some() { String::new() } else { form(&[("access_token", &web)]) };
        let answer = post(&world.service, "/auth/userinfo", &body, authorization.as_deref()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let few = json(&answer);
        let Json::Object(members) = &few else { panic!("{few:?}") };
        assert_eq!(members.names().collect::<Vec<_>>(), ["sub"]);
    }
});

on_both!(userinfo_takes_no_other_token, &[], world => {
    let ada = begin(&world.service).await;
    let given = tokens(&world.service, &ada, OF_SPA).await;
    let without_openid = text(&tokens(&world.service, &ada, Asked { scope: "email", ..OF_SPA }).await, "access_token");
    let for_the_api = text(&tokens(&world.service, &ada, OF_OTHER).await, "access_token");
    for (token, status) in [
        (ada.tokens.access_token.expose(), 401),
        (&*text(&given, "id_token"), 401),
        (&*text(&given, "refresh_token"), 401),
        (&*for_the_api, 401),
        ("ego_AAEC", 401),
        ("", 401),
        (&*without_openid, 403),
    ] {
        let answer = get(&world.service, "/auth/userinfo", Some(&bearer(token))).await;
        assert_eq!(answer.status, status);
        let challenge = answer.header("WWW-Authenticate").unwrap();
        assert!(challenge.starts_with("Bearer "), "{challenge}");
        assert_eq!(challenge.contains("insufficient_scope"), status == 403);
    }
    let token = text(&given, "access_token");
    let body = form(&[("access_token", &token)]);
    let twice = post(&world.service, "/auth/userinfo", &body, Some(&bearer(&token))).await;
    assert_eq!(twice.status, 400);
    let twice = [&body, "&", &body].concat();
    assert_eq!(post(&world.service, "/auth/userinfo", &twice, None).await.status, 400);
    let in_url = Request {
        method: "GET",
        path: "/auth/userinfo",
        query: &body,
        client: client(),
        ..Request::default()
    };
    assert_eq!(route(&world.service, &in_url).await.status, 400);
});

on_both!(userinfo_ends_with_the_session_the_user_and_the_app, &[], world => {
    let ada = begin(&world.service).await;
    let root = log_in(&world.service, ROOT).await.unwrap();
    let root = root.tokens.access_token.expose();
    let ask = async |token: &str| get(&world.service, "/auth/userinfo", Some(&bearer(token))).await.status;

    let token = text(&tokens(&world.service, &ada, OF_SPA).await, "access_token");
    assert_eq!(ask(&token).await, 200);
    change(&world.service, SPA, |app| app.disabled_at = Some(1)).await;
    assert_eq!(ask(&token).await, 401);
    change(&world.service, SPA, |app| app.disabled_at = None).await;
    assert_eq!(ask(&token).await, 200);
    let roles = Amendment { roles: Some(vec!["editor".to_owned()]), ..Amendment::default() };
    world.service.amend_user(root, ada.user.id, roles).await.unwrap();
    assert_eq!(ask(&token).await, 401, "outdated");

    let ada = log_in(&world.service, ADA).await.unwrap();
    let token = text(&tokens(&world.service, &ada, OF_SPA).await, "access_token");
    world.service.log_out(ada.tokens.refresh_token.expose()).await.unwrap();
    assert_eq!(ask(&token).await, 401, "signed off");

    let ada = log_in(&world.service, ADA).await.unwrap();
    let token = text(&tokens(&world.service, &ada, OF_SPA).await, "access_token");
    world.clock.advance(600);
    assert_eq!(ask(&token).await, 401, "expired");
});

on_both!(an_app_asks_about_its_own_tokens_and_those_for_its_api, &[], world => {
    let ada = begin(&world.service).await;
    let web = text(&tokens(&world.service, &ada, OF_WEB).await, "access_token");
    let spa_for_web = Asked { app: SPA, scope: "notes.read", resource: Some(API) };
    let spa = text(&tokens(&world.service, &ada, spa_for_web).await, "access_token");
    let other = text(&tokens(&world.service, &ada, OF_OTHER).await, "access_token");
    let refresh = text(&tokens(&world.service, &ada, OF_WEB).await, "refresh_token");
    let own = ada.tokens.access_token.expose();
    for (app, token, active) in [
        (WEB, &*web, true),
        (WEB, &*spa, true),
        (WEB, &*other, false),
        (WEB, own, false),
        (WEB, &*refresh, false),
        (WEB, "nonsense", false),
        (OTHER, &*other, true),
        (OTHER, &*web, false),
        (OTHER, &*spa, false),
    ] {
        let body = form(&[("token", token), ("token_type_hint", "refresh_token")]);
        let answer = post(&world.service, "/auth/introspect", &body, secret_of(app).as_deref()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let told = json(&answer);
        assert_eq!(told.get("active"), Some(&Json::Bool(active)), "{app}");
        let Json::Object(members) = &told else { panic!("{told:?}") };
        if !active {
            assert_eq!(members.names().count(), 1, "{told:?}");
            continue;
        }
        let said = claims(token);
        for name in ["iss", "sub", "aud", "client_id", "scope", "exp", "iat", "jti", "sid"] {
            assert_eq!(told.get(name), said.get(name), "{name}");
        }
        assert!(told.get("email").is_none() && told.get("roles").is_none());
    }
    world.service.log_out(ada.tokens.refresh_token.expose()).await.unwrap();
    let body = form(&[("token", &web)]);
    let answer = post(&world.service, "/auth/introspect", &body, secret_of(WEB).as_deref()).await;
    assert_eq!(json(&answer).get("active"), Some(&Json::Bool(false)), "after a log-out");
});

on_both!(only_confidential_apps_ask, &[], world => {
    let ada = begin(&world.service).await;
    let spa = text(&tokens(&world.service, &ada, OF_SPA).await, "access_token");
    for (body, header) in [
        (form(&[("token", &spa)]), None),
        (form(&[("token", &spa), ("client_id", SPA)]), None),
        (form(&[("token", &spa), ("client_id", WEB)]), None),
        (form(&[("token", &spa), ("client_id", "edgegate")]), None),
        (form(&[("token", &spa)]), Some(super::basic(WEB, "egc_wrong"))),
        (form(&[("token", &spa)]), Some(bearer(&spa))),
    ] {
        let answer = post(&world.service, "/auth/introspect", &body, header.as_deref()).await;
        assert_eq!((answer.status, &*error(&answer)), (401, "invalid_client"), "{body}");
    }
    let answer = post(&world.service, "/auth/introspect", "", secret_of(WEB).as_deref()).await;
    assert_eq!(error(&answer), "invalid_request");
    change(&world.service, WEB, |app| app.disabled_at = Some(1)).await;
    let body = form(&[("token", &spa)]);
    let answer = post(&world.service, "/auth/introspect", &body, secret_of(WEB).as_deref()).await;
    assert_eq!(error(&answer), "invalid_client");
});

on_both!(an_app_revokes_its_own_tokens_only, &[], world => {
    let ada = begin(&world.service).await;
    let spa = tokens(&world.service, &ada, OF_SPA).await;
    let web = tokens(&world.service, &ada, OF_WEB).await;
    let (refresh, access) = (text(&web, "refresh_token"), text(&web, "access_token"));
    let own = [ada.tokens.refresh_token.expose(), ada.tokens.access_token.expose()];
    let revoke = async |token: &str, id: Option<&str>, header: Option<String>| {
        let mut parameters = vec![("token", token)];
        parameters.extend(id.map(|id| ("client_id", id)));
        post(&world.service, "/auth/revoke", &form(&parameters), header.as_deref()).await
    };
    for token in [&*refresh, &*access] {
        for (id, header, told) in [
            (None, None, "invalid_grant"),
            (Some("edgegate"), None, "invalid_grant"),
            (Some(SPA), None, "invalid_grant"),
            (Some(OTHER), secret_of(OTHER), "invalid_grant"),
            (Some(WEB), None, "invalid_client"),
            (Some("nobody"), None, "invalid_client"),
        ] {
            assert_eq!(error(&revoke(token, id, header).await), told, "{id:?}");
        }
    }
    for token in own {
        assert_eq!(error(&revoke(token, Some(SPA), None).await), "invalid_grant");
    }
    for nonsense in ["x", "a.b.c", "ega_AQAA"] {
        assert_eq!(revoke(nonsense, Some(SPA), None).await.status, 200, "{nonsense}");
    }
    assert_eq!(renew(&world.service, &refresh, WEB, &[]).await.status, 200, "nothing has ended");

    // An access token that has expired can still be revoked. This ends the session.
    world.clock.advance(3600);
    assert_eq!(revoke(&access, None, secret_of(WEB)).await.status, 200);
    assert_eq!(error(&renew(&world.service, &refresh, WEB, &[]).await), "invalid_grant");
    let spa_refresh = text(&spa, "refresh_token");
    assert_eq!(renew(&world.service, &spa_refresh, SPA, &[]).await.status, 200, "the other app");
    let answer = revoke(&spa_refresh, Some(SPA), None).await;
    assert_eq!(answer.status, 200);
    let session = session_of(&text(&spa, "access_token")).to_string();
    assert_eq!(answer.note.session_id, Some(session));
    assert_eq!(error(&renew(&world.service, &spa_refresh, SPA, &[]).await), "invalid_grant");
    // Neither the browser's session nor its single sign-on has ended.
    assert!(world.service.renew_token(own[0], &client()).await.is_ok());
    assert_eq!(revoke(&spa_refresh, Some(SPA), None).await.status, 200, "once more");
});

/// Returns the method and the path of every operation in openapi.yaml that takes an access token.
/// The next test calls each of them, and also the three checks of tokens that RPC offers. None of
/// them accepts an app's token, whatever its scopes and its audience.
fn account_operations() -> Vec<(String, String)> {
    let contract = include_str!("../../../openapi.yaml");
    let (_, paths) = contract.split_once("\npaths:\n").unwrap();
    let (paths, _) = paths.split_once("\ncomponents:\n").unwrap();
    let (mut path, mut method) = (String::new(), String::new());
    let mut found = Vec::new();
    for line in paths.lines() {
        let key = line.trim_start();
        let indent = line.len() - key.len();
        if indent == 2 && key.starts_with('/') {
            path = key.trim_end_matches(':').to_owned();
        } else if indent == 4 {
            method = key.trim_end_matches(':').to_uppercase();
        } else if key.starts_with("security:") && key.contains("accessToken") {
            found.push((method.clone(), path.clone()));
        }
    }
    assert!(found.len() > 20, "{found:?}");
    found
}

on_both!(no_route_of_the_account_takes_an_apps_token, &[], world => {
    let ada = begin(&world.service).await;
    let root = log_in(&world.service, ROOT).await.unwrap();
    let (_, _) = (&ada, &root);
    let first_party = tokens(&world.service, &root, OF_SPA).await;
    let of_others = tokens(&world.service, &root, OF_WEB).await;
    let spoofed = [
        text(&first_party, "access_token"),
        text(&of_others, "access_token"),
        text(&first_party, "id_token"),
        text(&first_party, "refresh_token"),
    ];
    let some_id = UserId::new(1, &[0; 10]).to_string();
    for token in &spoofed {
        for (method, path) in account_operations() {
            let path = path.replace("{id}", &some_id).replace("{sid}", &some_id)
                .replace("{secret_id}", &some_id);
            let authorization = bearer(token);
            // It is possible that a route reads its body before it checks the token, so both an
            // empty and a full body are sent.
            for body in ["{}", r#"{"password":"x","email":"x","roles":[]}"#] {
                let request = Request {
                    method: &method,
                    path: &path,
                    query: if path == "/auth/authorized" { "role=user" } else { "" },
                    authorization: Some(&authorization),
                    content_type: Some("application/json"),
                    client: client(),
                    body: body.as_bytes().to_vec(),
                    ..Request::default()
                };
                let answer = route(&world.service, &request).await;
                let is_refused = answer.status == 401
                    || [400, 415, 422].contains(&answer.status);
                assert!(is_refused, "{method} {path}: {answer:?}");
            }
        }
        let refused = world.service.bearer(token).await.unwrap_err();
        assert!(matches!(refused, Error::Access(AccessRefusal::Token(_))), "{refused:?}");
        assert!(!world.service.is_authorized_by_role(token, &["user", "admin"]).await);
        assert!(!world.service.is_authorized_by_user_id(token, &root.user.id.to_string()).await);
        assert!(!world.service.is_authorized_by_email(token, ROOT).await);
    }
    // The tokens are valid: userinfo accepts the first two.
    for token in &spoofed[..2] {
        assert_eq!(get(&world.service, "/auth/userinfo", Some(&bearer(token))).await.status, 200);
        assert!(world.service.bearer(token).await.is_err(), "not even after userinfo");
    }
});
