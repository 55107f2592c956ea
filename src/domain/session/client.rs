//! What a request reveals about its sender: network, program and place.

use std::net::IpAddr;

use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::domain::policy::{
    CITY_KEPT_CHARS, MAIL_LARGER_NETWORK_BITS, MAIL_NETWORK_BITS, MAX_TICKET_SECRETS,
    USER_AGENT_KEPT_CHARS,
};
use crate::domain::secret::constant_time_eq;
use crate::domain::ticket::{TicketSecrets, tag};

/// What a request reveals about its sender. This information never grants access. It is used for
/// rate limits, in the list of a user's sessions, and to decide whether a refresh token that is
/// presented again comes from the client that used it before ([`Late`](super::Verdict::Late)).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    ip: Option<IpAddr>,
    user_agent: String,
    place: Place,
    uncounted: bool,
}

/// Where a request came from, as the platform reports it. The service only shows the place to
/// people. No decision of the service depends on the place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The country: two letters (ISO 3166-1 alpha-2), or Cloudflare's `T1` for Tor.
    pub country: Option<String>,
    pub city: Option<String>,
}

impl Place {
    /// The place that the platform reports. A country is ignored unless it has exactly two letters
    /// or digits. A city is ignored if it has any characters other than letters, spaces, hyphens,
    /// apostrophes and the dots of abbreviations: users read it in mails, so it must not look like
    /// a link. A city is cut to 64 characters.
    #[must_use]
    pub fn new(country: Option<&str>, city: Option<&str>) -> Self {
        Self {
            country: country
                .filter(|text| text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphanumeric()))
                .map(str::to_ascii_uppercase),
            city: city
                .filter(|text| is_city(text))
                .map(|text| text.chars().take(CITY_KEPT_CHARS).collect()),
        }
    }
}

/// Whether a text can be the name of a city and can't be mistaken for an address or a link.
fn is_city(text: &str) -> bool {
    let is_letter = |c: char| c.is_alphabetic() || ('\u{300}'..='\u{36f}').contains(&c);
    let mut after_dots = text.split('.').skip(1);
    text.starts_with(is_letter)
        && text.chars().all(|c| is_letter(c) || " -'\u{2019}.".contains(c))
        // Dots as in "St. Louis" and "Washington D.C." are allowed, a dot as in "evil.example" is
        // not.
        && after_dots.all(|part| part.is_empty() || part.starts_with(' ') || part.chars().count() == 1)
}

