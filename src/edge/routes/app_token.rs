//! POST /auth/token for apps. It runs the use cases `exchange_code` (RFC 6749 section 4.1.3) and
//! `renew_app_token`. Requests of apps never use the cookie.

use serde::Serialize;

use super::Outcome;
use crate::domain::authorization::AppTickets;
use crate::domain::session::Verdict;
use crate::edge::answer::{Answer, Note};
use crate::edge::body;
use crate::edge::problem::Problem;
use crate::edge::request::Request;
use crate::ports::Ports;
use crate::service::AuthService;
use crate::service::app_tokens::AppTokens;
use crate::service::client_authentication::ClientCredentials;
use crate::service::exchange_code::CodeExchange;
use crate::service::renew_app_token::AppRenewal;

/// A token response as RFC 6749 section 5.1 and OpenID Connect Core section 3.1.3.3 define it.
#[derive(Serialize)]
struct AppTokenBody<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    refresh_token: &'a str,
    refresh_token_expires_in: u64,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<&'a str>,
}

impl<'a> From<&'a AppTokens> for AppTokenBody<'a> {
    fn from(tokens: &'a AppTokens) -> Self {
        Self {
            access_token: tokens.access_token.expose(),
            token_type: "Bearer",
            expires_in: tokens.expires_in,
            refresh_token: tokens.refresh_token.expose(),
            refresh_token_expires_in: tokens.refresh_token_expires_in,
            scope: tokens.scopes.to_string(),
            id_token: tokens.id_token.as_ref().map(|token| token.expose()),
        }
    }
}

/// Whether an app sends this request. A request without a `client_id` comes from this service's own
/// client, unless its token has the prefix of an app's refresh token.
pub(super) fn is_of_an_app<P: Ports>(
    service: &AuthService<P>,
    credentials: Option<&ClientCredentials>,
    token: Option<&str>,
) -> bool {
    let names_an_app = credentials.is_some_and(|credentials| {
        credentials.secret.is_some() || credentials.client_id != service.settings().client_id
    });
    names_an_app || token.is_some_and(|token| token.starts_with(AppTickets::PREFIX))
}

/// The credentials of a request, or the credentials of this service's own client if the request has
/// none.
pub(super) fn or_our_own<P: Ports>(
    service: &AuthService<P>,
    credentials: Option<ClientCredentials>,
) -> ClientCredentials {
    credentials.unwrap_or_else(|| ClientCredentials {
        client_id: service.settings().client_id.clone(),
        secret: None,
    })
}

/// Answers a request with `grant_type=authorization_code`.
pub(super) async fn exchange<P: Ports>(
    service: &AuthService<P>,
    request: &Request<'_>,
    credentials: Option<ClientCredentials>,
) -> Outcome {
    let [code, redirect_uri, verifier, resource] = body::oauth_parameters(
        request,
        ["code", "redirect_uri", "code_verifier", "resource"],
    )?;
    let missing = |name: &str| Problem::invalid_request(format!("{name} is missing"));
    let credentials = credentials.ok_or_else(|| missing("client_id"))?;
    let exchange = CodeExchange {
        code: &code.ok_or_else(|| missing("code"))?,
        redirect_uri: &redirect_uri.ok_or_else(|| missing("redirect_uri"))?,
        verifier: &verifier.ok_or_else(|| missing("code_verifier"))?,
        resource: resource.as_deref(),
    };
    let tokens = service
        .exchange_code(exchange, &credentials, &request.client)
        .await?;
    Ok(answer(&tokens, None))
}

/// Answers a request of an app with `grant_type=refresh_token`.
pub(super) async fn renew<P: Ports>(
    service: &AuthService<P>,
    request: &Request<'_>,
    credentials: Option<ClientCredentials>,
) -> Outcome {
    let [refresh_token, scope, resource] =
        body::oauth_parameters(request, ["refresh_token", "scope", "resource"])?;
    let refresh_token =
        refresh_token.ok_or_else(|| Problem::invalid_request("refresh_token is missing"))?;
    let renewal = AppRenewal {
        refresh_token: &refresh_token,
        scope: scope.as_deref(),
        resource: resource.as_deref(),
    };
    let credentials = or_our_own(service, credentials);
    let renewed = service
        .renew_app_token(renewal, &credentials, &request.client)
        .await?;
    Ok(answer(&renewed.tokens, Some(renewed.verdict)))
}

fn answer(tokens: &AppTokens, verdict: Option<Verdict>) -> Answer {
    Answer::json(200, &AppTokenBody::from(tokens)).noted(Note {
        user_id: Some(tokens.user.to_string()),
        session_id: Some(tokens.session.to_string()),
        verdict: verdict.map(|verdict| verdict.reason()),
        reason: (verdict == Some(Verdict::Repeated { shared: true }))
            .then(|| "refresh_token_shared".to_owned()),
        ..Note::default()
    })
}
