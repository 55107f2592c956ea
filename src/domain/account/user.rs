//! The user, and the parts of one.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{EmailAddress, PasswordHash};
use crate::domain::id;
use crate::domain::policy::{ADMIN_ROLE, NAME_MAX_CHARS, ROLE_MAX_CHARS, ROLES_MAX};
use edgegate_token::unicode::{breaks_line, nfc};

/// A user's id: a UUIDv7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UserId(#[serde(with = "id")] uuid::Uuid);

impl UserId {
    /// A new id from the time (milliseconds since 1970) and ten random bytes (RFC 9562 section 5.7).
    #[must_use]
    pub fn new(now_ms: u64, random: &[u8; 10]) -> Self {
        Self(id::new(now_ms, random))
    }

    /// Reads the one form in which ids are written: lower case, hyphens.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        id::parse(text).map(Self)
    }

    /// The id from its sixteen bytes; `None` unless they are a UUIDv7.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Option<Self> {
        id::from_bytes(bytes).map(Self)
    }

    /// The sixteen bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// A given or family name: NFC, 1 to 100 characters, none of them a control character. `Debug` prints `_`.
#[derive(Clone, PartialEq, Eq)]
pub struct Name(String);

/// Why a text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameError {
    /// Nothing, or white space only.
    Empty,
    /// Over 100 characters.
    TooLong,
    /// A control character, a line break among them.
    ControlCharacter,
}

impl NameError {
    /// A stable reason, `snake_case`.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLong => "too_long",
            Self::ControlCharacter => "control_character",
        }
    }
}

impl Name {
    /// Reads a name.
    ///
    /// # Errors
    /// When it is empty, too long, or has a control character.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.trim().is_empty() {
            return Err(NameError::Empty);
        }
        let is_too_long = |text: &str| text.chars().count() > NAME_MAX_CHARS;
        if is_too_long(text) {
            return Err(NameError::TooLong);
        }
        if text.chars().any(breaks_line) {
            return Err(NameError::ControlCharacter);
        }
        // U+0344 is two characters in NFC: a name that grew past the limit would be no name when a link or a job is read.
        let name = nfc(text);
        if is_too_long(&name) {
            return Err(NameError::TooLong);
        }
        Ok(Self(name))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

/// Roles: sorted, each once, at most 32 of 1 to 64 characters out of letters, digits and `_.:/-`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles(Vec<String>);

/// Why a list is not one of roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RolesError {
    /// More than 32.
    TooMany,
    /// An empty one.
    Empty,
    /// One of over 64 characters.
    TooLong,
    /// A character other than ASCII letters, digits and `_.:/-`.
    Character,
}

impl RolesError {
    /// A stable reason, `snake_case`.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::TooMany => "too_many",
            Self::Empty => "empty",
            Self::TooLong => "too_long",
            Self::Character => "character",
        }
    }
}

impl Roles {
    /// Reads roles, in any order; repeats count once.
    ///
    /// # Errors
    /// When there are too many, or one of them is not a role.
    pub fn new(mut roles: Vec<String>) -> Result<Self, RolesError> {
        for role in &roles {
            if role.is_empty() {
                return Err(RolesError::Empty);
            }
            if role.len() > ROLE_MAX_CHARS {
                return Err(RolesError::TooLong);
            }
            if !role
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_.:/-".contains(&b))
            {
                return Err(RolesError::Character);
            }
        }
        roles.sort_unstable();
        roles.dedup();
        if roles.len() > ROLES_MAX {
            return Err(RolesError::TooMany);
        }
        Ok(Self(roles))
    }

    /// The one role of a new user: `user`.
    #[must_use]
    pub fn user() -> Self {
        Self(vec!["user".to_owned()])
    }

    /// Whether the role is one of them.
    #[must_use]
    pub fn contains(&self, role: &str) -> bool {
        self.0.iter().any(|own| own == role)
    }

    /// The roles, sorted.
    #[must_use]
    pub fn to_vec(&self) -> Vec<String> {
        self.0.clone()
    }
}

/// A random number of the account that is part of its links, so that nobody who knows the ticket
/// secret alone can make one. It never changes. `Debug` prints `_`.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkNonce(String);

impl LinkNonce {
    /// A new one from random bytes.
    #[must_use]
    pub fn new(random: &[u8; 16]) -> Self {
        Self(base16ct::lower::encode_string(random))
    }

