//! The beginning of an email address. It is used to search for accounts.

use crate::domain::error::FieldProblem;
use crate::domain::policy::EMAIL_BYTES;
use edgegate_token::unicode::{breaks_line, nfc};

/// The beginning of an address in its canonical form: NFC, ASCII letters in lower case. To find a
/// domain with characters other than ASCII, the prefix must contain its A-label (`xn--…`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailPrefix(String);

impl EmailPrefix {
    /// Reads a prefix that a person typed. White space around it is removed.
    ///
    /// # Errors
    /// The prefix is empty, is longer than an address may be, or contains a control character.
    pub fn parse(text: &str) -> Result<Self, FieldProblem> {
        let text = text.trim();
        if text.is_empty() {
            return Err(FieldProblem::Empty);
        }
        if text.len() > EMAIL_BYTES {
            return Err(FieldProblem::TooLong);
        }
        if text.chars().any(breaks_line) {
            return Err(FieldProblem::Invalid("control_character"));
        }
        Ok(Self(nfc(text).to_ascii_lowercase()))
    }

    /// The prefix as text. It is compared with the canonical forms of addresses.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_has_the_canonical_form_of_addresses() {
        let read = |text| EmailPrefix::parse(text).unwrap();
        assert_eq!(read(" Ada@EX ").as_str(), "ada@ex");
        assert_eq!(read("a").as_str(), "a");
        assert_eq!(read("Jose\u{301}").as_str(), "jos\u{e9}");
        // Letters outside ASCII keep their case, as they do in the canonical form of an address.
        assert_eq!(read("\u{c9}mile").as_str(), "\u{c9}mile");
        assert_eq!(read("%_").as_str(), "%_");
    }

    #[test]
    fn a_text_that_no_address_begins_with_is_rejected() {
        for (text, why) in [
            ("", FieldProblem::Empty),
            (" \t", FieldProblem::Empty),
            (&"a".repeat(255), FieldProblem::TooLong),
            ("a\u{0}b", FieldProblem::Invalid("control_character")),
            ("a\nb", FieldProblem::Invalid("control_character")),
        ] {
            assert_eq!(EmailPrefix::parse(text), Err(why), "{text:?}");
        }
    }
}
