//! Apps exchange codes, renew and revoke tokens, and ask about tokens. The tests call the routes,
//! with both session stores. The codes come from the authorization endpoint, as in a browser.

pub(crate) mod documents;
pub(crate) mod exchange;
mod questions;
mod renewal;

use std::sync::atomic::{AtomicU64, Ordering};

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use edgegate::domain::authorization::{
    AppClient, ClientId, ClientSecretHash, ClientType, Grant, GrantId, RedirectUri, Resource,
    Scope, Scopes, SecretId, StoredSecret,
};
use edgegate::domain::session::SessionId;
use edgegate::edge::answer::Answer;
use edgegate::edge::request::Request;
use edgegate::edge::router::route;
use edgegate::ports::{Clients, Grants, Ports};
use edgegate::service::authorize::Authorized;
use edgegate::service::{AuthService, SignedIn};
use edgegate_token::json::Json;

use crate::fixture::{ADA, client, log_in};

pub(crate) const ISSUER: &str = "http://127.0.0.1:8787";
pub(crate) const USERINFO: &str = "http://127.0.0.1:8787/auth/userinfo";
/// The operator's own app, which runs in the browser.
pub(crate) const SPA: &str = "spa";
/// An app of another company, which runs on a server.
pub(crate) const WEB: &str = "web";
pub(crate) const WEB_SECRET: &str = "egc_the-first-secret";
pub(crate) const WEB_SECOND_SECRET: &str = "egc_the-second-secret";
/// Another app that runs on a server, with resources of its own.
pub(crate) const OTHER: &str = "other";
pub(crate) const OTHER_SECRET: &str = "egc_the-secret-of-other";
pub(crate) const API: &str = "https://api.example.com";
pub(crate) const OTHER_API: &str = "https://other-api.example.com";
/// The verifier and its challenge in RFC 7636 appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The next id of a grant, so that no two grants have the same id.
static GRANTS: AtomicU64 = AtomicU64::new(1_764_000_000_000);

pub(crate) fn callback(app: &str) -> String {
    format!("https://{app}.example.com/callback")
}

fn app(id: &str, kind: ClientType, first_party: bool, resources: &[&str]) -> AppClient {
    AppClient {
        id: ClientId::parse(id).unwrap(),
        name: id.to_owned(),
        kind,
        first_party,
        redirect_uris: vec![RedirectUri::register(&callback(id)).unwrap()],
        post_logout_redirect_uris: Vec::new(),
        resources: resources
            .iter()
            .map(|uri| Resource::parse(uri).unwrap())
            .collect(),
        scopes: vec![
            Scope::parse("notes.read").unwrap(),
            Scope::parse("notes.write").unwrap(),
        ],
        id_token_alg: None,
        disabled_at: None,
        created_at: 1,
        version: 0,
    }
}

fn secret(number: u64, text: &str) -> StoredSecret {
    StoredSecret {
        id: SecretId::new(number, &[0; 10]),
        hash: ClientSecretHash::of(text),
        created_at: 1,
    }
}

/// Registers the three apps, and signs Ada in.
pub(crate) async fn begin<P: Ports>(service: &AuthService<P>) -> SignedIn {
    let clients = service.ports().clients();
    let spa = app(SPA, ClientType::Public, true, &[API]);
    assert_eq!(clients.create(&spa, None).await, Ok(true));
    let web = app(WEB, ClientType::Confidential, false, &[API]);
    let first = secret(1, WEB_SECRET);
    assert_eq!(clients.create(&web, Some(&first)).await, Ok(true));
    let second = secret(2, WEB_SECOND_SECRET);
    clients.add_secret(&web.id, &second).await.unwrap();
    let other = app(OTHER, ClientType::Confidential, false, &[OTHER_API]);
    let of_other = secret(3, OTHER_SECRET);
    assert_eq!(clients.create(&other, Some(&of_other)).await, Ok(true));
    log_in(service, ADA).await.unwrap()
}

/// Changes a stored app.
pub(crate) async fn change<P: Ports>(
    service: &AuthService<P>,
    id: &str,
    edit: impl FnOnce(&mut AppClient),
) {
    let clients = service.ports().clients();
    let found = clients.find(&ClientId::parse(id).unwrap()).await.unwrap();
    let mut app = found.unwrap().client;
    let version = app.version;
    edit(&mut app);
    assert_eq!(clients.change(&app, version).await, Ok(true));
}

/// The parameters of an authorization request.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) app: &'a str,
    pub(crate) scope: &'a str,
    pub(crate) resource: Option<&'a str>,
}

