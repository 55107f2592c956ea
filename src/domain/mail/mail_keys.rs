//! Derives the names under which two things are stored: the counters of requests for mails, and the
//! [lanes](super::Lane) of mailboxes (the lists of recent mails with links).

use std::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::domain::account::UserId;
use crate::domain::session::Client;
use crate::domain::ticket::{TicketSecrets, tag};

/// The name of a counter. It is a keyed hash in hexadecimal digits, which does not reveal whose
/// requests are counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GateName(String);

impl GateName {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Derives the names of counters and lanes. `Debug` prints `_`.
#[derive(Clone)]
pub struct MailKeys {
    gates: Hmac<Sha256>,
    lanes: Hmac<Sha256>,
}

impl fmt::Debug for MailKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

impl MailKeys {
    /// Derives the names of one deployment, with its first ticket secret as the key.
    #[must_use]
    pub fn new(secrets: &TicketSecrets, issuer: &str) -> Self {
        Self {
            gates: secrets.address_key("mail gate", issuer),
            lanes: secrets.address_key("mail lane", issuer),
        }
    }

    /// The name of the counter of a client's network.
    #[must_use]
    pub fn network(&self, client: &Client) -> GateName {
        self.gate(&["network ", &client.mail_network()].concat())
    }

    /// The name of the counter of the larger network that contains the client's network.
    #[must_use]
    pub fn larger_network(&self, client: &Client) -> GateName {
        self.gate(&["larger ", &client.mail_larger_network()].concat())
    }

    /// The name of the counter of a user.
    #[must_use]
    pub fn user(&self, user: UserId) -> GateName {
        self.gate(&["user ", &user.to_string()].concat())
    }

    /// The key under which the lane with this name is stored: 32 hexadecimal digits.
    #[must_use]
    pub fn lane(&self, lane: &str) -> String {
        let bytes = tag(self.lanes.clone().chain_update(lane));
        let (first, _) = bytes.split_at(16);
        base16ct::lower::encode_string(first)
    }

    fn gate(&self, text: &str) -> GateName {
        let bytes = tag(self.gates.clone().chain_update(text));
        GateName(base16ct::lower::encode_string(&bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_network_and_each_user_has_its_own_name_that_reveals_nothing() {
        let secrets = TicketSecrets::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").unwrap();
        let keys = MailKeys::new(&secrets, "https://auth.example.com");
        let client = |ip| Client::new(Some(ip), None);
        let network = |ip| keys.network(&client(ip));
        assert_ne!(network("203.0.113.9"), network("203.0.113.8"));
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:ffff::2"));
        assert_ne!(network("2001:db8:1::1"), network("2001:db8:2::1"));
        let larger = |ip| keys.larger_network(&client(ip));
        assert_eq!(larger("203.0.113.9"), larger("203.0.1.1"));
        assert_ne!(larger("203.0.113.9"), larger("203.1.113.9"));
        assert_eq!(larger("2001:db8:1::"), larger("2001:db8:ffff::"));
        assert_ne!(larger("2001:db8::"), larger("2001:db9::"));
        let user = UserId::new(1, &[1; 10]);
        assert_eq!(keys.user(user).as_str().len(), 64);
        assert_eq!(keys.lane("r:ada@example.com").len(), 32);
        assert_ne!(
            keys.lane("r:ada@example.com"),
            keys.lane("l:ada@example.com")
        );
        assert_eq!(format!("{keys:?}"), "_");
    }
}
