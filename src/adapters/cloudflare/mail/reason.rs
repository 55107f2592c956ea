//! Makes a provider's text safe to log.

use crate::domain::policy::{MAIL_REASON_MAX_CHARS, MAIL_REASON_WORD_CHARS};

/// The text on one line, truncated, and without `secrets`. The secrets are found in upper and lower
/// case.
///
/// A provider might quote parts of the request in any spelling. So two kinds of word are removed
/// too: words with an at sign, and words that are as long as a key, a link or a ticket (the secret
/// in a link).
pub(super) fn printable(text: &str, secrets: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in secrets {
        text = without(&text, secret);
    }
    let mut printable = String::new();
    let mut word = String::new();
    for c in text.chars().chain([' ']) {
        let is_space = c.is_whitespace() || c.is_control();
        if is_space || "\"'`<>()[]{},;".contains(c) {
            printable.push_str(if is_private(&word) { "_" } else { &word });
            word.clear();
            if !is_space {
                printable.push(c);
            } else if !printable.ends_with(' ') {
                printable.push(' ');
            }
        } else {
            word.push(c);
        }
    }
    printable
        .trim()
        .chars()
        .take(MAIL_REASON_MAX_CHARS)
        .collect()
}

fn is_private(word: &str) -> bool {
    word.contains('@') || word.contains("%40") || word.chars().count() > MAIL_REASON_WORD_CHARS
}

fn without(text: &str, secret: &str) -> String {
    if secret.is_empty() {
        return text.to_owned();
    }
    // `lower` has the same length in bytes as the text, so positions in it are positions in the
    // text.
    let lower = text.to_ascii_lowercase();
    let secret = secret.to_ascii_lowercase();
    let mut kept = String::new();
    let mut from = 0;
    for (at, found) in lower.match_indices(&secret) {
        kept.push_str(text.get(from..at).unwrap_or_default());
        kept.push('_');
        from = at.saturating_add(found.len());
    }
    kept.push_str(text.get(from..).unwrap_or_default());
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_removed() {
        for (text, expected) in [
            ("key re_Secret is wrong", "key _ is wrong"),
            ("key RE_SECRET, re_secret", "key _, _"),
            ("xre_Secretx", "x_x"),
            ("o'brien@example.com is bad", "_ is bad"),
            ("O'Brien@Example.COM is bad", "_ is bad"),
            ("<other@example.com>: bad", "<_>: bad"),
            ("ada%40example.com: bad", "_ bad"),
            (
                "see https://app.example/reset#egl_0123456789012345678901234567890123456789 there",
                "see _ there",
            ),
            (
                "see https://resend.com/domains",
                "see https://resend.com/domains",
            ),
            (
                "email.sending.error.authentication.bad_token_type",
                "email.sending.error.authentication.bad_token_type",
            ),
            ("a\r\n b\u{0}c\u{85}d", "a b c d"),
            ("ünï re_secret ünï", "ünï _ ünï"),
            ("", ""),
        ] {
            assert_eq!(
                printable(text, &["re_Secret", "o'brien@example.com", ""]),
                expected
            );
        }
    }

    #[test]
    fn it_is_truncated_after_the_secrets_are_removed() {
        let text = "ab ".repeat(99) + "re_Secret";
        let cut = printable(&text, &["re_Secret"]);
        assert!(cut.ends_with("ab _"), "{cut}");
        assert_eq!(printable(&"é ".repeat(9_000), &[]).chars().count(), 300);
        let halved = "ab ".repeat(98) + "re_Secret";
        assert!(!printable(&halved, &["re_Secret"]).contains("re_"));
    }
}
