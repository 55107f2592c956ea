//! POST /auth/token: `renew_token` (RFC 6749 section 6).

use super::{Outcome, renewed};
use crate::domain::error::{Code, Error, GrantRefusal};
use crate::edge::answer::Cookie;
use crate::edge::body;
use crate::edge::cookies::{self, Given};
use crate::edge::problem::Problem;
use crate::edge::request::Request;
use crate::ports::Ports;
use crate::service::AuthService;

pub(crate) async fn post<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let [grant_type, client_id, _scope] =
        body::oauth_parameters(request, ["grant_type", "client_id", "scope"])?;
    let [refresh_token] = body::oauth_parameters_as_sent(request, ["refresh_token"])?;
    require_known_client(service, client_id.as_deref())?;
    match grant_type.as_deref() {
        Some("refresh_token") => {}
        Some(_) => {
            return Err(Problem::new(
                Code::UnsupportedGrantType,
                "the grant_type is not refresh_token",
            ));
        }
        None => return Err(Problem::invalid_request("grant_type is missing")),
    }
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
            // The cookie is cleared only when the session is over. After any other error the client
            // may try the same cookie again.
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

/// A client has no secret. If it names its id, that is the one of the settings.
pub(super) fn require_known_client<P: Ports>(
    service: &AuthService<P>,
    client_id: Option<&str>,
) -> Result<(), Problem> {
    match client_id {
        Some(id) if id != service.settings().client_id => Err(Problem::new(
            Code::InvalidClient,
            "the client_id is not known here",
        )),
        _ => Ok(()),
    }
}
