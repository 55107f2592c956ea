//! A user and the types of its fields.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{EmailAddress, ExternalId, PasswordHash};
use crate::domain::id;
use crate::domain::policy::{ADMIN_ROLE, NAME_MAX_CHARS, ROLE_MAX_CHARS, ROLES_MAX};
use edgegate_token::unicode::{breaks_line, nfc};

/// A user's id. Normally it is a UUIDv7. An imported account can have a UUID that another system
/// gave it. Such a UUID can be of any version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UserId(#[serde(with = "id::of_any_version")] uuid::Uuid);

impl UserId {
    /// Makes a new id from the current time, in milliseconds since 1970, and ten random bytes (RFC
    /// 9562 section 5.7).
    #[must_use]
    pub fn new(now_ms: u64, random: &[u8; 10]) -> Self {
        Self(id::new(now_ms, random))
    }

    /// Reads an id in its only accepted spelling: lower case, with hyphens.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        id::of_any_version::parse(text).map(Self)
    }

    /// The id that consists of these bytes. `None` unless the bytes are a UUID.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Option<Self> {
        id::of_any_version::from_bytes(bytes).map(Self)
    }

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

/// A given or family name: NFC, 1 to 100 characters, no control characters. `Debug` prints `_`.
#[derive(Clone, PartialEq, Eq)]
pub struct Name(String);

/// Why a text is not a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameError {
    /// Empty, or white space only.
    Empty,
    TooLong,
    /// A control character or line break.
    ControlCharacter,
}

impl NameError {
    /// A stable name for the reason, in `snake_case`.
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
    /// # Errors
    /// The text is empty or too long, or contains a control character.
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
        // NFC can make a text longer: it replaces U+0344 by two characters. So the length is
        // checked again. If a name were longer than the limit after NFC, the service could not read
        // it again from a link or a queued mail.
        let name = nfc(text);
        if is_too_long(&name) {
            return Err(NameError::TooLong);
        }
        Ok(Self(name))
    }

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

/// At most 32 roles, sorted and without duplicates. Each role has 1 to 64 characters, which are
/// ASCII letters, digits or `_.:/-`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles(Vec<String>);

/// Why a list of roles is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RolesError {
    TooMany,
    Empty,
    TooLong,
    /// A role has a character other than ASCII letters, digits and `_.:/-`.
    Character,
}

impl RolesError {
    /// A stable name for the reason, in `snake_case`.
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
    /// Reads roles in any order, with duplicates allowed.
    ///
    /// # Errors
    /// There are too many roles, or one of them is invalid.
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

    /// The only role of a new user: `user`.
    #[must_use]
    pub fn user() -> Self {
        Self(vec!["user".to_owned()])
    }

    #[must_use]
    pub fn contains(&self, role: &str) -> bool {
        self.0.iter().any(|own| own == role)
    }

    #[must_use]
    pub fn to_vec(&self) -> Vec<String> {
        self.0.clone()
    }
}

/// Roles to add and roles to remove. All other roles stay.
///
/// ```
/// use edgegate::domain::account::{RoleEdits, Roles};
///
/// let roles = |names: &[&str]| Roles::new(names.iter().map(|name| (*name).to_owned()).collect());
/// let edits = RoleEdits::new(roles(&["editor"])?, roles(&["user"])?).unwrap();
/// assert_eq!(edits.apply(&roles(&["admin", "user"])?)?, roles(&["admin", "editor"])?);
/// # Ok::<(), edgegate::domain::account::RolesError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleEdits {
    add: Roles,
    remove: Roles,
}

impl RoleEdits {
    /// The edits that add and remove these roles. `None` if a role is in both lists.
    #[must_use]
    pub fn new(add: Roles, remove: Roles) -> Option<Self> {
        let is_in_both = add.0.iter().any(|role| remove.contains(role));
        (!is_in_both).then_some(Self { add, remove })
    }

    /// The roles after the edits. To add a role that the user already has, or to remove a role that
    /// the user does not have, changes nothing.
    ///
    /// # Errors
    /// [`RolesError::TooMany`]: when the user would have too many roles.
    pub fn apply(&self, before: &Roles) -> Result<Roles, RolesError> {
        let stays = |role: &&String| !self.remove.contains(role);
        let kept = before.0.iter().filter(stays);
        Roles::new(kept.chain(&self.add.0).cloned().collect())
    }
}

/// A random number of the account. Every link that is mailed to the user depends on this number, so
/// somebody who knows only the ticket secret can't forge a link. `Debug` prints `_`.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkNonce(String);

impl LinkNonce {
    #[must_use]
    pub fn new(random: &[u8; 16]) -> Self {
        Self(base16ct::lower::encode_string(random))
    }

    /// Wraps a stored text. A database migration has added the column for this text. If an earlier
    /// version of the service creates an account after the migration, the text is empty, because
    /// that version does not fill the column.
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

/// A user, as stored in the directory. All times are in seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub email: EmailAddress,
    pub password_hash: PasswordHash,
    pub first_name: Option<Name>,
    pub last_name: Option<Name>,
    pub roles: Roles,
    /// When the user proved that the address is theirs.
    pub email_verified_at: Option<u64>,
    pub disabled_at: Option<u64>,
    /// This number is raised by every change that ends all sessions. A session that began with
    /// another number can't be renewed.
    pub session_epoch: u32,
    /// This number is raised by every change of the user. Access tokens whose claim `ver` is
    /// smaller are not valid.
    pub version: u64,
    /// Every link that is mailed to the user depends on this number, and a change that invalidates
    /// earlier links raises it. The number only grows. So an invalidated link stays invalid, even
    /// if a later change restores the account's earlier state.
    pub link_generation: u64,
    pub link_nonce: LinkNonce,
    /// The id that another system gave the account. It comes from an import. No two accounts have
    /// the same external id.
    pub external_id: Option<ExternalId>,
    pub created_at: u64,
    pub updated_at: u64,
}

