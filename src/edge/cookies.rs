//! Cookie mode: the refresh token is in a cookie that scripts can't read. docs/decisions/0010 has
//! the reason for each rule.
//!
//! Every request that uses or sets the cookie is JSON and comes from an allowed origin. A page of
//! another site, or of another host of this site, may make a browser send the cookie, but such a
//! request has no effect. GET never uses it.
//!
//! Beside it is the sign-on cookie, for apps that send their users here to sign in. Browsers don't
//! send a `SameSite=Strict` cookie when another site navigates here, so the sign-on cookie is
//! `Lax`. Only navigations to [two paths](super::request::NAVIGATED) use it, and no token can be
//! got with it.

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

/// Rejects a request that asks for a session in the cookie but may not have it there. It is called
/// before anything is done.
///
/// # Errors
/// `forbidden` for another origin; `invalid_request` for a cookie that can't be read.
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

/// Writes, clears or keeps the cookie, as the answer says. When a new session replaces another one
/// in the cookie, the other one ends. Otherwise its user could only end it from the list of
/// sessions.
///
/// # Errors
/// When ending that session may have failed. The client may repeat the request.
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
            // What the request asked for is done and can't be repeated, so a failure is only
            // logged.
            if let Some(others) = others
                && let Err(error) = service.log_out(others).await
            {
                answer.note.reason = Some(error.to_string());
            }
            cookies
        }
        // The cookie would be cleared at its next use anyway. A shared computer should not keep it
        // until then.
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

/// The sign-on ticket of a navigation. `None` for every other request, for a load that nobody has
/// asked for yet (`Sec-Purpose`), for one into a frame or by a script (`Sec-Fetch-Dest`), and for a
/// cookie that can't be read.
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

/// The token that a request works with: from its body or from the cookie. It has no `Debug`,
/// because it is a secret.
#[derive(Clone, PartialEq, Eq)]
pub enum Given<'a> {
    /// From the body.
    Body(String),
    /// From the cookie. `None` when a request that may use the cookie has none: its page can't see
    /// whether there is one.
    Cookie(Option<&'a str>),
}

impl<'a> Given<'a> {
    /// Takes the `token` that the body has in the parameter `name`, or the cookie. An empty token
    /// is treated as left out (RFC 6749 section 3.2), but not in a request that has the cookie.
    ///
    /// # Errors
    /// `invalid_request` for both at once, for neither, and for a cookie that can't be read;
    /// `forbidden` for a cookie from another origin.
    pub fn read(
        token: Option<String>,
        name: &str,
        settings: &Settings,
        request: &'a Request,
    ) -> Result<Self, Problem> {
        let cookie = refresh_token_in(settings, request)?;
        // In a request with the cookie, an empty token is not treated as left out. A page that has
        // lost its own token would otherwise act for the session of the cookie.
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
        // A form never uses the cookie: any page can send a form without a preflight.
        let may_use = request.media_type().as_deref() == Some("application/json")
            && (cookie.is_some() || may_use_cookie(request));
        if !may_use {
            return Err(Problem::invalid_request(format!("{name} is missing")));
        }
        require_allowed_origin(request)?;
        Ok(Self::Cookie(cookie))
    }

    /// The token, if one came.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        match self {
            Self::Body(token) => Some(token),
            Self::Cookie(token) => *token,
        }
    }
}

/// The credentials of a request whose password is going to be checked. The device ticket comes from
/// the device's cookie in cookie mode, otherwise from `device_token` of the body. In cookie mode the
/// session that the browser has comes along.
///
/// # Errors
/// `invalid_request` for a `device_token` in cookie mode, because a token in the body never leads
/// to a cookie, and for a cookie that can't be read.
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

/// The credentials of a request for a mail: `device_token` of the body, and the cookies of a page
/// that may use them.
///
/// Cookies that may not be used or can't be read are ignored. The answer is the same.
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

/// `Set-Cookie` by which the browser's device is recognised at the next login. It outlives logging
/// out, because it opens nothing.
#[must_use]
pub fn set_device(settings: &Settings, ticket: &Secret) -> String {
    let name = device_name(settings);
    set_cookie(settings, &name, ticket.expose(), STRICT, DEVICE_TTL)
}

