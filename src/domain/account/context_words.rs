//! Words that an attacker tries first when they guess a password at this service: the name of the
//! service, the names of its hosts, and the words of the account's email address (NIST SP 800-63B-4
//! section 3.1.1.2; OWASP ASVS 6.1.2, 6.2.11).

use zeroize::Zeroizing;

use super::EmailAddress;
use crate::domain::policy::{CONTEXT_WORD_CHARS, PASSWORD_MIN_LENGTH_FLOOR};
use edgegate_token::unicode::{lowercase, nfc};

/// The words of the service, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextWords(Vec<String>);

impl ContextWords {
    /// The words of the product's name and of `edgegate`, and the labels of the host of each
    /// origin, except its last label (such as `com`).
    #[must_use]
    pub fn of(product: &str, origins: &[&str]) -> Self {
        let mut words = Vec::new();
        add_words(&mut words, "edgegate");
        add_words(&mut words, &nfc(product));
        for origin in origins {
            let (_, rest) = origin.split_once("://").unwrap_or(("", origin));
            let host = rest.split([':', '/']).next().unwrap_or_default();
            add_labels(&mut words, host);
        }
        Self(words)
    }

    /// Whether a password consists mostly of these words and of the words of the account's address.
    /// The answer is yes if the password contains at least one such word, and if fewer than eight
    /// letters remain when all such words are removed. So a longer phrase that contains such a word
    /// is allowed. `lower` is the password in lower case.
    pub(super) fn are_most_of(&self, lower: &str, address: Option<&EmailAddress>) -> bool {
        let mut words = self.0.clone();
        if let Some((local, domain)) =
            address.and_then(|address| address.canonical().split_once('@'))
        {
            add_words(&mut words, local);
            add_labels(&mut words, domain);
        }
        // The words are removed from the longest to the shortest, because removing a shorter word
        // first could break up a longer word that contains it.
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        let mut rest = Zeroizing::new(lower.to_owned());
        for word in &words {
            if rest.contains(word) {
                // This assignment drops the old `Zeroizing` value, which wipes the previous copy of
                // the password from memory.
                rest = Zeroizing::new(rest.replace(word, " "));
            }
        }
        *rest != lower && rest.chars().filter(is_letter).count() < PASSWORD_MIN_LENGTH_FLOOR
    }
}

/// Adds the words of all labels of a host, except those of the last label.
fn add_labels(words: &mut Vec<String>, host: &str) {
    for label in host.rsplit('.').skip(1) {
        add_words(words, label);
    }
}

fn add_words(words: &mut Vec<String>, text: &str) {
    let parts = text.split(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric());
    let fit = parts.filter(|part| {
        part.chars().count() >= CONTEXT_WORD_CHARS && part.chars().any(|c| is_letter(&c))
    });
    words.extend(fit.map(lowercase));
}

/// A letter of any script. Every character that is not ASCII is treated as a letter.
fn is_letter(c: &char) -> bool {
    c.is_ascii_alphabetic() || !c.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn are_most_of(password: &str) -> bool {
        let address = EmailAddress::parse("Ada.Lovelace@mail.the-numbers.example").unwrap();
        let origins = ["https://auth.example.com", "http://127.0.0.1:8787"];
        ContextWords::of("Ada's Analytical Engines 1843", &origins)
            .are_most_of(&lowercase(password), Some(&address))
    }

    #[test]
    fn passwords_of_little_but_context_words_are_rejected() {
        for password in [
            "edgegate",
            "EdgegateEdgegate",
            "edgegate-winter-26!",
            "example2026!!!!!!",
            "my.Example.Password".trim_end_matches("Password"),
            "adalovelace1815!",
            "ada.lovelace@mail",
            "numbersnumbers2026",
            "Analytical-Engines-1",
        ] {
            assert!(are_most_of(password), "{password}");
        }
    }

    #[test]
    fn a_phrase_that_contains_a_context_word_is_accepted() {
        for password in [
            "correct horse battery staple",
            "my edgegate password is a long one",
            "an example of eight winter nights",
            "lovelace wrote the first program",
            "Tr0ub4dor&3-example-x9Zqw",
            // The words in these passwords are not context words: labels of fewer than four
            // letters, numbers, and the last label of a host.
            "127.0.0.1:8787 and com and 0",
            "ada ada 1815 1852",
            "1843-1843-1843",
            "Tr0ub4dor&3-x9Zqw-the-ada",
            "пример длинного пароля example",
        ] {
            assert!(!are_most_of(password), "{password}");
        }
    }
}
