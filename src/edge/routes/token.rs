//! POST /auth/token: the use case `renew_token` (RFC 6749 section 6). [`app_token`] answers the
//! requests of apps.

use super::{Outcome, app_token, renewed};
use crate::domain::error::{Code, Error, GrantRefusal};
use crate::edge::answer::Cookie;
use crate::edge::body;
use crate::edge::client_authentication;
use crate::edge::cookies::{self, Given};
use crate::edge::problem::Problem;
use crate::edge::request::Request;
use crate::ports::Ports;
use crate::service::AuthService;

pub(crate) async fn post<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let outcome = answer(service, request).await;
    outcome.map_err(|problem| client_authentication::refuse(request, problem))
}

async fn answer<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let credentials = client_authentication::read(request)?;
    // If this service's own client sends `scope`, its value is ignored. The parameter is still read
    // here, so that a request that has it twice is rejected.
    let [grant_type, _scope] = body::oauth_parameters(request, ["grant_type", "scope"])?;
    let [refresh_token] = body::oauth_parameters_as_sent(request, ["refresh_token"])?;
    match grant_type.as_deref() {
        Some("authorization_code") if service.has_authorization_endpoint() => {
            app_token::exchange(service, request, credentials).await
        }
        Some("refresh_token")
            if app_token::is_of_an_app(service, credentials.as_ref(), refresh_token.as_deref()) =>
        {
            if !service.has_authorization_endpoint() {
                return Err(Problem::new(
                    Code::UnsupportedGrantType,
                    "the signing key is symmetric, so no app could verify a token",
                ));
            }
            app_token::renew(service, request, credentials).await
        }
        Some("refresh_token") => renew(service, request, refresh_token).await,
        Some(_) => Err(Problem::new(
            Code::UnsupportedGrantType,
            "the grant_type is neither authorization_code nor refresh_token",
        )),
        None => Err(Problem::invalid_request("grant_type is missing")),
    }
}

/// Renews the tokens of this service's own client, which has no secret.
async fn renew<P: Ports>(
    service: &AuthService<P>,
    request: &Request<'_>,
    refresh_token: Option<String>,
) -> Outcome {
    let settings = service.settings();
    let given = Given::read(refresh_token, "refresh_token", settings, request)?;
    let in_cookie = matches!(given, Given::Cookie(_));
    let outcome = match given.token() {
        Some(token) => service.renew_token(token, &request.client).await,
        None => return Err(Error::Grant(GrantRefusal::Ticket).into()),
    };
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(error) => {
            // The cookie is cleared only if the error says that the session has ended. After any
            // other error the client may send the same cookie again.
            let is_over = matches!(error, Error::Grant(_));
            let problem = Problem::from(error);
            return Err(if is_over && in_cookie {
                problem.keeping(Cookie::Written(cookies::clear(settings)))
            } else {
                problem
            });
        }
    };
    let answer = renewed(&outcome, in_cookie);
    Ok(if in_cookie && outcome.verdict.moves_on() {
        answer.keeping(Cookie::Written(cookies::set(settings, &outcome.tokens)))
    } else {
        answer
    })
}
