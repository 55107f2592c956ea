//! The id under which a sign-in page stores an app's authorization request while the user opens a
//! mail.

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};

use super::error::{Error, FieldProblem};

const BYTES: usize = 16;
const GROUP: usize = 8;

/// A random id that a sign-in page makes when it asks the service for a mail. The link in the mail
/// contains the id as the parameter `request_id`. The page that the link opens looks up the app's
/// request by this id in the storage of its browser. If the user opens the link on another device,
/// the page finds no request.
///
/// This id is not an [id of an HTTP request](super::request_id). The service only passes the id on,
/// and looks nothing up with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppRequestId([u8; BYTES]);

impl AppRequestId {
    /// Reads an id from a text, which must be exactly 22 characters: 16 bytes in base64url without
    /// padding.
    ///
    /// # Errors
    /// [`Error::Field`] with the reason `not_an_id`: when the text has any other form.
    ///
    /// ```
    /// use edgegate::domain::app_request_id::AppRequestId;
    ///
    /// let id = AppRequestId::parse("3q2-7wABAgMEBQYHCAkKCw").unwrap();
    /// assert_eq!(id.to_string(), "3q2-7wABAgMEBQYHCAkKCw");
    /// assert!(AppRequestId::parse("https://evil.example/#").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut id = [0; BYTES];
        match Base64UrlUnpadded::decode(text, &mut id) {
            Ok(read) if read.len() == BYTES => Ok(Self(id)),
            _ => Err(Error::Field(
                "request_id",
                FieldProblem::Invalid("not_an_id"),
            )),
        }
    }

    /// The id in the form in which the job of a mail contains it: as subtags that are appended to
    /// the language tag of the mail. They are 32 hexadecimal digits in groups of eight.
    #[must_use]
    pub(super) fn to_subtags(self) -> String {
        let digits = base16ct::lower::encode_string(&self.0);
        let mut subtags = String::new();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && place % GROUP == 0 {
                subtags.push('-');
            }
            subtags.push(digit);
        }
        subtags
    }

    /// Reads an id that [`to_subtags`](Self::to_subtags) wrote.
    pub(super) fn from_subtags(subtags: &str) -> Option<Self> {
        let mut id = [0; BYTES];
        let read = base16ct::lower::decode(subtags.replace('-', ""), &mut id).ok()?;
        let is_whole = read.len() == BYTES;
        let id = Self(id);
        (is_whole && id.to_subtags() == subtags).then_some(id)
    }
}

impl fmt::Display for AppRequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Base64UrlUnpadded::encode_string(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sixteen_bytes_of_base64url_are_an_id() {
        for text in [
            "",
            "3q2-7wABAgMEBQYHCAkKC",
            "3q2-7wABAgMEBQYHCAkKCww",
            "3q2-7wABAgMEBQYHCAkKCw==",
            // The unused bits of the last character are not 0.
            "3q2-7wABAgMEBQYHCAkKCx",
            "3q2+7wABAgMEBQYHCAkKCw",
            " 3q2-7wABAgMEBQYHCAkKCw",
            "3q2-7wABAgMEBQYHCAkKC\u{e9}",
            "3q2-7wABAgMEBQYHCAk\nKw",
            "\"><script>alert(1)</sc",
        ] {
            let refused = AppRequestId::parse(text);
            let is_right = matches!(
                refused,
                Err(Error::Field(
                    "request_id",
                    FieldProblem::Invalid("not_an_id")
                ))
            );
            assert!(is_right, "{text:?}: {refused:?}");
        }
    }

    #[test]
    fn subtags_can_be_read_again_and_other_texts_can_t() {
        let id = AppRequestId::parse("3q2-7wABAgMEBQYHCAkKCw").unwrap();
        let subtags = id.to_subtags();
        assert_eq!(subtags, "deadbeef-00010203-04050607-08090a0b");
        assert_eq!(AppRequestId::from_subtags(&subtags), Some(id));
        for text in [
            "",
            "deadbeef",
            "deadbeef00010203-04050607-08090a0b",
            "DEADBEEF-00010203-04050607-08090a0b",
            "deadbeef-00010203-04050607-08090a0b-00",
            "deadbeef-00010203-04050607-08090a0g",
        ] {
            assert_eq!(AppRequestId::from_subtags(text), None, "{text}");
        }
    }
}
