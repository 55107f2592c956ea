//! GET /.well-known/oauth-authorization-server: what the service can do (RFC 8414).

use crate::edge::answer::Answer;
use crate::edge::request::Request;
use crate::edge::routes::Outcome;
use crate::ports::Ports;
use crate::service::AuthService;
use edgegate_token::json::Json;

pub(crate) async fn get<P: Ports>(service: &AuthService<P>, _: &Request<'_>) -> Outcome {
    let issuer = &service.settings().issuer;
    let at = |path: &str| [issuer, path].concat().into();
    let only = |text: &str| [text].into_iter().collect();
    Ok(Answer::json(
        200,
        &Json::object([
            ("issuer", issuer.as_str().into()),
            ("token_endpoint", at("/auth/token")),
            ("revocation_endpoint", at("/auth/revoke")),
            ("jwks_uri", at("/.well-known/jwks.json")),
            ("service_documentation", at("/openapi.yaml")),
            // No authorize endpoint, so no response type; RFC 8414 section 2 requires the member.
            ("response_types_supported", Json::Array(Vec::new())),
            ("grant_types_supported", only("refresh_token")),
            ("token_endpoint_auth_methods_supported", only("none")),
            ("revocation_endpoint_auth_methods_supported", only("none")),
        ]),
    )
    .public())
}
