//! Cookie mode: the browser holds the refresh token in a cookie that scripts can't read.
//! docs/decisions/0010 gives the reason for each rule of this module.
//!
//! A request may use or set the cookie only if its body is JSON and it comes from an allowed
//! origin. A page of another site, or of another host of this site, might make a browser send the
//! cookie, but such a request has no effect. A GET request never uses the cookie.
//!
//! There is a second cookie, the sign-on cookie. Apps on other sites navigate their users to this
//! service to sign in, and this cookie tells the service who is signed in already. Browsers don't
//! send a `SameSite=Strict` cookie when another site navigates here, so the sign-on cookie is
//! `SameSite=Lax`. Only navigations to [two paths](super::request::NAVIGATED) use it, and nobody
//! can get a token with it alone.

use std::borrow::Cow;

use super::answer::{Answer, Cookie, SessionCookies};
use super::problem::Problem;
use super::request::{NAVIGATED, Request};
use crate::domain::error::Code;
use crate::domain::policy::{DEVICE_TTL, MAX_COOKIE_BYTES};
use crate::domain::secret::Secret;
use crate::domain::session::Credentials;
use crate::domain::settings::{Settings, is_app_shell};
use crate::ports::Ports;
use crate::service::{AuthService, TokenPair};

/// Rejects a request that asks for a session in the cookie (`into_cookie`) but may not use the
/// cookie. Routes call this function before they change anything.
///
/// # Errors
/// - `forbidden`: for a page whose origin is not allowed.
/// - `invalid_request`: for a cookie that can't be read.
pub fn require_cookie_allowed(
    into_cookie: bool,
    settings: &Settings,
    request: &Request<'_>,
) -> Result<(), Problem> {
    if into_cookie {
        require_allowed_origin(request)?;
        refresh_token_in(settings, request)?;
    }
    Ok(())
}

/// Writes or clears the cookies or leaves them unchanged, as the answer's [`Cookie`] says. When a
/// new session replaces an older session in the cookie, the older session is ended. Otherwise the
/// older session would stay valid, and the user could end it only from the list of sessions.
///
/// # Errors
/// When ending the older session failed, or when it is not known whether the session was ended. The
/// client may repeat the request.
pub async fn settle<P: Ports>(
    service: &AuthService<P>,
    request: &Request<'_>,
    answer: &mut Answer,
) -> Result<(), Problem> {
    let settings = service.settings();
    let before = || refresh_token_in(settings, request).ok().flatten();
    let cookies = match std::mem::take(&mut answer.cookie) {
        Cookie::Untouched => return Ok(()),
        Cookie::Written(cookies) => cookies,
        Cookie::Begun(cookies, sign_on) => {
            if let Some(before) = before() {
                service.leave_session(before, sign_on).await?;
            }
            cookies
        }
        Cookie::BegunAnew(cookies, user) => {
            let others = before().filter(|token| {
                service
                    .session_of(token)
                    .is_some_and(|(before, _)| before != user)
            });
            // The request itself has succeeded and can't be repeated. So if ending the other
            // session fails, the failure is only logged.
            if let Some(others) = others
                && let Err(error) = service.log_out(others).await
            {
                answer.note.reason = Some(error.to_string());
            }
            cookies
        }
        // If the cookie were left in the browser, the service would clear it when the browser next
        // uses it. But a shared computer should not keep the cookie for that long, so it is cleared
        // now.
        Cookie::Ended(user, session) => {
            let of_the_ended = may_use_cookie(request)
                && before()
                    .and_then(|token| service.session_of(token))
                    .is_some_and(|(of, id)| of == user && session.is_none_or(|ended| ended == id));
            if !of_the_ended {
                return Ok(());
            }
            clear(settings)
        }
    };
    let SessionCookies { refresh, sign_on } = cookies;
    answer.headers.push(("Set-Cookie", refresh.into()));
    answer.headers.push(("Set-Cookie", sign_on.into()));
    Ok(())
}

/// The sign-on ticket (a signed token that says who is signed in) of a navigation. It is `None` for
/// a request that is not a navigation, for a page that the browser loads in advance
/// (`Sec-Purpose`), for a page that is loaded into a frame or by a script (`Sec-Fetch-Dest`), and
/// for a cookie that can't be read.
#[must_use]
pub fn sign_on<'a>(settings: &Settings, request: &Request<'a>) -> Option<&'a str> {
    let navigation = &request.navigation;
    let is_navigation = NAVIGATED.contains(&request.path)
        && matches!(request.method, "GET" | "POST")
        && navigation.purpose.is_none()
        && navigation.fetch_dest.is_none_or(|dest| dest == "document");
    let header = navigation.cookie.filter(|_| is_navigation)?;
    value_in(&sign_on_name(settings), header).ok().flatten()
}

/// The token that a request uses, either from its body or from the cookie. The type does not
/// implement `Debug`, because the token is a secret.
#[derive(Clone, PartialEq, Eq)]
pub enum Given<'a> {
    /// From the body.
    Body(String),
    /// From the cookie. It is `None` when the request may use the cookie, but the browser has no
    /// cookie. Pages send such requests because they can't see whether the browser has the cookie.
    Cookie(Option<&'a str>),
}

