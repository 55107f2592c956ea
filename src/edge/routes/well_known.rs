//! GET /.well-known/jwks.json: the public keys (RFC 7517). GET /.well-known/change-password: the
//! page to which a password manager sends people (W3C, A Well-Known URL for Changing Passwords,
//! section 3).

use crate::domain::policy::PUBLIC_CACHE_SECONDS;
use crate::domain::settings::Settings;
use crate::edge::answer::Answer;
use crate::edge::request::Request;
use crate::edge::routes::Outcome;
use crate::ports::Ports;
use crate::service::AuthService;

/// The section of the account page for changing the password, under `APP_URL`.
const CHANGE_PASSWORD_PAGE: &str = "/account#change-password";

pub(crate) async fn jwks<P: Ports>(service: &AuthService<P>, _: &Request<'_>) -> Outcome {
    Ok(Answer {
        status: 200,
        headers: vec![("Content-Type", "application/jwk-set+json".into())],
        body: Some(public_keys(service.settings()).into()),
        ..Answer::default()
    }
    .public())
}

/// The keys for access tokens, followed by the keys for id_tokens with RS256. Verifiers of access
/// tokens skip keys of a kind that they don't know (RFC 7517 section 5).
fn public_keys(settings: &Settings) -> String {
    let rsa: Vec<String> = settings
        .id_token_keys
        .iter()
        .map(|key| key.public_jwk().to_text())
        .collect();
    let keys = settings.keys.public_jwks();
    match keys.strip_suffix("]}") {
        Some(open) if !rsa.is_empty() => {
            let separator = if open.ends_with('[') { "" } else { "," };
            [open, separator, &rsa.join(","), "]}"].concat()
        }
        _ => keys,
    }
}

/// The redirect is not cached, so a new `APP_URL` is followed at once.
pub(crate) async fn change_password<P: Ports>(
    service: &AuthService<P>,
    _: &Request<'_>,
) -> Outcome {
    let page = [&service.settings().app_url, CHANGE_PASSWORD_PAGE].concat();
    Ok(Answer {
        status: 303,
        ..Answer::default()
    }
    .with("Location", page))
}

impl Answer {
    /// Lets caches keep the answer for a few minutes and give it to everyone.
    pub(super) fn public(self) -> Self {
        self.with(
            "Cache-Control",
            format!("public, max-age={PUBLIC_CACHE_SECONDS}"),
        )
    }
}
