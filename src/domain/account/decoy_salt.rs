//! Salts for addresses without an account.
//!
//! If somebody tries to sign in with an address that has no account, the service hashes the typed
//! password anyway, so that the answer takes as long as for an account. The hash needs a salt.
//! Argon2id reads its memory in an order that depends on the password and the salt, and this order
//! changes the time by a few percent. If all addresses without an account shared one salt, a given
//! password would take the same time with each of them, and an attacker could recognise them by
//! that time. So each address has its own salt, which never changes, like the salt of an account.

use std::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::EmailAddress;
use crate::domain::ticket::{TicketSecrets, tag};

/// Derives salts from email addresses. `Debug` prints `_`.
#[derive(Clone)]
pub struct DecoySalts(Hmac<Sha256>);

impl DecoySalts {
    /// Derives the key for the salts from the deployment's ticket secrets and its issuer.
    #[must_use]
    pub fn new(secrets: &TicketSecrets, issuer: &str) -> Self {
        Self(secrets.address_key("decoy salt", issuer))
    }

    /// The salt for an address. `None` stands for a text that is not an address. All such texts
    /// share one salt.
    #[must_use]
    pub fn of(&self, email: Option<&EmailAddress>) -> [u8; 16] {
        let address = email.map_or("", EmailAddress::canonical);
        let bytes = tag(self.0.clone().chain_update(address));
        let mut salt = [0; 16];
        for (byte, part) in salt.iter_mut().zip(bytes) {
            *byte = part;
        }
        salt
    }
}

impl fmt::Debug for DecoySalts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_its_own_salt_in_every_spelling() {
        let secrets = TicketSecrets::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").unwrap();
        let salts = DecoySalts::new(&secrets, "https://auth.example.com");
        let of = |text| salts.of(EmailAddress::parse(text).ok().as_ref());
        assert_eq!(of("ada@example.com"), of("ADA@example.com"));
        assert_ne!(of("ada@example.com"), of("root@example.com"));
        assert_eq!(of("no address"), of(""));
        let elsewhere = DecoySalts::new(&secrets, "https://other.example.com");
        assert_ne!(elsewhere.of(None), salts.of(None));
        assert_eq!(format!("{salts:?}"), "_");
    }
}