impl<'a> Given<'a> {
    /// Takes `token`, the value of the body's parameter `name`, or else the cookie. An empty
    /// `token` is treated as absent (RFC 6749 section 3.2), except in a request that has the
    /// cookie.
    ///
    /// # Errors
    /// - `invalid_request`: if both the body and the cookie have a token, if the cookie can't be
    ///   read, or if there is no token in the body and the request may not use the cookie.
    /// - `forbidden`: if the request would use the cookie, but its origin is not allowed.
    pub fn read(
        token: Option<String>,
        name: &str,
        settings: &Settings,
        request: &'a Request,
    ) -> Result<Self, Problem> {
        let cookie = refresh_token_in(settings, request)?;
        // In a request with the cookie, an empty token is an error. If the empty token were
        // ignored, a page that has lost its own token and sends an empty string would use the
        // session of the cookie by accident.
        let token = token.filter(|token| cookie.is_some() || !token.is_empty());
        if let Some(token) = token {
            return match cookie {
                None => Ok(Self::Body(token)),
                Some(_) if token.is_empty() => Err(Problem::invalid_request(format!(
                    "{name} is empty: leave it out to use the cookie"
                ))),
                Some(_) => Err(Problem::invalid_request(
                    "a token in the body and the cookie at once",
                )),
            };
        }
        // A request whose body is a form never uses the cookie, because any page can send a form
        // without a preflight.
        let may_use = request.media_type().as_deref() == Some("application/json")
            && (cookie.is_some() || may_use_cookie(request));
        if !may_use {
            return Err(Problem::invalid_request(format!("{name} is missing")));
        }
        require_allowed_origin(request)?;
        Ok(Self::Cookie(cookie))
    }

    /// The token, if the request has one.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        match self {
            Self::Body(token) => Some(token),
            Self::Cookie(token) => *token,
        }
    }
}

/// The credentials of a login request besides the password. In cookie mode, these are the device
/// ticket (a signed token by which the service recognises a device) from the device's cookie and
/// the refresh token from the session's cookie. Without cookie mode, the only one is the device
/// ticket, from the member `device_token` of the body.
///
/// # Errors
/// - `invalid_request`: for a `device_token` in cookie mode, because a token from a body is never
///   turned into a cookie.
/// - `invalid_request`: for a cookie that can't be read.
pub fn credentials_for_login(
    settings: &Settings,
    request: &Request<'_>,
    device_token: Option<&str>,
    in_cookie: bool,
) -> Result<Credentials, Problem> {
    let token = match (in_cookie, device_token) {
        (true, Some(_)) => {
            return Err(Problem::invalid_request(
                "a device_token in the body, and the cookie asked for",
            ));
        }
        (true, None) => value_of(&device_name(settings), request)?,
        (false, token) => token,
    };
    let session = if in_cookie {
        refresh_token_in(settings, request)?
    } else {
        None
    };
    Ok(Credentials::default()
        .with_device(token)
        .with_session(session))
}

/// The refresh token that the browser holds, for a request that passed [`require_cookie_allowed`].
///
/// # Errors
/// `invalid_request` for a cookie that can't be read.
pub fn held<'a>(settings: &Settings, request: &'a Request) -> Result<Option<&'a str>, Problem> {
    refresh_token_in(settings, request)
}

/// The credentials of a request that asks for a mail: the member `device_token` of the body, and
/// the cookies if the page may use them.
///
/// Cookies that the page may not use, and cookies that can't be read, are ignored instead of
/// rejected, because the answer to a request for a mail never depends on the cookies.
#[must_use]
pub fn credentials_for_mail(
    settings: &Settings,
    request: &Request<'_>,
    device_token: Option<&str>,
) -> Credentials {
    let cookie = |name: &str| {
        let may_use =
            may_use_cookie(request) && request.media_type().as_deref() == Some("application/json");
        let found = may_use.then(|| value_of(name, request));
        found.and_then(Result::ok).flatten()
    };
    let device = device_token.or_else(|| cookie(&device_name(settings)));
    Credentials::default()
        .with_device(device)
        .with_session(cookie(&name(settings)))
}

/// The `Set-Cookie` header with the device ticket: a signed token by which the service recognises
/// the device at the next login. A log-out does not clear the cookie, because the ticket alone
/// gives access to nothing.
#[must_use]
pub fn set_device(settings: &Settings, ticket: &Secret) -> String {
    let name = device_name(settings);
    set_cookie(settings, &name, ticket.expose(), STRICT, DEVICE_TTL)
}

/// Clears the cookies of the refresh token and of the sign-on ticket.
#[must_use]
pub fn clear(settings: &Settings) -> SessionCookies {
    SessionCookies {
        refresh: set_cookie(settings, &name(settings), "", STRICT, 0),
        sign_on: set_cookie(settings, &sign_on_name(settings), "", LAX, 0),
    }
}

