//! Email addresses. An account has one address, and no two accounts have the same address.
//!
//! An address has two forms. Mail is sent to the address as it was given. The canonical form is
//! used to compare addresses: no two accounts have the same canonical form. To make it, ASCII
//! letters are mapped to lower case, the address is normalized to NFC, and each label of the domain
//! that is not ASCII is encoded as an IDNA A-label. Nothing else is mapped. Other software also
//! mapped upper case beyond ASCII and look-alike characters. As a result, the owner of a similar
//! address could take over an account (CVE-2019-19844).

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use idna::punycode;

use crate::idna::{is_exception, is_in_context, is_u_label, keeps_bidi_rule, needs_context};
use crate::limits::{EMAIL_BYTES, EMAIL_LOCAL_BYTES};
use crate::unicode::{Class, is, lowercase, nfc};

/// Why a text is not accepted as an email address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailError {
    /// The address has more than 254 bytes (RFC 5321 section 4.5.3.1.3), or more than 64 bytes
    /// before the at sign (section 4.5.3.1.1).
    TooLong,
    /// The text does not have exactly one at sign.
    AtSign,
    /// The local part is empty or has a character other than letters with their marks, digits and
    /// `!#$&'*+-/=?^_~.`.
    LocalPart,
    /// The local part begins or ends with a dot, or has two dots in a row.
    LocalDots,
    /// The domain is not a host name of at least two labels.
    Domain,
    /// A label of the domain is not valid in IDNA2008. For example, it is a label that IDNA would
    /// map to another label.
    DomainMapped,
}

impl EmailError {
    /// A stable snake_case code.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::AtSign => "not_one_at_sign",
            Self::LocalPart => "local_part",
            Self::LocalDots => "local_dots",
            Self::Domain => "domain",
            Self::DomainMapped => "domain_mapped",
        }
    }
}

impl fmt::Display for EmailError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

impl core::error::Error for EmailError {}

/// An email address, both as it was given and in its canonical form. `Debug` prints `_`.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailAddress {
    given: String,
    canonical: String,
}

impl EmailAddress {
    /// Reads an address. White space around the address is removed, because the keyboards of phones
    /// often add it. A display name, a comment, quotes, an address literal and a dot at the end are
    /// rejected.
    ///
    /// ```
    /// use edgegate_token::EmailAddress;
    ///
    /// let address = EmailAddress::parse("Ada@Bücher.example").unwrap();
    /// assert_eq!(address.as_given(), "Ada@Bücher.example");
    /// assert_eq!(address.canonical(), "ada@xn--bcher-kva.example");
    /// assert_eq!(EmailAddress::parse(" ada@example.com ").unwrap().as_given(), "ada@example.com");
    /// assert!(EmailAddress::parse("Ada <ada@example.com>").is_err());
    /// ```
    ///
    /// # Errors
    /// An [`EmailError`], which says what is wrong.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        if text.len() > EMAIL_BYTES {
            return Err(EmailError::TooLong);
        }
        let (local, domain) = text.split_once('@').ok_or(EmailError::AtSign)?;
        if domain.contains('@') {
            return Err(EmailError::AtSign);
        }
        let local = canonical_local_part(local)?;
        let domain = canonical_domain(domain)?;
        let canonical = [local.as_str(), "@", &domain].concat();
        if canonical.len() > EMAIL_BYTES {
            return Err(EmailError::TooLong);
        }
        Ok(Self {
            given: text.to_owned(),
            canonical,
        })
    }

    /// Reads an address that was accepted and stored earlier. The address is read even if the
    /// current rules would reject it. Otherwise accounts could no longer be read after a rule
    /// became stricter. `None` if a text has a length or a character that no version of the rules
    /// has ever accepted, or does not have exactly one at sign.
    ///
    /// ```
    /// use edgegate_token::EmailAddress;
    ///
    /// let address = EmailAddress::stored("Ada@example.com", "ada@example.com").unwrap();
    /// assert_eq!(address.canonical(), "ada@example.com");
    /// assert!(EmailAddress::stored("ada@example.com\n", "ada@example.com").is_none());
    /// ```
    #[must_use]
    pub fn stored(given: &str, canonical: &str) -> Option<Self> {
        let is_good = |c: char| match c {
            '@' => true,
            _ if c.is_ascii() => is_ascii_local(c),
            _ => !c.is_control() && !c.is_whitespace(),
        };
        let was_address = |text: &str| {
            text.len() <= EMAIL_BYTES
                && text.chars().all(is_good)
                && text.chars().filter(|c| *c == '@').count() == 1
        };
        (was_address(given) && was_address(canonical)).then(|| Self {
            given: given.to_owned(),
            canonical: canonical.to_owned(),
        })
    }

    /// The address as it was given, without the white space around it. This form is shown to
    /// people, and mail is sent to it.
    #[must_use]
    pub fn as_given(&self) -> &str {
        &self.given
    }

    /// The canonical form, by which addresses are compared.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

