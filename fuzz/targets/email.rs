//! Reads email addresses. If the canonical form of an address is canonicalized again, it must not
//! change. An accepted address must not contain a character with which somebody could add lines to
//! the header of a mail.

use edgegate::domain::account::EmailAddress;
use edgegate::domain::policy::{EMAIL_BYTES, EMAIL_LOCAL_BYTES};

pub fn run(input: &[u8]) {
    let Some(text) = super::text(input) else {
        return;
    };
    let Ok(address) = EmailAddress::parse(text) else {
        return;
    };
    let given = address.as_given();
    assert_eq!(given, text.trim());
    let canonical = address.canonical();
    let read = EmailAddress::stored(given, canonical).expect("what was accepted is read");
    assert!(read == address);
    let again = EmailAddress::parse(canonical).expect("its own canonical form");
    assert_eq!(again.canonical(), canonical);
    assert_eq!(
        EmailAddress::parse(text).map(|other| other == address).ok(),
        Some(true)
    );
    for form in [given, canonical] {
        assert!(form.len() <= EMAIL_BYTES);
        assert_eq!(form.matches('@').count(), 1);
        let (local, domain) = form.split_once('@').unwrap();
        assert!((1..=EMAIL_LOCAL_BYTES).contains(&local.len()));
        assert!(domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.'));
        assert!(!form.contains(|c: char| c.is_control() || c.is_whitespace()));
        assert!(!form.contains(['<', '>', '(', ')', ',', ';', ':', '"', '\\', '[', ']', '%']));
    }
    let (local, domain) = canonical.split_once('@').unwrap();
    assert!(
        domain
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b))
    );
    assert!(!local.contains(|c: char| c.is_ascii_uppercase()));
    if text.is_ascii() {
        let shouted = EmailAddress::parse(&text.to_ascii_uppercase()).expect("in capitals");
        assert_eq!(shouted.canonical(), canonical);
    }
    assert_eq!(format!("{address:?}"), "_");
}
