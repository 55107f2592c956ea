//! Signing in to apps, from the request of a browser to the code.

mod arrival;
mod browser;
mod decision;
mod sign_on;

use edgegate::domain::authorization::{
    AppClient, ClientId, ClientType, Code as AuthorizationCode, Codes, RedirectUri, Resource, Scope,
};
use edgegate::edge::answer::Answer;
use edgegate::ports::{Clients, Clock, Ports, SessionStore};
use edgegate_token::json::Json;

use crate::fixture::{World, settings};

pub(crate) use browser::Browser;

pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const OWN: &str = "own-app";
pub(crate) const OTHER: &str = "other-app";
pub(crate) const NATIVE: &str = "native-app";
pub(crate) const CALLBACK: &str = "https://app.example.com/callback";
pub(crate) const ISSUER: &str = "http://127.0.0.1:8787";

fn app(id: &str, first_party: bool, redirect_uri: &str) -> AppClient {
    let uri = |text| RedirectUri::register(text).unwrap();
    AppClient {
        id: ClientId::parse(id).unwrap(),
        name: format!("The <b>{id}</b>"),
        kind: ClientType::Public,
        first_party,
        redirect_uris: vec![uri(redirect_uri)],
        post_logout_redirect_uris: vec![uri("https://app.example.com/bye")],
        resources: vec![Resource::parse("https://api.example.com").unwrap()],
        scopes: vec![Scope::parse("notes:read").unwrap()],
        id_token_alg: None,
        disabled_at: None,
        created_at: 0,
        version: 0,
    }
}

impl<S: SessionStore> World<S> {
    pub(crate) async fn with_apps(self) -> Self {
        for app in [
            app(OWN, true, CALLBACK),
            app(OTHER, false, CALLBACK),
            app(NATIVE, false, "http://127.0.0.1/callback"),
        ] {
            let clients = self.service.ports().clients();
            assert!(clients.create(&app, None).await.unwrap());
        }
        self
    }

    async fn change_app(&self, id: &str, change: impl FnOnce(&mut AppClient)) {
        let clients = self.service.ports().clients();
        let id = ClientId::parse(id).unwrap();
        let mut app = clients.find(&id).await.unwrap().unwrap().client;
        change(&mut app);
        let version = app.version;
        assert!(clients.change(&app, version).await.unwrap());
    }
}

fn now<S: SessionStore>(world: &World<S>) -> u64 {
    world.clock.now_ms() / 1000
}

fn json(answer: &Answer) -> Json {
    Json::read(answer.body.as_ref().unwrap().as_bytes()).unwrap()
}

fn text<'a>(json: &'a Json, name: &str) -> &'a str {
    json.get(name).and_then(Json::as_str).unwrap()
}

pub(crate) fn ask(client_id: &str, more: &str) -> String {
    let uri = match client_id {
        NATIVE => "http%3A%2F%2F127.0.0.1%3A5000%2Fcallback",
        _ => "https%3A%2F%2Fapp.example.com%2Fcallback",
    };
    format!(
        "/auth/authorize?response_type=code&client_id={client_id}&redirect_uri={uri}\
         &code_challenge={CHALLENGE}&code_challenge_method=S256&state=a%26b%3Dc{more}"
    )
}

/// The URL to which an answer redirects.
pub(crate) fn to(answer: &Answer) -> &str {
    assert_eq!(answer.status, 303, "{answer:?}");
    answer.header("Location").unwrap()
}

/// The parameters of this redirect to an app. They must include `state` and `iss`.
fn answered(at: &str, issuer: &str) -> Vec<(String, String)> {
    let (_, query) = at.split_once('?').unwrap();
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let get = |name: &str| pairs.iter().find(|(of, _)| of == name).unwrap().1.clone();
    assert_eq!(
        (get("state"), get("iss")),
        ("a&b=c".to_owned(), issuer.to_owned())
    );
    pairs
}

/// The URL to which the page sends the browser after a decision.
fn redirect(decided: &Answer) -> String {
    text(&json(decided), "redirect").to_owned()
}

fn code_in(at: &str, issuer: &str) -> AuthorizationCode {
    assert!(
        at.starts_with(&[CALLBACK, "?"].concat()) || at.contains("127.0.0.1:5000"),
        "{at}"
    );
    let pairs = answered(at, issuer);
    let (_, code) = pairs.iter().find(|(name, _)| name == "code").expect(at);
    let settings = settings(&[]);
    Codes::new(&settings.ticket_secrets, issuer)
        .open(code)
        .unwrap()
}

fn error_in(at: &str, issuer: &str) -> String {
    let pairs = answered(at, issuer);
    assert!(!pairs.iter().any(|(name, _)| name == "code"), "{at}");
    let (_, error) = pairs.iter().find(|(name, _)| name == "error").expect(at);
    error.clone()
}

fn sealed_in<'a>(at: &'a str, page: &str) -> &'a str {
    let (found, sealed) = at.split_once("#request=").expect(at);
    assert!(found.ends_with(page), "{at}");
    assert!(sealed.starts_with("egq_"), "{at}");
    sealed
}
