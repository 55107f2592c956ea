//! The parameters of `/auth/authorize` (RFC 6749 section 4.1.1, RFC 7636 section 4.3, OpenID
//! Connect Core section 3.1.2.1, RFC 8707), and whether a refusal is a page or a redirect.
//!
//! The service first checks whether the client has registered the redirect URI. If this check
//! fails, the request is refused by a page. If a later check fails, the request is refused by a
//! redirect to the app. So nobody can make the service redirect to a URI that no client has
//! registered.

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};

use super::allowed_scopes::{may_have, registered};
use super::client::{AppClient, ClientId};
use super::redirect_uri::RedirectUri;
use super::refusal::{ErrorRedirect, OAuthError, PageFault, RequestFault};
use super::resource::{ProtectedResource, Resource};
use super::scope::Scopes;
use crate::domain::account::UserId;
use crate::domain::policy::{
    ACR_VALUES_MAX_BYTES, AUTHORIZATION_QUERY_MAX_BYTES, LOGIN_HINT_MAX_BYTES, NONCE_MAX_BYTES,
    STATE_MAX_BYTES, UI_LOCALES_MAX_BYTES,
};
use crate::domain::session::SessionId;

/// The values of `prompt` (OpenID Connect Core section 3.1.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prompts {
    /// `none`: the app gets an answer at once, and the user sees no page.
    pub none: bool,
    /// `login`: the user must type the password again.
    pub login: bool,
    /// `consent`: the user is asked again what the app may do.
    pub consent: bool,
    /// `select_account`: the user is asked which account to use.
    pub select_account: bool,
}

impl Prompts {
    /// Reads values that are separated by spaces. Returns `None` if a value is unknown, or if
    /// `none` is combined with another value.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut prompts = Self::default();
        for value in text.split(' ').filter(|value| !value.is_empty()) {
            match value {
                "none" => prompts.none = true,
                "login" => prompts.login = true,
                "consent" => prompts.consent = true,
                "select_account" => prompts.select_account = true,
                _ => return None,
            }
        }
        let has_others = prompts.login || prompts.consent || prompts.select_account;
        (!prompts.none || !has_others).then_some(prompts)
    }

    pub(super) const fn to_bits(self) -> u8 {
        (self.none as u8)
            | ((self.login as u8) << 1)
            | ((self.consent as u8) << 2)
            | ((self.select_account as u8) << 3)
    }

    pub(super) const fn from_bits(bits: u8) -> Self {
        Self {
            none: bits & 1 != 0,
            login: bits & 2 != 0,
            consent: bits & 4 != 0,
            select_account: bits & 8 != 0,
        }
    }
}

/// The settings of the deployment that apply to every request.
#[derive(Clone, Copy, Debug)]
pub struct ServerRules<'a> {
    /// The setting `ISSUER`.
    pub issuer: &'a str,
    /// The setting `AUDIENCE`.
    pub audience: &'a str,
    /// The setting `RESOURCES`.
    pub resources: &'a [ProtectedResource],
    /// Whether the issuer is a loopback origin.
    pub issuer_is_loopback: bool,
}

/// A request that was checked. The client has registered the redirect URI. The client may get
/// tokens for the API. Scopes that the client may not have were removed from the request.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizationRequest {
    pub client_id: ClientId,
    /// The URI to which the answer is sent. The app has sent it in the request, and it matches a
    /// URI that the client has registered.
    pub redirect_uri: RedirectUri,
    /// The request's `state`. The answer to the app contains it again.
    pub state: Option<String>,
    /// The scopes that the app asks for and may have. Scopes that the app may not have were
    /// removed.
    pub scopes: Scopes,
    /// The request's `nonce`. The id_token will contain it.
    pub nonce: Option<String>,
    /// The API, in the spelling in which it is registered.
    pub resource: Option<Resource>,
    /// The SHA-256 of the verifier (RFC 7636 section 4.2, method `S256`).
    pub code_challenge: [u8; 32],
    /// The request's `prompt`: what the app wants the user to be asked.
    pub prompts: Prompts,
    /// The maximum age of the user's last proof of identity, in seconds.
    pub max_age: Option<u64>,
    /// The email address of the user whom the app expects. The login form shows it.
    pub login_hint: Option<String>,
    /// The preferred languages of the pages.
    pub ui_locales: Option<String>,
    /// The user whom the app's `id_token_hint` names. Nobody else may sign in. This module sets the
    /// field to `None`. The service fills it in later, because the keys that are needed to read the
    /// hint are not available here.
    pub expected: Option<UserId>,
    /// When the request arrived, in seconds since 1970.
    pub asked_at: u64,
    /// If a user was signed in when the request arrived: this user's last proof of identity at that
    /// time. The user did not give this proof for this request. The code that reads the sign-on
    /// cookie sets this field.
    pub seen: Option<SeenProof>,
}

