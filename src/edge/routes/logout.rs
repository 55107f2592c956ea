//! /auth/logout: an app sends its user's browser here to sign the user out (OpenID Connect
//! RP-Initiated Logout 1.0).

use super::{Outcome, locale};
use crate::domain::mail::Locale;
use crate::domain::policy::AUTHORIZATION_QUERY_MAX_BYTES;
use crate::edge::answer::{Answer, Cookie, Note};
use crate::edge::body;
use crate::edge::cookies;
use crate::edge::page::Page;
use crate::edge::request::Request;
use crate::ports::Ports;
use crate::service::AuthService;
use crate::service::leave_apps::{Leaving, Left};

const PARAMETERS: [&str; 5] = [
    "id_token_hint",
    "client_id",
    "post_logout_redirect_uri",
    "state",
    CONFIRMED,
];

/// A hidden field of this service's own form, in which the user confirms the sign-out. The field
/// has no effect in a form that another site sends.
const CONFIRMED: &str = "confirmed";

pub(crate) async fn get<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    if request.query.len() > AUTHORIZATION_QUERY_MAX_BYTES {
        return Ok(broken(locale(service, request), "the query is too long"));
    }
    answer(service, request, request.query.as_bytes(), false).await
}

/// Answers two kinds of POST. The first kind comes from this service's own page, on which the user
/// confirmed the sign-out. The second kind comes from a page of an app. Browsers send the second
/// kind without the sign-on cookie, so they are redirected to the same path by GET.
pub(crate) async fn post<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let form = body::form(request)?;
    let confirmed = form_urlencoded::parse(form).any(|(name, _)| name == CONFIRMED);
    if confirmed && is_own_page(service.settings().issuer.as_str(), request) {
        return answer(service, request, form, true).await;
    }
    Ok(super::authorize::by_get("/auth/logout", form))
}

/// Whether a page of this service's own origin sent the form. `Sec-Fetch-Site` says so. Older
/// browsers don't send that header; for them `Origin` decides.
fn is_own_page(issuer: &str, request: &Request<'_>) -> bool {
    let is_own = |origin: &str| {
        origin == issuer || (request.from_allowed_origin && origin == request.own_origin)
    };
    match request.navigation.fetch_site {
        Some(site) => site == "same-origin",
        None => request.origin.is_some_and(is_own),
    }
}

async fn answer<P: Ports>(
    service: &AuthService<P>,
    request: &Request<'_>,
    parameters: &[u8],
    is_confirmed: bool,
) -> Outcome {
    let locale = locale(service, request);
    let Ok([hint, client_id, uri, state, _]) = body::parse_form(parameters, PARAMETERS) else {
        return Ok(broken(locale, "a parameter is given twice"));
    };
    let leaving = Leaving {
        id_token_hint: given(&hint),
        client_id: given(&client_id),
        post_logout_redirect_uri: given(&uri),
        state: given(&state),
    };
    let settings = service.settings();
    let ticket = cookies::sign_on(settings, request);
    let left = service
        .leave_apps(leaving, ticket, is_confirmed, &request.client)
        .await?;
    Ok(match left {
        Left::Gone { ended, to } => {
            let page = match &to {
                Some(to) => Answer::empty(303).with("Location", to.clone()),
                None => signed_out(locale).into_answer(),
            };
            let page = page.noted(Note {
                user_id: ended.map(|(user, _)| user.to_string()),
                session_id: ended.map(|(_, session)| session.to_string()),
                ..Note::default()
            });
            if ticket.is_some() {
                page.keeping(Cookie::Written(cookies::clear(settings)))
            } else {
                page
            }
        }
        Left::NobodyThere { back } => {
            let page = signed_out(locale);
            match &back {
                Some(back) => page.link(&back.to, &words(locale).back(&back.name)),
                None => page,
            }
            .into_answer()
        }
        Left::Asked { email, back } => {
            let fields = PARAMETERS
                .into_iter()
                .zip([&hint, &client_id, &uri, &state].map(given))
                .filter_map(|(name, value)| Some((name, value?)))
                .chain([(CONFIRMED, "1")]);
            let words = words(locale);
            let to = back.as_ref().map(|back| back.to.as_str());
            Page::new(200, locale, words.question)
                .paragraph(&words.who(&email))
                .paragraph(words.all_apps)
                .form("/auth/logout", fields, words.button, to)
                .into_answer()
        }
    })
}

/// A parameter whose value is empty is treated as absent (RFC 6749 section 3.1).
fn given(value: &Option<String>) -> Option<&str> {
    value.as_deref().filter(|value| !value.is_empty())
}

fn signed_out(locale: Locale) -> Page {
    let words = words(locale);
    Page::new(200, locale, words.signed_out).paragraph(words.close)
}

fn broken(locale: Locale, fault: &str) -> Answer {
    let words = words(locale);
    Page::new(400, locale, words.broken)
        .paragraph(words.broken_then)
        .for_developers(&["/auth/logout: ", fault].concat(), None)
        .into_answer()
        .noted(Note {
            reason: Some(fault.to_owned()),
            code: Some("invalid_request"),
            ..Note::default()
        })
}

struct Words {
    question: &'static str,
    all_apps: &'static str,
    button: &'static str,
    signed_out: &'static str,
    close: &'static str,
    broken: &'static str,
    broken_then: &'static str,
    locale: Locale,
}

impl Words {
    fn who(&self, email: &str) -> String {
        match self.locale {
            Locale::English => format!("You are signed in as {email}."),
            Locale::German => format!("Sie sind als {email} angemeldet."),
        }
    }

    fn back(&self, app: &str) -> String {
        match self.locale {
            Locale::English => format!("Go to {app}"),
            Locale::German => format!("Weiter zu {app}"),
        }
    }
}

const fn words(locale: Locale) -> Words {
    match locale {
        Locale::English => Words {
            question: "Do you want to sign out?",
            all_apps: "This also signs you out of the apps that you opened with this account in \
                       this browser.",
            button: "Sign out",
            signed_out: "You are signed out",
            close: "You can close this page.",
            broken: "This link does not work",
            broken_then: "You were not signed out. Go back to the app and try again, or sign out on \
                          your account page.",
            locale,
        },
        Locale::German => Words {
            question: "Möchten Sie sich abmelden?",
            all_apps: "Damit melden Sie sich auch bei den Apps ab, die Sie in diesem Browser mit \
                       diesem Konto geöffnet haben.",
            button: "Abmelden",
            signed_out: "Sie sind abgemeldet",
            close: "Sie können diese Seite schließen.",
            broken: "Dieser Link funktioniert nicht",
            broken_then: "Sie wurden nicht abgemeldet. Gehen Sie zur App zurück und versuchen Sie es \
                          noch einmal, oder melden Sie sich auf Ihrer Kontoseite ab.",
            locale,
        },
    }
}
