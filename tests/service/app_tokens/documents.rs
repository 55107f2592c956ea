//! Apps that are not registered. The id of such an app is the URL of a document that describes the
//! app.

use edgegate::domain::authorization::ClientId;
use edgegate::domain::policy::{METADATA_CACHE_MIN, METADATA_MAX_BYTES};
use edgegate::ports::{FetchedDocument, SessionStore};
use edgegate::service::authorize::{Authorized, Decision, IssuerPage};
use edgegate::service::{AuthService, SignedIn};

use super::{
    Asked, CHALLENGE, SPA, begin, claims, code, error, exchanging, form, json, post, renew, text,
};
use crate::fixture::{ADA, World, client, log_in, on_both};

pub(crate) const ID: &str = "https://client.example.org/app.json";
const TO: &str = "https://client.example.org/callback";
pub(crate) const ON: &[(&str, &str)] = &[
    ("CLIENT_ID_METADATA", "on"),
    (
        "RESOURCES",
        r#"[{"uri":"https://api.example.com","name":"Notes","scopes":["notes.read"]}]"#,
    ),
];

const OF_ANOTHER_APP: Asked<'_> = Asked {
    app: SPA,
    scope: "openid",
    resource: None,
};

fn document(id: &str) -> FetchedDocument {
    let body = format!(
        r#"{{"client_id":"{id}","client_name":"A tool","redirect_uris":["{TO}"],
            "token_endpoint_auth_method":"none"}}"#
    );
    FetchedDocument {
        status: 200,
        content_type: Some("application/json".to_owned()),
        cache_control: None,
        body: body.into_bytes(),
    }
}

/// The URL and the document of an app.
pub(crate) fn published() -> (String, FetchedDocument) {
    (ID.to_owned(), document(ID))
}

