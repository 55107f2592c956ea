//! Passwords: which passwords may be chosen, and in which form their hashes are stored.
//!
//! NIST SP 800-63B-4 section 3.1.1.2 asks services to require a minimum length and to reject common
//! passwords, but not to have composition rules. A password is prepared as an OpaqueString (RFC
//! 8265 section 4.2.2), so that every keyboard and system gives the same text for the same
//! password: spaces other than U+0020 become U+0020, and the text becomes NFC. Apart from that, a
//! password is used exactly as typed.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::ContextWords;
use super::EmailAddress;
use super::HashRefusal;
use super::common_passwords::is_common;
use crate::domain::policy::PASSWORD_MAX_CHARS;
use crate::domain::secret::constant_time_eq;
use edgegate_token::unicode::{breaks_line, lowercase, nfc};

/// The rules for new passwords.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// The minimum length, in characters.
    pub min_length: usize,
    /// Context words, such as the name of the service. A password that consists mostly of such
    /// words is rejected.
    pub context: ContextWords,
}

/// Why a new password is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    TooShort,
    /// More than 128 characters.
    TooLong,
    /// The password is one of 11,611 common passwords. Or it has fewer than 15 characters and is
    /// mistaken for a common password, which happens to one in 363 passwords of this length.
    TooCommon,
    /// The password contains the account's email address.
    ContainsAddress,
    /// The password consists mostly of context words: the name of the service, the names of its
    /// hosts, or the words of the account's address.
    ContextWord,
    /// The password is known from a breach. The service checks this only if the setting
    /// `BREACHED_PASSWORDS` is set.
    Breached,
}

impl Weakness {
    /// A stable name for the reason, in `snake_case`.
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

/// The error for a password of more than 128 characters. Nobody can have chosen such a password in
/// this service, because a new password may not be longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordTooLong;

/// A password in its prepared form, with at most 128 characters. `Debug` prints `_`. The text is
/// wiped from memory when the value is dropped.
#[derive(Clone)]
pub struct Password {
    prepared: Zeroizing<String>,
    /// The password in NFC, with its spaces as typed. `None` if it has no spaces other than U+0020.
    with_spaces_as_typed: Option<Zeroizing<String>>,
    /// The password as typed. `None` if the typed text is already NFC.
    as_typed: Option<Zeroizing<String>>,
}

impl Password {
    /// Reads the password that someone enters to sign in. Only its length is checked, because the
    /// rules for new passwords don't apply.
    ///
    /// # Errors
    /// The password has more than 128 characters.
    pub fn for_login(text: &str) -> Result<Self, PasswordTooLong> {
        bounded(text).ok_or(PasswordTooLong)
    }

    /// Reads a new password that someone chooses, and checks it against the rules for new
    /// passwords.
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
    /// All weaknesses of the password at once, so that the user can avoid all of them in the next
    /// attempt.
    pub fn choose(
        text: &str,
        policy: &PasswordPolicy,
        address: Option<&EmailAddress>,
    ) -> Result<Self, Vec<Weakness>> {
        let Some(password) = bounded(text) else {
            return Err(vec![Weakness::TooLong]);
        };
        let lower = Zeroizing::new(lowercase(&password.prepared));
        let contains_address = address.is_some_and(|address| {
            lower.contains(address.canonical()) || lower.contains(&lowercase(address.as_given()))
        });
        let found = [
            (
                password.prepared.chars().count() < policy.min_length,
                Weakness::TooShort,
            ),
            (is_common(&lower), Weakness::TooCommon),
            (contains_address, Weakness::ContainsAddress),
            (
                // If the password contains the address, only `ContainsAddress` is reported.
                !contains_address && policy.context.are_most_of(&lower, address),
                Weakness::ContextWord,
            ),
        ];
        let weaknesses: Vec<_> = found
            .into_iter()
            .filter_map(|(is, weakness)| is.then_some(weakness))
            .collect();
        if weaknesses.is_empty() {
            Ok(password)
        } else {
            Err(weaknesses)
        }
    }

    /// The bytes to hash.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.prepared.as_bytes()
    }

    /// The password with its spaces as typed, if it has spaces other than U+0020. Earlier versions
    /// of the service hashed passwords in this form.
    #[must_use]
    pub fn with_spaces_as_typed(&self) -> Option<Self> {
        let typed = self.with_spaces_as_typed.as_ref()?;
        Some(Self {
            prepared: typed.clone(),
            with_spaces_as_typed: None,
            as_typed: None,
        })
    }

