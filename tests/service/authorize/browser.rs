//! A simulated browser that signs in to apps. It calls the routes.

use edgegate::domain::authorization::Code;
use edgegate::domain::session::RefreshTokens;
use edgegate::edge::answer::Answer;
use edgegate::edge::request::{Navigation, Request};
use edgegate::edge::router::route;
use edgegate::ports::{Ports, SessionStore, UserDirectory};
use edgegate_token::json::Json;

use super::{ISSUER, OTHER, ask, code_in, error_in, json, sealed_in, text, to};
use crate::fixture::{ADA, PASSWORD, World, client};

/// A browser with its cookies. The methods do what the pages in the browser do.
pub(crate) struct Browser<'w, S> {
    pub(crate) world: &'w World<S>,
    pub(super) refresh: Option<String>,
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

    /// A browser in which Ada has signed in.
    pub(super) async fn of_ada(world: &'w World<S>) -> Self {
        let mut browser = Self::new(world);
        browser.log_in(ADA).await;
        browser
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

    async fn send(&mut self, request: &Request<'_>) -> Answer {
        let answer = route(&self.world.service, request).await;
        self.keep(&answer);
        answer
    }

    /// Navigates the tab to a URL or path, as a link on another site would.
    pub(crate) async fn navigate(&mut self, to: &str) -> Answer {
        let how = Navigation {
            fetch_dest: Some("document"),
            fetch_site: Some("cross-site"),
            ..Navigation::default()
        };
        self.load(to, how).await
    }

    pub(super) async fn load(&mut self, to: &str, how: Navigation<'_>) -> Answer {
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
        self.send(&request).await
    }

    /// Submits the form of a page on this site or on another site. For the form of another site,
    /// the browser sends no `Strict` or `Lax` cookies.
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
        self.send(&request).await
    }

    /// Calls a route from a page of an allowed origin.
    pub(crate) async fn post(&mut self, path: &str, body: &str) -> Answer {
        self.post_from(path, body, "application/json", true).await
    }

    pub(super) async fn post_from(
        &mut self,
        path: &str,
        body: &str,
        media: &str,
        allowed: bool,
    ) -> Answer {
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
        self.send(&request).await
    }

    pub(crate) async fn log_in(&mut self, email: &str) -> Answer {
        let body = format!(r#"{{"email":"{email}","password":"{PASSWORD}","cookie":true}}"#);
        let answer = self.post("/auth/login", &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer
    }

    pub(super) async fn renew(&mut self) -> Answer {
        self.post("/auth/token", r#"{"grant_type":"refresh_token"}"#)
            .await
    }

    pub(super) async fn log_out(&mut self) -> Answer {
        self.post("/auth/revoke", "{}").await
    }

    /// Signs in. Returns the ids of the user and of the session.
    pub(crate) async fn log_in_as(&mut self, email: &str) -> [String; 2] {
        let body = json(&self.log_in(email).await);
        let tokens = &self.world.service.settings().ticket_secrets;
        let tokens = RefreshTokens::new(tokens, self.issuer());
        let ticket = tokens.open(self.refresh.as_ref().unwrap()).unwrap();
        let user = text(body.get("user").unwrap(), "id").to_owned();
        [user, ticket.session.to_string()]
    }

    /// Sends the request of an app to which the user has not consented yet. Returns the sealed
    /// request (the request as a signed token), which the consent page gets.
    pub(crate) async fn asked_for_consent(&mut self) -> String {
        self.page_for(&ask(OTHER, ""), "/consent").await
    }

    /// Sends this request of an app, which must lead to this page of the issuer. Returns the sealed
    /// request (the request as a signed token), which the page gets.
    pub(super) async fn page_for(&mut self, asked: &str, page: &str) -> String {
        sealed_in(to(&self.navigate(asked).await), page).to_owned()
    }

    /// Sends this request of an app. Returns the code, which the service issues without showing a
    /// page to the user.
    pub(super) async fn code_for(&mut self, asked: &str) -> Code {
        code_in(to(&self.navigate(asked).await), self.issuer())
    }

    /// Sends this request of an app. Returns the error, which the service sends to the app without
    /// showing a page to the user.
    pub(super) async fn error_for(&mut self, asked: &str) -> String {
        error_in(to(&self.navigate(asked).await), self.issuer())
    }

    pub(super) async fn register(&mut self, email: &str) {
        let body = format!(r#"{{"email":"{email}","password":"{PASSWORD}","cookie":true}}"#);
        let answer = self.post("/auth/register", &body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
    }

    /// Asks the service what a page should show about a sealed request (an app's request as a
    /// signed token). Returns the answer.
    pub(super) async fn show(&mut self, sealed: &str) -> Json {
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

    pub(super) async fn user_id(&self) -> String {
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