/// The query with which an app sends a browser to the authorization endpoint.
pub(crate) fn query(id: &str) -> String {
    form(&[
        ("client_id", id),
        ("redirect_uri", TO),
        ("response_type", "code"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("state", "a-state"),
        ("scope", "notes.read offline_access"),
        ("resource", "https://api.example.com"),
    ])
}

fn publish<S: SessionStore>(world: &World<S>, id: &str, document: FetchedDocument) {
    let documents = &world.service.ports().vendors.documents;
    documents.borrow_mut().insert(id.to_owned(), document);
}

fn fetched<S: SessionStore>(world: &World<S>) -> usize {
    world.service.ports().vendors.fetched.borrow().len()
}

async fn arrive<S: SessionStore>(world: &World<S>, ada: &SignedIn, id: &str) -> Authorized {
    let query = query(id);
    let ticket = ada.tokens.sign_on_ticket.expose();
    let service: &AuthService<_> = &world.service;
    service
        .authorize(&query, Some(ticket), &client())
        .await
        .unwrap()
}

/// Sends the app's request, consents to it as the user, and returns the code that the app gets.
async fn consented<S: SessionStore>(world: &World<S>, ada: &SignedIn) -> String {
    let Authorized::ToPage { page, request } = arrive(world, ada, ID).await else {
        panic!("no consent was asked for");
    };
    assert_eq!(page, IssuerPage::Consent);
    let decision = Decision {
        request: request.expose(),
        user: ada.user.id,
        allow: true,
    };
    let held = Some(ada.tokens.refresh_token.expose());
    let to = world
        .service
        .decide_authorization(decision, held, &client())
        .await
        .unwrap();
    let url = to.url.expose();
    assert!(url.starts_with(TO), "{url}");
    let code = url
        .split(['?', '&'])
        .find_map(|part| part.strip_prefix("code="));
    code.unwrap().to_owned()
}

on_both!(an_app_with_a_document_asks_for_consent_every_time, ON, world => {
    let ada = begin(&world.service).await;
    publish(&world, ID, document(ID));
    for _ in 0..2 {
        let code = consented(&world, &ada).await;
        let answer = post(&world.service, "/auth/token", &form(&exchanging(&code, ID, TO)), None).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let given = json(&answer);
        let access = claims(&text(&given, "access_token"));
        assert_eq!(text(&access, "client_id"), ID);
        assert_eq!(text(&access, "aud"), "https://api.example.com");
        assert!(access.get("roles").is_none_or(|roles| roles.clone().into_texts().unwrap().is_empty()));
        let answer = renew(&world.service, &text(&given, "refresh_token"), ID, &[]).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    assert_eq!(fetched(&world), 1, "the document is kept, and tokens need none");
    world.clock.advance(METADATA_CACHE_MIN);
    let ada = log_in(&world.service, ADA).await.unwrap();
    arrive(&world, &ada, ID).await;
    assert_eq!(fetched(&world), 2);
});

on_both!(the_consent_page_names_the_api, ON, world => {
    let ada = begin(&world.service).await;
    publish(&world, ID, document(ID));
    let Authorized::ToPage { request, .. } = arrive(&world, &ada, ID).await else {
        panic!("no consent was asked for");
    };
    let held = Some(ada.tokens.refresh_token.expose());
    let shown = world.service.show_request(request.expose(), held, &client()).await.unwrap();
    assert_eq!(shown.resource_name.as_deref(), Some("Notes"));
});

on_both!(it_has_no_secret, ON, world => {
    let ada = begin(&world.service).await;
    publish(&world, ID, document(ID));
    let code = consented(&world, &ada).await;
    let with = [&exchanging(&code, ID, TO)[..], &[("client_secret", "x")]].concat();
    let answer = post(&world.service, "/auth/token", &form(&with), None).await;
    assert_eq!((answer.status, &*error(&answer)), (401, "invalid_client"));
});

on_both!(nothing_is_fetched_unless_the_setting_and_the_url_allow_it, &[], world => {
    let ada = begin(&world.service).await;
    publish(&world, ID, document(ID));
    assert!(matches!(arrive(&world, &ada, ID).await, Authorized::Broken(_)));
    assert_eq!(fetched(&world), 0);
});

// The code is genuine, but it was issued to another app. A known app would get `invalid_grant` for
// such a code. This app is unknown, because the settings do not allow an app whose id is a URL.
on_both!(a_url_gets_no_tokens_unless_the_setting_allows_it, &[], world => {
    let ada = begin(&world.service).await;
    let code = code(&world.service, &ada, OF_ANOTHER_APP).await;
    let body = form(&exchanging(&code, ID, TO));
    let answer = post(&world.service, "/auth/token", &body, None).await;
    assert_eq!((answer.status, &*error(&answer)), (401, "invalid_client"));
});

on_both!(a_private_url_gets_no_tokens, ON, world => {
    let ada = begin(&world.service).await;
    let code = code(&world.service, &ada, OF_ANOTHER_APP).await;
    for (id, status, refusal) in [
        (ID, 400, "invalid_grant"),
        ("https://127.0.0.1/app.json", 401, "invalid_client"),
    ] {
        let body = form(&exchanging(&code, id, TO));
        let answer = post(&world.service, "/auth/token", &body, None).await;
        assert_eq!((answer.status, &*error(&answer)), (status, refusal), "{id}");
    }
});

on_both!(private_urls_are_not_fetched, ON, world => {
    let ada = begin(&world.service).await;
    for id in [
        "https://127.0.0.1/app.json",
        "https://10.0.0.1/app.json",
        "https://[::1]/app.json",
        "https://localhost/app.json",
        "https://printer.local/app.json",
        "https://metadata.google.internal/app.json",
        "https://client.example.org:8443/app.json",
        "https://user@client.example.org/app.json",
        "https://client.example.org/",
        "https://client.example.org/app.json?a=b",
        "https://client.example.org/app.json#a",
        "https://client.example.org/a/../app.json",
        "https://intranet/app.json",
        "http://client.example.org/app.json",
    ] {
        publish(&world, id, document(id));
        assert!(matches!(arrive(&world, &ada, id).await, Authorized::Broken(_)), "{id}");
    }
    assert_eq!(fetched(&world), 0);
});

on_both!(a_document_that_is_not_accepted_is_not_remembered, ON, world => {
    let ada = begin(&world.service).await;
    let good = document(ID);
    let long = vec![b' '; METADATA_MAX_BYTES + 1];
    let bad = [
        FetchedDocument { status: 302, ..good.clone() },
        FetchedDocument { status: 404, ..good.clone() },
        FetchedDocument { content_type: Some("text/html".to_owned()), ..good.clone() },
        FetchedDocument { body: long, ..good.clone() },
        document("https://client.example.org/other.json"),
        document("https://client.example.org/app.JSON"),
    ];
    for (number, document) in bad.into_iter().enumerate() {
        publish(&world, ID, document);
        assert!(matches!(arrive(&world, &ada, ID).await, Authorized::Broken(_)), "{number}");
        assert_eq!(fetched(&world), number + 1);
    }
    world.service.ports().vendors.unreachable.set(true);
    assert!(matches!(arrive(&world, &ada, ID).await, Authorized::Broken(_)));
    world.service.ports().vendors.unreachable.set(false);
    publish(&world, ID, good);
    assert!(matches!(arrive(&world, &ada, ID).await, Authorized::ToPage { .. }));
    assert!(ClientId::parse(ID).unwrap().is_url());
});
