//! Signing in to apps, from the request of a browser to the code.

use edgegate::domain::account::UserId;
use edgegate::domain::authorization::{
    AppClient, ClientId, ClientType, Code as AuthorizationCode, CodeId, Codes, Exchanged,
    RedirectUri, Resource, Scope,
};
use edgegate::domain::session::{EndReason, RefreshTokens, SessionId, Verdict};
use edgegate::edge::answer::Answer;
use edgegate::edge::request::{Navigation, Request};
use edgegate::edge::router::route;
use edgegate::ports::{Clients, Clock, Ending, Ports, SessionStore, UserDirectory};
use edgegate::service::manage_users::Amendment;
use edgegate_token::json::Json;
use edgegate_token::sign;

use crate::fixture::{
    ADA, PASSWORD, ROOT, World, client, log_in, on_both, on_kv, on_memory, settings, verdict,
};
use crate::leave_apps::id_token;

pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const OWN: &str = "own-app";
pub(crate) const OTHER: &str = "other-app";
pub(crate) const NATIVE: &str = "native-app";
pub(crate) const CALLBACK: &str = "https://app.example.com/callback";
pub(crate) const ISSUER: &str = "http://127.0.0.1:8787";
/// A deployed issuer has no demo accounts, so the test makes an account.
const DEPLOYED: &[(&str, &str)] = &[
    ("ISSUER", "https://auth.example.com"),
    ("REGISTRATION", "open"),
];

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

/// A browser: its cookies, and the pages that it shows.
pub(crate) struct Browser<'w, S> {
    pub(crate) world: &'w World<S>,
    refresh: Option<String>,
    pub(crate) sign_on: Option<String>,
}

impl<'w, S: SessionStore> Browser<'w, S> {
    pub(crate) fn new(world: &'w World<S>) -> Self {
        Self {
            world,
            refresh: None,
            sign_on: None,
        }
    }

    fn issuer(&self) -> &str {
        &self.world.service.settings().issuer
    }

    fn names(&self) -> [&'static str; 2] {
        if self.issuer() == ISSUER {
            ["edgegate-8787", "edgegate-sso-8787"]
        } else {
            ["__Host-edgegate", "__Host-edgegate-sso"]
        }
    }

