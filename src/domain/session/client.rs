//! Who is asking: the network and the program of a client, as far as a request tells.

use std::net::IpAddr;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::domain::policy::USER_AGENT_KEPT_CHARS;
use crate::domain::ticket::TicketSecrets;

/// What a request tells about its sender. Never trusted for access; it feeds limits, the list of sessions and the
/// verdict *late*.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    ip: Option<IpAddr>,
    user_agent: String,
}

impl Client {
    /// From the address that the platform reports (on Cloudflare `CF-Connecting-IP`, never a header that clients
    /// choose) and the `User-Agent`, which is cut to 256 characters without control characters.
    #[must_use]
    pub fn new(ip: Option<&str>, user_agent: Option<&str>) -> Self {
        Self {
            ip: ip
                .and_then(|text| text.trim().parse::<IpAddr>().ok())
                .map(|ip| ip.to_canonical()),
            user_agent: user_agent
                .unwrap_or_default()
                .chars()
                .filter(|c| !c.is_control())
                .take(USER_AGENT_KEPT_CHARS)
                .collect(),
        }
    }

    /// The program, as it names itself.
    #[must_use]
    pub fn user_agent(&self) -> &str {
        &self.user_agent
    }

    /// The key for a limit on one client: the IPv4 address, or the /64 of an IPv6 address, of which one subscriber
    /// has 2^64.
    #[must_use]
    pub fn limit_key(&self) -> String {
        self.masked(32, 64)
    }

    /// The network: /24 of IPv4, /56 of IPv6: what stays when a phone gets a new address from the same provider.
    #[must_use]
    pub fn network(&self) -> String {
        self.masked(24, 56)
    }

    fn masked(&self, v4_bits: u8, v6_bits: u8) -> String {
        match self.ip {
            Some(IpAddr::V4(ip)) => {
                let mask = !(u32::MAX.checked_shr(v4_bits.into()).unwrap_or(0));
                std::net::Ipv4Addr::from_bits(ip.to_bits() & mask).to_string()
            }
            Some(IpAddr::V6(ip)) => {
                let mask = !(u128::MAX.checked_shr(v6_bits.into()).unwrap_or(0));
                std::net::Ipv6Addr::from_bits(ip.to_bits() & mask).to_string()
            }
            None => "unknown".to_owned(),
        }
    }
}

/// A keyed 4-byte hash of network and program: enough to tell the same client from another, and, being keyed and
/// short, nothing to learn an address from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientFingerprint(pub [u8; 4]);

/// Makes fingerprints for one deployment.
#[derive(Clone)]
pub struct ClientFingerprints(Hmac<Sha256>);

impl std::fmt::Debug for ClientFingerprints {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("_")
    }
}

impl ClientFingerprints {
    /// The fingerprints of the deployment with these secrets and this issuer.
    #[must_use]
    pub fn new(secrets: &TicketSecrets, issuer: &str) -> Self {
        Self(secrets.fingerprint_key(issuer))
    }

    /// The client's fingerprint.
    #[must_use]
    pub fn of(&self, client: &Client) -> ClientFingerprint {
        let tag: [u8; 32] = self
            .0
            .clone()
            .chain_update(client.network())
            .chain_update(b"\0")
            .chain_update(&client.user_agent)
            .finalize()
            .into_bytes()
            .into();
        let [a, b, c, d, ..] = tag;
        ClientFingerprint([a, b, c, d])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(ip: &str) -> Client {
        Client::new(Some(ip), Some("Mozilla/5.0"))
    }

    #[test]
    fn addresses_are_masked_and_spelled_one_way() {
        assert_eq!(client("203.0.113.9").limit_key(), "203.0.113.9");
        assert_eq!(client("203.0.113.9").network(), "203.0.113.0");
        assert_eq!(client("::ffff:203.0.113.9").limit_key(), "203.0.113.9");
        assert_eq!(
            client("2001:DB8:0:12ff::1").limit_key(),
            client("2001:db8::12ff:0:0:0:2").limit_key()
        );
        assert_eq!(client("2001:db8:0:12ff::1").network(), "2001:db8:0:1200::");
        assert_eq!(client("evil, 1.2.3.4").limit_key(), "unknown");
    }

    #[test]
    fn a_user_agent_is_bounded_and_one_line() {
        let client = Client::new(None, Some(&"a\r\nb".repeat(1000)));
        assert_eq!(client.user_agent().chars().count(), 256);
        assert!(!client.user_agent().contains(char::is_control));
    }
}
