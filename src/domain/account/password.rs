//! Passwords: which may be chosen, and what is stored of them.
//!
//! NIST SP 800-63B-4 section 3.1.1.2 asks for a minimum length and a list of common passwords, and
//! no composition rules. A password is normalised, so that it is the same on every system, and
//! otherwise used exactly as typed.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::ContextWords;
use super::EmailAddress;
use super::common_passwords::is_common;
use crate::domain::policy::PASSWORD_MAX_CHARS;
use crate::domain::secret::constant_time_eq;
use edgegate_token::unicode::{lowercase, nfc};

/// The rules for new passwords.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// In characters.
    pub min_length: usize,
    /// Words that a password must not mainly consist of.
    pub context: ContextWords,
}

/// Why a new password is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    TooShort,
    /// More than 128 characters.
    TooLong,
    /// It is one of 11,611 common passwords. Of other passwords with fewer than 15 characters, one
    /// in 363 is mistaken for one.
    TooCommon,
    /// It contains the account's address.
    ContainsAddress,
    /// It is little more than a context word: the name of the service, of its host, or of the
    /// account.
    ContextWord,
    /// It is known from a breach. Checked only if the setting `BREACHED_PASSWORDS` is set.
    Breached,
}

impl Weakness {
    /// A stable reason, `snake_case`.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
            Self::TooCommon => "too_common",
            Self::ContainsAddress => "contains_address",
            Self::ContextWord => "context_word",
            Self::Breached => "breached",
        }
    }
}

/// A password of more than 128 characters, which nobody can have chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordTooLong;

/// A password, normalised and of limited length. `Debug` prints `_`; it is wiped when dropped.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// A password that someone signs in with. Only one that is too long to have been chosen is
    /// rejected.
    ///
    /// # Errors
    /// It has more than 128 characters.
    pub fn for_login(text: &str) -> Result<Self, PasswordTooLong> {
        bounded(text).map(Self).ok_or(PasswordTooLong)
    }

    /// A new password that someone chooses.
    ///
    /// ```
    /// use edgegate::domain::account::{ContextWords, Password, PasswordPolicy, Weakness};
    ///
    /// let context = ContextWords::of("", &["https://auth.example.com"]);
    /// let policy = PasswordPolicy { min_length: 15, context };
    /// assert!(Password::choose("correct horse battery staple", &policy, None).is_ok());
    /// assert_eq!(Password::choose("tr0ub4dor&3", &policy, None).unwrap_err(), [Weakness::TooShort]);
    /// ```
    ///
    /// # Errors
    /// All weaknesses together, so that the next attempt can succeed.
    pub fn choose(
        text: &str,
        policy: &PasswordPolicy,
        address: Option<&EmailAddress>,
    ) -> Result<Self, Vec<Weakness>> {
        let Some(password) = bounded(text) else {
            return Err(vec![Weakness::TooLong]);
        };
        let lower = Zeroizing::new(lowercase(&password));
        let contains_address = address.is_some_and(|address| {
            lower.contains(address.canonical()) || lower.contains(&lowercase(address.as_given()))
        });
        let found = [
            (
                password.chars().count() < policy.min_length,
                Weakness::TooShort,
            ),
            (is_common(&lower), Weakness::TooCommon),
            (contains_address, Weakness::ContainsAddress),
            (
                // If it contains the address, only that is reported.
                !contains_address && policy.context.are_most_of(&lower, address),
                Weakness::ContextWord,
            ),
        ];
        let weaknesses: Vec<_> = found
            .into_iter()
            .filter_map(|(is, weakness)| is.then_some(weakness))
            .collect();
        if weaknesses.is_empty() {
            Ok(Self(password))
        } else {
            Err(weaknesses)
        }
    }

    /// The bytes to hash.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

/// NFC, when there are at most 128 characters before and after.
fn bounded(text: &str) -> Option<Zeroizing<String>> {
    // A character has at most four bytes. Nothing longer is normalised.
    if text.len() > PASSWORD_MAX_CHARS.saturating_mul(4) {
        return None;
    }
    let normal = Zeroizing::new(nfc(text));
    (normal.chars().count() <= PASSWORD_MAX_CHARS).then_some(normal)
}

