//! Email addresses that accounts have given up ("freed"). To register, a person requests a mail and
//! opens the link in it. If the address was freed after the request, the link can't create an
//! account.
//!
//! Without this rule, a link that has already created an account could create a second account,
//! after the first account was deleted or got another address.

use std::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::EmailAddress;
use crate::domain::ticket::{TicketSecrets, tag};

const KEY_BYTES: usize = 16;

/// The record that an account has given up an address. The record contains only a keyed hash of the
/// address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreedAddress {
    /// The keyed hash of the address: 32 hexadecimal digits. The key of the hash is derived from
    /// the first ticket secret.
    pub key: String,
    /// When the account was deleted or got another address, in seconds since 1970.
    pub at: u64,
}

/// The condition under which a registration may create an account: its address was not freed at or
/// after the time when the registration was requested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotFreedSince {
    /// The keyed hashes of the address, one for each ticket secret.
    pub keys: Vec<String>,
    /// When the registration was requested, in seconds since 1970.
    pub asked_at: u64,
}

/// Derives the keyed hashes under which freed addresses are stored. `Debug` prints `_`.
#[derive(Clone)]
pub struct FreedAddresses(Vec<Hmac<Sha256>>);

impl FreedAddresses {
    #[must_use]
    pub fn new(secrets: &TicketSecrets, issuer: &str) -> Self {
        Self(secrets.address_keys("freed address", issuer))
    }

    /// The record that this address was freed at the time `at`, in seconds since 1970.
    #[must_use]
    pub fn freed(&self, email: &EmailAddress, at: u64) -> FreedAddress {
        FreedAddress {
            key: self.keys_of(email).next().unwrap_or_default(),
            at,
        }
    }

    /// The condition for a registration that was requested at `asked_at` (in seconds since 1970).
    /// The condition contains one keyed hash for each ticket secret, because the address could have
    /// been freed before the secrets were rotated.
    #[must_use]
    pub fn not_freed_since(&self, email: &EmailAddress, asked_at: u64) -> NotFreedSince {
        NotFreedSince {
            keys: self.keys_of(email).collect(),
            asked_at,
        }
    }

    fn keys_of(&self, email: &EmailAddress) -> impl Iterator<Item = String> {
        self.0.iter().map(|mac| {
            let bytes = tag(mac.clone().chain_update(email.canonical()));
            let (first, _) = bytes.split_at(KEY_BYTES);
            base16ct::lower::encode_string(first)
        })
    }
}

impl fmt::Debug for FreedAddresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    const NEW: &str = "__79_Pv6-fj39vX08_Lx8O_u7ezr6uno5-bl5OPi4eA";

    fn freed(secrets: &str, email: &str) -> FreedAddress {
        addresses(secrets).freed(&EmailAddress::parse(email).unwrap(), 7)
    }

    fn addresses(secrets: &str) -> FreedAddresses {
        let secrets = TicketSecrets::parse(secrets).unwrap();
        FreedAddresses::new(&secrets, "https://auth.example.com")
    }

    #[test]
    fn a_record_is_found_by_every_spelling_and_after_a_rotation() {
        let record = freed(OLD, "Ada@example.com");
        assert_eq!(record.key.len(), 32);
        assert_eq!(record, freed(OLD, "ada@EXAMPLE.com"));
        assert_ne!(record, freed(OLD, "root@example.com"));
        assert_ne!(record, freed(NEW, "ada@example.com"));
        let rotated = addresses(&[NEW, OLD].join(","));
        let email = EmailAddress::parse("ada@example.com").unwrap();
        let condition = rotated.not_freed_since(&email, 7);
        assert_eq!(condition.keys.len(), 2);
        assert!(condition.keys.contains(&record.key));
        assert_eq!(
            rotated.freed(&email, 7).key,
            freed(NEW, "ada@example.com").key
        );
    }

    #[test]
    fn debug_reveals_no_address() {
        let record = freed(OLD, "ada@example.com");
        assert!(!format!("{record:?}").contains("ada"));
        assert_eq!(format!("{:?}", addresses(OLD)), "_");
    }
}