/// The user of this session consents to an app's request. Returns the authorization code.
pub(crate) async fn code<P: Ports>(
    service: &AuthService<P>,
    signed_in: &SignedIn,
    asked: Asked<'_>,
) -> String {
    let Asked {
        app,
        scope,
        resource,
    } = asked;
    let grants = service.ports().grants();
    let grant = Grant {
        id: GrantId::new(GRANTS.fetch_add(1, Ordering::Relaxed), &[0; 10]),
        user: signed_in.user.id,
        client: ClientId::parse(app).unwrap(),
        scopes: Scopes::parse(scope).unwrap(),
        resource: resource.map(|uri| Resource::parse(uri).unwrap()),
        given_at: 1,
        withdrawn_at: None,
    };
    grants.give(&grant).await.unwrap();
    let mut query = form(&[
        ("client_id", app),
        ("redirect_uri", &callback(app)),
        ("response_type", "code"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("state", "a-state"),
        ("nonce", "a-nonce"),
        ("scope", scope),
    ]);
    if let Some(resource) = resource {
        query = [&query, "&", &form(&[("resource", resource)])].concat();
    }
    let ticket = signed_in.tokens.sign_on_ticket.expose();
    let answer = service
        .authorize(&query, Some(ticket), &client())
        .await
        .unwrap();
    let Authorized::ToApp(to) = answer else {
        panic!("{answer:?}");
    };
    let url = to.url.expose().to_owned();
    let (_, query) = url.split_once('?').unwrap();
    let pair = |part: &str| part.strip_prefix("code=").map(str::to_owned);
    query
        .split('&')
        .find_map(pair)
        .unwrap_or_else(|| panic!("{url}"))
}

pub(crate) fn form(parameters: &[(&str, &str)]) -> String {
    let encoded = |text: &str| {
        text.bytes()
            .map(|b| {
                if b.is_ascii_alphanumeric() || b"-._~".contains(&b) {
                    char::from(b).to_string()
                } else {
                    format!("%{b:02X}")
                }
            })
            .collect::<String>()
    };
    let pair = |(name, value): &(&str, &str)| format!("{name}={}", encoded(value));
    parameters.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// The `Authorization` header of `client_secret_basic`.
pub(crate) fn basic(id: &str, secret: &str) -> String {
    format!(
        "Basic {}",
        Base64::encode_string(format!("{id}:{secret}").as_bytes())
    )
}

pub(crate) async fn post<P: Ports>(
    service: &AuthService<P>,
    path: &str,
    body: &str,
    authorization: Option<&str>,
) -> Answer {
    let request = Request {
        method: "POST",
        path,
        content_type: Some("application/x-www-form-urlencoded"),
        authorization,
        client: client(),
        body: body.as_bytes().to_vec(),
        ..Request::default()
    };
    route(service, &request).await
}

pub(crate) async fn get<P: Ports>(
    service: &AuthService<P>,
    path: &str,
    authorization: Option<&str>,
) -> Answer {
    let request = Request {
        method: "GET",
        path,
        authorization,
        client: client(),
        ..Request::default()
    };
    route(service, &request).await
}

pub(crate) fn json(answer: &Answer) -> Json {
    Json::read(answer.body.as_ref().unwrap().as_bytes()).unwrap()
}

pub(crate) fn text(json: &Json, name: &str) -> String {
    let value = json.get(name).and_then(Json::as_str);
    value.unwrap_or_else(|| panic!("no {name}")).to_owned()
}

/// The `error` member of an answer.
pub(crate) fn error(answer: &Answer) -> String {
    text(&json(answer), "error")
}

/// The claims of a JWT. The signature is not verified.
pub(crate) fn claims(token: &str) -> Json {
    part(token, 1)
}

pub(crate) fn part(token: &str, number: usize) -> Json {
    let part = token.split('.').nth(number).unwrap();
    Json::read(&Base64UrlUnpadded::decode_vec(part).unwrap()).unwrap()
}

/// The parameters with which a public app exchanges a code.
pub(crate) fn exchanging<'a>(code: &'a str, app: &'a str, to: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", to),
        ("client_id", app),
        ("code_verifier", VERIFIER),
    ]
}

/// Gets a code for the app, exchanges it, and requires that the app gets tokens.
pub(crate) async fn tokens<P: Ports>(
    service: &AuthService<P>,
    signed_in: &SignedIn,
    asked: Asked<'_>,
) -> Json {
    let code = code(service, signed_in, asked).await;
    let answer = exchange(service, &code, asked.app).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    json(&answer)
}

/// Exchanges a code as the app does.
pub(crate) async fn exchange<P: Ports>(service: &AuthService<P>, code: &str, app: &str) -> Answer {
    let to = callback(app);
    let parameters = form(&exchanging(code, app, &to));
    post(
        service,
        "/auth/token",
        &parameters,
        secret_of(app).as_deref(),
    )
    .await
}

/// The `Authorization` header with which the app authenticates.
pub(crate) fn secret_of(app: &str) -> Option<String> {
    match app {
        WEB => Some(basic(WEB, WEB_SECRET)),
        OTHER => Some(basic(OTHER, OTHER_SECRET)),
        _ => None,
    }
}

/// Renews a refresh token, as the app does.
pub(crate) async fn renew<P: Ports>(
    service: &AuthService<P>,
    refresh_token: &str,
    app: &str,
    more: &[(&str, &str)],
) -> Answer {
    let mut parameters = vec![
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token),
        ("client_id", app),
    ];
    parameters.extend(more);
    post(
        service,
        "/auth/token",
        &form(&parameters),
        secret_of(app).as_deref(),
    )
    .await
}

pub(crate) fn session_of(access_token: &str) -> SessionId {
    SessionId::parse(&text(&claims(access_token), "sid")).unwrap()
}

/// A JWKS whose key only looks like an RSA key. The in-memory platform does not check whether the
/// key is valid.
pub(crate) fn rsa() -> String {
    let modulus = Base64UrlUnpadded::encode_string(&[0xa7; 256]);
    let private = ["d", "p", "q", "dp", "dq", "qi"].map(|name| format!(r#""{name}":"AQAB""#));
    format!(
        r#"{{"keys":[{{"kty":"RSA","kid":"rsa","n":"{modulus}","e":"AQAB",{}}}]}}"#,
        private.join(",")
    )
}