/// The last proof of identity of the user who was signed in when a request arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenProof {
    /// The browser's session.
    pub session: SessionId,
    /// When the user proved who they are, in seconds since 1970.
    pub auth_time: u64,
}

impl AuthorizationRequest {
    /// Checks the request again when a page of the service, which kept the request for the user,
    /// sends it back. This is needed because the client or the settings could have changed since
    /// the request arrived. Returns the request without the scopes that the client may no longer
    /// have.
    ///
    /// # Errors
    /// - A page: when `client` is not the request's client, is disabled, or no longer has the
    ///   redirect URI.
    /// - A redirect: when the client may no longer get tokens for the resource.
    pub fn judged_again(
        mut self,
        client: &AppClient,
        rules: &ServerRules<'_>,
    ) -> Result<Self, RequestFault> {
        if client.id != self.client_id || client.disabled_at.is_some() {
            return Err(PageFault::ClientUnknown.into());
        }
        if client.redirect_uri(self.redirect_uri.as_str()).is_none() {
            return Err(PageFault::RedirectUriUnknown.into());
        }
        if let Some(resource) = &self.resource {
            let Some(known) = registered(resource, client, rules) else {
                let refusal = self.refuse(OAuthError::InvalidTarget, RESOURCE_UNKNOWN);
                return Err(RequestFault::Redirect(Box::new(refusal)));
            };
            self.resource = Some(known);
        }
        let resource = self.resource.as_ref();
        self.scopes = self
            .scopes
            .only(|scope| may_have(scope, client, resource, rules));
        Ok(self)
    }

    /// Refuses the request with this error.
    #[must_use]
    pub fn refuse(&self, error: OAuthError, description: &'static str) -> ErrorRedirect {
        ErrorRedirect {
            to: self.redirect_uri.clone(),
            state: self.state.clone(),
            error,
            description,
        }
    }

    /// The URL to which the browser is redirected to give the code to the app. It has the
    /// parameters `code`, `state` and `iss` (RFC 9207).
    #[must_use]
    pub fn answer(&self, code: &str, issuer: &str) -> String {
        let mut parameters = vec![("code", code)];
        if let Some(state) = &self.state {
            parameters.push(("state", state));
        }
        parameters.push(("iss", issuer));
        self.redirect_uri.with_parameters(&parameters)
    }
}

impl fmt::Debug for AuthorizationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationRequest")
            .field("client_id", &self.client_id)
            .field("redirect_uri", &self.redirect_uri)
            .field("scopes", &self.scopes)
            .field("resource", &self.resource)
            .field("prompts", &self.prompts)
            .field("max_age", &self.max_age)
            .field("asked_at", &self.asked_at)
            .finish_non_exhaustive()
    }
}

/// The parameters that the service reads. All other parameters are ignored (RFC 6749 section 3.1).
const KNOWN: [&str; 19] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "state",
    "scope",
    "nonce",
    "resource",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "login_hint",
    "ui_locales",
    "acr_values",
    "id_token_hint",
    "request",
    "request_uri",
    "registration",
];

/// A parameter of a request. A parameter with an empty value is treated as absent (RFC 6749 section
/// 3.1).
#[derive(Clone, Default)]
enum Parameter {
    #[default]
    Absent,
    Once(String),
    Repeated,
}

