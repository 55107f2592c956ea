//! The table of routes. Each path has exactly one spelling: the path of a request is compared as it
//! was sent. It is not decoded, not changed to lower case and not trimmed.

use std::future::{Future, ready};
use std::pin::Pin;

use super::answer::{Answer, Cookie};
use super::cookies;
use super::cors::Readers;
use super::problem::Problem;
use super::request::Request;
use super::routes::{
    Outcome, authorize, authorized, clients, email, grants, healthz, introspect, login, logout, me,
    metadata, operator, password, reauthenticate, register, revoke, sessions, token, userinfo,
    users, well_known,
};
use crate::domain::account::UserId;
use crate::domain::authorization::ClientHash;
use crate::domain::error::Code;
use crate::domain::policy::{IMPORT_MAX_BYTES, MAX_BODY_BYTES};
use crate::ports::Ports;
use crate::service::AuthService;

/// A route.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// The HTTP method. A `GET` route also answers `HEAD`. In the answer to `HEAD` the platform
    /// leaves out the body.
    pub method: &'static str,
    /// The path, for example `/auth/users/{id}`. A part in braces stands for an id: of a user, a
    /// session, an app, a secret or a grant.
    pub path: &'static str,
    /// Who may read the answers in a browser.
    pub readers: Readers,
    /// Whether errors have the form of RFC 6749 section 5.2. Otherwise they are problem+json.
    pub oauth_errors: bool,
    /// Every other method gets the same answer as `GET`. Forward-auth proxies need this: when a
    /// proxy asks whether a request of its own client is allowed, it might ask with the method of
    /// that request.
    pub any_method: bool,
    /// An answer with status 200 writes no log line and records no event. Only the route that
    /// checks access tokens has this property. Most requests are such checks, and writing a log
    /// line would take longer than the check. The platform counts the requests anyway.
    pub is_quiet: bool,
    /// The body may be larger than for other routes: it may contain one batch of an import of user
    /// accounts.
    pub takes_batch: bool,
}

impl Route {
    const fn new(method: &'static str, path: &'static str, readers: Readers) -> Self {
        Self {
            method,
            path,
            readers,
            oauth_errors: false,
            any_method: false,
            is_quiet: false,
            takes_batch: false,
        }
    }
}

/// The future of a route's handler. Because it is boxed, each handler is a separate wasm function.
/// The JavaScript engine compiles a wasm function when it is first called. Without boxes, all
/// handlers would be one function, and the first request of an isolate would wait until all of them
/// are compiled.
type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Makes two things from one table: the list [`ROUTES`], and the function `handle`, which calls the
/// handler of a route.
macro_rules! routes {
    ($($method:literal $path:literal $readers:ident $handler:path $(, $property:ident)*;)*) => {
        /// Every route. Routes with the same path have the same properties.
        pub const ROUTES: &[Route] = &[$(Route {
            $($property: true,)*
            ..Route::new($method, $path, Readers::$readers)
        }),*];

        fn handle<'a, P: Ports>(
            route: &Route,
            service: &'a AuthService<P>,
            request: &'a Request<'a>,
        ) -> Boxed<'a, Outcome> {
            match (route.method, route.path) {
                $(($method, $path) => Box::pin($handler(service, request)),)*
                _ => Box::pin(ready(Err(no_route(request.path)))),
            }
        }
    };
}

