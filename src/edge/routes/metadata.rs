//! GET /.well-known/oauth-authorization-server and GET /.well-known/openid-configuration: the
//! capabilities of the service (RFC 8414, OpenID Connect Discovery section 3). Both paths give the
//! same answer.

use serde::Serialize;

use crate::domain::authorization::Scope;
use crate::domain::authorization::id_token::ACR;
use crate::domain::mail::Locale;
use crate::domain::settings::Settings;
use crate::edge::answer::Answer;
use crate::edge::request::Request;
use crate::edge::routes::Outcome;
use crate::ports::Ports;
use crate::service::AuthService;

/// The methods by which an app may authenticate. `none` is for apps without a secret.
const METHODS: [&str; 3] = ["none", "client_secret_basic", "client_secret_post"];

/// The claims that an app can get, in id_tokens or at `/auth/userinfo`.
const CLAIMS: [&str; 17] = [
    "sub",
    "iss",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "sid",
    "name",
    "given_name",
    "family_name",
    "updated_at",
    "email",
    "email_verified",
    "roles",
];

#[derive(Serialize)]
struct Metadata<'a> {
    issuer: &'a str,
    token_endpoint: String,
    revocation_endpoint: String,
    jwks_uri: String,
    service_documentation: String,
    /// Required by RFC 8414 section 2. Empty when there is no authorization endpoint.
    response_types_supported: &'static [&'static str],
    grant_types_supported: &'static [&'static str],
    token_endpoint_auth_methods_supported: &'static [&'static str],
    revocation_endpoint_auth_methods_supported: &'static [&'static str],
    #[serde(flatten)]
    apps: Option<AppMetadata<'a>>,
}

/// The members for apps. Absent if the service has only symmetric keys, because no app can verify a
/// token that is signed with such a key.
#[derive(Serialize)]
struct AppMetadata<'a> {
    authorization_endpoint: String,
    userinfo_endpoint: String,
    introspection_endpoint: String,
    end_session_endpoint: String,
    scopes_supported: Vec<&'a str>,
    response_modes_supported: [&'static str; 1],
    code_challenge_methods_supported: [&'static str; 1],
    /// All methods except `none`, because an app without a secret may not introspect tokens.
    introspection_endpoint_auth_methods_supported: &'static [&'static str],
    subject_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: Vec<&'static str>,
    acr_values_supported: [&'static str; 1],
    claims_supported: &'static [&'static str],
    prompt_values_supported: [&'static str; 4],
    ui_locales_supported: Vec<&'static str>,
    authorization_response_iss_parameter_supported: bool,
    client_id_metadata_document_supported: bool,
    claims_parameter_supported: bool,
    request_parameter_supported: bool,
    /// This member is false and can't be left out, because its default is true (OpenID Connect
    /// Discovery section 3).
    request_uri_parameter_supported: bool,
    /// The APIs that the setting `RESOURCES` names (RFC 9728 section 4).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    protected_resources: Vec<&'a str>,
}

pub(crate) async fn get<P: Ports>(service: &AuthService<P>, _: &Request<'_>) -> Outcome {
    let settings = service.settings();
    let at = |path: &str| [&settings.issuer, path].concat();
    let has_apps = service.has_authorization_endpoint();
    let metadata = Metadata {
        issuer: &settings.issuer,
        token_endpoint: at("/auth/token"),
        revocation_endpoint: at("/auth/revoke"),
        jwks_uri: at("/.well-known/jwks.json"),
        service_documentation: at("/openapi.yaml"),
        response_types_supported: if has_apps { &["code"] } else { &[] },
        grant_types_supported: if has_apps {
            &["authorization_code", "refresh_token"]
        } else {
            &["refresh_token"]
        },
        token_endpoint_auth_methods_supported: &METHODS,
        revocation_endpoint_auth_methods_supported: &METHODS,
        apps: has_apps.then(|| AppMetadata::of(settings)),
    };
    Ok(Answer::json(200, &metadata).public())
}

impl<'a> AppMetadata<'a> {
    fn of(settings: &'a Settings) -> Self {
        let at = |path: &str| [&settings.issuer, path].concat();
        let of_resources = settings
            .resources
            .iter()
            .flat_map(|resource| &resource.scopes);
        let mut scopes: Vec<&str> = Scope::OF_THE_ACCOUNT.to_vec();
        for scope in of_resources.map(Scope::as_str) {
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        let mut algorithms: Vec<&'static str> = settings
            .id_token_algs()
            .iter()
            .map(|alg| alg.as_str())
            .collect();
        algorithms.dedup();
        Self {
            authorization_endpoint: at("/auth/authorize"),
            userinfo_endpoint: at("/auth/userinfo"),
            introspection_endpoint: at("/auth/introspect"),
            end_session_endpoint: at("/auth/logout"),
            scopes_supported: scopes,
            response_modes_supported: ["query"],
            code_challenge_methods_supported: ["S256"],
            introspection_endpoint_auth_methods_supported: METHODS.get(1..).unwrap_or_default(),
            subject_types_supported: ["public"],
            id_token_signing_alg_values_supported: algorithms,
            acr_values_supported: [ACR],
            claims_supported: &CLAIMS,
            prompt_values_supported: ["none", "login", "consent", "select_account"],
            ui_locales_supported: Locale::ALL.iter().map(|locale| locale.tag()).collect(),
            authorization_response_iss_parameter_supported: true,
            client_id_metadata_document_supported: settings.client_id_metadata,
            claims_parameter_supported: false,
            request_parameter_supported: false,
            request_uri_parameter_supported: false,
            protected_resources: settings
                .resources
                .iter()
                .map(|resource| resource.uri.as_str())
                .collect(),
        }
    }
}
