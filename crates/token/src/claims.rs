//! The claims of an access token (RFC 9068 section 2.2, RFC 7519 section 4.1).

use super::error::TokenError;
use crate::json::{self, Json, Members, read_object};
use crate::limits::{ACCESS_TOKEN_MAX_LIFE_SECONDS, INTEGER_MAX, ROLE_MAX_CHARS, ROLES_MAX};
use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use serde::{Serialize, Serializer};

/// The claims of an access token. Times are Unix seconds. The limits that are named here apply to
/// verified and to issued tokens. The claims of an unverified token can break them.
///
/// This type does not implement `Deserialize`. So claims can be read only with this crate's own
/// reader, which rejects duplicate members.
///
/// ```
/// use edgegate_token::UntrustedToken;
#[doc = include_str!("example.txt")]
///
/// let claims = UntrustedToken::parse(&token)?.unverified_claims()?;
/// assert!(claims.aud.contains("https://api.example.com"));
/// assert!(!format!("{claims:?}").contains("ada@example.com"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Claims {
    /// The issuer's origin. It is compared exactly.
    pub iss: String,
    /// The user's id. It is never empty.
    pub sub: String,
    /// The recipients of the token.
    pub aud: Audience,
    /// The OAuth client that asked for the token.
    pub client_id: String,
    /// The first second at which the token is no longer valid.
    pub exp: u64,
    /// When the token was issued.
    pub iat: u64,
    /// The first second at which the token is valid. `None` if it is valid at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nbf: Option<u64>,
    /// When the user last authenticated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<u64>,
    /// The token's id. Use it to identify the token, and not the token's text, because every ES256
    /// signature can be changed into a second valid signature.
    pub jti: String,
    /// The session in which the token was issued.
    pub sid: String,
    /// The user's version at the time when the token was issued. If the user's current version is
    /// higher, the user's roles, address or state have changed since then.
    pub ver: u64,
    /// The user's roles: at most 32, of 1 to 64 characters each. Empty if the token has no claim
    /// `roles`.
    pub roles: Vec<String>,
    /// The user's email address. `Debug` does not print it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether the user has verified the address. False if the token has no such claim.
    pub email_verified: bool,
    /// What an app may do with the token: scopes, separated by spaces (RFC 9068 section 2.2.3).
    /// `None` in the tokens of the account's own pages, which are not limited by scopes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// In the token of another app, this is the id of the sign-on (the login of a user in a
    /// browser) from which the app's session began. When this sign-on ends, the token is no longer
    /// valid. In a token of the account's own pages, this is the id of the earlier sign-on that the
    /// session continues. `None` if the session began a new sign-on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign_on: Option<String>,
}

/// The audiences of a token. In JSON they are a string or an array of strings (RFC 7519 section
/// 4.1.3). The tokens of this service's own client have one audience. The tokens of other apps have
/// at most two: an API and `/auth/userinfo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience(Vec<String>);

impl Audience {
    /// Whether `audience` is one of the audiences. Audiences are compared exactly.
    #[must_use]
    pub fn contains(&self, audience: &str) -> bool {
        self.0.iter().any(|one| one == audience)
    }

    /// All audiences, in the order of the token.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl From<&str> for Audience {
    fn from(audience: &str) -> Self {
        Self(vec![audience.to_owned()])
    }
}

impl<'a> FromIterator<&'a str> for Audience {
    fn from_iter<I: IntoIterator<Item = &'a str>>(audiences: I) -> Self {
        Self(audiences.into_iter().map(str::to_owned).collect())
    }
}

impl Serialize for Audience {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => serializer.serialize_str(one),
            several => serializer.collect_seq(several),
        }
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims")
            .field("iss", &self.iss)
            .field("sub", &self.sub)
            .field("aud", &self.aud)
            .field("client_id", &self.client_id)
            .field("exp", &self.exp)
            .field("iat", &self.iat)
            .field("nbf", &self.nbf)
            .field("auth_time", &self.auth_time)
            .field("jti", &self.jti)
            .field("sid", &self.sid)
            .field("ver", &self.ver)
            .field("roles", &self.roles)
            .field("email", &self.email.as_ref().map(|_| format_args!("_")))
            .field("email_verified", &self.email_verified)
            .field("scope", &self.scope)
            .field("sign_on", &self.sign_on)
            .finish()
    }
}

