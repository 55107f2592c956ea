//! What can go wrong, and the complete list of codes that a client sees.
//!
//! The reason inside an [`Error`] is for the log. The client gets only the [`Code`]. Besides the
//! code, it gets details only about an invalid field, a weak password, or an app's request that
//! can't continue. So an attacker who tries a password, a token or a link does not learn which
//! check failed.

use std::fmt;

use super::account::{EmailError, HashError, UserId, Weakness};
use super::authorization::ExchangeRefusal;
use super::operator::OperatorRefusal;
use super::session::{SessionId, Verdict};
use edgegate_token::TokenError;

/// The complete list of public error codes. A test checks that `docs/errors.md` has a row for each
/// code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Code {
    /// The request is malformed: not JSON, a wrong type, an unknown or repeated member.
    InvalidRequest,
    /// A field is missing, too long or invalid.
    InvalidField,
    /// The password is not good enough. The answer lists the reasons.
    WeakPassword,
    /// The login failed, for whatever reason. Or a change requires the current password, and the
    /// password that was sent is wrong.
    InvalidCredentials,
    /// The link has expired, was used, or is not from this service.
    InvalidLink,
    /// The access token is missing or not valid (RFC 6750 section 3.1).
    InvalidToken,
    /// The access token is valid, but its user must enter the password again (RFC 9470).
    ReauthenticationRequired,
    /// Nobody is signed in, or the user must sign in again for this app.
    SignInRequired,
    /// The refresh token is not valid (RFC 6749 section 5.2).
    InvalidGrant,
    /// The `client_id` is unknown, or the app's authentication failed (RFC 6749 section 5.2).
    InvalidClient,
    /// The `grant_type` is unknown (RFC 6749 section 5.2).
    UnsupportedGrantType,
    /// None of the scopes that a renewal asks for was granted (RFC 6749 section 5.2).
    InvalidScope,
    /// The `resource` is not the one that was granted (RFC 8707 section 2).
    InvalidTarget,
    /// The token is valid, but does not allow the request.
    Forbidden,
    /// Registration is closed.
    RegistrationClosed,
    /// The address already has an account.
    EmailTaken,
    /// The request would leave no enabled administrator.
    LastAdministrator,
    /// The account has a password or is disabled, so its owner can't be invited.
    NotInvitable,
    /// The signed-in user is not the one that the page has shown.
    OtherUser,
    /// The app has two secrets already.
    TooManySecrets,
    /// No such route or resource.
    NotFound,
    /// The route exists, but does not accept this method.
    MethodNotAllowed,
    /// The body is too large.
    PayloadTooLarge,
    /// The route does not accept the media type of the body.
    UnsupportedMediaType,
    /// Too many attempts.
    RateLimited,
    /// A store did not answer. The client may repeat the same request.
    Unavailable,
    /// The operator's configuration is wrong.
    Misconfigured,
    /// A bug of the service.
    Internal,
}

impl Code {
    /// Every code, in the order of `docs/errors.md`.
    pub const ALL: [Self; 28] = [
        Self::InvalidRequest,
        Self::InvalidField,
        Self::WeakPassword,
        Self::InvalidCredentials,
        Self::InvalidLink,
        Self::InvalidToken,
        Self::ReauthenticationRequired,
        Self::SignInRequired,
        Self::InvalidGrant,
        Self::InvalidClient,
        Self::UnsupportedGrantType,
        Self::InvalidScope,
        Self::InvalidTarget,
        Self::Forbidden,
        Self::RegistrationClosed,
        Self::EmailTaken,
        Self::LastAdministrator,
        Self::NotInvitable,
        Self::OtherUser,
        Self::TooManySecrets,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::RateLimited,
        Self::Unavailable,
        Self::Misconfigured,
        Self::Internal,
    ];