    /// Takes a stored text as it is. It is empty for an account that a version before this column
    /// made after the migration.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The stored text: 32 hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for LinkNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

/// A user, as the directory keeps them. All times in seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The address.
    pub email: EmailAddress,
    /// What is kept of the password.
    pub password_hash: PasswordHash,
    /// The given name.
    pub first_name: Option<Name>,
    /// The family name.
    pub last_name: Option<Name>,
    /// What the user may do.
    pub roles: Roles,
    /// When the user showed that the address is theirs.
    pub email_verified_at: Option<u64>,
    /// When the account was disabled.
    pub disabled_at: Option<u64>,
    /// Moved by what ends every session; sessions of another epoch do not renew.
    pub session_epoch: u32,
    /// Moved by every change; access tokens with a smaller `ver` count no more.
    pub version: u64,
    /// Part of every link to the account. It only grows: links from before a change that spoils
    /// them never work again, even when the account is as it was.
    pub link_generation: u64,
    /// Part of every link to the account.
    pub link_nonce: LinkNonce,
    /// When the account was made.
    pub created_at: u64,
    /// When it was changed last.
    pub updated_at: u64,
}

impl User {
    /// Whether the user can sign in with a password; an invited one can't before they have chosen it.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.password_hash != PasswordHash::none()
    }
}

impl User {
    /// Whether the user may manage others now: the account is enabled and has the admin role.
    #[must_use]
    pub fn is_enabled_administrator(&self) -> bool {
        self.disabled_at.is_none() && self.roles.contains(ADMIN_ROLE)
    }

    /// The same, and the user can sign in. An invited administrator without a password can't: if the
    /// invitation went to a wrong address, they never will.
    #[must_use]
    pub fn is_administrator_who_can_sign_in(&self) -> bool {
        self.is_enabled_administrator() && self.has_password()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(roles: &[&str]) -> Result<Vec<String>, RolesError> {
        Roles::new(roles.iter().map(|role| (*role).to_owned()).collect())
            .map(|roles| roles.to_vec())
    }

    /// Found by fuzzing.
    #[test]
    fn a_name_that_is_read_is_read_again() {
        let grows = |times: usize| "\u{344}".repeat(times);
        assert_eq!(Name::parse(&grows(51)), Err(NameError::TooLong));
        let name = Name::parse(&grows(50)).unwrap();
        assert_eq!(name.as_str().chars().count(), NAME_MAX_CHARS);
        assert_eq!(Name::parse(name.as_str()), Ok(name));
    }

    #[test]
    fn roles_are_a_sorted_set() {
        assert_eq!(
            roles(&["user", "admin", "user"]).unwrap(),
            ["admin", "user"]
        );
        assert_eq!(roles(&[]).unwrap(), Vec::<String>::new());
        assert_eq!(roles(&[""]), Err(RolesError::Empty));
        assert_eq!(roles(&["a b"]), Err(RolesError::Character));
        assert_eq!(roles(&["\u{e4}"]), Err(RolesError::Character));
        assert_eq!(roles(&[&"a".repeat(65)]), Err(RolesError::TooLong));
        let many: Vec<String> = (0..33).map(|n| format!("r{n}")).collect();
        assert_eq!(Roles::new(many), Err(RolesError::TooMany));
    }

    #[test]
    fn names() {
        assert_eq!(Name::parse("Zoe\u{308}").unwrap().as_str(), "Zo\u{eb}");
        assert_eq!(Name::parse(" "), Err(NameError::Empty));
        assert_eq!(Name::parse("a\r\nBcc: x"), Err(NameError::ControlCharacter));
        assert_eq!(Name::parse(&"a".repeat(101)), Err(NameError::TooLong));
    }

    #[test]
    fn ids_have_one_spelling() {
        let id = UserId::new(1_764_000_000_000, &[1; 10]);
        assert_eq!(UserId::parse(&id.to_string()), Some(id));
        assert_eq!(UserId::parse(&id.to_string().to_uppercase()), None);
        assert_eq!(UserId::parse(&format!("{{{id}}}")), None);
        assert_eq!(UserId::parse(&id.to_string().replace('-', "")), None);
        assert_eq!(UserId::from_bytes(*id.as_bytes()), Some(id));
        assert_eq!(UserId::from_bytes([0; 16]), None);
    }
}
