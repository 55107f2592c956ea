//! GET /.well-known/oauth-authorization-server: what the service can do (RFC 8414).

use serde::Serialize;

use crate::edge::answer::Answer;
use crate::edge::request::Request;
use crate::edge::routes::Outcome;
use crate::ports::Ports;
use crate::service::AuthService;

#[derive(Serialize)]
struct Metadata<'a> {
    issuer: &'a str,
    token_endpoint: String,
    revocation_endpoint: String,
    jwks_uri: String,
    service_documentation: String,
    /// Required by RFC 8414 section 2. Empty, because there is no authorization endpoint.
    response_types_supported: [&'a str; 0],
    grant_types_supported: [&'a str; 1],
    token_endpoint_auth_methods_supported: [&'a str; 1],
    revocation_endpoint_auth_methods_supported: [&'a str; 1],
}

pub(crate) async fn get<P: Ports>(service: &AuthService<P>, _: &Request<'_>) -> Outcome {
    let issuer = &service.settings().issuer;
    let at = |path: &str| [issuer, path].concat();
    let metadata = Metadata {
        issuer,
        token_endpoint: at("/auth/token"),
        revocation_endpoint: at("/auth/revoke"),
        jwks_uri: at("/.well-known/jwks.json"),
        service_documentation: at("/openapi.yaml"),
        response_types_supported: [],
        grant_types_supported: ["refresh_token"],
        token_endpoint_auth_methods_supported: ["none"],
        revocation_endpoint_auth_methods_supported: ["none"],
    };
    Ok(Answer::json(200, &metadata).public())
}
