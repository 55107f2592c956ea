//! The authorization endpoint of OAuth (RFC 6749 section 4.1).
//!
//! An app sends the user's browser to /auth/authorize, and the service sends the browser back to
//! the app with a code. If the service must first ask the user something, it shows a page. The
//! pages use /auth/authorize/request to learn what the app asked for, and /auth/authorize/decision
//! to report what the user decided.

use serde::Serialize;

use super::{Outcome, locale};
use crate::domain::account::UserId;
use crate::domain::authorization::PageFault;
use crate::domain::error::{AuthorizationRefusal, Code, Error};
use crate::domain::mail::Locale;
use crate::domain::policy::AUTHORIZATION_QUERY_MAX_BYTES;
use crate::edge::answer::{Answer, Note};
use crate::edge::body;
use crate::edge::client_authentication::is_secret;
use crate::edge::cookies;
use crate::edge::page::Page;
use crate::edge::problem::Problem;
use crate::edge::request::Request;
use crate::ports::Ports;
use crate::service::AuthService;
use crate::service::authorize::{Authorized, Decision, IssuerPage, ShownRequest, ToApp};

const SYMMETRIC_ONLY: &str = "There is no authorization endpoint, because the first key of \
                              SIGNING_KEYS is symmetric (kty \"oct\"): no app could verify a token. \
                              Put an Ed25519 or P-256 key first.";

pub(crate) async fn get<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let locale = locale(service, request);
    if !service.has_authorization_endpoint() {
        return Ok(broken(
            locale,
            Code::NotFound,
            SYMMETRIC_ONLY,
            None,
            "the signing key is symmetric",
        ));
    }
    let settings = service.settings();
    let sign_on = cookies::sign_on(settings, request);
    let answer = service
        .authorize(request.query, sign_on, &request.client)
        .await?;
    Ok(match answer {
        Authorized::ToApp(to_app) => Answer::empty(303)
            .with("Location", to_app.url.expose().to_owned())
            .noted(note(&to_app)),
        Authorized::ToPage {
            page,
            request: sealed,
        } => {
            let path = match page {
                IssuerPage::SignIn => "/sign-in",
                IssuerPage::Consent => "/consent",
            };
            // The sealed request (the app's request with a MAC of this service) comes after a `#`.
            // Browsers don't send that part of a URL to servers, so no server logs it.
            let at = [&settings.issuer, path, "#request=", sealed.expose()].concat();
            Answer::empty(303).with("Location", at)
        }
        Authorized::Broken(fault) => broken_request(locale, fault, request.query),
    })
}

/// Takes the same parameters as `get`, but as a form (OpenID Connect Core section 3.1.2.1).
/// Browsers don't send the sign-on cookie with a form of another site. So the browser is redirected
/// to the same path by GET. With that GET request the browser sends the cookie.
pub(crate) async fn post<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let form = body::form(request)?;
    if form.len() > AUTHORIZATION_QUERY_MAX_BYTES {
        let locale = locale(service, request);
        return Ok(broken_request(locale, PageFault::TooLong, ""));
    }
    Ok(by_get("/auth/authorize", form))
}

/// Redirects the browser to `path`. The parameters of the form, except secrets, are put into the
/// query.
pub(super) fn by_get(path: &'static str, form: &[u8]) -> Answer {
    let begun = [path, "?"].concat();
    let parameters = form_urlencoded::parse(form);
    let start = begun.len();
    let at = form_urlencoded::Serializer::for_suffix(begun, start)
        .extend_pairs(parameters.filter(|(name, _)| !is_secret(name)))
        .finish();
    Answer::empty(303).with("Location", at)
}

/// The parts of a sealed request that the pages may know.
#[derive(Serialize)]
struct RequestBody<'a> {
    client: ClientBody<'a>,
    scopes: Vec<&'a str>,
    resource: Option<ResourceBody<'a>>,
    login_hint: Option<&'a str>,
    ui_locales: Option<&'a str>,
    user: Option<PersonBody<'a>>,
    next: &'static str,
    expires_at: u64,
}

#[derive(Serialize)]
struct ClientBody<'a> {
    client_id: &'a str,
    name: &'a str,
    /// Where the browser will be sent with the answer: the host of the app, or the URI scheme of a
    /// native app.
    host: &'a str,
    first_party: bool,
}

#[derive(Serialize)]
struct ResourceBody<'a> {
    uri: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct PersonBody<'a> {
    id: String,
    email: &'a str,
}