/// A request whose client has not been looked up yet.
#[derive(Clone)]
pub struct Unresolved {
    /// The client that the request names.
    pub client_id: ClientId,
    /// The redirect URI that the request names. It has not been checked yet.
    pub redirect_uri: String,
    parameters: Parameters,
}

impl fmt::Debug for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unresolved")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

#[derive(Clone)]
struct Parameters([Parameter; KNOWN.len()]);

impl Parameters {
    fn read(query: &str) -> Self {
        let mut values = std::array::from_fn(|_| Parameter::Absent);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let place = KNOWN
                .iter()
                .zip(values.iter_mut())
                .find_map(|(known, place)| (*known == name).then_some(place));
            if let Some(place) = place
                && !value.is_empty()
            {
                *place = match place {
                    Parameter::Absent => Parameter::Once(value.into_owned()),
                    Parameter::Once(_) | Parameter::Repeated => Parameter::Repeated,
                };
            }
        }
        Self(values)
    }

    fn get(&self, name: &str) -> &Parameter {
        KNOWN
            .iter()
            .zip(&self.0)
            .find_map(|(known, value)| (*known == name).then_some(value))
            .unwrap_or(&Parameter::Absent)
    }
}

/// Reads the query of a request, or the form of a POST request.
///
/// # Errors
/// A page: when the query is too long, `client_id` or `redirect_uri` is missing or repeated, or
/// `client_id` is malformed.
pub fn parse_request(query: &str) -> Result<Unresolved, PageFault> {
    if query.len() > AUTHORIZATION_QUERY_MAX_BYTES {
        return Err(PageFault::TooLong);
    }
    let parameters = Parameters::read(query);
    let client_id = match parameters.get("client_id") {
        Parameter::Absent => return Err(PageFault::ClientIdMissing),
        Parameter::Repeated => return Err(PageFault::ClientIdRepeated),
        Parameter::Once(id) => ClientId::parse(id).ok_or(PageFault::ClientUnknown)?,
    };
    let redirect_uri = match parameters.get("redirect_uri") {
        Parameter::Absent => return Err(PageFault::RedirectUriMissing),
        Parameter::Repeated => return Err(PageFault::RedirectUriRepeated),
        Parameter::Once(uri) => uri.clone(),
    };
    Ok(Unresolved {
        client_id,
        redirect_uri,
        parameters,
    })
}

