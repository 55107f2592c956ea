//! A request as the routes see it.

use super::problem::Problem;
use crate::domain::error::{AccessRefusal, Error};
use crate::domain::mail::Locale;
use crate::domain::session::Client;

/// A request, read whole and bounded.
#[derive(Clone, Default)]
pub struct Request {
    /// The method, upper case.
    pub method: String,
    /// The path as it was sent; never decoded or normalised, so that one route has one spelling.
    pub path: String,
    /// What stands behind the question mark.
    pub query: String,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Authorization`.
    pub authorization: Option<String>,
    /// `Cookie`, unless the method is safe (RFC 9110 section 9.2.1).
    pub cookie: Option<String>,
    /// Whether `Origin` names one whose pages may use the cookie.
    pub from_allowed_origin: bool,
    /// `Accept-Language`, where the answer may be a mail.
    pub accept_language: Option<String>,
    /// Who is asking.
    pub client: Client,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// The access token of the `Authorization` header (RFC 6750 section 2.1; never of the query or the body).
    ///
    /// # Errors
    /// [`AccessRefusal::Missing`] when there is none.
    pub fn bearer(&self) -> Result<&str, Problem> {
        self.authorization
            .as_deref()
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer") && !token.is_empty())
            .map(|(_, token)| token)
            .ok_or_else(|| Error::Access(AccessRefusal::Missing).into())
    }

    /// The language for a mail that this request leads to.
    #[must_use]
    pub fn locale(&self, default: Locale) -> Locale {
        Locale::negotiate(self.accept_language.as_deref(), default)
    }

    /// The media type without its parameters, lower case.
    #[must_use]
    pub fn media_type(&self) -> Option<String> {
        let value = self.content_type.as_deref()?;
        let essence = value.split(';').next()?;
        Some(essence.trim().to_ascii_lowercase())
    }
}