impl<'a> From<&'a ShownRequest> for RequestBody<'a> {
    fn from(shown: &'a ShownRequest) -> Self {
        let ShownRequest {
            client, request, ..
        } = shown;
        Self {
            client: ClientBody {
                client_id: client.id.as_str(),
                name: &client.name,
                host: request.redirect_uri.host(),
                first_party: client.first_party,
            },
            scopes: request.scopes.iter().map(|scope| scope.as_str()).collect(),
            resource: request.resource.as_ref().map(|resource| ResourceBody {
                uri: resource.as_str(),
                name: shown.resource_name.as_deref().unwrap_or(resource.as_str()),
            }),
            login_hint: request.login_hint.as_deref(),
            ui_locales: request.ui_locales.as_deref(),
            user: shown.user.as_ref().map(|user| PersonBody {
                id: user.id.to_string(),
                email: user.email.as_given(),
            }),
            next: shown.next.as_str(),
            expires_at: shown.expires_at,
        }
    }
}

pub(crate) async fn request<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let held = held(service, request)?;
    let [sealed] = body::texts(request, ["request"])?;
    let shown = service.show_request(&sealed, held, &request.client).await?;
    Ok(Answer::json(200, &RequestBody::from(&shown)))
}

#[derive(Serialize)]
struct DecisionBody<'a> {
    redirect: &'a str,
}

pub(crate) async fn decision<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let held = held(service, request)?;
    let [sealed, user, allow] = body::json(request, ["request", "user_id", "allow"])?;
    let sealed = body::required("request", body::text("request", sealed)?)?;
    let user = body::required("user_id", body::text("user_id", user)?)?;
    let allow = body::required("allow", body::flag("allow", allow)?)?;
    // The page sends the id of the user whom it showed. If this id is invalid, it is not the id of
    // the user who is signed in.
    let user = UserId::parse(&user).ok_or(Error::Authorization(AuthorizationRefusal::OtherUser))?;
    let decision = Decision {
        request: &sealed,
        user,
        allow,
    };
    let to_app = service
        .decide_authorization(decision, held, &request.client)
        .await?;
    let body = DecisionBody {
        redirect: to_app.url.expose(),
    };
    Ok(Answer::json(200, &body).noted(note(&to_app)))
}

/// The refresh token in the browser's cookie. Returns an error if the page may not use the cookie.
fn held<'a, P: Ports>(
    service: &AuthService<P>,
    request: &'a Request<'_>,
) -> Result<Option<&'a str>, Problem> {
    if !service.has_authorization_endpoint() {
        return Err(Problem::new(Code::NotFound, SYMMETRIC_ONLY));
    }
    let settings = service.settings();
    cookies::require_cookie_allowed(true, settings, request)?;
    cookies::held(settings, request)
}

/// The note for the log about a redirect to the app. The note never contains the URL, because the
/// URL contains the code and the `state`.
fn note(to_app: &ToApp) -> Note {
    Note {
        user_id: to_app.code_of.map(|(user, _)| user.to_string()),
        session_id: to_app.code_of.map(|(_, session)| session.to_string()),
        reason: to_app
            .error
            .as_ref()
            .map(|(error, reason)| format!("{error}: {reason}")),
        ..Note::default()
    }
}

fn broken_request(locale: Locale, fault: PageFault, query: &str) -> Answer {
    let parameter = match fault {
        PageFault::ClientUnknown => "client_id",
        PageFault::RedirectUriUnknown => "redirect_uri",
        _ => "",
    };
    let mut parameters = form_urlencoded::parse(query.as_bytes());
    let presented = parameters.find(|(name, _)| name == parameter);
    let value = presented.as_ref().map(|(_, value)| &**value);
    let (code, reason) = (Code::InvalidRequest, fault.reason());
    broken(locale, code, fault.description(), value, reason)
}

/// The page that is shown if the app's request has a fault because of which the browser can't be
/// sent back to the app with an error.
fn broken(locale: Locale, code: Code, fault: &str, value: Option<&str>, reason: &str) -> Answer {
    let (title, then) = match locale {
        Locale::English => (
            "Signing in does not work",
            "Go back to the app that you came from and try again. If it happens again, tell the \
             people who make the app. Your account is not affected.",
        ),
        Locale::German => (
            "Die Anmeldung funktioniert nicht",
            "Gehen Sie zu der App zurück, von der Sie kommen, und versuchen Sie es noch einmal. \
             Wenn es wieder passiert, sagen Sie den Herstellern der App Bescheid. Ihr Konto ist \
             nicht betroffen.",
        ),
    };
    Page::new(code.status(), locale, title)
        .paragraph(then)
        .for_developers(fault, value)
        .into_answer()
        .noted(Note {
            reason: Some(reason.to_owned()),
            code: Some(code.as_str()),
            ..Note::default()
        })
}