// method  path                              may be read by  handler
routes! {
    "GET"    "/auth/authorized"              AllowedOrigins  authorized::get, any_method, is_quiet;
    "POST"   "/auth/token"                   Apps            token::post, oauth_errors;
    "POST"   "/auth/revoke"                  Apps            revoke::post, oauth_errors;
    "POST"   "/auth/introspect"              AllowedOrigins  introspect::post, oauth_errors;
    "GET"    "/auth/userinfo"                Apps            userinfo::get;
    "POST"   "/auth/userinfo"                Apps            userinfo::post;
    "GET"    "/auth/authorize"               Nobody          authorize::get;
    "POST"   "/auth/authorize"               Nobody          authorize::post;
    "POST"   "/auth/authorize/request"       AllowedOrigins  authorize::request;
    "POST"   "/auth/authorize/decision"      AllowedOrigins  authorize::decision;
    "GET"    "/auth/logout"                  Nobody          logout::get;
    "POST"   "/auth/logout"                  Nobody          logout::post;
    "POST"   "/auth/login"                   AllowedOrigins  login::post;
    "POST"   "/auth/reauthenticate"          AllowedOrigins  reauthenticate::post;
    "POST"   "/auth/register"                AllowedOrigins  register::post;
    "POST"   "/auth/password/reset"          AllowedOrigins  password::reset;
    "POST"   "/auth/password/confirm"        AllowedOrigins  password::confirm;
    "POST"   "/auth/password/change"         AllowedOrigins  password::change;
    "POST"   "/auth/email/verify"            AllowedOrigins  email::verify;
    "POST"   "/auth/email/resend"            AllowedOrigins  email::resend;
    "POST"   "/auth/email/change"            AllowedOrigins  email::change;
    "POST"   "/auth/email/confirm"           AllowedOrigins  email::confirm;
    "GET"    "/auth/me"                      AllowedOrigins  me::get;
    "DELETE" "/auth/me"                      AllowedOrigins  me::delete;
    "GET"    "/auth/sessions"                AllowedOrigins  sessions::get;
    "DELETE" "/auth/sessions"                AllowedOrigins  sessions::delete_others;
    "DELETE" "/auth/sessions/{sid}"          AllowedOrigins  sessions::delete;
    "GET"    "/auth/grants"                  AllowedOrigins  grants::list;
    "DELETE" "/auth/grants/{id}"             AllowedOrigins  grants::delete;
    "GET"    "/auth/clients"                 AllowedOrigins  clients::list;
    "POST"   "/auth/clients"                 AllowedOrigins  clients::create;
    "GET"    "/auth/clients/{id}"            AllowedOrigins  clients::get;
    "PATCH"  "/auth/clients/{id}"            AllowedOrigins  clients::patch;
    "DELETE" "/auth/clients/{id}"            AllowedOrigins  clients::delete;
    "POST"   "/auth/clients/{id}/secrets"    AllowedOrigins  clients::add_secret;
    "DELETE" "/auth/clients/{id}/secrets/{sid}" AllowedOrigins clients::delete_secret;
    "GET"    "/auth/users"                   AllowedOrigins  users::list;
    "POST"   "/auth/users"                   AllowedOrigins  users::create;
    "POST"   "/auth/users/import"            AllowedOrigins  users::import::post, takes_batch;
    "GET"    "/auth/users/export"            AllowedOrigins  users::export::get;
    "GET"    "/auth/users/{id}"              AllowedOrigins  users::id::get;
    "PATCH"  "/auth/users/{id}"              AllowedOrigins  users::id::patch;
    "DELETE" "/auth/users/{id}"              AllowedOrigins  users::id::delete;
    "POST"   "/auth/users/{id}/revoke"       AllowedOrigins  users::id::revoke;
    "POST"   "/auth/users/{id}/invite"       AllowedOrigins  users::id::invite;
    "POST"   "/auth/users/{id}/unlock"       AllowedOrigins  users::id::unlock;
    "POST"   "/auth/users/{id}/verify"       Nobody          users::id::verify;
    "GET"    "/auth/users/{id}/sessions"     AllowedOrigins  users::sessions::get;
    "DELETE" "/auth/users/{id}/sessions/{sid}" AllowedOrigins users::sessions::delete;
    "GET"    "/auth/operator/mail"           Nobody          operator::mail;
    "POST"   "/auth/operator/mail/retry"     Nobody          operator::retry_mail;
    "POST"   "/auth/operator/mail/drop"      Nobody          operator::drop_mail;
    "POST"   "/auth/operator/restored"       Nobody          operator::restored;
    "POST"   "/auth/operator/pseudonyms"     Nobody          operator::pseudonyms;
    "GET"    "/.well-known/jwks.json"        Everyone        well_known::jwks;
    "GET"    "/.well-known/oauth-authorization-server" Everyone metadata::get;
    "GET"    "/.well-known/openid-configuration" Everyone    metadata::get;
    "GET"    "/.well-known/change-password"  Everyone        well_known::change_password;
    "GET"    "/healthz"                      Nobody          healthz::get;
}