    /// The code as clients see it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidField => "invalid_field",
            Self::WeakPassword => "weak_password",
            Self::InvalidCredentials => "invalid_credentials",
            Self::InvalidLink => "invalid_link",
            Self::InvalidToken => "invalid_token",
            Self::ReauthenticationRequired => "reauthentication_required",
            Self::SignInRequired => "sign_in_required",
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidClient => "invalid_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::Forbidden => "forbidden",
            Self::RegistrationClosed => "registration_closed",
            Self::EmailTaken => "email_taken",
            Self::LastAdministrator => "last_administrator",
            Self::NotInvitable => "not_invitable",
            Self::OtherUser => "other_user",
            Self::TooManySecrets => "too_many_secrets",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::PayloadTooLarge => "payload_too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
            Self::Misconfigured => "misconfigured",
            Self::Internal => "internal",
        }
    }

    /// The HTTP status of the code.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidRequest
            | Self::InvalidLink
            | Self::InvalidGrant
            | Self::UnsupportedGrantType
            | Self::InvalidScope
            | Self::InvalidTarget => 400,
            Self::InvalidCredentials
            | Self::InvalidToken
            | Self::ReauthenticationRequired
            | Self::SignInRequired
            | Self::InvalidClient => 401,
            Self::Forbidden | Self::RegistrationClosed => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::EmailTaken
            | Self::LastAdministrator
            | Self::NotInvitable
            | Self::OtherUser
            | Self::TooManySecrets => 409,
            Self::PayloadTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::InvalidField | Self::WeakPassword => 422,
            Self::RateLimited => 429,
            Self::Misconfigured | Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }

    /// A few words for people (`title` of RFC 9457).
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::InvalidRequest => "The request is malformed",
            Self::InvalidField => "A field is missing or not valid",
            Self::WeakPassword => "The password is not good enough",
            Self::InvalidCredentials => "The email address or the password is wrong",
            Self::InvalidLink => "The link has expired or was already used",
            Self::InvalidToken => "The access token is missing or not valid",
            Self::ReauthenticationRequired => "Enter your password again",
            Self::SignInRequired => "Sign in first",
            Self::InvalidGrant => "The refresh token is not valid",
            Self::InvalidClient => "The client is unknown or did not authenticate",
            Self::UnsupportedGrantType => "The grant type is not supported",
            Self::InvalidScope => "The scope was not granted",
            Self::InvalidTarget => "The resource was not granted",
            Self::Forbidden => "Not allowed",
            Self::RegistrationClosed => "Registration is closed",
            Self::EmailTaken => "The email address already has an account",
            Self::LastAdministrator => "One administrator must remain",
            Self::NotInvitable => "The account has a password or is disabled",
            Self::OtherUser => "Somebody else is signed in now",
            Self::TooManySecrets => "The app has two secrets already",
            Self::NotFound => "Not found",
            Self::MethodNotAllowed => "The method is not allowed here",
            Self::PayloadTooLarge => "The request body is too large",
            Self::UnsupportedMediaType => "The media type is not supported",
            Self::RateLimited => "Too many requests",
            Self::Unavailable => "Temporarily unavailable, try again",
            Self::Misconfigured => "The service is not configured correctly",
            Self::Internal => "Something went wrong",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a field of a request was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldProblem {
    /// The field is required, but absent.
    Missing,
    /// The field is longer than its limit.
    TooLong,
    /// The field must not be empty.
    Empty,
    /// The value is invalid, for this reason.
    Invalid(&'static str),
}

impl FieldProblem {
    /// A stable reason, `snake_case`.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::TooLong => "too_long",
            Self::Empty => "empty",
            Self::Invalid(reason) => reason,
        }
    }
}

/// Why a login was refused. The reason is only for the log: the client gets the same answer for
/// every reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginRefusal {
    /// The text that was entered is not an email address.
    NotAnAddress(EmailError),
    /// No account has the address.
    UnknownAddress,
    WrongPassword,
    /// The account is disabled.
    Disabled,
    /// An administrator created the account, and its owner has not chosen a password yet.
    NoPassword,
    /// The stored hash can't be read.
    BrokenHash,
    /// The stored hash was made with a pepper that `PEPPERS` does not contain.
    UnknownPepper,
    /// The stored hash was imported from Firebase, and `FIREBASE_SIGNER_KEY` is not set.
    NoSignerKey,
}

