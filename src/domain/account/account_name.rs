//! The name of an account's Durable Object.

use std::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::EmailAddress;
use crate::domain::ticket::{TicketSecrets, tag};

/// The name of the Durable Object that counts the failed logins for one email address. It is a
/// keyed hash in hexadecimal digits, so it does not reveal the address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AccountName(String);

impl AccountName {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Derives the names of Durable Objects from email addresses. `Debug` prints `_`.
#[derive(Clone)]
pub struct AccountNames(Hmac<Sha256>);

impl AccountNames {
    /// Derives the key for the names from the deployment's first ticket secret and its issuer.
    #[must_use]
    pub fn new(secrets: &TicketSecrets, issuer: &str) -> Self {
        Self(secrets.address_key("account", issuer))
    }

    /// One `AccountNames` for each ticket secret, in the order of the secrets. They are needed to
    /// search the log: its older lines contain names that were keyed with an earlier secret.
    pub fn of_each_secret(secrets: &TicketSecrets, issuer: &str) -> impl Iterator<Item = Self> {
        let keys = secrets.address_keys("account", issuer);
        keys.into_iter().map(Self)
    }

    /// The name for an address, whether or not an account with this address exists. All spellings
    /// of an address have the same name.
    #[must_use]
    pub fn of(&self, email: &EmailAddress) -> AccountName {
        self.of_text(email.canonical())
    }

    /// The name for a text that is not an address. Each text has a name of its own, which differs
    /// from the names of all addresses.
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
    fn each_address_has_its_own_name_in_every_spelling() {
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