/// The path at which the service shows the mails that it sent in local development. The path exists
/// only in local development. It is not in the table of routes, because `entry.rs` answers requests
/// for it.
pub const DEV_OUTBOX: &str = "/dev/outbox";

/// The path of the API contract (the OpenAPI description), which is served as a static file. Of the
/// requests for this path, only preflights reach this module.
const CONTRACT: &str = "/openapi.yaml";

/// Answers a request.
pub async fn route<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Answer {
    let method = match request.method {
        "HEAD" => "GET",
        method => method,
    };
    let route = routes_at(request.path).find(|route| route.method == method || route.any_method);
    let outcome = match route {
        Some(route) => {
            if !route.is_quiet {
                service.asked_by(&request.client);
            }
            handle(route, service, request).await
        }
        None => Err(no_route(request.path)),
    };
    let mut answer = outcome.unwrap_or_else(|problem| refuse(request.path, problem));
    if answer.cookie != Cookie::Untouched {
        let settled: Boxed<'_, _> = Box::pin(cookies::settle(service, request, &mut answer));
        if let Err(problem) = settled.await {
            answer = refuse(request.path, problem);
        }
    }
    answer
}

/// The answer that rejects a request with this problem. The path decides its form: problem+json, or
/// the form of RFC 6749 section 5.2.
#[must_use]
pub fn refuse(path: &str, problem: Problem) -> Answer {
    if routes_at(path).any(|route| route.oauth_errors) {
        problem.into_oauth_answer()
    } else {
        problem.into_answer()
    }
}

/// Who may read the answers for this path in a browser. If the path has no route, its folder
/// decides: the answer for an unknown path below `/auth/` may be read by the pages that may read
/// the answers of the routes below `/auth/`.
#[must_use]
pub fn readers(path: &str) -> Readers {
    if path == CONTRACT {
        return Readers::Everyone;
    }
    let is_beside =
        |route: &&Route| folder_of(route.path).is_some_and(|folder| path.starts_with(folder));
    routes_at(path)
        .next()
        .or_else(|| ROUTES.iter().find(is_beside))
        .map_or(Readers::Nobody, |route| route.readers)
}

/// Whether every method at this path gets the same answer as `GET`. If so, the body is not read.
#[must_use]
pub fn takes_any_method(path: &str) -> bool {
    routes_at(path).any(|route| route.any_method)
}

/// The longest body that this path accepts, in bytes.
#[must_use]
pub fn body_limit(path: &str) -> usize {
    if routes_at(path).any(|route| route.takes_batch) {
        IMPORT_MAX_BYTES
    } else {
        MAX_BODY_BYTES
    }
}

/// Whether answers with status 200 at this path are not logged.
#[must_use]
pub fn is_quiet(path: &str) -> bool {
    routes_at(path).any(|route| route.is_quiet)
}

/// The path as the log shows it. If the path has no route, or if the part where an id belongs is
/// not an id, the log shows `?` instead, because people paste secrets and email addresses into
/// paths by mistake.
#[must_use]
pub fn loggable(path: &str) -> &str {
    let is_logged = path == DEV_OUTBOX
        || routes_at(path).any(|route| {
            parts(route.path)
                .zip(parts(path))
                .all(|(part, text)| !is_id(part) || is_loggable_id(route.path, text))
        });
    if is_logged { path } else { "?" }
}

