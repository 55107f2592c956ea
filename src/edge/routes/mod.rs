//! The handlers of the routes, with one file per path or folder of paths. A handler reads the
//! request, calls one use case and writes the answer.

pub mod app_token;
pub mod authorize;
pub mod authorized;
pub mod clients;
pub mod email;
pub mod grants;
pub mod healthz;
pub mod introspect;
pub mod login;
pub mod logout;
pub mod me;
pub mod metadata;
pub mod operator;
pub mod password;
pub mod reauthenticate;
pub mod register;
pub mod revoke;
pub mod sessions;
pub mod token;
pub mod userinfo;
pub mod users;
pub mod well_known;

use serde::Serialize;

use super::answer::{Answer, Cookie, Note};
use super::cookies;
use super::problem::Problem;
use super::request::Request;
use crate::domain::account::{Name, User, UserId};
use crate::domain::app_request_id::AppRequestId;
use crate::domain::error::{Error, FieldProblem};
use crate::domain::mail::Locale;
use crate::domain::policy::CHALLENGE_TOKEN_BYTES;
use crate::domain::session::{Client, Credentials, Verdict};
use crate::domain::settings::Settings;
use crate::ports::Ports;
use crate::service::renew_token::Renewed;
use crate::service::{AuthService, MailOptions, SignedIn, TokenPair};

/// What a route's handler returns.
pub type Outcome = Result<Answer, Problem>;

/// The language of a mail or a page for this request.
fn locale<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Locale {
    request.locale(service.settings().mail.locale)
}

/// The options of a mail: its language and, optionally, the id of the request with which an app
/// sent the user here. The link in the mail contains this id, so that the user gets back to the
/// app.
fn mail_options<P: Ports>(
    service: &AuthService<P>,
    request: &Request<'_>,
    app_request: Option<&str>,
) -> Result<MailOptions, Problem> {
    Ok(MailOptions {
        locale: locale(service, request),
        app_request: app_request.map(AppRequestId::parse).transpose()?,
    })
}

/// The client and the credentials for a use case that requires a solved challenge (a CAPTCHA such
/// as Turnstile) if the settings say so. `token` is the proof that the user has solved the
/// challenge.
fn challenged(
    settings: &Settings,
    request: &Request<'_>,
    credentials: Credentials,
    token: Option<&str>,
) -> Result<(Client, Credentials), Problem> {
    if token.is_some_and(|token| token.len() > CHALLENGE_TOKEN_BYTES) {
        return Err(Error::Field("challenge", FieldProblem::TooLong).into());
    }
    // Turnstile's widget only makes tokens of printable ASCII characters. A token with other
    // characters might make the vendor's service fail, and after such a failure the service would
    // let the login continue without a solved challenge.
    let is_printable = |token: &str| token.bytes().all(|b| matches!(b, b' '..=b'~'));
    let credentials = match settings.vendors.turnstile {
        Some(_) if !token.is_none_or(is_printable) => {
            return Err(Error::Field("challenge", FieldProblem::Invalid("not_met")).into());
        }
        Some(_) => credentials.with_challenge(token),
        None => credentials,
    };
    Ok((request.client.clone(), credentials))
}

/// An answer with status 202. It does not reveal whether a mail will be sent.
fn accepted() -> Answer {
    Answer::empty(202)
}

/// An empty answer with status 204. The log names the user.
pub(super) fn done(user: UserId) -> Answer {
    Answer::empty(204).noted(Note {
        user_id: Some(user.to_string()),
        ..Note::default()
    })
}

/// A token response as RFC 6749 section 5.1 defines it, with the lifetime of the refresh token as
/// an additional member.
#[derive(Serialize)]
struct TokenBody<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    /// Absent if the answer sets the cookie, because the refresh token is then in the cookie and
    /// must not be in the body too.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    refresh_token_expires_in: u64,
    /// Present only in the answer to a sign-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<UserBody<'a>>,
    /// Present only if the user entered a password and the answer does not set the cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    device_token: Option<&'a str>,
}

impl<'a> TokenBody<'a> {
    fn new(tokens: &'a TokenPair, in_cookie: bool) -> Self {
        let refresh_token = tokens.refresh_token.expose();
        Self {
            access_token: tokens.access_token.expose(),
            token_type: "Bearer",
            expires_in: tokens.expires_in,
            refresh_token: (!in_cookie).then_some(refresh_token),
            refresh_token_expires_in: tokens.refresh_token_expires_in,
            user: None,
            device_token: None,
        }
    }
}

/// The account as its own user sees it.
#[derive(Serialize)]
struct UserBody<'a> {
    id: String,
    email: &'a str,
    email_verified: bool,
    first_name: Option<&'a str>,
    last_name: Option<&'a str>,
    roles: Vec<String>,
}

impl<'a> From<&'a User> for UserBody<'a> {
    fn from(user: &'a User) -> Self {
        Self {
            id: user.id.to_string(),
            email: user.email.as_given(),
            email_verified: user.email_verified_at.is_some(),
            first_name: user.first_name.as_ref().map(Name::as_str),
            last_name: user.last_name.as_ref().map(Name::as_str),
            roles: user.roles.to_vec(),
        }
    }
}

/// The answer to a user who has just signed in.
pub(super) fn signed_in(
    settings: &Settings,
    status: u16,
    signed_in: &SignedIn,
    in_cookie: bool,
) -> Answer {
    let body = TokenBody {
        user: Some(UserBody::from(&signed_in.user)),
        ..TokenBody::new(&signed_in.tokens, in_cookie)
    };
    begun(settings, status, body, signed_in, in_cookie)
}

/// An answer with a new pair of tokens after the user gave a password. The refresh token and the
/// device ticket (a signed token by which the service recognises the device) are both put into
/// cookies or both into the body.
fn begun(
    settings: &Settings,
    status: u16,
    body: TokenBody<'_>,
    signed_in: &SignedIn,
    in_cookie: bool,
) -> Answer {
    let device = &signed_in.device;
    let body = TokenBody {
        device_token: (!in_cookie).then_some(device.expose()),
        ..body
    };
    let answer = Answer::json(status, &body).noted(Note {
        user_id: Some(signed_in.user.id.to_string()),
        session_id: Some(signed_in.tokens.session.to_string()),
        ..Note::default()
    });
    if in_cookie {
        let cookie = cookies::set(settings, &signed_in.tokens);
        answer
            .with("Set-Cookie", cookies::set_device(settings, device))
            .keeping(Cookie::Begun(cookie, signed_in.tokens.sign_on))
    } else {
        answer
    }
}

/// The answer to a renewal.
pub(super) fn renewed(renewed: &Renewed, in_cookie: bool) -> Answer {
    Answer::json(200, &TokenBody::new(&renewed.tokens, in_cookie)).noted(Note {
        session_id: Some(renewed.tokens.session.to_string()),
        verdict: Some(renewed.verdict.reason()),
        // The same refresh token was used before from another network or by another program.
        // Perhaps a thief uses the token at the same time as the owner. Perhaps the owner's phone
        // only changed its network.
        reason: (renewed.verdict == Verdict::Repeated { shared: true })
            .then(|| "refresh_token_shared".to_owned()),
        ..Note::default()
    })
}
