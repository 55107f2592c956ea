//! How an authorization request is refused: the user sees a page, or the browser is redirected to
//! the app with an error.

use std::fmt;

use super::redirect_uri::RedirectUri;

/// The `error` in a redirect to the app (RFC 6749 section 4.1.2.1, OpenID Connect Core section
/// 3.1.2.6, RFC 8707 section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OAuthError {
    /// A parameter is missing, repeated or not valid.
    InvalidRequest,
    /// The client may not make this request.
    UnauthorizedClient,
    /// The user has refused to give the app access.
    AccessDenied,
    /// `response_type` is not `code`.
    UnsupportedResponseType,
    /// A scope is malformed.
    InvalidScope,
    /// The resource (the API) is unknown or malformed, or the client may not get tokens for it.
    InvalidTarget,
    /// An unexpected error of this service.
    ServerError,
    /// A store that the service needs did not answer.
    TemporarilyUnavailable,
    /// The request has `prompt=none`, but the user would have to click on a page.
    InteractionRequired,
    /// The request has `prompt=none`, but the user would have to sign in.
    LoginRequired,
    /// The request has `prompt=none`, but the user would have to consent.
    ConsentRequired,
    /// The request has the parameter `request`, which is not supported.
    RequestNotSupported,
    /// The request has the parameter `request_uri`, which is not supported.
    RequestUriNotSupported,
    /// The request has the parameter `registration`, which is not supported.
    RegistrationNotSupported,
}

impl OAuthError {
    /// Every error.
    pub const ALL: [Self; 14] = [
        Self::InvalidRequest,
        Self::UnauthorizedClient,
        Self::AccessDenied,
        Self::UnsupportedResponseType,
        Self::InvalidScope,
        Self::InvalidTarget,
        Self::ServerError,
        Self::TemporarilyUnavailable,
        Self::InteractionRequired,
        Self::LoginRequired,
        Self::ConsentRequired,
        Self::RequestNotSupported,
        Self::RequestUriNotSupported,
        Self::RegistrationNotSupported,
    ];

    /// The `error` parameter.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::AccessDenied => "access_denied",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::InteractionRequired => "interaction_required",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
        }
    }
}

impl fmt::Display for OAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why the service refuses a request by a page with the status 400, and not by a redirect to the
/// app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageFault {
    /// The query has more than 8 KB.
    TooLong,
    /// `client_id` is missing.
    ClientIdMissing,
    /// The request has `client_id` more than once.
    ClientIdRepeated,
    /// No client has this id, or the client with this id is disabled.
    ClientUnknown,
    /// `redirect_uri` is missing.
    RedirectUriMissing,
    /// The request has `redirect_uri` more than once.
    RedirectUriRepeated,
    /// The client did not register this redirect URI.
    RedirectUriUnknown,
}

impl PageFault {
    /// A stable name for the reason, in `snake_case`, for the log.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::TooLong => "query_too_long",
            Self::ClientIdMissing => "client_id_missing",
            Self::ClientIdRepeated => "client_id_repeated",
            Self::ClientUnknown => "client_unknown",
            Self::RedirectUriMissing => "redirect_uri_missing",
            Self::RedirectUriRepeated => "redirect_uri_repeated",
            Self::RedirectUriUnknown => "redirect_uri_unknown",
        }
    }

    /// The text on the page. It is meant for the developer of the app, and contains no text from
    /// the request.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::TooLong => "The request is longer than 8 KB.",
            Self::ClientIdMissing => "The parameter client_id is missing.",
            Self::ClientIdRepeated => "The parameter client_id is there more than once.",
            Self::ClientUnknown => "No app with this client_id may sign people in here.",
            Self::RedirectUriMissing => "The parameter redirect_uri is missing.",
            Self::RedirectUriRepeated => "The parameter redirect_uri is there more than once.",
            Self::RedirectUriUnknown => "The app has not registered this redirect_uri.",
        }
    }
}

/// A refusal that is sent to the app by a redirect.
#[derive(Clone, PartialEq, Eq)]
pub struct ErrorRedirect {
    /// The redirect URI in the request. It matches a URI that the client has registered.
    pub to: RedirectUri,
    /// The request's `state`. `None` if the request has none, or if its `state` is not valid.
    pub state: Option<String>,
    /// The parameter `error`.
    pub error: OAuthError,
    /// The parameter `error_description`. It contains no text from the request.
    pub description: &'static str,
}

impl ErrorRedirect {
    /// The URL to redirect to, with `error`, `error_description`, `state` and `iss` (RFC 9207).
    #[must_use]
    pub fn url(&self, issuer: &str) -> String {
        let mut parameters = vec![
            ("error", self.error.as_str()),
            ("error_description", self.description),
        ];
        if let Some(state) = &self.state {
            parameters.push(("state", state));
        }
        parameters.push(("iss", issuer));
        self.to.with_parameters(&parameters)
    }
}

impl fmt::Debug for ErrorRedirect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorRedirect")
            .field("to", &self.to)
            .field("error", &self.error)
            .field("description", &self.description)
            .finish_non_exhaustive()
    }
}

/// How a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestFault {
    /// The user sees a page with the status 400.
    Page(PageFault),
    /// The browser is redirected to the app.
    Redirect(Box<ErrorRedirect>),
}

impl From<PageFault> for RequestFault {
    fn from(fault: PageFault) -> Self {
        Self::Page(fault)
    }
}
