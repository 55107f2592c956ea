//! GET /.well-known/oauth-authorization-server and /.well-known/openid-configuration: what the
//! service can do (RFC 8414, OpenID Connect Discovery section 3). Both answer the same.

use serde::Serialize;

use crate::domain::authorization::Scope;
use crate::domain::mail::Locale;
use crate::domain::settings::Settings;
use crate::edge::answer::Answer;
use crate::edge::request::Request;
use crate::edge::routes::Outcome;
use crate::ports::Ports;
use crate::service::AuthService;

/// The methods by which an app may authenticate. `none` is for apps without a secret.
const METHODS: [&str; 3] = ["none", "client_secret_basic", "client_secret_post"];

#[derive(Serialize)]
struct Metadata<'a> {
    issuer: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_endpoint: Option<String>,
    token_endpoint: String,
    revocation_endpoint: String,
    introspection_endpoint: String,
    userinfo_endpoint: String,
    end_session_endpoint: String,
    jwks_uri: String,
    service_documentation: String,
    scopes_supported: Vec<&'a str>,
    /// Required by RFC 8414 section 2. Empty when there is no authorization endpoint.
    response_types_supported: &'static [&'static str],
    response_modes_supported: [&'static str; 1],
    grant_types_supported: &'static [&'static str],
    code_challenge_methods_supported: [&'static str; 1],
    token_endpoint_auth_methods_supported: [&'static str; 3],
    revocation_endpoint_auth_methods_supported: [&'static str; 3],
    /// Without `none`: an app without a secret may not ask.
    introspection_endpoint_auth_methods_supported: &'static [&'static str],
    subject_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: Vec<&'static str>,
    acr_values_supported: &'static [&'static str],
    claims_supported: [&'static str; 15],
    prompt_values_supported: [&'static str; 4],
    ui_locales_supported: Vec<&'static str>,
    authorization_response_iss_parameter_supported: bool,
    client_id_metadata_document_supported: bool,
    claims_parameter_supported: bool,
    request_parameter_supported: bool,
    /// The default is true (OpenID Connect Discovery section 3).
    request_uri_parameter_supported: bool,
    /// The APIs of `RESOURCES` (RFC 9728 section 4).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    protected_resources: Vec<&'a str>,
}
