//! An account that was deleted, until everything of it is cleared up.

use std::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::{EmailAddress, UserId};
use crate::domain::ticket::TicketSecrets;

/// An account that was deleted and is not yet cleared up everywhere. It holds no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departure {
    /// Whose account it was.
    pub user: UserId,
    /// The keyed hash of its address, by which its kept mails are found.
    pub address: String,
    /// When the row was deleted, in seconds since 1970.
    pub left_at: u64,
}

/// Makes keyed hashes of the addresses of deleted accounts. `Debug` prints `_`.
#[derive(Clone)]
pub struct DepartedAddresses(Vec<Hmac<Sha256>>);

impl DepartedAddresses {
    /// Those of one deployment, one under each ticket secret.
    #[must_use]
    pub fn new(secrets: &TicketSecrets, issuer: &str) -> Self {
        Self(secrets.address_keys("departed address", issuer))
    }

    /// The hash to store: 64 hexadecimal digits under the first secret, the same for every spelling
    /// of the address.
    #[must_use]
    pub fn of(&self, email: &EmailAddress) -> String {
        self.all(email).into_iter().next().unwrap_or_default()
    }

    /// The hashes under all secrets: one of them was stored, whichever secret was the first then.
    #[must_use]
    pub fn all(&self, email: &EmailAddress) -> Vec<String> {
        let hash = |key: &Hmac<Sha256>| {
            let mac = key.clone().chain_update(email.canonical());
            base16ct::lower::encode_string(&mac.finalize().into_bytes())
        };
        self.0.iter().map(hash).collect()
    }
}

impl fmt::Debug for DepartedAddresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    const NEW: &str = "8_EOCRgpGXvXUXx_c7SG1v9rnoHKN-6Xn0P-vkQ_imo";

    fn hashes(secrets: &str) -> DepartedAddresses {
        let secrets = TicketSecrets::parse(secrets).unwrap();
        DepartedAddresses::new(&secrets, "https://auth.example.com")
    }

    fn address(text: &str) -> EmailAddress {
        EmailAddress::parse(text).unwrap()
    }

    #[test]
    fn every_spelling_has_one_hash_that_does_not_tell_it() {
        let hash = hashes(OLD).of(&address("ada@example.com"));
        assert_eq!(hash, hashes(OLD).of(&address("ADA@EXAMPLE.com")));
        assert_ne!(hash, hashes(OLD).of(&address("root@example.com")));
        assert_ne!(hash, hashes(NEW).of(&address("ada@example.com")));
        assert_eq!(hash.len(), 64);
        assert!(!hash.contains("ada"));
        assert_eq!(format!("{:?}", hashes(OLD)), "_");
    }

    #[test]
    fn a_hash_is_found_again_after_another_secret_was_promoted() {
        let ada = address("ada@example.com");
        let stored = hashes(OLD).of(&ada);
        for secrets in [format!("{NEW},{OLD}"), format!("{OLD},{NEW}")] {
            assert!(hashes(&secrets).all(&ada).contains(&stored));
        }
        assert!(!hashes(NEW).all(&ada).contains(&stored));
    }
}
