//! One file for each path: it reads the request, calls one use case, writes the answer.

pub mod authorized;
pub mod email;
pub mod healthz;
pub mod login;
pub mod me;
pub mod metadata;
pub mod password;
pub mod reauthenticate;
pub mod register;
pub mod revoke;
pub mod sessions;
pub mod token;
pub mod users;
pub mod well_known;

use super::answer::{Answer, Cookie, Note};
use super::cookies::{set, set_device};
use super::problem::Problem;
use super::request::Request;
use crate::domain::account::{Name, User, UserId};
use crate::domain::error::{Error, FieldProblem};
use crate::domain::mail::Locale;
use crate::domain::policy::CHALLENGE_TOKEN_BYTES;
use crate::domain::session::{Client, Verdict};
use crate::domain::settings::Settings;
use crate::ports::Ports;
use crate::service::renew_token::Renewed;
use crate::service::{AuthService, SignedIn, TokenPair};
use edgegate_token::json::{Json, Members};

/// A route's outcome.
pub type Outcome = Result<Answer, Problem>;

/// The language for a mail that a request leads to.
fn locale<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Locale {
    request.locale(service.settings().mail.locale)
}

/// The client, who has a challenge to meet when the settings say so.
fn challenged(settings: &Settings, client: Client, token: Option<&str>) -> Result<Client, Problem> {
    if token.is_some_and(|token| token.len() > CHALLENGE_TOKEN_BYTES) {
        return Err(Error::Field("challenge", FieldProblem::TooLong).into());
    }
    Ok(if settings.vendors.turnstile.is_some() {
        client.challenged(token)
    } else {
        client
    })
}

/// Taken, and told apart from nothing: a mail follows, or none.
fn accepted() -> Answer {
    Answer::empty(202)
}

/// Done, with whose account it was for the log.
pub(super) fn done(user: UserId) -> Answer {
    Answer::empty(204).noted(Note {
        user_id: Some(user.to_string()),
        ..Note::default()
    })
}

/// The token response of RFC 6749 section 5.1, with the refresh token's life beside it. The refresh token itself is
/// `in_body` or in the cookie, never in both.
fn token_members(tokens: &TokenPair, in_body: bool) -> Members {
    let mut members = Members::default();
    members.set("access_token", tokens.access_token.expose().into());
    members.set("token_type", "Bearer".into());
    members.set("expires_in", tokens.expires_in.into());
    if in_body {
        members.set("refresh_token", tokens.refresh_token.expose().into());
    }
    members.set(
        "refresh_token_expires_in",
        tokens.refresh_token_expires_in.into(),
    );
    members
}

/// The answer to someone who has just signed in.
pub(super) fn signed_in(
    settings: &Settings,
    status: u16,
    signed_in: &SignedIn,
    in_cookie: bool,
) -> Answer {
    let mut body = token_members(&signed_in.tokens, !in_cookie);
    body.set("user", Json::Object(user_members(&signed_in.user)));
    begun(settings, status, body, signed_in, in_cookie)
}

/// With the session that has begun in the log, and in the cookie if it is to be; the device ticket goes where the refresh token
/// goes.
fn begun(
    settings: &Settings,
    status: u16,
    mut body: Members,
    signed_in: &SignedIn,
    in_cookie: bool,
) -> Answer {
    let cookie = if in_cookie {
        Cookie::Begun(set(settings, &signed_in.tokens))
    } else {
        Cookie::Untouched
    };
    if !in_cookie {
        body.set("device_token", signed_in.device.expose().into());
    }
    let mut answer = Answer::json(status, &Json::Object(body));
    if in_cookie {
        answer = answer.with("Set-Cookie", set_device(settings, &signed_in.device));
    }
    answer.keeping(cookie).noted(Note {
        user_id: Some(signed_in.user.id.to_string()),
        session_id: Some(signed_in.tokens.session.to_string()),
        ..Note::default()
    })
}

/// The answer to a renewal.
pub(super) fn renewed(renewed: &Renewed, in_body: bool) -> Answer {
    let body = token_members(&renewed.tokens, in_body);
    Answer::json(200, &Json::Object(body)).noted(Note {
        session_id: Some(renewed.tokens.session.to_string()),
        verdict: Some(renewed.verdict.reason()),
        // A thief in step with the owner looks like this; so does a phone that changes its network.
        reason: (renewed.verdict == Verdict::Repeated { shared: true })
            .then(|| "refresh_token_shared".to_owned()),
        ..Note::default()
    })
}

/// What a user sees of themselves.
fn user_members(user: &User) -> Members {
    let name = |name: &Option<Name>| name.as_ref().map(Name::as_str).into();
    let mut members = Members::default();
    members.set("id", user.id.to_string().into());
    members.set("email", user.email.as_given().into());
    members.set("email_verified", user.email_verified_at.is_some().into());
    members.set("first_name", name(&user.first_name));
    members.set("last_name", name(&user.last_name));
    members.set("roles", user.roles.to_vec().into_iter().collect());
    members
}