fn canonical_local_part(local: &str) -> Result<String, EmailError> {
    // Some characters beyond ASCII become ASCII in NFC. For example, U+212A KELVIN SIGN becomes the
    // letter K. The result would be the address of another mailbox.
    let becomes_ascii =
        |c: char| !c.is_ascii() && nfc(c.encode_utf8(&mut [0; 4])).contains(|c: char| c.is_ascii());
    let mut canonical = nfc(local);
    if canonical.is_empty() || !is_local_part(&canonical) || local.contains(becomes_ascii) {
        return Err(EmailError::LocalPart);
    }
    if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        return Err(EmailError::LocalDots);
    }
    canonical.make_ascii_lowercase();
    if local.len() > EMAIL_LOCAL_BYTES || canonical.len() > EMAIL_LOCAL_BYTES {
        return Err(EmailError::TooLong);
    }
    Ok(canonical)
}

/// Whether a local part has only allowed characters. The allowed ASCII characters are those of RFC
/// 5322 `atext` that no mail program or template treats specially. Beyond ASCII (RFC 6531 section
/// 3.3), the visible characters with which people write words are allowed: letters, their marks,
/// and numbers. Joiners and signs within words are allowed in the same places in which RFC 5892
/// allows them in a domain.
fn is_local_part(local: &str) -> bool {
    if local.is_ascii() {
        return local.chars().all(is_ascii_local);
    }
    let chars: Vec<char> = local.chars().collect();
    let mut previous = None;
    for (at, c) in chars.iter().copied().enumerate() {
        // A mark after punctuation would combine with the punctuation. A mark at the beginning
        // would combine with the character that is displayed before the address.
        let is_on_nothing =
            || previous.is_none_or(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric());
        let is_good = if c.is_ascii() {
            is_ascii_local(c)
        } else if needs_context(c) {
            is_in_context(&chars, at) || is(Class::Word, c)
        } else {
            is_exception(c) || is(Class::Word, c) && !(is(Class::Mark, c) && is_on_nothing())
        };
        if !is_good {
            return false;
        }
        previous = Some(c);
    }
    true
}

fn is_ascii_local(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$&'*+-/=?^_~.".contains(c)
}

fn canonical_domain(domain: &str) -> Result<String, EmailError> {
    let domain = nfc(&domain.to_ascii_lowercase());
    let given: Vec<&str> = domain.split('.').collect();
    let mut labels = Vec::new();
    for label in &given {
        labels.push(a_label(label)?);
    }
    let top_is_a_name = labels
        .last()
        .is_some_and(|top| top.bytes().any(|b| b.is_ascii_alphabetic()));
    if labels.len() >= 2
        && top_is_a_name
        && labels.iter().all(|label| is_host_label(label))
        && keeps_bidi_rule(&given)
    {
        Ok(labels.join("."))
    } else {
        Err(EmailError::Domain)
    }
}

fn is_host_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// The label as an A-label (RFC 5890 section 2.3.2.1).
fn a_label(label: &str) -> Result<String, EmailError> {
    if let Some(encoded) = label.strip_prefix("xn--") {
        let decoded = punycode::decode_to_string(encoded).ok_or(EmailError::Domain)?;
        let is_its_only_encoding = punycode::encode_str(&decoded).as_deref() == Some(encoded);
        return if !decoded.is_ascii() && is_its_only_encoding && is_registrable(&decoded) {
            Ok(label.to_owned())
        } else {
            Err(EmailError::Domain)
        };
    }
    if label.is_ascii() {
        return Ok(label.to_owned());
    }
    if !is_u_label(label) {
        return Err(EmailError::DomainMapped);
    }
    let encoded = punycode::encode_str(label).ok_or(EmailError::Domain)?;
    Ok(["xn--", &encoded].concat())
}

