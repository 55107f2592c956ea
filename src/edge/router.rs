//! Every route, on one screen. A path has one spelling: nothing is decoded, folded or trimmed before the match.

use super::answer::Answer;
use super::cookies::settle;
use super::problem::Problem;
use super::request::Request;
use super::routes::{
    authorized, email, healthz, login, me, metadata, password, reauthenticate, register, revoke,
    sessions, token, users, well_known,
};
use crate::domain::account::UserId;
use crate::domain::error::Code;
use crate::ports::Ports;
use crate::service::AuthService;

/// Answers a request.
pub async fn route<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Answer {
    // HEAD is GET without the body, which the platform leaves out.
    let method = match request.method {
        "HEAD" => "GET",
        method => method,
    };
    let answer = match (request.path, method) {
        ("/auth/authorized", "GET") => authorized::get(service, request).await,
        ("/auth/token", "POST") => token::post(service, request).await,
        ("/auth/login", "POST") => login::post(service, request).await,
        ("/auth/reauthenticate", "POST") => reauthenticate::post(service, request).await,
        ("/auth/revoke", "POST") => revoke::post(service, request).await,
        ("/auth/register", "POST") => register::post(service, request).await,
        ("/auth/password/reset", "POST") => password::reset(service, request).await,
        ("/auth/password/confirm", "POST") => password::confirm(service, request).await,
        ("/auth/password/change", "POST") => password::change(service, request).await,
        ("/auth/email/verify", "POST") => email::verify(service, request).await,
        ("/auth/email/resend", "POST") => email::resend(service, request).await,
        ("/auth/email/change", "POST") => email::change(service, request).await,
        ("/auth/email/confirm", "POST") => email::confirm(service, request).await,
        ("/auth/me", "GET") => me::get(service, request).await,
        ("/auth/me", "DELETE") => me::delete(service, request).await,
        ("/auth/sessions", "GET") => sessions::get(service, request).await,
        ("/auth/sessions", "DELETE") => sessions::delete_others(service, request).await,
        ("/auth/users", "GET") => users::list(service, request).await,
        ("/auth/users", "POST") => users::create(service, request).await,
        ("/.well-known/jwks.json", "GET") => Ok(well_known::jwks(service)),
        ("/.well-known/oauth-authorization-server", "GET") => Ok(metadata::get(service)),
        ("/healthz", "GET") => healthz::get(service).await,
        (path, method) => match (segments(path).as_slice(), method) {
            (["auth", "sessions", id], "DELETE") => sessions::delete(service, request, id).await,
            (["auth", "users", id], "GET") => users::id::get(service, request, id).await,
            (["auth", "users", id], "PATCH") => users::id::patch(service, request, id).await,
            (["auth", "users", id], "DELETE") => users::id::delete(service, request, id).await,
            (["auth", "users", id, "revoke"], "POST") => {
                users::id::revoke(service, request, id).await
            }
            (path, _) => Err(no_route(path)),
        },
    };
    let mut answer = answer.unwrap_or_else(|problem| refuse(request.path, problem));
    if let Err(problem) = settle(service, request, &mut answer).await {
        answer = refuse(request.path, problem);
    }
    answer
}

fn segments(path: &str) -> Vec<&str> {
    path.split('/').skip(1).collect()
}

/// A refusal in the form of its path: the two OAuth endpoints have one of their own.
#[must_use]
pub fn refuse(path: &str, problem: Problem) -> Answer {
    if matches!(path, "/auth/token" | "/auth/revoke") {
        problem.into_oauth_answer()
    } else {
        problem.into_answer()
    }
}

/// A path as it may be logged: one that leads nowhere is `?`, and so is one with something in the place of an id that is none.
/// Anything may stand there, a secret or an address pasted by mistake among it.
#[must_use]
pub fn loggable(path: &str) -> &str {
    let is_known = match segments(path).as_slice() {
        ["dev", "outbox"] => true,
        // Users and sessions have ids of one form.
        ["auth", "sessions" | "users", id, ..] if UserId::parse(id).is_none() => false,
        path => allowed(path).is_some(),
    };
    if is_known { path } else { "?" }
}

/// 405 for a path that has other methods (RFC 9110 section 15.5.6), 404 otherwise.
fn no_route(path: &[&str]) -> Problem {
    let Some(allow) = allowed(path) else {
        return Problem::new(Code::NotFound, "there is nothing at this path");
    };
    Problem::new(Code::MethodNotAllowed, format!("this path takes {allow}")).with("Allow", allow)
}

/// The methods that a path takes.
fn allowed(path: &[&str]) -> Option<&'static str> {
    Some(match path {
        [
            "auth",
            "login" | "token" | "revoke" | "register" | "reauthenticate",
        ]
        | ["auth", "password", "reset" | "confirm" | "change"]
        | ["auth", "email", "verify" | "resend" | "change" | "confirm"]
        | ["auth", "users", _, "revoke"] => "POST",
        ["auth", "authorized"]
        | [".well-known", "jwks.json" | "oauth-authorization-server"]
        | ["healthz"] => "GET, HEAD",
        ["auth", "me" | "sessions"] => "GET, HEAD, DELETE",
        ["auth", "users"] => "GET, HEAD, POST",
        ["auth", "sessions", _] => "DELETE",
        ["auth", "users", _] => "GET, HEAD, PATCH, DELETE",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_logged_when_nothing_can_stand_in_it() {
        let id = UserId::new(1_764_000_000_000, &[1; 10]);
        for path in [
            "/auth/login",
            "/auth/sessions",
            "/healthz",
            &format!("/auth/users/{id}"),
            &format!("/auth/users/{id}/revoke"),
            &format!("/auth/sessions/{id}"),
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
            "/auth/users/egr_AAEC/revoke",
            "/auth/sessions/eyJhbGciOiJub25lIn0",
            &format!("/auth/users/{id}/eyJ"),
            &format!("/auth/users/{}", id.to_string().to_uppercase()),
        ] {
            assert_eq!(loggable(path), "?", "{path}");
        }
    }
}
