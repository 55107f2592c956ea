//! A request as the routes see it.

use super::problem::Problem;
use crate::domain::error::{AccessRefusal, Error};
use crate::domain::mail::Locale;
use crate::domain::session::Client;

/// A request, read whole and bounded.
#[derive(Clone, Default)]
pub struct Request<'a> {
    /// The method, upper case.
    pub method: &'a str,
    /// The path as it was sent; never decoded or normalised, so that one route has one spelling.
    pub path: &'a str,
    /// What stands behind the question mark.
    pub query: &'a str,
    /// `Content-Type`.
    pub content_type: Option<&'a str>,
    /// `Authorization`.
    pub authorization: Option<&'a str>,
    /// `Cookie`, unless the method is safe (RFC 9110 section 9.2.1).
    pub cookie: Option<&'a str>,
    /// Whether `Origin` names one whose pages may use the cookie.
    pub from_allowed_origin: bool,
    /// `Accept-Language`, where the answer may be a mail.
    pub accept_language: Option<&'a str>,
    /// Who is asking.
    pub client: Client,
    /// The body.
    pub body: Vec<u8>,
}

impl<'a> Request<'a> {
    /// The access token of the `Authorization` header (RFC 6750 section 2.1; never of the query or the body).
    ///
    /// # Errors
    /// [`AccessRefusal::Missing`] when there is none.
    pub fn bearer(&self) -> Result<&'a str, Problem> {
        self.authorization
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer") && !token.is_empty())
            .map(|(_, token)| token)
            .ok_or_else(|| Error::Access(AccessRefusal::Missing).into())
    }

    /// The language for a mail that this request leads to.
    #[must_use]
    pub fn locale(&self, default: Locale) -> Locale {
        Locale::negotiate(self.accept_language, default)
    }

    /// The media type without its parameters, lower case.
    #[must_use]
    pub fn media_type(&self) -> Option<String> {
        let value = self.content_type?;
        let essence = value.split(';').next()?;
        Some(essence.trim().to_ascii_lowercase())
    }
}
