//! Proofs of identity: when and how the user last proved who they are.
//!
//! A session begins with a proof. The refresh tickets of the session contain the proof, and each
//! renewal copies the proof unchanged into the next ticket. Access tokens contain the time of the
//! proof as `auth_time`. A session gets a newer proof only if the user enters the password again.

use serde::{Deserialize, Serialize};

use crate::domain::policy::RECENT_PROOF;

/// How a user proved who they are: the authentication methods of RFC 8176.
///
/// This is a set of flags in one byte. So far the only flag is `pwd`. The other bits are reserved
/// for further authentication methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "u8", into = "u8")]
pub struct Methods(u8);

impl Methods {
    /// `pwd`: the password.
    pub const PASSWORD: Self = Self(1);

    /// The set as one byte. Tickets and records contain it in this form.
    #[must_use]
    pub const fn to_bits(self) -> u8 {
        self.0
    }

    /// Reads the set from a byte. Bits that this version of the service does not know are ignored.
    /// So the service never claims that the user was authenticated by a method that it can't name.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & Self::PASSWORD.0)
    }
}

impl From<u8> for Methods {
    fn from(bits: u8) -> Self {
        Self::from_bits(bits)
    }
}

impl From<Methods> for u8 {
    fn from(methods: Methods) -> Self {
        methods.to_bits()
    }
}

/// When and how a user proved who they are.
///
/// Proofs are ordered by time. Two proofs with the same time are ordered by their methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Proof {
    /// When the proof was given, in seconds since 1970.
    pub auth_time: u64,
    pub methods: Methods,
}

impl Proof {
    /// The proof of a user who entered the right password at this time, in seconds since 1970.
    #[must_use]
    pub const fn by_password(auth_time: u64) -> Self {
        Self {
            auth_time,
            methods: Methods::PASSWORD,
        }
    }

    /// Returns the later one of two proofs: this proof and the `other`.
    #[must_use]
    pub fn or_later(self, other: Option<Self>) -> Self {
        other.map_or(self, |other| self.max(other))
    }
}

/// Whether the `auth_time` of a token is recent enough for actions that can't be undone.
///
/// If the time is missing or is in the future, the answer is no. So if the clock was fast when the
/// token was issued, the user might have to type the password again.
///
/// ```
/// use edgegate::domain::session::is_recent;
///
/// let now = 1_764_000_000;
/// assert!(is_recent(Some(now), now));
/// assert!(is_recent(Some(now - 599), now));
/// assert!(!is_recent(Some(now - 600), now));
/// assert!(!is_recent(Some(now + 1), now));
/// assert!(!is_recent(None, now));
/// ```
#[must_use]
pub fn is_recent(auth_time: Option<u64>, now: u64) -> bool {
    auth_time.is_some_and(|at| at <= now && now < at.saturating_add(RECENT_PROOF))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_later_proof_counts() {
        let (early, late) = (Proof::by_password(1), Proof::by_password(2));
        assert_eq!(early.or_later(Some(late)), late);
        assert_eq!(late.or_later(Some(early)), late);
        assert_eq!(early.or_later(None), early);
    }

    #[test]
    fn unknown_methods_are_not_claimed() {
        assert_eq!(Methods::from_bits(0xff), Methods::PASSWORD);
        assert_eq!(Methods::from_bits(0xfe).to_bits(), 0);
    }

    #[test]
    fn the_largest_time_is_not_always_recent() {
        assert!(!is_recent(Some(u64::MAX), 1));
        assert!(!is_recent(Some(0), RECENT_PROOF));
    }
}
