//! GET /.well-known/jwks.json answers with the public keys (RFC 7517). GET
//! /.well-known/change-password redirects to the page on which users change their password.
//! Password managers send people to this path (W3C, A Well-Known URL for Changing Passwords,
//! section 3).

use crate::domain::policy::PUBLIC_CACHE_SECONDS;
use crate::domain::settings::Settings;
use crate::edge::answer::Answer;
use crate::edge::request::Request;
use crate::edge::routes::Outcome;
use crate::ports::Ports;
use crate::service::AuthService;

/// The path and fragment, under `APP_URL`, of the section in which a user changes the password.
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

/// The keys for access tokens, followed by the RS256 keys for id_tokens. They can be in one list,
/// because a verifier of access tokens ignores keys of a type that it does not know (RFC 7517
/// section 5).
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

/// The redirect is not cached, so a change of `APP_URL` takes effect at once.
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
    /// Allows caches to keep the answer for a few minutes and to give it to every client.
    pub(super) fn public(self) -> Self {
        self.with(
            "Cache-Control",
            format!("public, max-age={PUBLIC_CACHE_SECONDS}"),
        )
    }
}
