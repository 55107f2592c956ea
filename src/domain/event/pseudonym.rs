//! Pseudonyms of email addresses and networks, for the log. The same address or network always gets
//! the same pseudonym. The pseudonym does not reveal the address or network.

use std::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::domain::account::AccountName;
use crate::domain::session::Client;
use crate::domain::ticket::{TicketSecrets, tag};

const LENGTH: usize = 16;

/// 16 hex digits of a keyed hash (HMAC-SHA-256, truncated to 64 bits: NIST SP 800-107 section 5.1).
/// Somebody who has an address and a pseudonym can't find out whether they belong together without
/// `TICKET_SECRET`. An operator who has the secret can find out with the command
/// `edgegate pseudonym`. The same is true for networks.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pseudonym([u8; LENGTH]);

impl Pseudonym {
    /// The pseudonym of an address: the first digits of its [`AccountName`]. It changes when the
    /// first ticket secret changes.
    #[must_use]
    pub fn of_account(name: &AccountName) -> Self {
        Self::cut(name.as_str())
    }

    fn cut(hex: &str) -> Self {
        let digits = hex.as_bytes().first_chunk();
        Self(digits.copied().unwrap_or([b'0'; LENGTH]))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        // Hex digits are UTF-8.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Derives the pseudonyms of networks. `Debug` prints `_`.
#[derive(Clone)]
pub struct NetworkPseudonyms(Hmac<Sha256>);

impl NetworkPseudonyms {
    /// Derives the pseudonyms of one deployment, with its first ticket secret as the key.
    #[must_use]
    pub fn new(secrets: &TicketSecrets, issuer: &str) -> Self {
        Self(secrets.address_key("network", issuer))
    }

    /// One value for each ticket secret, in the order of the secrets.
    pub fn of_each_secret(secrets: &TicketSecrets, issuer: &str) -> impl Iterator<Item = Self> {
        let keys = secrets.address_keys("network", issuer);
        keys.into_iter().map(Self)
    }

    /// The pseudonym of the client's network: the IPv4 address, or the /64 of an IPv6 address. The
    /// rate limits count by the same networks. `None` if the client's address is unknown.
    #[must_use]
    pub fn of(&self, client: &Client) -> Option<Pseudonym> {
        client.has_address().then(|| {
            let mac = self.0.clone().chain_update(client.limit_key());
            Pseudonym::cut(&base16ct::lower::encode_string(&tag(mac)))
        })
    }
}

impl fmt::Debug for NetworkPseudonyms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::account::{AccountNames, EmailAddress};

    const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    const ISSUER: &str = "https://auth.example.com";

    fn network(secret: &str, issuer: &str, ip: Option<&str>) -> Option<String> {
        let secrets = TicketSecrets::parse(secret).unwrap();
        let pseudonyms = NetworkPseudonyms::new(&secrets, issuer);
        assert_eq!(format!("{pseudonyms:?}"), "_");
        let pseudonym = pseudonyms.of(&Client::new(ip, None));
        pseudonym.map(|pseudonym| pseudonym.as_str().to_owned())
    }

    /// `tests/setup/pseudonym.test.mjs` expects the same pseudonyms from the command
    /// `edgegate pseudonym`.
    #[test]
    fn the_operators_command_makes_the_same_pseudonyms() {
        let secrets = TicketSecrets::parse(SECRET).unwrap();
        let ada = EmailAddress::parse("Ada@EXAMPLE.com").unwrap();
        let ada = Pseudonym::of_account(&AccountNames::new(&secrets, ISSUER).of(&ada));
        assert_eq!(ada.as_str(), "8110e99d472dab1e");
        let networks = ["203.0.113.9", "2001:db8:0:12ff:1::2"]
            .map(|ip| network(SECRET, ISSUER, Some(ip)).unwrap());
        assert_eq!(networks, ["298ac888d1f66c57", "4cd895a06d49545d"]);
    }

    #[test]
    fn each_network_has_its_own_pseudonym() {
        let of = |ip| network(SECRET, ISSUER, Some(ip)).unwrap();
        assert_eq!(of("203.0.113.9"), of("::ffff:203.0.113.9"));
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:0:0:2"));
        assert_ne!(of("203.0.113.9"), of("203.0.113.10"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(network(SECRET, ISSUER, None), None);

        let elsewhere = network(SECRET, "https://other.example.com", Some("203.0.113.9"));
        assert_ne!(elsewhere, Some(of("203.0.113.9")));
        let other = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8";
        let other = network(other, ISSUER, Some("203.0.113.9"));
        assert_ne!(other, Some(of("203.0.113.9")));
    }
}