impl LoginRefusal {
    /// A stable reason, `snake_case`.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NotAnAddress(_) => "not_an_address",
            Self::UnknownAddress => "unknown_address",
            Self::WrongPassword => "wrong_password",
            Self::Disabled => "disabled",
            Self::NoPassword => "no_password",
            Self::BrokenHash => "broken_hash",
            Self::UnknownPepper => "unknown_pepper",
            Self::NoSignerKey => "no_signer_key",
        }
    }

    /// Whether the owner can't sign in with any password until the operator repairs something.
    #[must_use]
    pub const fn needs_operator(self) -> bool {
        matches!(
            self,
            Self::BrokenHash | Self::UnknownPepper | Self::NoSignerKey
        )
    }
}

impl From<HashError> for LoginRefusal {
    fn from(error: HashError) -> Self {
        match error {
            HashError::UnknownPepper => Self::UnknownPepper,
            HashError::NoSignerKey => Self::NoSignerKey,
            HashError::Malformed | HashError::TooCostly | HashError::Failed => Self::BrokenHash,
        }
    }
}

/// Why an access token was rejected. The reason is only for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessRefusal {
    /// No token was sent.
    Missing,
    /// The token itself is not valid.
    Token(TokenError),
    /// The token is signed with the service's keys, but its `sub` or `sid` is not an id that the
    /// service makes.
    ForeignIds,
    /// The token was issued to this service's own client, and the route accepts only tokens of
    /// apps.
    NotOfAnApp,
    /// The app is disabled or deleted.
    NoClient,
    /// The token's session has ended.
    SessionEnded,
    /// The user's roles, address, password or state have changed since the token was issued.
    Outdated,
    /// The token's user is disabled or deleted.
    NoUser,
    /// The request has an operator ticket, and the ticket is not valid.
    Operator(OperatorRefusal),
}

impl AccessRefusal {
    /// A stable reason, `snake_case`.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Token(error) => error.reason(),
            Self::ForeignIds => "foreign_ids",
            Self::NotOfAnApp => "not_of_an_app",
            Self::NoClient => "no_client",
            Self::SessionEnded => "session_ended",
            Self::Outdated => "outdated",
            Self::NoUser => "no_user",
            Self::Operator(refusal) => refusal.reason(),
        }
    }
}

/// Why a refresh token was refused. The reason is only for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantRefusal {
    /// The text is forged, truncated, from another deployment, or not a refresh token. This is
    /// decided without reading any storage.
    Ticket,
    /// The session can't continue. The [`Verdict`] says why.
    Session(Verdict, UserId, SessionId),
    /// An app's code can't be exchanged.
    Code(ExchangeRefusal),
    /// Another app presented the app's token, or the request had no `client_id`.
    OtherClient,
    /// The app is disabled.
    ClientDisabled,
    /// The user has withdrawn the grant (the consent that the user gave to the app).
    Withdrawn,
}

impl GrantRefusal {
    /// A stable reason, `snake_case`.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Ticket => "not_a_ticket",
            Self::Session(verdict, ..) => verdict.reason(),
            Self::Code(refusal) => refusal.reason(),
            Self::OtherClient => "other_client",
            Self::ClientDisabled => "client_disabled",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// Why an app's authentication failed. The reason is only for the log: the app gets the same answer
/// for every reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientRefusal {
    /// There is no such app.
    Unknown,
    /// The app is disabled.
    Disabled,
    /// The `Authorization` header can't be read.
    Header,
    /// The app authenticates by a method that this service does not have.
    Method,
    /// The app has secrets, but the request contains none.
    NoSecret,
    /// The app has no secrets, but the request contains one.
    SecretNotExpected,
    /// The app is public (it has no secrets), and the route is only for confidential apps.
    NotConfidential,
    /// The secret is wrong.
    Secret,
}

impl ClientRefusal {
    /// A stable reason, `snake_case`.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Unknown => "unknown_client",
            Self::Disabled => "client_disabled",
            Self::Header => "malformed_authorization",
            Self::Method => "unsupported_method",
            Self::NoSecret => "no_secret",
            Self::SecretNotExpected => "secret_not_expected",
            Self::NotConfidential => "not_confidential",
            Self::Secret => "wrong_secret",
        }
    }
}