    /// The text as it was typed. [`for_login`](Self::for_login) makes the same password from this
    /// text. The text is needed to verify imported hashes, because other systems hash a password as
    /// it was typed.
    #[must_use]
    pub fn as_typed(&self) -> &str {
        let typed = self.as_typed.as_ref();
        typed
            .or(self.with_spaces_as_typed.as_ref())
            .unwrap_or(&self.prepared)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

/// Prepares a password. `None` if it is too long: more than 128 characters in NFC, or more bytes
/// than 128 characters can have.
fn bounded(text: &str) -> Option<Password> {
    // A character has at most four bytes, so a text with more bytes than this has too many
    // characters. It is rejected before the service spends time on normalising it.
    if text.len() > PASSWORD_MAX_CHARS.saturating_mul(4) {
        return None;
    }
    let normal = Zeroizing::new(nfc(text));
    if normal.chars().count() > PASSWORD_MAX_CHARS {
        return None;
    }
    let as_typed = (*normal != text).then(|| Zeroizing::new(text.to_owned()));
    if !normal.contains(is_other_space) {
        return Some(Password {
            prepared: normal,
            with_spaces_as_typed: None,
            as_typed,
        });
    }
    // NFC never combines a space with another character, so the text is still NFC after its spaces
    // are replaced.
    let map = |c| if is_other_space(c) { ' ' } else { c };
    Some(Password {
        prepared: Zeroizing::new(normal.chars().map(map).collect()),
        with_spaces_as_typed: Some(normal),
        as_typed,
    })
}

/// A space separator (general category Zs) other than U+0020, such as the no-break space of a
/// German keyboard or the ideographic space of a Japanese one.
fn is_other_space(c: char) -> bool {
    !c.is_ascii() && c.is_whitespace() && !breaks_line(c)
}

/// A stored hash: a PHC string, or a hash that another system made. `Debug` prints `_`.
#[derive(Clone)]
pub struct PasswordHash(String);

constant_time_eq! {
    Password => |it| it.as_bytes(),
    PasswordHash => |it| it.0.as_bytes(),
}

impl PasswordHash {
    /// Wraps a stored text without checking it. The text is checked when a password is compared
    /// with it.
    #[must_use]
    pub fn new(phc: String) -> Self {
        Self(phc)
    }

    /// The value for an account without a password. Nobody can sign in with a password until a
    /// mailed link was used to set one.
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
        /// True if the hash was made with other parameters or another pepper than the current ones,
        /// so it should be replaced.
        rehash: bool,
    },
    Differs,
}

/// Why a hash could not be made or compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HashError {
    /// The stored text has no supported form, or is malformed.
    Malformed,
    /// The parameters in the stored text ask for more memory, time or output than the limits allow.
    TooCostly,
    /// The hash was made with a pepper that is not configured.
    UnknownPepper,
    /// The hash was made by Firebase, and Firebase's signer key is not configured.
    NoSignerKey,
    Failed,
}

impl fmt::Display for HashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "the stored hash is malformed",
            Self::UnknownPepper => {
                "the stored hash was made with a pepper that PEPPERS does not hold"
            }
            Self::NoSignerKey => {
                "the stored hash is Firebase's, and FIREBASE_SIGNER_KEY is not set"
            }
            Self::TooCostly => "the stored hash asks for too much",
            Self::Failed => "the hash could not be computed",
        })
    }
}

impl std::error::Error for HashError {}

impl From<HashRefusal> for HashError {
    fn from(refusal: HashRefusal) -> Self {
        match refusal {
            HashRefusal::TooCostly => Self::TooCostly,
            HashRefusal::NoSignerKey => Self::NoSignerKey,
            HashRefusal::UnknownPepper => Self::UnknownPepper,
            HashRefusal::Weak
            | HashRefusal::Malformed
            | HashRefusal::UnknownForm
            | HashRefusal::SignerKeyInRow => Self::Malformed,
        }
    }
}

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
        // An e with an accent counts as one character, even if it is typed as two code points.
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
            ("a b", "ab"),
            ("a b", "a\tb"),
            ("a b", "a\u{2028}b"),
            ("a b", "a\u{200b}b"),
        ] {
            assert!(login(a) != login(b));
        }
    }

    /// RFC 8265 section 4.2.2, rule 2: every character of the general category Zs becomes U+0020.
    #[test]
    fn other_spaces_are_spaces() {
        let zs = "\u{a0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}\u{2007}\
                  \u{2008}\u{2009}\u{200a}\u{202f}\u{205f}\u{3000}";
        let plain = Password::for_login("correct horse battery staple").unwrap();
        assert!(plain.with_spaces_as_typed().is_none());
        for space in zs.chars() {
            let text = "correct horse battery staple".replace(' ', &space.to_string());
            let typed = Password::for_login(&text).unwrap();
            assert!(typed == plain, "{space:?}");
            let chosen = Password::choose(&text, &policy(15), None).unwrap();
            assert_eq!(chosen.as_bytes(), plain.as_bytes());
            let before = typed.with_spaces_as_typed().unwrap();
            assert_eq!(before.as_bytes(), nfc(&text).as_bytes());
            let again = Password::for_login(typed.as_typed()).unwrap();
            assert!(again == typed && again.with_spaces_as_typed().unwrap() == before);
        }
        let all = ('\0'..=char::MAX).filter(|c| is_other_space(*c));
        assert_eq!(all.collect::<String>(), zs);
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