impl User {
    /// Whether the user can sign in with a password. An invited user can't do so until they have
    /// chosen a password.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.password_hash != PasswordHash::none()
    }
}

impl User {
    /// Whether the user may manage other users: the account is enabled and has the admin role.
    #[must_use]
    pub fn is_enabled_administrator(&self) -> bool {
        self.disabled_at.is_none() && self.roles.contains(ADMIN_ROLE)
    }

    /// Whether the user may manage other users and can sign in. An invited administrator has no
    /// password at first, so they can't sign in. If the invitation was mailed to a wrong address,
    /// they will never have one.
    #[must_use]
    pub fn is_administrator_who_can_sign_in(&self) -> bool {
        self.is_enabled_administrator() && self.has_password()
    }
}

/// The new `version` of a user after the database was restored to an earlier state. It is larger
/// than every version that the user had before, provided that no account changes a thousand times a
/// second between two restores.
#[must_use]
pub const fn raised_version(version: u64, now: u64) -> u64 {
    larger(version.saturating_add(1), now.saturating_mul(1000))
}

/// The new `session_epoch` of a user after the database was restored to an earlier state. It is
/// larger than every earlier epoch of the user, because it is at least the current time in seconds
/// since 1970. This works until the year 2106, when that time no longer fits into 32 bits.
#[must_use]
pub fn raised_epoch(epoch: u32, now: u64) -> u32 {
    epoch
        .saturating_add(1)
        .max(u32::try_from(now).unwrap_or(u32::MAX))
}

const fn larger(one: u64, other: u64) -> u64 {
    if one > other { one } else { other }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(roles: &[&str]) -> Result<Vec<String>, RolesError> {
        Roles::new(roles.iter().map(|role| (*role).to_owned()).collect())
            .map(|roles| roles.to_vec())
    }

    /// Fuzzing found a name that `Name::parse` returned but did not accept again.
    #[test]
    fn a_parsed_name_can_be_parsed_again() {
        let grows = |times: usize| "\u{344}".repeat(times);
        assert_eq!(Name::parse(&grows(51)), Err(NameError::TooLong));
        let name = Name::parse(&grows(50)).unwrap();
        assert_eq!(name.as_str().chars().count(), NAME_MAX_CHARS);
        assert_eq!(Name::parse(name.as_str()), Ok(name));
    }

    #[test]
    fn roles_are_sorted_without_duplicates() {
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
    fn names_are_normalised_and_checked() {
        assert_eq!(Name::parse("Zoe\u{308}").unwrap().as_str(), "Zo\u{eb}");
        assert_eq!(Name::parse(" "), Err(NameError::Empty));
        assert_eq!(Name::parse("a\r\nBcc: x"), Err(NameError::ControlCharacter));
        assert_eq!(Name::parse(&"a".repeat(101)), Err(NameError::TooLong));
    }

    #[test]
    fn ids_are_accepted_in_one_spelling_only() {
        let id = UserId::new(1_764_000_000_000, &[1; 10]);
        assert_eq!(UserId::parse(&id.to_string()), Some(id));
        assert_eq!(UserId::parse(&id.to_string().to_uppercase()), None);
        assert_eq!(UserId::parse(&format!("{{{id}}}")), None);
        assert_eq!(UserId::parse(&id.to_string().replace('-', "")), None);
        assert_eq!(UserId::from_bytes(*id.as_bytes()), Some(id));
        assert_eq!(UserId::from_bytes([0; 16]), None);
        // An imported account keeps its id, so a UUID of any version is accepted.
        for (text, is_id) in [
            ("0198c2f4-7b1e-4c3a-9d55-1f0a6f2f8b11", true),
            ("6ba7b810-9dad-11d1-80b4-00c04fd430c8", true),
            ("0198c2f4-7b1e-9c3a-9d55-1f0a6f2f8b11", false),
            ("0198c2f4-7b1e-0c3a-9d55-1f0a6f2f8b11", false),
            ("0198c2f4-7b1e-4c3a-1d55-1f0a6f2f8b11", false),
            ("ffffffff-ffff-ffff-ffff-ffffffffffff", false),
        ] {
            let id = UserId::parse(text);
            assert_eq!(id.is_some(), is_id, "{text}");
            assert!(id.is_none_or(|id| UserId::from_bytes(*id.as_bytes()) == Some(id)));
        }
    }

    #[test]
    fn raised_counters_are_above_all_earlier_ones() {
        assert_eq!(raised_version(7, 1_800_000_000), 1_800_000_000_000);
        assert_eq!(
            raised_version(1_800_000_000_000, 1_800_000_000),
            1_800_000_000_001
        );
        assert_eq!(raised_epoch(7, 1_800_000_000), 1_800_000_000);
        assert_eq!(raised_epoch(1_800_000_000, 1_800_000_000), 1_800_000_001);
    }
}
