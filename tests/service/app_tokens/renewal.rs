//! `grant_type=refresh_token` of apps.

use edgegate::domain::authorization::{ClientId, GrantId, Resource};
use edgegate::edge::request::Request;
use edgegate::edge::router::route;
use edgegate::ports::Grants;
use edgegate::service::leave_apps::Leaving;
use edgegate_token::json::Json;

use super::{
    API, Asked, OTHER, SPA, USERINFO, WEB, WEB_SECRET, basic, begin, change, claims, error, form,
    json, post, renew, secret_of, text, tokens,
};
use crate::fixture::{ADA, ROOT, client, log_in, on_both};

const OF_WEB: Asked<'_> = Asked {
    app: WEB,
    scope: "openid email notes.read notes.write",
    resource: Some(API),
};
const OF_SPA: Asked<'_> = Asked {
    app: SPA,
    scope: "openid profile",
    resource: None,
};

fn audiences(access_token: &str) -> Vec<String> {
    match claims(access_token).get("aud").unwrap() {
        Json::String(one) => vec![one.clone()],
        list => list.clone().into_texts().unwrap(),
    }
}

on_both!(an_app_renews_and_an_id_token_has_no_nonce_then, &[("ROTATE_AFTER", "0")], world => {
    let ada = begin(&world.service).await;
    let first = tokens(&world.service, &ada, OF_SPA).await;
    let answer = renew(&world.service, &text(&first, "refresh_token"), SPA, &[]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let second = json(&answer);
    assert_ne!(text(&second, "refresh_token"), text(&first, "refresh_token"));
    assert_eq!(text(&second, "scope"), "openid profile");
    let (id, old) = (claims(&text(&second, "id_token")), claims(&text(&first, "id_token")));
    assert!(id.get("nonce").is_none() && old.get("nonce").is_some());
    for name in ["sub", "sid", "aud", "iss", "given_name"] {
        assert_eq!(id.get(name), old.get(name), "{name}");
    }
    assert_eq!(id.get("auth_time"), old.get("auth_time"));
    // Within the grace period, the same token gets the same successor.
    let again = json(&renew(&world.service, &text(&first, "refresh_token"), SPA, &[]).await);
    assert_eq!(text(&again, "refresh_token"), text(&second, "refresh_token"));
});

on_both!(a_narrower_scope_does_not_narrow_the_refresh_token, &[("ROTATE_AFTER", "0")], world => {
    let ada = begin(&world.service).await;
    let first = tokens(&world.service, &ada, OF_WEB).await;
    let narrow = json(&renew(&world.service, &text(&first, "refresh_token"), WEB, &[("scope", "notes.read")]).await);
    assert_eq!(text(&narrow, "scope"), "notes.read");
    let access = text(&narrow, "access_token");
    assert_eq!(text(&claims(&access), "scope"), "notes.read");
    assert_eq!(audiences(&access), [API]);
    assert!(claims(&access).get("email").is_none() && narrow.get("id_token").is_none());
    let wide = json(&renew(&world.service, &text(&narrow, "refresh_token"), WEB, &[]).await);
    assert_eq!(text(&wide, "scope"), "email notes.read notes.write openid");
    assert_eq!(audiences(&text(&wide, "access_token")), [API, USERINFO]);
});

on_both!(no_renewal_widens_what_was_granted, &[], world => {
    let ada = begin(&world.service).await;
    let asked = Asked { scope: "notes.read", ..OF_WEB };
    let first = tokens(&world.service, &ada, asked).await;
    let refresh_token = text(&first, "refresh_token");
    // Requested scopes that were not granted are ignored.
    for scope in ["notes.read notes.write", "notes.read openid email admin", "notes.read notes.read"] {
        let answer = renew(&world.service, &refresh_token, WEB, &[("scope", scope)]).await;
        let given = json(&answer);
        assert_eq!(text(&given, "scope"), "notes.read", "{scope}");
        assert_eq!(text(&claims(&text(&given, "access_token")), "scope"), "notes.read");
        assert!(given.get("id_token").is_none());
    }
    for scope in ["notes.write", "openid", "\"", &"x".repeat(600)] {
        let answer = renew(&world.service, &refresh_token, WEB, &[("scope", scope)]).await;
        assert_eq!((answer.status, &*error(&answer)), (400, "invalid_scope"), "{scope}");
    }
    for resource in ["https://other-api.example.com", "https://api.example.com/v2", "edgegate", USERINFO] {
        let answer = renew(&world.service, &refresh_token, WEB, &[("resource", resource)]).await;
        assert_eq!((answer.status, &*error(&answer)), (400, "invalid_target"), "{resource}");
    }
    for resource in [API, "https://api.example.com/"] {
        let answer = renew(&world.service, &refresh_token, WEB, &[("resource", resource)]).await;
        assert_eq!(audiences(&text(&json(&answer), "access_token")), [API], "{resource}");
    }
    let without = tokens(&world.service, &ada, OF_SPA).await;
    let answer = renew(&world.service, &text(&without, "refresh_token"), SPA, &[("resource", API)]).await;
    assert_eq!(error(&answer), "invalid_target");
});

on_both!(a_renewal_gives_no_more_than_the_app_may_have_now, &[], world => {
    let ada = begin(&world.service).await;
    let first = tokens(&world.service, &ada, OF_WEB).await;
    let refresh_token = text(&first, "refresh_token");
    change(&world.service, WEB, |app| app.scopes.retain(|scope| scope.as_str() == "notes.read")).await;
    let given = json(&renew(&world.service, &refresh_token, WEB, &[]).await);
    assert_eq!(text(&given, "scope"), "email notes.read openid");
    assert_eq!(text(&claims(&text(&given, "access_token")), "scope"), "email notes.read openid");
    // An administrator took the API away from the app.
    change(&world.service, WEB, |app| app.resources.clear()).await;
    for more in [&[][..], &[("resource", API)], &[("scope", "openid")]] {
        let answer = renew(&world.service, &refresh_token, WEB, more).await;
        assert_eq!((answer.status, &*error(&answer)), (400, "invalid_target"), "{more:?}");
    }
    // The session has not ended.
    change(&world.service, WEB, |app| {
        app.resources = vec![Resource::parse(API).unwrap()];
    }).await;
    assert_eq!(renew(&world.service, &refresh_token, WEB, &[]).await.status, 200);
});

on_both!(a_refresh_token_belongs_to_its_app, &[], world => {
    let ada = begin(&world.service).await;
    let web = text(&tokens(&world.service, &ada, OF_WEB).await, "refresh_token");
    let spa = text(&tokens(&world.service, &ada, OF_SPA).await, "refresh_token");
    let own = ada.tokens.refresh_token.expose();
    let as_web = secret_of(WEB);
    for (token, id, header, told) in [
        (&*web, Some(OTHER), secret_of(OTHER), "invalid_grant"),
        (&*web, Some(SPA), None, "invalid_grant"),
        (&*spa, Some(WEB), as_web.clone(), "invalid_grant"),
        (&*web, Some(WEB), None, "invalid_client"),
        (&*web, None, Some(basic(WEB, "egc_wrong")), "invalid_client"),
        (&*web, Some("nobody"), None, "invalid_client"),
        // A request without `client_id` is treated as a request of the service's own client (the
        // setting CLIENT_ID), which is `edgegate` here.
        (&*spa, None, None, "invalid_grant"),
        (&*spa, Some("edgegate"), None, "invalid_grant"),
        // The browser's own token, sent with the id of an app.
        (own, Some(SPA), None, "invalid_grant"),
        (own, Some(WEB), as_web.clone(), "invalid_grant"),
        (own, Some("nobody"), None, "invalid_client"),
        ("ega_AQAA", Some(SPA), None, "invalid_grant"),
        ("ega_AQAA", None, None, "invalid_client"),
    ] {
        let mut parameters = vec![("grant_type", "refresh_token"), ("refresh_token", token)];
        parameters.extend(id.map(|id| ("client_id", id)));
        let answer = post(&world.service, "/auth/token", &form(&parameters), header.as_deref()).await;
        assert_eq!(error(&answer), told, "{id:?} {header:?}");
    }
    // No session has ended.
    assert_eq!(renew(&world.service, &web, WEB, &[]).await.status, 200);
    assert_eq!(renew(&world.service, &spa, SPA, &[]).await.status, 200);
    assert!(world.service.renew_token(own, &client()).await.is_ok());
    // RPC and the cookie accept no token of an app, so they reject both tokens.
    for token in [&web, &spa] {
        assert!(world.service.renew_token(token, &client()).await.is_err());
        assert!(world.service.session_of(token).is_none());
    }
});

on_both!(an_app_ignores_the_cookie, &[], world => {
    let ada = begin(&world.service).await;
    let spa = text(&tokens(&world.service, &ada, OF_SPA).await, "refresh_token");
    let cookie = format!("edgegate-8787={}", ada.tokens.refresh_token.expose());
    let send = async |path: &str, body: String| {
        let request = Request {
            method: "POST",
            path,
            content_type: Some("application/json"),
            cookie: Some(&cookie),
            origin: Some(super::ISSUER),
            from_allowed_origin: true,
            client: client(),
            body: body.into_bytes(),
            ..Request::default()
        };
        route(&world.service, &request).await
    };
    let renewal = format!(
        r#"{{"grant_type":"refresh_token","refresh_token":"{spa}","client_id":"{SPA}"}}"#
    );
    let answer = send("/auth/token", renewal).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.headers.iter().all(|(name, _)| *name != "Set-Cookie"));
    // The body has no refresh token. The cookie has one, but the app gets no tokens for it.
    let empty = format!(r#"{{"grant_type":"refresh_token","client_id":"{SPA}"}}"#);
    let answer = send("/auth/token", empty).await;
    assert_eq!(error(&answer), "invalid_request");
    let empty = format!(r#"{{"client_id":"{SPA}"}}"#);
    let answer = send("/auth/revoke", empty).await;
    assert_eq!(error(&answer), "invalid_request");
    assert!(answer.headers.iter().all(|(name, _)| *name != "Set-Cookie"));
    // An app's refresh token is rejected in the cookie.
    let cookie = format!("edgegate-8787={spa}");
    let request = Request {
        method: "POST",
        path: "/auth/token",
        content_type: Some("application/json"),
        cookie: Some(&cookie),
        from_allowed_origin: true,
        client: client(),
        body: br#"{"grant_type":"refresh_token"}"#.to_vec(),
        ..Request::default()
    };
    assert_eq!(error(&route(&world.service, &request).await), "invalid_grant");
    assert_eq!(renew(&world.service, &spa, SPA, &[]).await.status, 200);
});

on_both!(what_the_user_ends_is_over_for_the_app, &[], world => {
    let ada = begin(&world.service).await;
    let web = text(&tokens(&world.service, &ada, OF_WEB).await, "refresh_token");
    assert_eq!(renew(&world.service, &web, WEB, &[]).await.status, 200);
    world.service.log_out(ada.tokens.refresh_token.expose()).await.unwrap();
    assert_eq!(error(&renew(&world.service, &web, WEB, &[]).await), "invalid_grant");

    // The user withdraws the grant.
    let ada = log_in(&world.service, ADA).await.unwrap();
    let web = text(&tokens(&world.service, &ada, OF_WEB).await, "refresh_token");
    let grants = &world.service.ports().apps;
    let ids: Vec<GrantId> = grants.list(ada.user.id).await.unwrap()
        .into_iter().map(|given| given.grant.id).collect();
    for id in ids {
        grants.withdraw(id, ada.user.id, 2).await.unwrap();
    }
    assert_eq!(error(&renew(&world.service, &web, WEB, &[]).await), "invalid_grant");

    // The user revokes all sessions.
    let web = text(&tokens(&world.service, &ada, OF_WEB).await, "refresh_token");
    world.service.revoke_tokens(ada.user.id).await.unwrap();
    assert_eq!(error(&renew(&world.service, &web, WEB, &[]).await), "invalid_grant");
});

// An app's session can last longer than the browser session from which it began, because the app
// renews its own session while nobody uses the browser. When the user signs out in the browser, it
// is possible that the store has deleted the record of the browser session already. The log-out
// must still end the app's session.
on_both!(a_log_out_ends_the_apps_of_a_session_that_went_idle, &[("SESSION_IDLE_TTL", "1200")], world => {
    let service = &world.service;
    begin(service).await;
    for by_an_app in [true, false] {
        let ada = log_in(service, ADA).await.unwrap();
        let web = text(&tokens(service, &ada, OF_WEB).await, "refresh_token");
        world.clock.advance(1000);
        let web = text(&json(&renew(service, &web, WEB, &[]).await), "refresh_token");
        world.clock.advance(1000);
        // When the next session begins, the store deletes expired records.
        log_in(service, ROOT).await.unwrap();
        assert_eq!(renew(service, &web, WEB, &[]).await.status, 200);
        if by_an_app {
            let ticket = ada.tokens.sign_on_ticket.expose();
            let leaving = Leaving::default();
            service.leave_apps(leaving, Some(ticket), true, &client()).await.unwrap();
        } else {
            service.log_out(ada.tokens.refresh_token.expose()).await.unwrap();
        }
        assert_eq!(error(&renew(service, &web, WEB, &[]).await), "invalid_grant", "{by_an_app}");
    }
});

on_both!(offline_access_outlives_a_log_out, &[], world => {
    let ada = begin(&world.service).await;
    let asked = Asked { scope: "offline_access notes.read", ..OF_WEB };
    let given = tokens(&world.service, &ada, asked).await;
    assert!(claims(&text(&given, "access_token")).get("sign_on").is_none());
    world.service.log_out(ada.tokens.refresh_token.expose()).await.unwrap();
    let answer = renew(&world.service, &text(&given, "refresh_token"), WEB, &[]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
});

on_both!(a_disabled_app_renews_no_more, &[], world => {
    let ada = begin(&world.service).await;
    let web = text(&tokens(&world.service, &ada, OF_WEB).await, "refresh_token");
    change(&world.service, WEB, |app| app.disabled_at = Some(1)).await;
    assert_eq!(error(&renew(&world.service, &web, WEB, &[]).await), "invalid_grant");
    // The app may still revoke its tokens.
    let body = form(&[("token", &web)]);
    let answer = post(&world.service, "/auth/revoke", &body, secret_of(WEB).as_deref()).await;
    assert_eq!(answer.status, 200);
    change(&world.service, WEB, |app| app.disabled_at = None).await;
    assert_eq!(error(&renew(&world.service, &web, WEB, &[]).await), "invalid_grant");
    // A deleted app is unknown.
    let clients = &world.service.ports().apps;
    use edgegate::ports::Clients;
    assert_eq!(clients.delete(&ClientId::parse(WEB).unwrap()).await, Ok(true));
    assert_eq!(error(&renew(&world.service, &web, WEB, &[]).await), "invalid_client");
});

// A public app on a website keeps its refresh token only in the memory of a page. If the token has
// not been renewed for a day, the app's session ends, because nobody needs it any more.
on_both!(a_public_app_on_a_website_goes_idle_after_a_day, &[], world => {
    let ada = begin(&world.service).await;
    let spa = text(&tokens(&world.service, &ada, OF_SPA).await, "refresh_token");
    let web = text(&tokens(&world.service, &ada, OF_WEB).await, "refresh_token");
    world.clock.advance(23 * 3600);
    let spa = text(&json(&renew(&world.service, &spa, SPA, &[]).await), "refresh_token");
    world.clock.advance(25 * 3600);
    assert_eq!(error(&renew(&world.service, &spa, SPA, &[]).await), "invalid_grant");
    let answer = renew(&world.service, &web, WEB, &[]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
});

on_both!(a_used_token_that_comes_back_ends_the_apps_session_alone, &[("ROTATE_AFTER", "0"), ("REUSE", "strict")], world => {
    let ada = begin(&world.service).await;
    let first = text(&tokens(&world.service, &ada, OF_SPA).await, "refresh_token");
    let second = text(&json(&renew(&world.service, &first, SPA, &[]).await), "refresh_token");
    let third = text(&json(&renew(&world.service, &second, SPA, &[]).await), "refresh_token");
    assert_eq!(error(&renew(&world.service, &first, SPA, &[]).await), "invalid_grant");
    assert_eq!(error(&renew(&world.service, &third, SPA, &[]).await), "invalid_grant");
    assert!(world.service.bearer(ada.tokens.access_token.expose()).await.is_ok());
    assert_eq!(
        post(&world.service, "/auth/token", &form(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", ada.tokens.refresh_token.expose()),
        ]), None).await.status,
        200
    );
});

on_both!(both_ways_to_send_the_secret_renew, &[], world => {
    let ada = begin(&world.service).await;
    let web = text(&tokens(&world.service, &ada, OF_WEB).await, "refresh_token");
    let parameters = [
        ("grant_type", "refresh_token"), ("refresh_token", &web),
        ("client_id", WEB), ("client_secret", WEB_SECRET),
    ];
    assert_eq!(post(&world.service, "/auth/token", &form(&parameters), None).await.status, 200);
    let header = basic(WEB, WEB_SECRET);
    let parameters = [("grant_type", "refresh_token"), ("refresh_token", &web)];
    assert_eq!(post(&world.service, "/auth/token", &form(&parameters), Some(&header)).await.status, 200);
});