    fn cookies(&self) -> Option<String> {
        let values = [&self.refresh, &self.sign_on];
        let pairs: Vec<String> = self
            .names()
            .iter()
            .zip(values)
            .filter_map(|(name, value)| Some(format!("{name}={}", value.as_ref()?)))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    fn keep(&mut self, answer: &Answer) {
        for (name, value) in &answer.headers {
            if *name != "Set-Cookie" {
                continue;
            }
            let (of, rest) = value.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            let value = Some(value.to_owned()).filter(|value| !value.is_empty());
            let [refresh, sign_on] = self.names();
            if of == refresh {
                self.refresh = value;
            } else if of == sign_on {
                self.sign_on = value;
            }
        }
    }

    /// A navigation of a whole tab.
    pub(crate) async fn navigate(&mut self, to: &str) -> Answer {
        let how = Navigation {
            fetch_dest: Some("document"),
            fetch_site: Some("cross-site"),
            ..Navigation::default()
        };
        self.load(to, how).await
    }

    async fn load(&mut self, to: &str, how: Navigation<'_>) -> Answer {
        let cookies = self.cookies();
        let (path, query) = to.split_once('?').unwrap_or((to, ""));
        let request = Request {
            method: "GET",
            path,
            query,
            client: client(),
            navigation: Navigation {
                cookie: cookies.as_deref(),
                ..how
            },
            ..Request::default()
        };
        let answer = route(&self.world.service, &request).await;
        self.keep(&answer);
        answer
    }

    /// The form of a page on this site, or of another one, which gets no `Strict` or `Lax` cookies.
    pub(crate) async fn submit(&mut self, path: &str, body: &str, site: &str) -> Answer {
        let cookies = self.cookies().filter(|_| site != "cross-site");
        let own = self.issuer().to_owned();
        let request = Request {
            method: "POST",
            path,
            client: client(),
            origin: Some(if site == "same-origin" {
                own.as_str()
            } else {
                "https://evil.example"
            }),
            own_origin: &own,
            content_type: Some("application/x-www-form-urlencoded"),
            navigation: Navigation {
                cookie: cookies.as_deref(),
                fetch_site: Some(site),
                fetch_dest: Some("document"),
                purpose: None,
            },
            body: body.as_bytes().to_vec(),
            ..Request::default()
        };
        let answer = route(&self.world.service, &request).await;
        self.keep(&answer);
        answer
    }

    /// A call of a page of an allowed origin.
    pub(crate) async fn post(&mut self, path: &str, body: &str) -> Answer {
        self.post_from(path, body, "application/json", true).await
    }

    async fn post_from(&mut self, path: &str, body: &str, media: &str, allowed: bool) -> Answer {
        let cookies = self.cookies();
        let request = Request {
            method: "POST",
            path,
            client: client(),
            cookie: cookies.as_deref(),
            content_type: Some(media),
            origin: Some(if allowed {
                ISSUER
            } else {
                "https://evil.example"
            }),
            from_allowed_origin: allowed,
            body: body.as_bytes().to_vec(),
            ..Request::default()
        };
        let answer = route(&self.world.service, &request).await;
        self.keep(&answer);
        answer
    }

    pub(crate) async fn log_in(&mut self, email: &str) -> Answer {
        let body = format!(r#"{{"email":"{email}","password":"{PASSWORD}","cookie":true}}"#);
        let answer = self.post("/auth/login", &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer
    }

    /// The ids of the user and the session.
    pub(crate) async fn log_in_as(&mut self, email: &str) -> [String; 2] {
        let body = json(&self.log_in(email).await);
        let tokens = &self.world.service.settings().ticket_secrets;
        let tokens = RefreshTokens::new(tokens, self.issuer());
        let ticket = tokens.open(self.refresh.as_ref().unwrap()).unwrap();
        let user = text(body.get("user").unwrap(), "id").to_owned();
        [user, ticket.session.to_string()]
    }

    /// The sealed request of an app that needs consent.
    pub(crate) async fn asked_for_consent(&mut self) -> String {
        let answer = self.navigate(&ask(OTHER, "")).await;
        sealed_in(to(&answer), "/consent").to_owned()
    }

    async fn register(&mut self, email: &str) {
        let body = format!(r#"{{"email":"{email}","password":"{PASSWORD}","cookie":true}}"#);
        let answer = self.post("/auth/register", &body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
    }

    /// What a page shows of a sealed request.
    async fn show(&mut self, sealed: &str) -> Json {
        let answer = self
            .post(
                "/auth/authorize/request",
                &format!(r#"{{"request":"{sealed}"}}"#),
            )
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        json(&answer)
    }

    pub(crate) async fn decide(&mut self, sealed: &str, user: &str, allow: bool) -> Answer {
        let body = format!(r#"{{"request":"{sealed}","user_id":"{user}","allow":{allow}}}"#);
        self.post("/auth/authorize/decision", &body).await
    }

    async fn user_id(&self) -> String {
        let users = self
            .world
            .service
            .ports()
            .users()
            .list(None, 10)
            .await
            .unwrap();
        let ada = users.iter().find(|user| user.email.canonical() == ADA);
        ada.unwrap().id.to_string()
    }
}

fn now<S: SessionStore>(world: &World<S>) -> u64 {
    world.clock.now_ms() / 1000
}

async fn disable<S: SessionStore>(world: &World<S>, user: UserId, disabled: bool) {
    let root = log_in(&world.service, ROOT).await.unwrap();
    let change = Amendment {
        disabled: Some(disabled),
        ..Amendment::default()
    };
    let token = root.tokens.access_token.expose();
    world.service.amend_user(token, user, change).await.unwrap();
}

/// Whether the sign-on of a code has ended: no app gets a session from it then.
async fn is_signed_off<S: SessionStore>(world: &World<S>, code: &AuthorizationCode) -> bool {
    let now = now(world);
    let session = SessionId::new(now * 1000, &[7; 10]);
    let id = CodeId::new(*session.as_bytes());
    let sessions = world.service.ports().sessions();
    let exchanged = sessions.exchange(code.user, &id, session, Some(code.sign_on), now + 60, now);
    exchanged.await.unwrap() == Exchanged::SignedOff
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

/// The redirect of an answer.
pub(crate) fn to(answer: &Answer) -> &str {
    assert_eq!(answer.status, 303, "{answer:?}");
    answer.header("Location").unwrap()
}

/// The parameters of a redirect to an app, which must have `state` and `iss`.
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

on_both!(the_operators_own_app_gets_a_code_without_a_page, &[], world => {
    let world = world.with_apps().await;
    let mut browser = Browser::new(&world);
    browser.log_in(ADA).await;
    let answer = browser.navigate(&ask(OWN, "&scope=openid+email&nonce=n1")).await;
    let code = code_in(to(&answer), ISSUER);
    assert_eq!(code.user.to_string(), browser.user_id().await);
    assert_eq!(code.sign_on, code.session, "the first session of the sign-on");
    assert_eq!(code.scopes.to_string(), "email openid");
    assert_eq!(code.nonce.as_deref(), Some("n1"));
    assert_eq!(code.expires_at, now(&world) + 60);
    let (client, uri) = (ClientId::parse(OWN).unwrap(), RedirectUri::register(CALLBACK).unwrap());
    assert_eq!((code.client, code.redirect_uri), AuthorizationCode::bound_to(&client, &uri));
    // Each code is new, and the grant stays.
    let again = code_in(to(&browser.navigate(&ask(OWN, "&scope=openid")).await), ISSUER);
    assert_ne!(again.id, code.id);
    assert_eq!(again.grant, code.grant);
    assert!(answer.body.is_none());
});

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
    code_in(text(&json(&decided), "redirect"), ISSUER);

    let mut stranger = Browser::new(&world);
    let silent = stranger.navigate(&ask(OWN, "&prompt=none")).await;
    assert_eq!(error_in(to(&silent), ISSUER), "login_required");
});

on_both!(other_peoples_apps_need_consent_once, &[], world => {
    let world = world.with_apps().await;
    let mut browser = Browser::new(&world);
    browser.log_in(ADA).await;
    let silent = browser.navigate(&ask(OTHER, "&prompt=none")).await;
    assert_eq!(error_in(to(&silent), ISSUER), "consent_required");
    let answer = browser.navigate(&ask(OTHER, "&scope=openid+profile")).await;
    let sealed = sealed_in(to(&answer), "/consent").to_owned();
    let shown = browser.show(&sealed).await;
    assert_eq!(text(&shown, "next"), "consent");
    let app = shown.get("client").unwrap();
    assert_eq!((text(app, "client_id"), text(app, "host")), (OTHER, "app.example.com"));
    let user = browser.user_id().await;

    let denied = browser.decide(&sealed, &user, false).await;
    assert_eq!(error_in(text(&json(&denied), "redirect"), ISSUER), "access_denied");
    // No means no grant.
    sealed_in(to(&browser.navigate(&ask(OTHER, "&scope=openid")).await), "/consent");

    let allowed = browser.decide(&sealed, &user, true).await;
    code_in(text(&json(&allowed), "redirect"), ISSUER);
    code_in(to(&browser.navigate(&ask(OTHER, "&scope=openid")).await), ISSUER);
    // More than was given is asked for again, and so is everything with prompt=consent.
    sealed_in(to(&browser.navigate(&ask(OTHER, "&scope=openid+email")).await), "/consent");
    sealed_in(to(&browser.navigate(&ask(OTHER, "&prompt=consent")).await), "/consent");
});

on_both!(the_sign_on_cookie_is_worth_nothing_elsewhere, &[], world => {
    let world = world.with_apps().await;
    let mut browser = Browser::new(&world);
    browser.log_in(ADA).await;
    let answer = browser.navigate(&ask(OTHER, "")).await;
    let sealed = sealed_in(to(&answer), "/consent").to_owned();
    let user = browser.user_id().await;
    let ticket = browser.sign_on.clone().unwrap();
    // A thief with that cookie alone.
    browser.refresh = None;
    assert_eq!(text(&browser.show(&sealed).await, "next"), "sign_in");
    let refused = browser.decide(&sealed, &user, true).await;
    assert_eq!(refused.status, 401);
    assert!(refused.body.unwrap().contains("sign_in_required"));
    browser.refresh = Some(ticket.clone());
    assert_eq!(browser.decide(&sealed, &user, true).await.status, 401);
    let renewed = browser.post("/auth/token", r#"{"grant_type":"refresh_token"}"#).await;
    assert_eq!(renewed.status, 400);
    assert!(world.service.bearer(&ticket).await.is_err());
    assert!(world.service.renew_token(&ticket, &client()).await.is_err());
    assert_eq!(world.service.log_out(&ticket).await, Ok(None));
});

on_both!(frames_scripts_and_early_loads_are_nobody, &[], world => {
    let world = world.with_apps().await;
    let mut browser = Browser::new(&world);
    browser.log_in(ADA).await;
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

on_both!(a_sign_on_ends_with_its_session, &[], world => {
    let world = world.with_apps().await;
    for how in ["log out", "revoke", "disable", "reuse", "idle"] {
        let mut browser = Browser::new(&world);
        let signed_in = json(&browser.log_in(ADA).await);
        let kept = browser.sign_on.clone();
        code_in(to(&browser.navigate(&ask(OWN, "")).await), ISSUER);
        let id = UserId::parse(text(signed_in.get("user").unwrap(), "id")).unwrap();
        match how {
            "log out" => {
                assert_eq!(browser.post("/auth/revoke", "{}").await.status, 200);
                assert_eq!(browser.sign_on, None, "cleared with the refresh cookie");
            }
            "revoke" => world.service.revoke_tokens(id).await.unwrap(),
            "disable" => disable(&world, id, true).await,
            "reuse" => {
                let token = browser.refresh.clone().unwrap();
                for _ in 0..3 {
                    world.clock.advance(100);
                    browser.post("/auth/token", r#"{"grant_type":"refresh_token"}"#).await;
                }
                let refused = world.service.renew_token(&token, &client()).await.unwrap_err();
                assert_eq!(verdict(&refused), Some(Verdict::Reused));
            }
            _ => world.clock.advance(31 * 86_400),
        }
        browser.sign_on = kept;
        let silent = browser.navigate(&ask(OWN, "&prompt=none")).await;
        assert_eq!(error_in(to(&silent), ISSUER), "login_required", "{how}");
        disable(&world, id, false).await;
    }
});

on_both!(an_idle_session_decides_nothing, &[], world => {
    let world = world.with_apps().await;
    let mut browser = Browser::new(&world);
    browser.log_in(ADA).await;
    world.clock.advance(31 * 86_400);
    let answer = browser.navigate(&ask(OTHER, "")).await;
    let sealed = sealed_in(to(&answer), "/sign-in").to_owned();
    let user = browser.user_id().await;
    assert_eq!(browser.decide(&sealed, &user, true).await.status, 401);
});

on_both!(the_same_user_keeps_the_sign_on_in_the_same_browser, &[], world => {
    let world = world.with_apps().await;
    let mut browser = Browser::new(&world);
    browser.log_in(ADA).await;
    let first = code_in(to(&browser.navigate(&ask(OWN, "")).await), ISSUER);
    let old = browser.refresh.clone().unwrap();
    let _ = world.service.ports().events.take();
    world.clock.advance(5);
    browser.log_in(ADA).await;
    let names: Vec<_> = world.service.ports().events.take().iter().map(|e| e.name()).collect();
    assert_eq!(names, ["signed_in", "session_replaced"]);
    let second = code_in(to(&browser.navigate(&ask(OWN, "")).await), ISSUER);
    assert_ne!(second.session, first.session);
    assert_eq!(second.sign_on, first.sign_on);
    let refused = world.service.renew_token(&old, &client()).await.unwrap_err();
    assert_eq!(verdict(&refused), Some(Verdict::Ended));
    // A renewal keeps it too.
    world.clock.advance(100);
    let renewed = browser.post("/auth/token", r#"{"grant_type":"refresh_token"}"#).await;
    assert_eq!(renewed.status, 200);
    let third = code_in(to(&browser.navigate(&ask(OWN, "")).await), ISSUER);
    assert_eq!((third.sign_on, third.session), (first.sign_on, second.session));
    // The next log-out reaches the apps of the first session.
    assert!(!is_signed_off(&world, &first).await);
    browser.post("/auth/revoke", "{}").await;
    assert!(is_signed_off(&world, &first).await);
});

// The browser did not get the new cookie, so it shows the one of the replaced session again.
on_both!(a_login_whose_answer_was_lost_keeps_the_sign_on_too, &[], world => {
    let world = world.with_apps().await;
    let mut browser = Browser::new(&world);
    browser.log_in(ADA).await;
    let first = code_in(to(&browser.navigate(&ask(OWN, "")).await), ISSUER);
    let (refresh, sign_on) = (browser.refresh.clone(), browser.sign_on.clone());
    browser.log_in(ADA).await;
    (browser.refresh, browser.sign_on) = (refresh.clone(), sign_on);
    browser.log_in(ADA).await;
    let third = code_in(to(&browser.navigate(&ask(OWN, "")).await), ISSUER);
    assert_eq!(third.sign_on, first.sign_on);
    // After a log-out a new sign-on begins, even if the browser still has the old cookie.
    browser.post("/auth/revoke", "{}").await;
    browser.refresh = refresh;
    browser.log_in(ADA).await;
    let fourth = code_in(to(&browser.navigate(&ask(OWN, "")).await), ISSUER);
    assert_ne!(fourth.sign_on, first.sign_on);
});

on_both!(another_user_in_the_same_browser_logs_the_first_one_out, &[], world => {
    let world = world.with_apps().await;
    let mut browser = Browser::new(&world);
    browser.log_in(ADA).await;
    let first = code_in(to(&browser.navigate(&ask(OWN, "")).await), ISSUER);
    browser.log_in(ROOT).await;
    let second = code_in(to(&browser.navigate(&ask(OWN, "")).await), ISSUER);
    assert_ne!((second.user, second.sign_on), (first.user, first.sign_on));
    assert!(is_signed_off(&world, &first).await);
    assert!(!is_signed_off(&world, &second).await);
});

// If a session ends because there are too many, or because a login replaced it and the answer was
// lost, the sessions of its apps go on. They end when the person signs out in that browser.
on_both!(whoever_signs_out_of_a_session_that_has_ended_leaves_the_apps_too, &[], world => {
    let world = world.with_apps().await;
    for reason in [EndReason::OverLimit, EndReason::Replaced] {
        for other_user in [false, true] {
            world.clock.advance(10);
            let mut browser = Browser::new(&world);
            browser.log_in(ADA).await;
            let code = code_in(to(&browser.navigate(&ask(OWN, "")).await), ISSUER);
            let sessions = world.service.ports().sessions();
            let ending = Ending::by_id(code.user, code.session);
            sessions.end(&ending, reason, now(&world)).await.unwrap();
            assert!(!is_signed_off(&world, &code).await, "{reason:?}");
            if other_user {
                browser.log_in(ROOT).await;
            } else {
                browser.post("/auth/revoke", "{}").await;
            }
            assert!(is_signed_off(&world, &code).await, "{reason:?} {other_user}");
        }
    }
});

// The same with an access token, while it is valid. Later it ends nothing more: an access token has
// been shown to more people than a refresh token.
on_both!(an_access_token_of_a_session_that_has_ended_leaves_the_apps_until_it_expires, &[], world => {
    let world = world.with_apps().await;
    for reason in [EndReason::OverLimit, EndReason::Replaced] {
        for goes_on_with_an_earlier_one in [false, true] {
            for (passed, is_left) in [(599, true), (600, false)] {
                let mut browser = Browser::new(&world);
                browser.log_in(ADA).await;
                if goes_on_with_an_earlier_one {
                    browser.log_in(ADA).await;
                }
                let code = code_in(to(&browser.navigate(&ask(OWN, "")).await), ISSUER);
                assert_eq!(code.sign_on != code.session, goes_on_with_an_earlier_one);
                let renewed = browser.post("/auth/token", r#"{"grant_type":"refresh_token"}"#).await;
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

on_both!(a_decision_is_for_the_user_whom_the_page_showed, &[], world => {
    let world = world.with_apps().await;
    let mut browser = Browser::new(&world);
    browser.log_in(ADA).await;
    let answer = browser.navigate(&ask(OTHER, "")).await;
    let sealed = sealed_in(to(&answer), "/consent").to_owned();
    let ada = browser.user_id().await;
    // Somebody else signs in in another tab.
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
    let mut browser = Browser::new(&world);
    browser.log_in(ADA).await;
    let answer = browser.navigate(&ask(OTHER, "")).await;
    let sealed = sealed_in(to(&answer), "/consent").to_owned();
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
    let mut browser = Browser::new(&world);
    browser.log_in(ADA).await;
    let answer = browser.navigate(&ask(OTHER, "")).await;
    let sealed = sealed_in(to(&answer), "/consent").to_owned();
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

// With prompt=none nobody sees a page, so the error goes to the app.
#[test]
fn without_a_page_the_app_is_told_that_a_store_is_down() {
    let world = on_kv(&[]);
    pollster::block_on(async {
        let world = world.with_apps().await;
        let mut browser = Browser::new(&world);
        browser.log_in(ADA).await;
        world.kv.set_down(true);
        let silent = browser.navigate(&ask(OWN, "&prompt=none")).await;
        assert_eq!(error_in(to(&silent), ISSUER), "temporarily_unavailable");
        assert_eq!(browser.navigate(&ask(OWN, "")).await.status, 503);
    });
}

// Nobody was asked while the app was the operator's, so what it has is no answer to the question.
on_both!(an_app_that_is_no_longer_the_operators_needs_consent, &[], world => {
    let world = world.with_apps().await;
    let mut browser = Browser::new(&world);
    browser.log_in(ADA).await;
    code_in(to(&browser.navigate(&ask(OWN, "")).await), ISSUER);
    world.change_app(OWN, |app| app.first_party = false).await;
    sealed_in(to(&browser.navigate(&ask(OWN, "")).await), "/consent");
});

// A person may take an hour to answer. What an administrator took from the app meanwhile is not theirs
// to give.
on_both!(a_decision_gives_no_more_than_the_app_may_have_now, &[], world => {
    let world = world.with_apps().await;
    let mut browser = Browser::new(&world);
    browser.log_in(ADA).await;
    let user = browser.user_id().await;
    let more = "&resource=https%3A%2F%2Fapi.example.com&scope=openid%20notes%3Aread";
    let answer = browser.navigate(&ask(OTHER, more)).await;
    let sealed = sealed_in(to(&answer), "/consent").to_owned();
    world.change_app(OTHER, |app| app.scopes = Vec::new()).await;
    let shown = browser.show(&sealed).await;
    assert_eq!(shown.get("scopes").cloned().and_then(Json::into_texts).unwrap(), ["openid"]);
    let decided = browser.decide(&sealed, &user, true).await;
    let code = code_in(text(&json(&decided), "redirect"), ISSUER);
    assert_eq!(code.scopes.to_string(), "openid");
    let asks = ask(OTHER, &format!("{more}&prompt=consent"));
    let asks = sealed_in(to(&browser.navigate(&asks).await), "/consent").to_owned();
    assert_eq!(text(&browser.show(&asks).await, "next"), "consent");
    world.change_app(OTHER, |app| app.resources = Vec::new()).await;
    // Nobody is asked for what the app can't get.
    assert_eq!(text(&browser.show(&asks).await, "next"), "done");
    let decided = browser.decide(&sealed, &user, true).await;
    assert_eq!(decided.status, 200, "{decided:?}");
    assert_eq!(error_in(text(&json(&decided), "redirect"), ISSUER), "invalid_target");
});

// The app expects the user of its id_token, also from somebody who has to sign in first.
on_both!(nobody_but_the_user_of_the_hint_signs_in, &[], world => {
    let world = world.with_apps().await;
    let ada = Browser::new(&world).user_id().await;
    let hint = id_token(&world, &ada, OWN, 0);
    for (email, error) in [(ROOT, Some("login_required")), (ADA, None)] {
        let mut browser = Browser::new(&world);
        let answer = browser.navigate(&ask(OWN, &format!("&id_token_hint={hint}"))).await;
        let sealed = sealed_in(to(&answer), "/sign-in").to_owned();
        let [user, _] = browser.log_in_as(email).await;
        assert_eq!(text(&browser.show(&sealed).await, "next"), "done");
        let decided = json(&browser.decide(&sealed, &user, true).await);
        let at = text(&decided, "redirect");
        match error {
            Some(error) => assert_eq!(error_in(at, ISSUER), error),
            None => assert_eq!(code_in(at, ISSUER).user.to_string(), ada),
        }
    }
    let mut browser = Browser::new(&world);
    let twice = ask(OWN, &format!("&id_token_hint={hint}&id_token_hint=x"));
    assert_eq!(error_in(to(&browser.navigate(&twice).await), ISSUER), "invalid_request");
});

// An id_token is as long as the names and roles of its user. A hint that is ignored would let anybody
// sign in.
on_both!(the_longest_id_token_is_a_hint, &[], world => {
    let world = world.with_apps().await;
    let mut browser = Browser::new(&world);
    browser.log_in(ADA).await;
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

on_both!(a_proof_is_demanded_as_the_app_asks, &[], world => {
    let world = world.with_apps().await;
    let mut browser = Browser::new(&world);
    browser.log_in(ADA).await;
    world.clock.advance(100);
    code_in(to(&browser.navigate(&ask(OWN, "&max_age=100")).await), ISSUER);
    let user = browser.user_id().await;
    for more in ["&max_age=99", "&prompt=login", "&max_age=0"] {
        world.clock.advance(1);
        let answer = browser.navigate(&ask(OWN, more)).await;
        let sealed = sealed_in(to(&answer), "/sign-in").to_owned();
        let refused = browser.decide(&sealed, &user, true).await;
        assert_eq!(refused.status, 401, "{more}");
        world.clock.advance(1);
        browser.log_in(ADA).await;
        let decided = browser.decide(&sealed, &user, true).await;
        let code = code_in(text(&json(&decided), "redirect"), ISSUER);
        assert_eq!(code.proof.auth_time, now(&world), "{more}");
        world.clock.advance(200);
    }
    let silent = browser.navigate(&ask(OWN, "&prompt=none&max_age=10")).await;
    assert_eq!(error_in(to(&silent), ISSUER), "login_required");
    let hinted = browser.navigate(&ask(OWN, "&prompt=none&login_hint=root%40example.com")).await;
    assert_eq!(error_in(to(&hinted), ISSUER), "login_required");
    let why = "error_description=The+user+has+to+be+asked%2C+and+prompt%3Dnone";
    assert!(to(&hinted).contains(why), "{}", to(&hinted));
});

// Proofs have whole seconds. One of the second in which the request arrives is older than the
// request if the browser arrives with it.
on_both!(a_proof_of_the_same_second_is_not_given_for_the_request, &[], world => {
    let world = world.with_apps().await;
    let mut browser = Browser::new(&world);
    browser.log_in(ADA).await;
    let user = browser.user_id().await;
    for more in ["&prompt=login", "&max_age=0", "&login_hint=root%40example.com"] {
        if more != "&prompt=login" {
            let silent = browser.navigate(&ask(OWN, &format!("{more}&prompt=none"))).await;
            assert_eq!(error_in(to(&silent), ISSUER), "login_required", "{more}");
        }
        // As often as it arrives: by the button that goes back, or in two tabs.
        let asked = ask(OWN, more);
        let first = sealed_in(to(&browser.navigate(&asked).await), "/sign-in").to_owned();
        let second = sealed_in(to(&browser.navigate(&asked).await), "/sign-in").to_owned();
        for sealed in [&first, &second] {
            // The page asks at once.
            assert_eq!(text(&browser.show(sealed).await, "next"), "sign_in", "{more}");
            assert_eq!(browser.decide(sealed, &user, true).await.status, 401, "{more}");
        }
        // A login in that second is an answer to both.
        browser.log_in(ADA).await;
        for sealed in [&first, &second] {
            assert_eq!(text(&browser.show(sealed).await, "next"), "done", "{more}");
            let decided = browser.decide(sealed, &user, true).await;
            code_in(text(&json(&decided), "redirect"), ISSUER);
        }
    }
    let choice = ask(OWN, "&prompt=select_account");
    let sealed = sealed_in(to(&browser.navigate(&choice).await), "/consent").to_owned();
    assert_eq!(text(&browser.show(&sealed).await, "next"), "continue");
    browser.log_in(ADA).await;
    assert_eq!(text(&browser.show(&sealed).await, "next"), "done");
});

// OpenID Connect Core section 3.1.2.1. A hint that is not an id_token of this service is ignored.
on_both!(a_hint_of_another_user_is_an_error, &[], world => {
    let world = world.with_apps().await;
    let mut browser = Browser::new(&world);
    browser.log_in(ADA).await;
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

on_both!(native_apps_need_a_click_each_time, DEPLOYED, world => {
    let world = world.with_apps().await;
    let issuer = "https://auth.example.com";
    let mut browser = Browser::new(&world);
    browser.register(ADA).await;
    let user = browser.user_id().await;
    let first = browser.navigate(&ask(NATIVE, "")).await;
    let sealed = sealed_in(to(&first), "/consent").to_owned();
    let decided = browser.decide(&sealed, &user, true).await;
    let url = text(&json(&decided), "redirect").to_owned();
    assert!(url.starts_with("http://127.0.0.1:5000/callback?"), "{url}");
    code_in(&url, issuer);
    let second = browser.navigate(&ask(NATIVE, "")).await;
    let sealed = sealed_in(to(&second), "/consent").to_owned();
    assert_eq!(text(&browser.show(&sealed).await, "next"), "continue");
    let silent = browser.navigate(&ask(NATIVE, "&prompt=none")).await;
    assert_eq!(error_in(to(&silent), issuer), "interaction_required");
    // An app on a website gets its answer without a page.
    code_in(to(&browser.navigate(&ask(OWN, "&prompt=none")).await), issuer);
});

#[test]
fn a_broken_request_stays_here_and_is_explained() {
    pollster::block_on(async {
        let world = on_memory(&[]).with_apps().await;
        let mut browser = Browser::new(&world);
        browser.log_in(ADA).await;
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
        // The port of a loopback address, but no other part of it.
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
        let mut browser = Browser::new(&world);
        browser.log_in(ADA).await;
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
        let mut browser = Browser::new(&world);
        browser.log_in(ADA).await;
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
        // No parameter decides where the browser goes.
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
        let mut browser = Browser::new(&world);
        browser.log_in(ADA).await;
        let answer = browser.navigate(&ask(OWN, "")).await;
        assert_eq!((answer.status, answer.header("Location")), (404, None));
        assert!(answer.body.unwrap().contains("is symmetric"));
        for at in ["/auth/authorize/request", "/auth/authorize/decision"] {
            let refused = browser.post(at, "{}").await;
            assert_eq!(refused.status, 404);
            assert!(refused.body.unwrap().contains("is symmetric"));
        }
        // The refresh token of an app may be from before the keys were changed.
        let body = format!(
            r#"{{"grant_type":"refresh_token","client_id":"{OWN}","refresh_token":"ega_AQAA"}}"#
        );
        let refused = browser.post("/auth/token", &body).await;
        assert_eq!(refused.status, 400);
        assert_eq!(text(&json(&refused), "error"), "unsupported_grant_type");
    });
}

/// A replaced session ends no sign-on, whoever ends it then.
#[test]
fn replaced_is_no_log_out() {
    assert!(!EndReason::Replaced.ends_the_sign_on());
}
