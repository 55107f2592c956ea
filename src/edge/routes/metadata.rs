//! GET /.well-known/oauth-authorization-server: what the service can do (RFC 8414).

use serde_json::json;

use crate::edge::answer::Answer;
use crate::ports::Ports;
use crate::service::AuthService;

pub(crate) fn get<P: Ports>(service: &AuthService<P>) -> Answer {
    let issuer = &service.settings().issuer;
    Answer::json(
        200,
        &json!({
            "issuer": issuer,
            "token_endpoint": format!("{issuer}/auth/token"),
            "revocation_endpoint": format!("{issuer}/auth/revoke"),
            "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
            "service_documentation": format!("{issuer}/openapi.yaml"),
            // No authorize endpoint, so no response type; RFC 8414 section 2 requires the member.
            "response_types_supported": [],
            "grant_types_supported": ["refresh_token"],
            "token_endpoint_auth_methods_supported": ["none"],
            "revocation_endpoint_auth_methods_supported": ["none"],
        }),
    )
    .public()
}