/// Why the service's pages may not continue with an app's authorization request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorizationRefusal {
    /// The sealed request (the app's request with the service's MAC) is forged, altered, from
    /// another deployment, or older than an hour.
    Request,
    /// Since the request was sealed, the app was deleted or disabled, or its redirect URI was
    /// removed.
    Client,
    /// Nobody is signed in, or the user must first enter the password again for this request.
    SignIn,
    /// The signed-in user is not the one that the page has shown.
    OtherUser,
}

impl AuthorizationRefusal {
    /// A stable reason, `snake_case`.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Request => "not_a_ticket_or_over",
            Self::Client => "client_unknown",
            Self::SignIn => "sign_in_required",
            Self::OtherUser => "other_user",
        }
    }
}

/// Why a link was refused. The reason is only for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkRefusal {
    /// The link is forged, altered, of another kind, or expired. This is decided without reading
    /// any storage.
    Ticket,
    /// The link's account is deleted or disabled.
    NoUser,
    /// The link is no longer valid, because something that it depends on has changed since the link
    /// was made. For example, this link or another link was used.
    Spent,
    /// Another account has the address now.
    EmailTaken,
    /// Registration was closed after the link was sent.
    RegistrationClosed,
}

impl LinkRefusal {
    /// A stable reason, `snake_case`.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Ticket => "not_a_ticket_or_over",
            Self::NoUser => "no_user",
            Self::Spent => "spent",
            Self::EmailTaken => "email_taken",
            Self::RegistrationClosed => "registration_closed",
        }
    }
}

/// A store that failed. The text comes from the platform and is only for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreError {
    /// The name of the port (the interface to the store) that failed, for the log.
    pub store: &'static str,
    /// The platform's own description of the failure.
    pub detail: String,
}