impl Client {
    /// The client with this IP address and this `User-Agent`. The platform must report the address:
    /// on Cloudflare it is `CF-Connecting-IP`, never a header whose value clients choose. The
    /// `User-Agent` is cut to 256 characters. Characters other than visible ASCII and spaces become
    /// question marks. Control characters are removed.
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
                .map(|c| {
                    if c.is_ascii_graphic() || c == ' ' {
                        c
                    } else {
                        '?'
                    }
                })
                .take(USER_AGENT_KEPT_CHARS)
                .collect(),
            place: Place::default(),
            uncounted: false,
        }
    }

    /// A client for which a trusted caller did not give an IP address. Rate limits don't count its
    /// requests. If all such clients shared one counter, they would block each other. If there were
    /// one counter for each account, a stranger could lock the account's owner out.
    #[must_use]
    pub fn uncounted() -> Self {
        Self::default().without_counting()
    }

    /// The same client, but rate limits don't count its requests.
    #[must_use]
    pub fn without_counting(self) -> Self {
        Self {
            uncounted: true,
            ..self
        }
    }

    /// Whether rate limits count the requests of this client.
    #[must_use]
    pub fn is_counted(&self) -> bool {
        !self.uncounted
    }

    /// Whether the client's IP address is known.
    #[must_use]
    pub fn has_address(&self) -> bool {
        self.ip.is_some()
    }

    /// The same client, with this place.
    #[must_use]
    pub fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }

    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The `User-Agent`: the name that the program gives itself.
    #[must_use]
    pub fn user_agent(&self) -> &str {
        &self.user_agent
    }

    /// The key under which rate limits count this client: the IPv4 address, or the /64 of the IPv6
    /// address, because one subscriber can use all 2^64 addresses of a /64.
    #[must_use]
    pub fn limit_key(&self) -> String {
        self.masked(32, 64)
    }

    /// The client's network: the /24 that contains the IPv4 address, or the /56 that contains the
    /// IPv6 address. When a phone gets a new address from its provider, the network mostly stays
    /// the same.
    #[must_use]
    pub fn network(&self) -> String {
        self.masked(24, 56)
    }

    /// Requests that ask the service to send a mail are counted per network. This is the client's
    /// network for that count: the IPv4 address alone, or the /48 that contains the IPv6 address.
    #[must_use]
    pub fn mail_network(&self) -> String {
        let (v4, v6) = MAIL_NETWORK_BITS;
        self.masked(v4, v6)
    }

    /// The larger network that contains the [`mail_network`](Self::mail_network): the /16 of the
    /// IPv4 address, or the /32 of the IPv6 address.
    #[must_use]
    pub fn mail_larger_network(&self) -> String {
        let (v4, v6) = MAIL_LARGER_NETWORK_BITS;
        self.masked(v4, v6)
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

/// A keyed 4-byte hash of a client's network and program. The hash is long enough to distinguish
/// clients. Nobody can find out the IP address from the hash, because it is keyed and short.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ClientFingerprint(pub [u8; 4]);

constant_time_eq!(ClientFingerprint => |it| &it.0);

impl ClientFingerprint {
    /// The four bytes that are stored. Four zeros mean that the client's IP address was not known.
    /// One real fingerprint in 2^32 also consists of four zeros. The client that has it is treated
    /// as if its IP address were not known: it is not recognised later, which is safe.
    #[must_use]
    pub fn to_bytes(by: Option<Self>) -> [u8; 4] {
        by.map_or([0; 4], |by| by.0)
    }

    /// Reads what [`to_bytes`](Self::to_bytes) returned.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 4]) -> Option<Self> {
        (bytes != [0; 4]).then_some(Self(bytes))
    }
}

/// A client's fingerprints, one for each ticket secret of the deployment. Only the first one is
/// stored. All of them are compared with a stored fingerprint, so that clients are still recognised
/// after `TICKET_SECRET` has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprints([ClientFingerprint; MAX_TICKET_SECRETS]);

impl Fingerprints {
    /// The fingerprints of a client for which all ticket secrets give this one fingerprint, for
    /// instance because the deployment has only one ticket secret.
    #[must_use]
    pub const fn only(fingerprint: ClientFingerprint) -> Self {
        Self([fingerprint; MAX_TICKET_SECRETS])
    }

    /// The fingerprint that is stored. It is keyed with the first ticket secret.
    #[must_use]
    pub const fn recorded(&self) -> ClientFingerprint {
        let [first, ..] = self.0;
        first
    }

    /// Whether the stored fingerprint is one of this client's fingerprints.
    #[must_use]
    pub fn contain(&self, recorded: ClientFingerprint) -> bool {
        self.0.contains(&recorded)
    }

    /// All fingerprints, in the form in which they can be sent to another isolate.
    #[must_use]
    pub const fn to_array(self) -> [ClientFingerprint; MAX_TICKET_SECRETS] {
        self.0
    }

    /// Reads what [`to_array`](Self::to_array) returned.
    #[must_use]
    pub const fn from_array(fingerprints: [ClientFingerprint; MAX_TICKET_SECRETS]) -> Self {
        Self(fingerprints)
    }
}

/// Computes fingerprints for one deployment. `Debug` prints `_`, not the keys.
#[derive(Clone)]
pub struct ClientFingerprints(Vec<Hmac<Sha256>>);

impl std::fmt::Debug for ClientFingerprints {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("_")
    }
}