/// Whether the text may be logged as an id. A UUID may be logged. In the path of an app, the 22
/// characters of a `client_id` may be logged too.
fn is_loggable_id(route: &str, text: &str) -> bool {
    let names_app = route.starts_with("/auth/clients/");
    UserId::parse(text).is_some() || (names_app && ClientHash::parse(text).is_some())
}

/// The routes of a path, one for each method. A route that has exactly this path has precedence
/// over routes whose path has an id in this place.
fn routes_at(path: &str) -> impl Iterator<Item = &'static Route> {
    let is_written_out = ROUTES.iter().any(|route| route.path == path);
    ROUTES.iter().filter(move |route| {
        route.path == path
            || (!is_written_out
                && route.path.contains('{')
                && parts(path).count() == parts(route.path).count()
                && parts(route.path)
                    .zip(parts(path))
                    .all(|(part, text)| part == text || is_id(part)))
    })
}

fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
}

fn is_id(part: &str) -> bool {
    part.starts_with('{')
}

/// The folder of a path: `/auth/` for `/auth/login`. `None` if the path has no folder.
fn folder_of(path: &str) -> Option<&str> {
    let end = path.get(1..)?.find('/')?;
    path.get(..end.saturating_add(2))
}

/// The problem for a request that has no route: 405 if the path has a route with another method
/// (RFC 9110 section 15.5.6), 404 otherwise.
fn no_route(path: &str) -> Problem {
    let methods: Vec<&str> = routes_at(path)
        .flat_map(|route| match route.method {
            "GET" => vec!["GET", "HEAD"],
            method => vec![method],
        })
        .collect();
    if methods.is_empty() {
        return Problem::new(Code::NotFound, "there is nothing at this path");
    }
    let allow = methods.join(", ");
    Problem::new(Code::MethodNotAllowed, format!("this path takes {allow}")).with("Allow", allow)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every operation of openapi.yaml, as a text such as `GET /auth/me`.
    fn documented() -> Vec<String> {
        let (_, paths) = include_str!("../../openapi.yaml")
            .split_once("\npaths:\n")
            .unwrap();
        let mut operations = Vec::new();
        let mut path = "";
        for line in paths.lines() {
            let key = line.trim_start();
            match line.len() - key.len() {
                0 if !key.is_empty() && !key.starts_with('#') => break,
                2 if key.starts_with('/') => path = key.trim_end_matches(':'),
                4 if [
                    "get:", "post:", "patch:", "delete:", "put:", "head:", "options:",
                ]
                .contains(&key) =>
                {
                    let method = key.trim_end_matches(':').to_uppercase();
                    operations.push(format!("{method} {path}"));
                }
                _ => {}
            }
        }
        operations.sort();
        operations
    }

    #[test]
    fn the_routes_are_the_operations_of_openapi_yaml() {
        let mut routes: Vec<String> = ROUTES
            .iter()
            .map(|route| [route.method, " ", route.path].concat())
            .collect();
        routes.sort();
        assert!(routes.len() > 20);
        assert_eq!(routes, documented());
    }

    #[test]
    fn routes_of_one_path_share_everything_but_the_method() {
        for route in ROUTES {
            for other in routes_at(route.path) {
                assert_eq!(route.path, other.path);
                let shared = |it: &Route| {
                    let flags = (it.any_method, it.is_quiet, it.takes_batch);
                    (it.readers, it.oauth_errors, flags)
                };
                assert_eq!(shared(route), shared(other), "{}", route.path);
            }
        }
    }

    #[test]
    fn a_path_is_logged_when_it_can_hold_no_secret() {
        let id = UserId::new(1_764_000_000_000, &[1; 10]);
        for path in [
            "/auth/login",
            "/auth/sessions",
            "/healthz",
            "/dev/outbox",
            &format!("/auth/users/{id}"),
            &format!("/auth/users/{id}/revoke"),
            &format!("/auth/sessions/{id}"),
            "/auth/clients/AAECAwQFBgcICQoLDA0ODw",
            &format!("/auth/clients/AAECAwQFBgcICQoLDA0ODw/secrets/{id}"),
        ] {
            assert_eq!(loggable(path), path);
        }
        for path in [
            "/",
            "",
            "/auth",
            "/auth/login/",
            "//auth/login",
            "/auth/users/ada@example.com",
            "/auth/users/{id}",
            "/auth/users/egr_AAEC/revoke",
            "/auth/sessions/eyJhbGciOiJub25lIn0",
            &format!("/auth/users/{id}/eyJ"),
            "/auth/users/AAECAwQFBgcICQoLDA0ODw",
            "/auth/clients/egc_AAEC",
            "/auth/clients/demo-web-secret",
            &format!("/auth/users/{}", id.to_string().to_uppercase()),
        ] {
            assert_eq!(loggable(path), "?", "{path}");
        }
    }

    #[test]
    fn a_wrong_method_is_told_the_right_ones() {
        for (path, methods) in [
            ("/auth/login", "POST"),
            ("/auth/sessions", "GET, HEAD, DELETE"),
            ("/auth/users", "GET, HEAD, POST"),
            ("/auth/users/x", "GET, HEAD, PATCH, DELETE"),
            ("/auth/users/import", "POST"),
            ("/auth/users/export", "GET, HEAD"),
            ("/auth/users/", "GET, HEAD, PATCH, DELETE"),
        ] {
            let refused = no_route(path);
            assert_eq!(refused.code, Code::MethodNotAllowed);
            assert_eq!(refused.into_answer().header("Allow"), Some(methods));
        }
        for path in ["/dev/outbox", "/auth/users/x/y", "/auth/", "/auth/login/"] {
            assert_eq!(no_route(path).code, Code::NotFound, "{path}");
        }
    }

    #[test]
    fn only_a_check_takes_any_method() {
        for route in ROUTES {
            let expected = route.path == "/auth/authorized";
            assert_eq!(takes_any_method(route.path), expected, "{}", route.path);
        }
        for path in [
            "/auth/authorized/",
            "/auth/authorized/x",
            "/auth/authorizedx",
        ] {
            assert!(!takes_any_method(path), "{path}");
            assert_eq!(no_route(path).code, Code::NotFound, "{path}");
        }
    }

    #[test]
    fn only_the_oauth_endpoints_have_oauth_errors() {
        for route in ROUTES {
            let answer = refuse(route.path, Problem::invalid_request("x"));
            let is_oauth = answer.body.unwrap().contains("error_description");
            let expected =
                ["/auth/token", "/auth/revoke", "/auth/introspect"].contains(&route.path);
            assert_eq!(is_oauth, expected, "{}", route.path);
        }
    }

    #[test]
    fn each_path_is_read_by_its_readers() {
        for (readers, paths) in [
            (
                Readers::Everyone,
                [
                    "/.well-known/jwks.json",
                    "/.well-known/nothing",
                    "/openapi.yaml",
                ]
                .as_slice(),
            ),
            (
                Readers::AllowedOrigins,
                &["/auth/login", "/auth/nothing", "/auth/"],
            ),
            (
                Readers::Apps,
                &["/auth/token", "/auth/revoke", "/auth/userinfo"],
            ),
            (
                Readers::Nobody,
                &[
                    "/healthz",
                    "/dev/outbox",
                    "/authx/login",
                    "/auth",
                    "/",
                    "/auth/operator/mail",
                    "/auth/operator/mail/retry",
                    "/auth/users/x/verify",
                ],
            ),
        ] {
            for path in paths {
                assert_eq!(super::readers(path), readers, "{path}");
            }
        }
    }
}