/// Whether it is possible that a domain registry has registered this label. Some registries
/// register labels that IDNA2008 does not allow, such as emoji, and there are mailboxes under such
/// domains. But a label with invisible characters is never accepted.
fn is_registrable(label: &str) -> bool {
    nfc(label) == label
        && (is_u_label(label)
            || (lowercase(label) == label
                && label.chars().all(|c| c.is_ascii() || is(Class::Visible, c))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn canonical(text: &str) -> Option<String> {
        EmailAddress::parse(text)
            .ok()
            .map(|address| address.canonical)
    }

    /// The vectors in `tests/vectors/emails` contain the expected result for each address.
    #[test]
    fn vectors() {
        let vectors: Value =
            serde_json::from_str(include_str!("../../../tests/vectors/emails/emails.json"))
                .unwrap();
        let mike = canonical("mike@example.org");
        let mut counted = 0;
        for vector in vectors["addresses"].as_array().unwrap() {
            let input = vector["input"].as_str().unwrap();
            let why = vector["why"].as_str().unwrap();
            let ours = canonical(input);
            let same = vector["same_account_as"].as_str().and_then(canonical);
            match vector["expect"].as_str().unwrap() {
                "accept" => {
                    assert!(ours.is_some(), "{input:?}: {why}");
                    assert!(same.is_none() || same == ours, "{input:?}: {why}");
                }
                "reject" => assert_eq!(ours, None, "{input:?}: {why}"),
                "distinct-or-reject" => {
                    assert_ne!(ours, mike, "{input:?}: {why}");
                    assert!(
                        ours.as_deref() != Some("strasse@example.org"),
                        "{input:?}: {why}"
                    );
                }
                "same-or-reject" | "either" => {
                    assert!(ours.is_none() || ours == same, "{input:?}: {why}");
                }
                other => panic!("{other}"),
            }
            counted += 1;
        }
        assert_eq!(counted, 55);
    }

    /// RFC 6531 section 3.3, RFC 5891 section 4.2: addresses in every script that people use are
    /// accepted. Addresses with invisible characters are rejected.
    #[test]
    fn addresses_in_every_script() {
        let vectors: Value =
            serde_json::from_str(include_str!("../../../tests/vectors/emails/scripts.json"))
                .unwrap();
        let vectors = vectors["addresses"].as_array().unwrap();
        for vector in vectors {
            let input = vector["input"].as_str().unwrap();
            let expected = vector["canonical"].as_str();
            let why = &vector["why"];
            assert_eq!(canonical(input).as_deref(), expected, "{input:?}: {why}");
            if let Some(expected) = expected {
                assert_eq!(canonical(expected).as_deref(), Some(expected), "{why}");
            }
        }
        assert!(vectors.len() >= 120, "{}", vectors.len());
    }

    #[test]
    fn white_space_around_an_address_is_dropped() {
        for text in [
            " ada@example.com",
            "ada@example.com\t\r\n",
            "\u{a0}ada@example.com\u{3000}",
        ] {
            let address = EmailAddress::parse(text).unwrap();
            assert_eq!(address.as_given(), "ada@example.com");
            assert_eq!(address.canonical(), "ada@example.com");
        }
        for text in [
            "ada @example.com",
            "ada@ example.com",
            "ada@example.com\u{200b}",
            "\u{feff}ada@example.com",
            " ",
        ] {
            assert_eq!(canonical(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_stored_address_is_read_although_the_rules_are_stricter_now() {
        let stored = "a@\u{640}\u{628}.example";
        assert_eq!(canonical(stored), None);
        let address = EmailAddress::stored(stored, "a@xn--mgb4e.example").unwrap();
        assert_eq!(address.as_given(), stored);
        assert_eq!(address.canonical(), "a@xn--mgb4e.example");
        for text in [
            "",
            "a",
            "a@b@c",
            "a@b\r\nBcc: c@d",
            "a @b",
            "<a@b>",
            "a,b@c",
            "a@b\u{85}",
            "a@b\u{80}",   // a control character that is not white space
            "a@b\u{3000}", // white space that is not a control character
        ] {
            assert!(EmailAddress::stored(text, "a@b").is_none(), "{text:?}");
            assert!(EmailAddress::stored("a@b", text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn mapped_spellings_of_a_domain_are_refused() {
        for text in [
            "a@B\u{dc}cher.example", // upper case beyond ASCII
            "a@exa\u{17f}mple.org",  // long s
            "a@\u{ff45}xample.org",  // full width
            "a@example\u{3002}org",  // ideographic full stop
            "a@xn--.example",
            "a@xn--a.example",
            "a@xn--80ak6aa92e.com\u{ad}",
        ] {
            assert!(EmailAddress::parse(text).is_err(), "{text:?}");
        }
        assert_eq!(
            canonical("a@b\u{fc}cher.example"),
            canonical("A@XN--Bcher-KVA.example")
        );
        assert_eq!(
            canonical("a@bu\u{308}cher.example"),
            canonical("a@b\u{fc}cher.example")
        );
        assert_eq!(
            canonical("a@fa\u{df}.example").unwrap(),
            "a@xn--fa-hia.example"
        );
    }

    #[test]
    fn signs_that_become_ascii_are_refused() {
        for c in ['\u{212a}', '\u{37e}', '\u{1fef}', '\u{2000}'] {
            assert_eq!(canonical(&format!("mi{c}e@example.org")), None);
        }
    }

    /// The limit of RFC 5321 section 4.5.3.1.1 applies to both forms of the address: as it was
    /// given, and the canonical form.
    #[test]
    fn a_local_part_is_short_enough_before_and_after_its_normalisation() {
        // "e" and an acute accent are 3 bytes. NFC makes one letter of 2 bytes of them.
        let shrinks = |count| "e\u{301}".repeat(count);
        // NFC splits this Devanagari letter of 3 bytes into two characters of 3 bytes.
        let grows = |count| "\u{958}".repeat(count);
        for (local, accepted) in [
            (shrinks(21), true),
            (shrinks(22), false),
            (grows(10), true),
            (grows(11), false),
        ] {
            let parsed = EmailAddress::parse(&format!("{local}@example.org"));
            let expected = if accepted {
                Ok(())
            } else {
                Err(EmailError::TooLong)
            };
            assert_eq!(parsed.map(|_| ()), expected, "{local}");
        }
    }

    #[test]
    fn an_address_literal_is_not_a_host() {
        for domain in ["127.0.0.1", "1.2", "example.123", "localhost", "a.b."] {
            assert_eq!(canonical(&format!("a@{domain}")), None, "{domain}");
        }
    }

    #[test]
    fn each_fault_has_its_reason() {
        let local = "a".repeat(EMAIL_LOCAL_BYTES);
        let label = "d".repeat(63);
        // The address has 64 + 1 + 189 bytes, so it is the longest possible one.
        let longest = format!("{local}@{label}.{label}.{}", "d".repeat(61));
        assert_eq!(longest.len(), EMAIL_BYTES);
        assert!(EmailAddress::parse(&longest).is_ok());
        for (text, reason) in [
            (format!("{longest}d"), "too_long"),
            (format!("a{local}@example.org"), "too_long"),
            // The address is short enough as it is given, but too long in the canonical form, which
            // has A-labels.
            (format!("{local}@{}org", "\u{fc}.".repeat(40)), "too_long"),
            (String::from("a.example.org"), "not_one_at_sign"),
            (String::from("a@b@example.org"), "not_one_at_sign"),
            (String::from("@example.org"), "local_part"),
            (String::from("a b@example.org"), "local_part"),
            (String::from(".a@example.org"), "local_dots"),
            (String::from("a.@example.org"), "local_dots"),
            (String::from("a..b@example.org"), "local_dots"),
            (String::from("a@org"), "domain"),
            (format!("a@{label}d.org"), "domain"),
            (String::from("a@-b.org"), "domain"),
            (String::from("a@b-.org"), "domain"),
            (String::from("a@b_c.org"), "domain"),
            (String::from("a@.org"), "domain"),
            (String::from("a@\u{ff45}.org"), "domain_mapped"),
        ] {
            let error = EmailAddress::parse(&text).unwrap_err();
            assert_eq!(error.reason(), reason, "{text}");
            assert_eq!(error.to_string(), reason);
        }
        let address = EmailAddress::parse("Ada@Example.org").unwrap();
        assert_eq!(address.as_given(), "Ada@Example.org");
    }

    #[test]
    fn debug_prints_nothing() {
        let address = EmailAddress::parse("ada@example.com").unwrap();
        assert_eq!(format!("{address:?}"), "_");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,80}") {
            let _ = EmailAddress::parse(&text);
            let _ = EmailAddress::parse(&format!("{text}@example.org"));
            let _ = EmailAddress::parse(&format!("a@{text}.org"));
        }

        #[test]
        fn canonical_is_canonical(local in "[a-zA-Z0-9é\u{e4}ß.+]{1,20}", domain in "[a-zA-Z0-9ü-]{1,20}\\.(org|example|xn--p1ai)") {
            if let Ok(address) = EmailAddress::parse(&format!("{local}@{domain}")) {
                let again = EmailAddress::parse(address.canonical()).unwrap();
                prop_assert_eq!(again.canonical(), address.canonical());
            }
        }
    }
}