/// Sets the cookies of the refresh token and of the sign-on ticket. Both expire when the refresh
/// token expires.
#[must_use]
pub fn set(settings: &Settings, tokens: &TokenPair) -> SessionCookies {
    let max_age = tokens.refresh_token_expires_in;
    let (token, sign_on) = (
        tokens.refresh_token.expose(),
        tokens.sign_on_ticket.expose(),
    );
    SessionCookies {
        refresh: set_cookie(settings, &name(settings), token, STRICT, max_age),
        sign_on: set_cookie(settings, &sign_on_name(settings), sign_on, LAX, max_age),
    }
}

fn require_allowed_origin(request: &Request<'_>) -> Result<(), Problem> {
    if may_use_cookie(request) {
        return Ok(());
    }
    let detail = if request.from_allowed_origin {
        "the cookie is for pages of this site: an app leaves out \"cookie\" and keeps its tokens \
         itself"
    } else {
        "the cookie is for pages of allowed origins"
    };
    Err(Problem::new(Code::Forbidden, detail))
}

/// Whether a request comes from a page that may use the cookie.
///
/// The pages of app shells (native apps that show web pages) may not use it, even if their origin
/// is in `ALLOWED_ORIGINS`. There are two reasons. Their web views never send a `SameSite=Strict`
/// cookie to another site, so a session in the cookie would be lost. And many app shells share one
/// origin, so the origin does not say which app it is.
fn may_use_cookie(request: &Request<'_>) -> bool {
    request.from_allowed_origin && !request.origin.is_some_and(is_app_shell)
}

/// The refresh token in the cookie.
fn refresh_token_in<'a>(
    settings: &Settings,
    request: &'a Request,
) -> Result<Option<&'a str>, Problem> {
    value_of(&name(settings), request)
}

/// The value of the cookie with this name. A request that has two cookies of this name is rejected,
/// because another host of the site or another path planted one of them, and the service can't know
/// which one. For the same reason neither cookie is cleared.
fn value_of<'a>(name: &str, request: &'a Request) -> Result<Option<&'a str>, Problem> {
    value_in(name, request.cookie.unwrap_or_default())
}

fn value_in<'a>(name: &str, header: &'a str) -> Result<Option<&'a str>, Problem> {
    if header.len() > MAX_COOKIE_BYTES {
        return Err(Problem::invalid_request("the Cookie header is too long"));
    }
    let mut found = None;
    for pair in header.split(';') {
        // Removes the one space that browsers write after `;`. Other white space must stay: any
        // host of the site can set a cookie with the name "\u{a0}__Host-edgegate", and after
        // trimming, that name would equal the real one.
        let pair = pair.strip_prefix(' ').unwrap_or(pair);
        if let Some((of, value)) = pair.split_once('=')
            && of == name
            && found.replace(value).is_some()
        {
            return Err(Problem::invalid_request("the cookie is there twice"));
        }
    }
    Ok(found)
}

/// The name of the refresh token's cookie. A cookie whose name begins with `__Host-` can only be
/// set by this host over TLS, and browsers send it to this host alone (RFC 6265bis section
/// 4.1.3.2). On plain HTTP, which only a loopback issuer may use, browsers reject such a cookie.
///
/// So on plain HTTP the cookie has another name, which ends in the issuer's port. The port is
/// needed because browsers ignore ports when they store cookies (RFC 6265 section 8.5): without it,
/// two services on one machine would overwrite each other's cookie.
fn name(settings: &Settings) -> Cow<'static, str> {
    if is_plain_http(settings) {
        Cow::Owned(["edgegate-", port(&settings.issuer)].concat())
    } else {
        Cow::Borrowed("__Host-edgegate")
    }
}

fn device_name(settings: &Settings) -> Cow<'static, str> {
    match name(settings) {
        Cow::Borrowed(_) => Cow::Borrowed("__Host-edgegate-device"),
        Cow::Owned(name) => Cow::Owned([&name, "-device"].concat()),
    }
}

fn sign_on_name(settings: &Settings) -> Cow<'static, str> {
    if is_plain_http(settings) {
        Cow::Owned(["edgegate-sso-", port(&settings.issuer)].concat())
    } else {
        Cow::Borrowed("__Host-edgegate-sso")
    }
}

/// The port of an issuer on plain HTTP. An origin without a port has port 80.
fn port(issuer: &str) -> &str {
    match issuer.rsplit_once(':') {
        Some((_, port)) if port.bytes().all(|b| b.is_ascii_digit()) => port,
        _ => "80",
    }
}

fn is_plain_http(settings: &Settings) -> bool {
    settings.issuer.starts_with("http:")
}

/// Browsers don't send a cookie with `SameSite=Strict` when a page of another site causes the
/// request.
const STRICT: &str = "Strict";
/// Browsers send a cookie with `SameSite=Lax` also when a page of another site navigates here by
/// GET.
const LAX: &str = "Lax";

fn set_cookie(
    settings: &Settings,
    name: &str,
    value: &str,
    same_site: &str,
    max_age: u64,
) -> String {
    let secure = if is_plain_http(settings) {
        ""
    } else {
        "; Secure"
    };
    format!("{name}={value}; Path=/{secure}; HttpOnly; SameSite={same_site}; Max-Age={max_age}")
}

#[cfg(test)]
#[path = "cookies_tests.rs"]
mod tests;