/// A stored hash: a PHC string. `Debug` prints `_`.
#[derive(Clone)]
pub struct PasswordHash(String);

constant_time_eq! {
    Password => |it| it.as_bytes(),
    PasswordHash => |it| it.0.as_bytes(),
}

impl PasswordHash {
    /// Wraps a stored text without checking it. It is checked when a password is verified.
    #[must_use]
    pub fn new(phc: String) -> Self {
        Self(phc)
    }

    /// No password: nobody can sign in until a link has set one.
    #[must_use]
    pub fn none() -> Self {
        Self("!".to_owned())
    }

    /// The stored text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

/// The result of comparing a password with a hash.
pub type Comparison = Result<Verification, HashError>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verification {
    Matches {
        /// The hash was made with other parameters, or another pepper, than the current ones.
        rehash: bool,
    },
    Differs,
}

/// Why a hash could not be made or compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HashError {
    /// The stored text is not a PHC string of Argon2id.
    Malformed,
    /// The stored text asks for more memory, time or output than the limits.
    TooCostly,
    /// It was made with a pepper that is not configured.
    UnknownPepper,
    Failed,
}

impl fmt::Display for HashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "the stored hash is malformed",
            Self::UnknownPepper => {
                "the stored hash was made with a pepper that PEPPERS does not hold"
            }
            Self::TooCostly => "the stored hash asks for too much",
            Self::Failed => "the hash could not be computed",
        })
    }
}

impl std::error::Error for HashError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(min_length: usize) -> PasswordPolicy {
        let context = ContextWords::of("", &["https://auth.example.com"]);
        PasswordPolicy {
            min_length,
            context,
        }
    }

    fn weaknesses(text: &str) -> Vec<Weakness> {
        let address = EmailAddress::parse("Ada@example.com").unwrap();
        Password::choose(text, &policy(15), Some(&address))
            .err()
            .unwrap_or_default()
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert_eq!(weaknesses(&"a".repeat(14)), [Weakness::TooShort]);
        assert_eq!(weaknesses(&"\u{1f600}".repeat(15)), []);
        assert_eq!(weaknesses(&"\u{1f600}".repeat(128)), []);
        assert_eq!(weaknesses(&"a".repeat(129)), [Weakness::TooLong]);
        assert_eq!(weaknesses(&"a".repeat(1_000_000)), [Weakness::TooLong]);
        // Composed or decomposed, an e with an accent is one character.
        assert_eq!(weaknesses(&"e\u{301}".repeat(14)), [Weakness::TooShort]);
    }

    #[test]
    fn common_passwords_and_the_address_are_rejected() {
        let short = policy(8);
        for text in ["password", "PassWord", "12345678", "iloveyou"] {
            assert_eq!(
                Password::choose(text, &short, None).unwrap_err(),
                [Weakness::TooCommon],
                "{text}"
            );
        }
        for text in [
            "I am ada@example.com and more",
            "ADA@EXAMPLE.COM and many more",
        ] {
            assert_eq!(weaknesses(text), [Weakness::ContainsAddress], "{text}");
        }
        assert_eq!(weaknesses("edgegate-2026!!"), [Weakness::ContextWord]);
        assert_eq!(weaknesses("my edgegate is a fine password"), []);
    }

    #[test]
    fn passwords_are_normalised_and_otherwise_used_as_typed() {
        let login = |text: &str| Password::for_login(text).unwrap();
        assert!(login("caf\u{e9}") == login("cafe\u{301}"));
        for (a, b) in [
            ("pass", "Pass"),
            ("pass", "pass "),
            ("pass", " pass"),
            ("\u{fb01}", "fi"),
        ] {
            assert!(login(a) != login(b));
        }
    }

    #[test]
    fn debug_prints_nothing() {
        assert_eq!(format!("{:?}", Password::for_login("secret").unwrap()), "_");
        assert_eq!(
            format!("{:?}", PasswordHash::new("$argon2id$".to_owned())),
            "_"
        );
    }
}