impl ClientFingerprints {
    /// Derives the keys for the fingerprints from the deployment's ticket secrets and its issuer.
    #[must_use]
    pub fn new(secrets: &TicketSecrets, issuer: &str) -> Self {
        Self(secrets.fingerprint_keys(issuer))
    }

    /// The client's fingerprints. `None` if the client's IP address is not known: clients without a
    /// known address can't be distinguished, so none of them is ever recognised.
    #[must_use]
    pub fn of(&self, client: &Client) -> Option<Fingerprints> {
        if !client.has_address() {
            return None;
        }
        let network = client.network();
        let mut prints = self.0.iter().map(|key| {
            let mac = key
                .clone()
                .chain_update(&network)
                .chain_update(b"\0")
                .chain_update(&client.user_agent);
            let [a, b, c, d, ..] = tag(mac);
            ClientFingerprint([a, b, c, d])
        });
        let first = prints.next().unwrap_or(ClientFingerprint([0; 4]));
        let mut all = Fingerprints::only(first);
        for (slot, print) in all.0.iter_mut().skip(1).zip(prints) {
            *slot = print;
        }
        Some(all)
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

    #[test]
    fn a_user_agent_is_ascii() {
        assert_eq!(
            Client::new(None, Some("Mö\u{1F600}/1")).user_agent(),
            "M??/1"
        );
    }

    #[test]
    fn a_place_is_bounded() {
        let place = Place::new(Some("de"), Some(&"São ".repeat(100)));
        assert_eq!(place.country.as_deref(), Some("DE"));
        assert_eq!(place.city.unwrap().chars().count(), 64);
        for country in ["", "D", "DEU", "ä", "<>"] {
            assert_eq!(Place::new(Some(country), Some("")), Place::default());
        }
        for city in [
            "St. Louis",
            "Washington D.C.",
            "L'Aquila",
            "Stratford-upon-Avon",
            "東京",
            "Zu\u{308}rich",
        ] {
            assert_eq!(Place::new(None, Some(city)).city.as_deref(), Some(city));
        }
        for text in [
            "https://evil.example",
            "evil.example",
            "unlock it at evil.example",
            "call 555 1234",
            "a@b",
            "São\nPaulo",
            "<b>",
            ".",
            " Paris",
        ] {
            assert_eq!(Place::new(None, Some(text)).city, None, "{text}");
        }
    }

    #[test]
    fn a_client_is_recognised_while_secrets_are_rotated() {
        let prints = |text: &str| {
            ClientFingerprints::new(&TicketSecrets::parse(text).unwrap(), "https://auth.example")
                .of(&client("203.0.113.9"))
                .unwrap()
        };
        let (old, new) = (
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
            "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8",
        );
        let steps = [
            prints(old),
            prints(&format!("{old},{new}")),
            prints(&format!("{new},{old}")),
        ];
        for earlier in &steps {
            for now in &steps[1..] {
                assert!(now.contain(earlier.recorded()));
            }
        }
        assert!(!prints(new).contain(prints(old).recorded()));
        let keys =
            ClientFingerprints::new(&TicketSecrets::parse(new).unwrap(), "https://a.example");
        assert_eq!(format!("{keys:?}"), "_");
    }

    #[test]
    fn a_client_without_an_address_has_no_fingerprint() {
        let secrets = TicketSecrets::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").unwrap();
        let prints = ClientFingerprints::new(&secrets, "https://auth.example");
        for ip in [None, Some(""), Some("unknown"), Some("evil, 1.2.3.4")] {
            assert_eq!(prints.of(&Client::new(ip, Some("Mozilla/5.0"))), None);
        }
        assert_eq!(prints.of(&Client::uncounted()), None);
        for by in [None, Some(ClientFingerprint([0, 0, 0, 1]))] {
            let bytes = ClientFingerprint::to_bytes(by);
            assert_eq!(ClientFingerprint::from_bytes(bytes), by);
        }
    }
}