/// What is wrong with a parameter: the `error` and the `error_description` that the redirect to the
/// app contains.
type Fault = (OAuthError, &'static str);

impl Unresolved {
    /// Checks the request. The caller has looked up `client` by [`Unresolved::client_id`]. `now` is
    /// in seconds since 1970.
    ///
    /// # Errors
    /// - A page: when `client` is not the request's client, is disabled, or did not register the
    ///   redirect URI.
    /// - A redirect: when anything else is wrong.
    pub fn for_client(
        self,
        client: &AppClient,
        rules: &ServerRules<'_>,
        now: u64,
    ) -> Result<AuthorizationRequest, RequestFault> {
        if client.id != self.client_id || client.disabled_at.is_some() {
            return Err(PageFault::ClientUnknown.into());
        }
        let to = client
            .redirect_uri(&self.redirect_uri)
            .ok_or(PageFault::RedirectUriUnknown)?;
        let state = self.state();
        self.judge(client, &to, rules, now)
            .map_err(|(error, description)| {
                RequestFault::Redirect(Box::new(ErrorRedirect {
                    to,
                    state: state.ok().flatten(),
                    error,
                    description,
                }))
            })
    }

    fn judge(
        &self,
        client: &AppClient,
        redirect_uri: &RedirectUri,
        rules: &ServerRules<'_>,
        now: u64,
    ) -> Result<AuthorizationRequest, Fault> {
        use OAuthError as E;
        let state = self.state()?;
        for (name, error, description) in [
            (
                "request",
                E::RequestNotSupported,
                "The parameter request is not supported",
            ),
            (
                "request_uri",
                E::RequestUriNotSupported,
                "The parameter request_uri is not supported",
            ),
            (
                "registration",
                E::RegistrationNotSupported,
                "The parameter registration is not supported",
            ),
        ] {
            if !matches!(self.parameters.get(name), Parameter::Absent) {
                return Err((error, description));
            }
        }
        match self.text("response_type", usize::MAX, RESPONSE_TYPE)? {
            None => return Err((E::InvalidRequest, RESPONSE_TYPE)),
            Some("code") => {}
            Some(_) => return Err((E::UnsupportedResponseType, RESPONSE_TYPE)),
        }
        match self.text("response_mode", usize::MAX, RESPONSE_MODE)? {
            None | Some("query") => {}
            Some(_) => return Err((E::InvalidRequest, RESPONSE_MODE)),
        }
        let code_challenge = self.code_challenge()?;
        let prompts = self
            .text("prompt", usize::MAX, PROMPT)?
            .map_or(Some(Prompts::default()), Prompts::parse)
            .ok_or((E::InvalidRequest, PROMPT))?;
        let max_age = match self.text("max_age", AUTHORIZATION_QUERY_MAX_BYTES, MAX_AGE)? {
            None => None,
            // The text has only digits, so parsing fails only if the number is too large.
            Some(text) if text.bytes().all(|b| b.is_ascii_digit()) => {
                Some(text.parse().unwrap_or(u64::MAX))
            }
            Some(_) => return Err((E::InvalidRequest, MAX_AGE)),
        };
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let nonce = owned(self.text("nonce", NONCE_MAX_BYTES, NONCE)?);
        let login_hint = owned(self.text("login_hint", LOGIN_HINT_MAX_BYTES, LOGIN_HINT)?);
        let ui_locales = owned(self.text("ui_locales", UI_LOCALES_MAX_BYTES, UI_LOCALES)?);
        // `acr_values` is checked and then ignored, because the service has only one authentication
        // context class. OpenID Connect Core section 3.1.2.1 allows this.
        self.text("acr_values", ACR_VALUES_MAX_BYTES, ACR_VALUES)?;
        // Only the form of `id_token_hint` is checked here. The service reads the hint later with
        // its keys, and stores the user whom the hint names in `expected`.
        self.text("id_token_hint", usize::MAX, ID_TOKEN_HINT)?;
        let resource = self.resource(client, rules)?;
        let scopes = self.scopes(client, resource.as_ref(), rules)?;
        Ok(AuthorizationRequest {
            client_id: client.id.clone(),
            redirect_uri: redirect_uri.clone(),
            state,
            scopes,
            nonce,
            resource,
            code_challenge,
            prompts,
            max_age,
            login_hint,
            ui_locales,
            expected: None,
            asked_at: now,
            seen: None,
        })
    }

    /// The value of a parameter, or `None` if the parameter is absent. Fails if the parameter is
    /// repeated, has more than `most` bytes, or has a control character.
    fn text(
        &self,
        name: &str,
        most: usize,
        description: &'static str,
    ) -> Result<Option<&str>, Fault> {
        match self.parameters.get(name) {
            Parameter::Absent => Ok(None),
            // U+FFFD is rejected too: if the request contained invalid UTF-8, `form_urlencoded` has
            // replaced it by U+FFFD, and the answer could not repeat the original bytes.
            Parameter::Once(text)
                if text.len() <= most
                    && !text.contains(|c: char| c.is_control() || c == '\u{fffd}') =>
            {
                Ok(Some(text))
            }
            Parameter::Once(_) | Parameter::Repeated => {
                Err((OAuthError::InvalidRequest, description))
            }
        }
    }

    fn state(&self) -> Result<Option<String>, Fault> {
        Ok(self
            .text("state", STATE_MAX_BYTES, STATE)?
            .map(str::to_owned))
    }

    fn code_challenge(&self) -> Result<[u8; 32], Fault> {
        let fault = (OAuthError::InvalidRequest, CODE_CHALLENGE);
        // If `code_challenge_method` is absent, the standard assumes `plain` (RFC 7636 section
        // 4.3). This method does not protect the code, so it is rejected.
        if self.text("code_challenge_method", usize::MAX, CODE_CHALLENGE)? != Some("S256") {
            return Err(fault);
        }
        let text = self
            .text("code_challenge", usize::MAX, CODE_CHALLENGE)?
            .ok_or(fault)?;
        let mut challenge = [0; 32];
        match Base64UrlUnpadded::decode(text, &mut challenge) {
            Ok(read) if read.len() == 32 => Ok(challenge),
            _ => Err(fault),
        }
    }

    fn resource(
        &self,
        client: &AppClient,
        rules: &ServerRules<'_>,
    ) -> Result<Option<Resource>, Fault> {
        let asked = match self.parameters.get("resource") {
            Parameter::Absent if client.is_unregistered() => {
                return Err((OAuthError::InvalidTarget, RESOURCE_MISSING));
            }
            Parameter::Absent => return Ok(None),
            Parameter::Repeated => return Err((OAuthError::InvalidTarget, RESOURCE_REPEATED)),
            Parameter::Once(text) => Resource::parse(text).ok(),
        };
        asked
            .and_then(|asked| registered(&asked, client, rules))
            .map(Some)
            .ok_or((OAuthError::InvalidTarget, RESOURCE_UNKNOWN))
    }

    /// The scopes that the client asks for and may have. If the request has no `scope` parameter,
    /// these are all scopes of the resource that the client may have.
    fn scopes(
        &self,
        client: &AppClient,
        resource: Option<&Resource>,
        rules: &ServerRules<'_>,
    ) -> Result<Scopes, Fault> {
        let invalid = |_| (OAuthError::InvalidScope, SCOPE);
        let asked = self
            .text("scope", usize::MAX, SCOPE)
            .map_err(|(error, description)| match self.parameters.get("scope") {
                Parameter::Repeated => (error, SCOPE_REPEATED),
                _ => (OAuthError::InvalidScope, description),
            })?
            .map(Scopes::parse)
            .transpose()
            .map_err(invalid)?;
        match asked {
            Some(asked) => Ok(asked.only(|scope| may_have(scope, client, resource, rules))),
            None => {
                let listed = rules
                    .resources
                    .iter()
                    .find(|one| Some(&one.uri) == resource)
                    .map_or(&client.scopes, |one| &one.scopes);
                let defaults = Scopes::new(listed.iter().cloned()).map_err(invalid)?;
                Ok(defaults.only(|scope| {
                    !scope.is_of_the_account() && may_have(scope, client, resource, rules)
                }))
            }
        }
    }
}

const STATE: &str = "state must be there at most once, with at most 2048 bytes";
const RESPONSE_TYPE: &str = "response_type must be code";
const RESPONSE_MODE: &str = "response_mode must be query";
const PROMPT: &str = "prompt must be none, or login, consent and select_account in any combination";
const MAX_AGE: &str = "max_age must be a number of seconds";
const NONCE: &str = "nonce must be there at most once, with at most 256 bytes";
const LOGIN_HINT: &str = "login_hint must be there at most once, with at most 254 bytes";
const UI_LOCALES: &str = "ui_locales must be there at most once, with at most 200 bytes";
const ACR_VALUES: &str = "acr_values must be there at most once, with at most 200 bytes";
const ID_TOKEN_HINT: &str = "id_token_hint must be there at most once";
const CODE_CHALLENGE: &str =
    "code_challenge must be 43 characters of base64url, and code_challenge_method S256";
const RESOURCE_MISSING: &str = "resource must name an API of this server";
const RESOURCE_REPEATED: &str = "resource must be there at most once";
const RESOURCE_UNKNOWN: &str = "resource is not an API that this client may get tokens for";
const SCOPE: &str = "scope is malformed or longer than 512 bytes";
const SCOPE_REPEATED: &str = "scope must be there at most once";

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