/// Clears the refresh token and the sign-on.
#[must_use]
pub fn clear(settings: &Settings) -> SessionCookies {
    SessionCookies {
        refresh: set_cookie(settings, &name(settings), "", STRICT, 0),
        sign_on: set_cookie(settings, &sign_on_name(settings), "", LAX, 0),
    }
}

/// The refresh token and the sign-on, for as long as their session can last.
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

/// Whether a request comes from a page that may use the cookie. App shells may not, although they
/// may be listed: their web views never send a `SameSite=Strict` cookie to another site, so a
/// session in it would be lost. And their origin does not say which app it is.
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

/// The value of the cookie with this name. A name that comes twice is rejected, and nothing is
/// cleared: another host of the site or another path planted one of the two, and nobody can tell
/// which.
fn value_of<'a>(name: &str, request: &'a Request) -> Result<Option<&'a str>, Problem> {
    value_in(name, request.cookie.unwrap_or_default())
}

fn value_in<'a>(name: &str, header: &'a str) -> Result<Option<&'a str>, Problem> {
    if header.len() > MAX_COOKIE_BYTES {
        return Err(Problem::invalid_request("the Cookie header is too long"));
    }
    let mut found = None;
    for pair in header.split(';') {
        // One space, as browsers write it. If more were trimmed, "\u{a0}__Host-edgegate" would
        // match, which any host of the site can set.
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

/// A name that begins with `__Host-` can only be set by this host over TLS, and for this host alone
/// (RFC 6265bis section 4.1.3.2). Browsers reject it on plain HTTP, which only a loopback issuer
/// may use.
///
/// There, the name ends in the issuer's port. Cookies ignore ports (RFC 6265 section 8.5), so two
/// services on one machine would overwrite each other's cookie.
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

/// The port of an issuer on plain HTTP. An origin leaves out 80.
fn port(issuer: &str) -> &str {
    match issuer.rsplit_once(':') {
        Some((_, port)) if port.bytes().all(|b| b.is_ascii_digit()) => port,
        _ => "80",
    }
}

fn is_plain_http(settings: &Settings) -> bool {
    settings.issuer.starts_with("http:")
}

/// Not sent with requests that another site causes.
const STRICT: &str = "Strict";
/// Sent when another site navigates here by GET.
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
mod tests {
    use super::*;
    use crate::domain::session::SessionId;
    use crate::edge::request::Navigation;

    const KEYS: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"test","d":"kHiqJjEbTv1Qa8l0B9TWvtZooboGt-DqgRkwqQ6bvoI","x":"WTgIzGjcnPfLLbB3vBGEwLDWIzQcpEqj4yySkPsbHfM"}]}"#;

    fn settings(issuer: &'static str) -> Settings {
        Settings::read(|name| {
            let text = match name {
                "ISSUER" => issuer,
                "SIGNING_KEYS" => KEYS,
                "TICKET_SECRET" => "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
                _ => return None,
            };
            Some(text.to_owned())
        })
        .unwrap()
    }

    fn deployed() -> Settings {
        settings("https://auth.example.com")
    }

    fn request<'a>(
        cookie: &'a str,
        content_type: &'a str,
        from_allowed_origin: bool,
    ) -> Request<'a> {
        Request {
            cookie: Some(cookie).filter(|text| !text.is_empty()),
            content_type: Some(content_type),
            from_allowed_origin,
            ..Request::default()
        }
    }

    const JSON: &str = "application/json";
    const FORM: &str = "application/x-www-form-urlencoded";

    #[test]
    fn only_the_exact_cookie_name_matches() {
        let settings = deployed();
        for (header, found) in [
            ("__Host-edgegate=a", Some("a")),
            ("x=1; __Host-edgegate=a; y=2", Some("a")),
            ("x=1;__Host-edgegate=a", Some("a")),
            ("__Host-edgegate=", Some("")),
            ("__Host-edgegate=a=b", Some("a=b")),
            (
                "__Host-edgegate=a, __Host-edgegate=b",
                Some("a, __Host-edgegate=b"),
            ),
            ("", None),
            ("edgegate=a", None),
            ("__host-edgegate=a", None),
            ("__HOST-EDGEGATE=a", None),
            ("__Host-edgegate =a", None),
            ("\u{a0}__Host-edgegate=a", None),
            ("x=1; \u{a0}__Host-edgegate=a", None),
            ("x=1; \u{c}__Host-edgegate=a", None),
            ("x=1; \u{85}__Host-edgegate=a", None),
            ("x=1;\t__Host-edgegate=a", None),
            ("x=1;  __Host-edgegate=a", None),
            ("x=1; =__Host-edgegate=a", None),
            ("__Host-edgegate", None),
            ("x__Host-edgegate=a", None),
            ("__Host-edgegate2=a", None),
            ("x=\"__Host-edgegate=a\"", None),
            ("%5F_Host-edgegate=a", None),
        ] {
            let request = request(header, JSON, true);
            assert_eq!(refresh_token_in(&settings, &request), Ok(found), "{header}");
        }
    }

    #[test]
    fn a_cookie_that_is_there_twice_or_too_long_is_refused() {
        let long = ["x=", &"y".repeat(MAX_COOKIE_BYTES)].concat();
        for header in [
            "__Host-edgegate=a; __Host-edgegate=b",
            "__Host-edgegate=a; __Host-edgegate=a",
            "__Host-edgegate=a;x=1;__Host-edgegate=",
            &long,
        ] {
            let problem = refresh_token_in(&deployed(), &request(header, JSON, true)).unwrap_err();
            assert_eq!(problem.code, Code::InvalidRequest);
        }
        let full = ["x=", &"y".repeat(MAX_COOKIE_BYTES - 2)].concat();
        assert_eq!(
            refresh_token_in(&deployed(), &request(&full, JSON, true)),
            Ok(None)
        );
    }

    #[test]
    fn cookie_names_and_attributes_depend_on_the_issuer() {
        let tokens = TokenPair {
            access_token: Secret::new("eyJ".to_owned()),
            expires_in: 600,
            refresh_token: Secret::new("egr_a".to_owned()),
            refresh_token_expires_in: 7_776_000,
            session: SessionId::new(0, &[0; 10]),
            sign_on: SessionId::new(0, &[0; 10]),
            sign_on_ticket: Secret::new("egs_a".to_owned()),
        };
        for (issuer, start, sso, begun) in [
            (
                "https://auth.example.com",
                "__Host-edgegate=",
                "__Host-edgegate-sso=",
                "; Path=/; Secure",
            ),
            (
                "https://localhost:8787",
                "__Host-edgegate=",
                "__Host-edgegate-sso=",
                "; Path=/; Secure",
            ),
            (
                "http://127.0.0.1:8787",
                "edgegate-8787=",
                "edgegate-sso-8787=",
                "; Path=/",
            ),
            (
                "http://127.0.0.1:8788",
                "edgegate-8788=",
                "edgegate-sso-8788=",
                "; Path=/",
            ),
            (
                "http://[::1]:8787",
                "edgegate-8787=",
                "edgegate-sso-8787=",
                "; Path=/",
            ),
            (
                "http://[::1]",
                "edgegate-80=",
                "edgegate-sso-80=",
                "; Path=/",
            ),
            (
                "http://localhost",
                "edgegate-80=",
                "edgegate-sso-80=",
                "; Path=/",
            ),
        ] {
            let settings = settings(issuer);
            let strict = [begun, "; HttpOnly; SameSite=Strict; Max-Age="].concat();
            let lax = [begun, "; HttpOnly; SameSite=Lax; Max-Age="].concat();
            let written = SessionCookies {
                refresh: [start, "egr_a", &strict, "7776000"].concat(),
                sign_on: [sso, "egs_a", &lax, "7776000"].concat(),
            };
            assert_eq!(set(&settings, &tokens), written);
            let cleared = SessionCookies {
                refresh: [start, &strict, "0"].concat(),
                sign_on: [sso, &lax, "0"].concat(),
            };
            assert_eq!(clear(&settings), cleared);
        }
        let local = settings("http://127.0.0.1:8787");
        let both = request(
            "__Host-edgegate=a; edgegate=c; edgegate-8788=d; edgegate-8787=b",
            JSON,
            true,
        );
        assert_eq!(refresh_token_in(&local, &both), Ok(Some("b")));
    }

    #[test]
    fn the_sign_on_is_read_from_navigations_only() {
        let settings = deployed();
        let read = |method, path, navigation: Navigation<'static>| {
            let request = Request {
                method,
                path,
                cookie: navigation.cookie,
                navigation,
                from_allowed_origin: true,
                ..Request::default()
            };
            sign_on(&settings, &request)
        };
        let plain = Navigation {
            cookie: Some("__Host-edgegate=egr_a; __Host-edgegate-sso=egs_a"),
            ..Navigation::default()
        };
        let document = Navigation {
            fetch_dest: Some("document"),
            fetch_site: Some("cross-site"),
            ..plain
        };
        for path in NAVIGATED {
            assert_eq!(read("GET", path, plain), Some("egs_a"));
            assert_eq!(read("GET", path, document), Some("egs_a"));
            assert_eq!(read("HEAD", path, document), None, "nobody sees the answer");
        }
        let at = "/auth/authorize";
        for path in ["/auth/me", "/auth/token", "/auth/authorize/decision", "/"] {
            assert_eq!(read("GET", path, document), None, "{path}");
            assert_eq!(read("POST", path, document), None, "{path}");
        }
        for dest in [
            "iframe", "frame", "empty", "image", "embed", "object", "", "Document",
        ] {
            let fetch_dest = Some(dest);
            let framed = Navigation {
                fetch_dest,
                ..plain
            };
            assert_eq!(read("GET", at, framed), None, "{dest}");
        }
        for purpose in ["prefetch", "prefetch;prerender", ""] {
            let purpose = Some(purpose);
            let early = Navigation {
                purpose,
                ..document
            };
            assert_eq!(read("GET", at, early), None);
        }
        for cookie in [
            "__Host-edgegate=egr_a",
            "edgegate-sso=egs_a",
            "edgegate-sso-80=egs_a",
            "__Host-edgegate-sso=egs_a; __Host-edgegate-sso=egs_b",
        ] {
            let cookie = Some(cookie);
            let other = Navigation { cookie, ..document };
            assert_eq!(read("GET", at, other), None, "{cookie:?}");
        }
    }

    #[test]
    fn cookie_mode_needs_an_allowed_origin() {
        let settings = deployed();
        let asked = |asked, cookie, allowed| {
            require_cookie_allowed(asked, &settings, &request(cookie, JSON, allowed))
                .map_err(|problem| problem.code)
        };
        let twice = "__Host-edgegate=a; __Host-edgegate=b";
        for allowed in [true, false] {
            assert_eq!(asked(false, "__Host-edgegate=a", allowed), Ok(()));
            assert_eq!(asked(false, twice, allowed), Ok(()));
        }
        assert_eq!(asked(true, "", true), Ok(()));
        assert_eq!(asked(true, "__Host-edgegate=a", true), Ok(()));
        assert_eq!(asked(true, twice, true), Err(Code::InvalidRequest));
        for cookie in ["", "__Host-edgegate=a", twice] {
            assert_eq!(asked(true, cookie, false), Err(Code::Forbidden));
        }
    }

    #[test]
    fn an_app_shell_never_uses_the_cookie() {
        let settings = deployed();
        let cookie = "__Host-edgegate=egr_a; __Host-edgegate-device=egd_a";
        for (origin, may) in [
            ("https://app.example.com", true),
            ("http://tauri.localhost", true),
            ("chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb", true),
            ("capacitor://localhost", false),
            ("ionic://localhost", false),
            ("tauri://localhost", false),
            ("app://-", false),
        ] {
            let from = |cookie| Request {
                origin: Some(origin),
                ..request(cookie, JSON, true)
            };
            let asked = require_cookie_allowed(true, &settings, &from(""));
            assert_eq!(asked.is_ok(), may, "{origin}");
            let sent = from(cookie);
            let given = Given::read(None, "token", &settings, &sent);
            assert_eq!(given.is_ok(), may, "{origin}");
            let without = from("");
            let none = Given::read(None, "token", &settings, &without);
            let expected = (!may).then_some(Code::InvalidRequest);
            assert_eq!(none.err().map(|problem| problem.code), expected, "{origin}");
            let shown = credentials_for_mail(&settings, &sent, None);
            assert_eq!(shown.session_token().is_some(), may, "{origin}");
        }
    }

    /// A request for a mail gets the same answer whatever its cookies are, so none of them is an
    /// error.
    #[test]
    fn cookies_of_other_origins_and_forms_are_ignored_for_mails() {
        let settings = deployed();
        let both = "__Host-edgegate=egr_a; __Host-edgegate-device=egd_a";
        let known = |cookie, content_type, allowed, body| {
            let request = request(cookie, content_type, allowed);
            let shown = credentials_for_mail(&settings, &request, body);
            let [device, session] = [shown.device_token(), shown.session_token()];
            [device, session].map(|token| token.map(str::to_owned))
        };
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            known(both, JSON, true, None),
            [text("egd_a"), text("egr_a")]
        );
        assert_eq!(known(both, JSON, false, None), [None, None]);
        assert_eq!(known(both, FORM, true, None), [None, None]);
        let body = Some("egd_b");
        assert_eq!(known(both, JSON, false, body), [text("egd_b"), None]);
        assert_eq!(
            known(both, JSON, true, body),
            [text("egd_b"), text("egr_a")]
        );
        let twice = "__Host-edgegate-device=egd_a; __Host-edgegate-device=egd_b";
        assert_eq!(known(twice, JSON, true, None), [None, None]);
    }

    #[test]
    fn the_token_comes_from_the_body_or_the_cookie() {
        let settings = deployed();
        let ours = "__Host-edgegate=a";
        let given = |token: Option<&str>, cookie, content_type, allowed| {
            let request = request(cookie, content_type, allowed);
            Given::read(token.map(str::to_owned), "token", &settings, &request)
                .map(|given| {
                    (
                        matches!(given, Given::Body(_)),
                        given.token().map(str::to_owned),
                    )
                })
                .map_err(|problem| problem.code)
        };
        let by = |body, token: Option<&str>| Ok((body, token.map(str::to_owned)));
        for content_type in [JSON, FORM] {
            for allowed in [true, false] {
                assert_eq!(
                    given(Some("b"), "", content_type, allowed),
                    by(true, Some("b"))
                );
                let both = given(Some("b"), ours, content_type, allowed);
                assert_eq!(both, Err(Code::InvalidRequest));
            }
        }
        assert_eq!(given(None, ours, JSON, true), by(false, Some("a")));
        assert_eq!(
            given(None, ours, "Application/JSON; charset=utf-8", true),
            by(false, Some("a"))
        );
        assert_eq!(given(None, "", JSON, true), by(false, None));
        assert_eq!(given(None, ours, JSON, false), Err(Code::Forbidden));
        assert_eq!(given(None, "", JSON, false), Err(Code::InvalidRequest));
        for content_type in [FORM, "text/plain", "text/plain;application/json", ""] {
            let refused = given(None, ours, content_type, true);
            assert_eq!(refused, Err(Code::InvalidRequest), "{content_type}");
        }
        let twice = "__Host-edgegate=a; __Host-edgegate=a";
        assert_eq!(given(None, twice, JSON, true), Err(Code::InvalidRequest));
        for content_type in [JSON, FORM] {
            let both = given(Some(""), ours, content_type, true);
            assert_eq!(both, Err(Code::InvalidRequest));
            let missing = given(Some(""), "", content_type, false);
            assert_eq!(missing, Err(Code::InvalidRequest));
        }
        assert_eq!(given(Some(""), "", JSON, true), by(false, None));
        let sent = request(ours, JSON, true);
        let empty = Given::read(Some(String::new()), "token", &settings, &sent);
        let told = empty
            .err()
            .map(|problem| problem.into_answer().body.unwrap());
        assert!(told.unwrap().contains("token is empty: leave it out"));
    }
}
