//! POST /auth/token: `renew_token` (RFC 6749 section 6).

use super::{Outcome, tokens_json};
use crate::domain::error::Code;
use crate::domain::session::Verdict;
use crate::edge::answer::{Answer, Note};
use crate::edge::body::form_or_json;
use crate::edge::problem::Problem;
use crate::edge::request::Request;
use crate::ports::Ports;
use crate::service::AuthService;

pub(crate) async fn post<P: Ports>(service: &AuthService<P>, request: &Request) -> Outcome {
    let [grant_type, refresh_token, client_id, _scope] = form_or_json(
        request,
        ["grant_type", "refresh_token", "client_id", "scope"],
    )?;
    check_client(service, client_id.as_deref())?;
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
    let refresh_token =
        refresh_token.ok_or_else(|| Problem::invalid_request("refresh_token is missing"))?;
    let renewed = service.renew_token(&refresh_token, &request.client).await?;
    Ok(
        Answer::json(200, &tokens_json(&renewed.tokens)).noted(Note {
            session_id: Some(renewed.tokens.session.to_string()),
            verdict: Some(renewed.verdict.reason()),
            // A thief in step with the owner looks like this; so does a phone that changes its network.
            reason: (renewed.verdict == Verdict::Repeated { shared: true })
                .then(|| "refresh_token_shared".to_owned()),
            ..Note::default()
        }),
    )
}

/// A public client has no secret; its id, when given, is ours.
pub(super) fn check_client<P: Ports>(
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