impl StoreError {
    /// A failure of the port `store`, with the platform's description of it.
    #[must_use]
    pub fn new(store: &'static str, detail: impl Into<String>) -> Self {
        Self {
            store,
            detail: detail.into(),
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed: {}", self.store, self.detail)
    }
}

impl std::error::Error for StoreError {}

/// Why a use case failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A field of the request is invalid.
    Field(&'static str, FieldProblem),
    /// The request changes nothing.
    NothingToChange,
    /// The new password is not good enough.
    WeakPassword(Vec<Weakness>),
    /// Login failed.
    Login(LoginRefusal),
    /// The current password, which a change requires, is wrong.
    CurrentPassword,
    /// The link is not valid.
    Link(LinkRefusal),
    /// The access token is not valid.
    Access(AccessRefusal),
    /// The action can't be undone, and the caller's last proof of identity is too old for it.
    ReauthenticationRequired,
    /// The refresh token or the code is not valid.
    Grant(GrantRefusal),
    /// The app is unknown, or its authentication failed.
    Client(ClientRefusal),
    /// None of the scopes that a renewal asks for was granted.
    Scope,
    /// The resource is not the one that was granted.
    Target,
    /// A page of the service may not continue with an app's authorization request.
    Authorization(AuthorizationRefusal),
    /// An app wants id_tokens with RS256, and `ID_TOKEN_KEYS` is not set.
    NoIdTokenKey,
    /// The caller has proved who they are, but may not make this request.
    Forbidden,
    RegistrationClosed,
    /// The address already has an account.
    EmailTaken,
    /// The request would disable or delete the last enabled administrator, or remove the admin role
    /// from that user.
    LastAdministrator,
    /// The account has a password or is disabled, so its owner can't be invited.
    NotInvitable,
    /// The app has two secrets already.
    TooManySecrets,
    /// The app is public, so it has no secrets.
    PublicClient,
    /// There is no such user.
    UnknownUser,
    /// The user has no such session.
    UnknownSession,
    /// There is no such app.
    UnknownClient,
    /// The app has no such secret.
    UnknownSecret,
    /// The user has no grant with this id.
    UnknownGrant,
    /// Too many attempts. The client may try again after this number of seconds.
    RateLimited(u32),
    /// The request would send a mail, but no provider is set.
    NoMailProvider,
    /// A store failed. Steps that succeeded before the failure stay done.
    Store(StoreError),
    /// A bug of the service. The text is only for the log.
    Internal(&'static str),
}

impl Error {
    /// The code that the client sees.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::NothingToChange
            | Self::PublicClient
            | Self::Authorization(AuthorizationRefusal::Request | AuthorizationRefusal::Client) => {
                Code::InvalidRequest
            }
            Self::Authorization(AuthorizationRefusal::SignIn) => Code::SignInRequired,
            Self::Authorization(AuthorizationRefusal::OtherUser) => Code::OtherUser,
            Self::Field(..) => Code::InvalidField,
            Self::WeakPassword(_) => Code::WeakPassword,
            Self::Login(_) | Self::CurrentPassword => Code::InvalidCredentials,
            Self::Link(_) => Code::InvalidLink,
            Self::Access(_) => Code::InvalidToken,
            Self::ReauthenticationRequired => Code::ReauthenticationRequired,
            Self::Grant(_) => Code::InvalidGrant,
            Self::Client(_) => Code::InvalidClient,
            Self::Scope => Code::InvalidScope,
            Self::Target => Code::InvalidTarget,
            Self::Forbidden => Code::Forbidden,
            Self::RegistrationClosed => Code::RegistrationClosed,
            Self::EmailTaken => Code::EmailTaken,
            Self::LastAdministrator => Code::LastAdministrator,
            Self::NotInvitable => Code::NotInvitable,
            Self::TooManySecrets => Code::TooManySecrets,
            Self::UnknownUser
            | Self::UnknownSession
            | Self::UnknownClient
            | Self::UnknownSecret
            | Self::UnknownGrant => Code::NotFound,
            Self::RateLimited(_) => Code::RateLimited,
            Self::NoMailProvider | Self::NoIdTokenKey => Code::Misconfigured,
            Self::Store(_) => Code::Unavailable,
            Self::Internal(_) => Code::Internal,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(field, problem) => write!(f, "field {field}: {}", problem.reason()),
            Self::Login(refusal) => write!(f, "login refused: {}", refusal.reason()),
            Self::CurrentPassword => f.write_str("the current password is wrong"),
            Self::Link(refusal) => write!(f, "link refused: {}", refusal.reason()),
            Self::Access(refusal) => write!(f, "access token refused: {}", refusal.reason()),
            Self::Grant(GrantRefusal::Code(refusal)) => {
                write!(f, "code refused: {}", refusal.reason())
            }
            Self::Grant(refusal) => write!(f, "refresh token refused: {}", refusal.reason()),
            Self::Client(refusal) => write!(f, "client refused: {}", refusal.reason()),
            Self::Authorization(refusal) => {
                write!(f, "an app's request refused: {}", refusal.reason())
            }
            Self::Store(error) => error.fmt(f),
            Self::Internal(what) => write!(f, "internal: {what}"),
            Self::NoMailProvider => f.write_str(
                "MAIL_PROVIDER is not set. Set it under `vars` in wrangler.toml or wrangler.jsonc \
                 to the provider that sends your mail.",
            ),
            Self::NoIdTokenKey => f.write_str(
                "ID_TOKEN_KEYS is not set, and the app wants id_tokens with RS256. Store an RSA key \
                 with `npx wrangler secret put ID_TOKEN_KEYS`, or change the app's \
                 id_token_signed_response_alg.",
            ),
            Self::NothingToChange => f.write_str("there is nothing to change"),
            Self::PublicClient => f.write_str("the app is public, so it has no secrets"),
            Self::WeakPassword(_)
            | Self::Scope
            | Self::Target
            | Self::Forbidden
            | Self::ReauthenticationRequired
            | Self::RegistrationClosed
            | Self::EmailTaken
            | Self::LastAdministrator
            | Self::NotInvitable
            | Self::TooManySecrets
            | Self::UnknownUser
            | Self::UnknownSession
            | Self::UnknownClient
            | Self::UnknownSecret
            | Self::UnknownGrant
            | Self::RateLimited(_) => f.write_str(self.code().as_str()),
        }
    }
}

impl std::error::Error for Error {}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
