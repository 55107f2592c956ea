//! POST /auth/introspect: the use case `introspect` (RFC 7662).

use serde::Serialize;

use super::Outcome;
use crate::domain::error::{ClientRefusal, Error};
use crate::edge::answer::{Answer, Note};
use crate::edge::body;
use crate::edge::client_authentication;
use crate::edge::problem::Problem;
use crate::edge::request::Request;
use crate::ports::Ports;
use crate::service::AuthService;
use edgegate_token::{Audience, Claims};

/// The answer as RFC 7662 section 2.2 defines it. It contains neither the user's email address nor
/// the roles, because an app that may know them can read them in the token.
#[derive(Serialize)]
struct IntrospectionBody<'a> {
    active: bool,
    iss: &'a str,
    sub: &'a str,
    aud: &'a Audience,
    client_id: &'a str,
    scope: &'a str,
    token_type: &'static str,
    exp: u64,
    iat: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<u64>,
    jti: &'a str,
    sid: &'a str,
}

impl<'a> From<&'a Claims> for IntrospectionBody<'a> {
    fn from(claims: &'a Claims) -> Self {
        Self {
            active: true,
            iss: &claims.iss,
            sub: &claims.sub,
            aud: &claims.aud,
            client_id: &claims.client_id,
            scope: claims.scope.as_deref().unwrap_or_default(),
            token_type: "Bearer",
            exp: claims.exp,
            iat: claims.iat,
            auth_time: claims.auth_time,
            jti: &claims.jti,
            sid: &claims.sid,
        }
    }
}

pub(crate) async fn post<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let outcome = answer(service, request).await;
    outcome.map_err(|problem| client_authentication::refuse(request, problem))
}

async fn answer<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let credentials = client_authentication::read(request)?;
    // The hint is ignored, because this endpoint accepts only one type of token: access tokens.
    let [token, _hint] = body::oauth_parameters(request, ["token", "token_type_hint"])?;
    let credentials = credentials.ok_or(Error::Client(ClientRefusal::NoSecret))?;
    let token = token.ok_or_else(|| Problem::invalid_request("token is missing"))?;
    let claims = service
        .introspect(&token, &credentials, &request.client)
        .await?;
    Ok(match &claims {
        None => Answer::json_text(200, r#"{"active":false}"#),
        Some(claims) => Answer::json(200, &IntrospectionBody::from(claims)).noted(Note {
            user_id: Some(claims.sub.clone()),
            session_id: Some(claims.sid.clone()),
            ..Note::default()
        }),
    })
}