impl Claims {
    /// Reads the claims and checks their types. A claim of the wrong type is an error. It is never
    /// treated as if it were absent (CVE-2026-25537). Unknown claims are ignored.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, TokenError> {
        use TokenError as E;
        let mut from = read_object(bytes).map_err(fault)?;
        Ok(Self {
            iss: text(&mut from, "iss", E::IssNotString)?.ok_or(E::IssMissing)?,
            sub: text(&mut from, "sub", E::SubNotString)?.ok_or(E::SubMissing)?,
            aud: audience(&mut from)?,
            client_id: text(&mut from, "client_id", E::ClientIdNotString)?
                .ok_or(E::ClientIdMissing)?,
            exp: integer(&mut from, "exp", E::ExpNotInteger)?.ok_or(E::ExpMissing)?,
            iat: integer(&mut from, "iat", E::IatNotInteger)?.ok_or(E::IatMissing)?,
            nbf: integer(&mut from, "nbf", E::NbfNotInteger)?,
            auth_time: integer(&mut from, "auth_time", E::AuthTimeNotInteger)?,
            jti: text(&mut from, "jti", E::JtiNotString)?.ok_or(E::JtiMissing)?,
            sid: text(&mut from, "sid", E::SidNotString)?.ok_or(E::SidMissing)?,
            ver: integer(&mut from, "ver", E::VerNotInteger)?.ok_or(E::VerMissing)?,
            roles: match from.remove("roles") {
                None => Vec::new(),
                Some(value) => value.into_texts().ok_or(E::RolesNotStrings)?,
            },
            email: text(&mut from, "email", E::EmailNotString)?,
            email_verified: match from.remove("email_verified") {
                None => false,
                Some(Json::Bool(value)) => value,
                Some(_) => return Err(E::EmailVerifiedNotBoolean),
            },
            scope: text(&mut from, "scope", E::ScopeNotString)?,
            sign_on: text(&mut from, "sign_on", E::SignOnNotString)?,
        })
    }

    /// Checks the rules that need neither a clock nor an expected issuer. This method is called
    /// when a token is issued and when a token is verified.
    pub(super) fn check(&self) -> Result<(), TokenError> {
        use TokenError as E;
        for (value, empty) in [
            (&self.iss, E::IssEmpty),
            (&self.sub, E::SubEmpty),
            (&self.client_id, E::ClientIdEmpty),
            (&self.jti, E::JtiEmpty),
            (&self.sid, E::SidEmpty),
        ] {
            refuse_if(value.is_empty(), empty)?;
        }
        let sign_on = self.sign_on.as_deref();
        refuse_if(sign_on.is_some_and(str::is_empty), E::SignOnEmpty)?;
        refuse_if(self.aud.0.is_empty() || self.aud.contains(""), E::AudEmpty)?;
        for (value, too_large) in [
            (Some(self.exp), E::ExpTooLarge),
            (Some(self.iat), E::IatTooLarge),
            (self.nbf, E::NbfTooLarge),
            (self.auth_time, E::AuthTimeTooLarge),
            (Some(self.ver), E::VerTooLarge),
        ] {
            refuse_if(value.is_some_and(|value| value > INTEGER_MAX), too_large)?;
        }
        refuse_if(self.roles.len() > ROLES_MAX, E::RolesTooMany)?;
        refuse_if(self.roles.iter().any(String::is_empty), E::RoleEmpty)?;
        refuse_if(
            self.roles
                .iter()
                .any(|role| role.chars().count() > ROLE_MAX_CHARS),
            E::RoleTooLong,
        )?;
        refuse_if(self.exp <= self.iat, E::ExpNotAfterIat)?;
        refuse_if(
            self.exp.saturating_sub(self.iat) > ACCESS_TOKEN_MAX_LIFE_SECONDS,
            E::LifeTooLong,
        )
    }
}

pub(super) fn refuse_if(condition: bool, error: TokenError) -> Result<(), TokenError> {
    if condition { Err(error) } else { Ok(()) }
}

fn text(
    from: &mut Members,
    name: &str,
    wrong_type: TokenError,
) -> Result<Option<String>, TokenError> {
    match from.remove(name) {
        None => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(_) => Err(wrong_type),
    }
}

fn integer(
    from: &mut Members,
    name: &str,
    wrong_type: TokenError,
) -> Result<Option<u64>, TokenError> {
    match from.remove(name) {
        None => Ok(None),
        Some(Json::Integer(value)) => Ok(Some(value)),
        Some(_) => Err(wrong_type),
    }
}

fn audience(from: &mut Members) -> Result<Audience, TokenError> {
    match from.remove("aud") {
        None => Err(TokenError::AudMissing),
        Some(Json::String(one)) => Ok(Audience(vec![one])),
        Some(value) => value
            .into_texts()
            .map(Audience)
            .ok_or(TokenError::AudNotStrings),
    }
}

pub(super) fn fault(fault: json::Fault) -> TokenError {
    match fault {
        json::Fault::NotUtf8 => TokenError::ClaimsNotUtf8,
        json::Fault::ByteOrderMark => TokenError::ClaimsByteOrderMark,
        json::Fault::Syntax => TokenError::ClaimsNotJson,
        json::Fault::NotAnObject => TokenError::ClaimsNotObject,
        json::Fault::DuplicateMember => TokenError::ClaimsDuplicateMember,
        json::Fault::TooDeep => TokenError::ClaimsTooDeep,
    }
}
