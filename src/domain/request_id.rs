//! The id of an HTTP request. It is in the log lines of the request, and in the log lines of the
//! mails that the request causes.

use std::fmt;

use uuid::Uuid;

/// A random UUID (RFC 9562 section 5.4). Clients see it in the header `X-Request-Id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestId(Uuid);

impl RequestId {
    /// Reads an id from a text, which must be a UUID in lower case with hyphens.
    ///
    /// ```
    /// use edgegate::domain::request_id::RequestId;
    ///
    /// let id = RequestId::parse("6f1a7c52-3b0e-4d59-9a0c-5d2f1e8b7a34").unwrap();
    /// assert_eq!(id.to_string(), "6f1a7c52-3b0e-4d59-9a0c-5d2f1e8b7a34");
    /// assert_eq!(RequestId::parse("6F1A7C52-3B0E-4D59-9A0C-5D2F1E8B7A34"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let id = Uuid::try_parse(text).ok()?;
        let mut spelt = Uuid::encode_buffer();
        (id.hyphenated().encode_lower(&mut spelt) == text).then_some(Self(id))
    }

    /// The id in the form in which a queued mail contains it: as subtags of the mail's language
    /// tag. They are `x-` and the 32 digits in groups of eight.
    #[must_use]
    pub(super) fn to_subtags(self) -> String {
        let mut buffer = Uuid::encode_buffer();
        let digits: &str = self.0.simple().encode_lower(&mut buffer);
        let mut subtags = String::from("x");
        for (place, digit) in digits.chars().enumerate() {
            if place % 8 == 0 {
                subtags.push('-');
            }
            subtags.push(digit);
        }
        subtags
    }

    /// Reads an id that [`to_subtags`](Self::to_subtags) wrote.
    pub(super) fn from_subtags(subtags: &str) -> Option<Self> {
        let digits = subtags.strip_prefix("x-")?.replace('-', "");
        let id = Self(Uuid::try_parse(&digits).ok()?);
        (id.to_subtags() == subtags).then_some(id)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}
