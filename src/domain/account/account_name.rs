//! What an account's Durable Object is called.

use std::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::EmailAddress;
use crate::domain::ticket::{TicketSecrets, tag};

/// The name under which failures at an address are counted: a keyed hash in hex, from which nobody learns the address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AccountName(String);

impl AccountName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Makes names out of addresses. `Debug` prints `_`.
#[derive(Clone)]
pub struct AccountNames(Hmac<Sha256>);

impl AccountNames {
    /// The names of one deployment, under its first ticket secret.
    #[must_use]
    pub fn new(secrets: &TicketSecrets, issuer: &str) -> Self {
        Self(secrets.address_key("account", issuer))
    }

    /// The name for an address, whether it has an account or not: one in all its spellings.
    #[must_use]
    pub fn of(&self, email: &EmailAddress) -> AccountName {
        self.of_text(email.canonical())
    }

    /// The name for a text that is no address: each has its own, as an address has. No address is such a text.
    #[must_use]
    pub fn of_text(&self, text: &str) -> AccountName {
        let mac = self.0.clone().chain_update(text);
        AccountName(base16ct::lower::encode_string(&tag(mac)))
    }
}

impl fmt::Debug for AccountNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_name_and_no_other_has_it() {
        let secrets = TicketSecrets::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").unwrap();
        let names = AccountNames::new(&secrets, "https://auth.example.com");
        let of = |text| names.of(&EmailAddress::parse(text).unwrap());
        assert_eq!(of("ada@example.com"), of("ADA@EXAMPLE.com"));
        assert_ne!(of("ada@example.com"), of("root@example.com"));
        assert_ne!(names.of_text("ada"), names.of_text(""));
        assert_eq!(of("ada@example.com").as_str().len(), 64);
        assert!(!of("ada@example.com").as_str().contains("ada"));
        let elsewhere = AccountNames::new(&secrets, "https://other.example.com");
        assert_ne!(elsewhere.of_text("ada"), names.of_text("ada"));
        assert_eq!(format!("{names:?}"), "_");
    }
}
