//! Tickets: short texts that encode a body and its MAC. Because of the MAC, a forged ticket is
//! rejected before any storage is read.
//!
//! Every kind of ticket has its own key, derived from `TICKET_SECRET` with the ticket's purpose and
//! the issuer as label (HMAC-SHA-256 as a pseudo-random function, NIST SP 800-108). So a ticket of
//! another kind or of another deployment is invalid here. Several secrets may be set. New tickets
//! are sealed with the first one. A ticket that was sealed with any of them is accepted. To *seal*
//! means to make a ticket with its MAC, and to *open* means to check the MAC and to read the body.

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::policy::{HMAC_KEY_MIN_BYTES, MAX_TICKET_SECRETS};
use super::secret::SecretBytes;

const MAC_BYTES: usize = 32;
/// The bytes before the body: the format and the key number.
const HEAD_BYTES: usize = 2;

/// The format of a ticket's body. The MAC covers the format number, so a body of one format can't
/// be read as another format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// The first format of every kind of ticket.
    First = 1,
    /// Refresh tickets that contain a proof of identity.
    Second = 2,
    /// Refresh tickets that also contain the id of a sign-on.
    Third = 3,
}

/// What a ticket is for. Each purpose has its own key. It also has its own prefix, by which secret
/// scanners recognise such a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A refresh token.
    Refresh,
    /// A link to choose a new password.
    Reset,
    /// A link to finish a registration.
    Registration,
    /// A link to verify an account's address.
    Verification,
    /// A link to confirm an account's new address.
    NewAddress,
    /// A device on which someone has signed in.
    Device,
    /// The user who is signed in in a browser. With this ticket the user can sign in to other apps.
    SignOn,
    /// An authorization request that waits for a person.
    AuthorizationRequest,
    /// An authorization code.
    Code,
    /// A refresh token of another app.
    AppRefresh,
}

impl Purpose {
    const fn label(self) -> &'static str {
        match self {
            Self::Refresh => "refresh",
            Self::Reset => "reset",
            Self::Registration => "registration",
            Self::Verification => "verification",
            Self::NewAddress => "new address",
            Self::Device => "device",
            Self::SignOn => "sign-on",
            Self::AuthorizationRequest => "authorization request",
            Self::Code => "authorization code",
            Self::AppRefresh => "app refresh",
        }
    }

    const fn prefix(self) -> &'static str {
        match self {
            Self::Refresh => "egr_",
            Self::Reset | Self::Registration | Self::Verification | Self::NewAddress => "egl_",
            Self::Device => "egd_",
            Self::SignOn => "egs_",
            Self::AuthorizationRequest => "egq_",
            Self::Code => "egk_",
            Self::AppRefresh => "ega_",
        }
    }
}

/// Why `TICKET_SECRET` can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketSecretError {
    /// The setting contains no secret.
    Empty,
    /// A secret is not base64url without padding.
    NotBase64,
    /// A secret has fewer than 32 bytes.
    TooShort,
    /// A secret repeats a single byte, so it is not random. It was probably copied from an example.
    NotRandom,
    /// The setting contains the same secret twice.
    Repeated,
    /// The setting contains more than eight secrets.
    TooMany,
}

impl fmt::Display for TicketSecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "is empty",
            Self::NotBase64 => "contains a secret that is not base64url without padding",
            Self::TooShort => "contains a secret of fewer than 32 bytes",
            Self::NotRandom => "contains a secret that is one repeated byte, not random",
            Self::Repeated => "contains the same secret twice",
            Self::TooMany => "contains more than eight secrets",
        })
    }
}

impl std::error::Error for TicketSecretError {}

/// The secrets of `TICKET_SECRET`. New tickets are sealed with the first one. `Debug` prints `_`.
#[derive(Clone)]
pub struct TicketSecrets(Vec<SecretBytes>);

impl TicketSecrets {
    /// Reads one or several secrets, separated by commas or spaces. Each is base64url without
    /// padding and has at least 32 bytes.
    ///
    /// # Errors
    /// When there is no secret, or more than eight, or one of them is malformed, short, repeated or
    /// obviously not random.
    pub fn parse(text: &str) -> Result<Self, TicketSecretError> {
        let mut secrets: Vec<SecretBytes> = Vec::new();
        for part in text
            .split([',', ' ', '\n', '\t'])
            .filter(|part| !part.is_empty())
        {
            let bytes = Base64UrlUnpadded::decode_vec(part)
                .map(SecretBytes::new)
                .map_err(|_| TicketSecretError::NotBase64)?;
            if bytes.expose().len() < HMAC_KEY_MIN_BYTES {
                return Err(TicketSecretError::TooShort);
            }
            let mut pairs = bytes.expose().windows(2);
            if pairs.all(|pair| pair.first() == pair.last()) {
                return Err(TicketSecretError::NotRandom);
            }
            if secrets.contains(&bytes) {
                return Err(TicketSecretError::Repeated);
            }
            secrets.push(bytes);
        }
        if secrets.is_empty() {
            return Err(TicketSecretError::Empty);
        }
        if secrets.len() > MAX_TICKET_SECRETS {
            return Err(TicketSecretError::TooMany);
        }
        Ok(Self(secrets))
    }

    /// The keys for one purpose of one deployment.
    #[must_use]
    pub fn keys(&self, purpose: Purpose, issuer: &str) -> TicketKeys {
        TicketKeys {
            purpose,
            keys: self
                .0
                .iter()
                .map(|secret| TicketKey::new(derive(secret.expose(), purpose.label(), issuer)))
                .collect(),
        }
    }

    /// A key to derive values from email or network addresses. It is made from the first secret.
    /// `label` names the kind of value.
    #[must_use]
    pub(crate) fn address_key(&self, label: &str, issuer: &str) -> Hmac<Sha256> {
        let secret = self.0.first().map_or(&[][..], SecretBytes::expose);
        hmac(&*derive(secret, label, issuer))
    }

    /// Like [`address_key`](Self::address_key), but returns one key for each secret, in the order
    /// of the secrets. With these keys, values can be found that were derived while another secret
    /// was the first one.
    #[must_use]
    pub(crate) fn address_keys(&self, label: &str, issuer: &str) -> Vec<Hmac<Sha256>> {
        self.0
            .iter()
            .map(|secret| hmac(&*derive(secret.expose(), label, issuer)))
            .collect()
    }

    /// One key for fingerprints of clients for each secret, in the order of the secrets.
    #[must_use]
    pub(crate) fn fingerprint_keys(&self, issuer: &str) -> Vec<Hmac<Sha256>> {
        self.address_keys("client fingerprint", issuer)
    }
}

impl fmt::Debug for TicketSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

/// A key and its number. Each ticket contains the number of the key that made its MAC.
#[derive(Clone)]
struct TicketKey {
    /// The number is derived from the key, so it stays the same when the order of the secrets in
    /// the setting changes.
    number: u8,
    mac: Hmac<Sha256>,
}

impl TicketKey {
    fn new(key: Zeroizing<[u8; MAC_BYTES]>) -> Self {
        let mac = hmac(&*key);
        let number = tag(mac.clone().chain_update(b"key number"))
            .first()
            .copied()
            .unwrap_or_default();
        Self { number, mac }
    }
}

/// The keys for one kind of ticket. The first key makes the MACs of new tickets. A ticket whose MAC
/// was made with any of the keys is accepted. `Debug` prints `_`.
#[derive(Clone)]
pub struct TicketKeys {
    purpose: Purpose,
    keys: Vec<TicketKey>,
}

impl fmt::Debug for TicketKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

impl TicketKeys {
    /// Makes a ticket that contains `body`. The ticket is the prefix of its purpose, followed by
    /// the base64url form of four parts: the format, the key number, the body and the MAC.
    pub(crate) fn seal(&self, body: &[u8]) -> String {
        self.seal_as(Format::First, body)
    }

    /// Makes a ticket that contains a `body` of this format.
    pub(crate) fn seal_as(&self, format: Format, body: &[u8]) -> String {
        let Some(key) = self.keys.first() else {
            // This never happens, because `TicketSecrets` has at least one secret.
            return String::new();
        };
        let mut bytes = Vec::with_capacity(body.len().saturating_add(HEAD_BYTES + MAC_BYTES));
        bytes.extend_from_slice(&[format as u8, key.number]);
        bytes.extend_from_slice(body);
        let mac = tag(key.mac.clone().chain_update(&bytes));
        bytes.extend_from_slice(&mac);
        let mut text = self.purpose.prefix().to_owned();
        text.push_str(&Base64UrlUnpadded::encode_string(&bytes));
        text
    }

    /// Makes a ticket for a link in a mail. The body can have any length. When the ticket is
    /// opened, the body can have an additional line break at its end.
    ///
    /// Mail programs treat `-` and `_` at the end of a URL as punctuation and cut them off. So the
    /// last character must be a letter or a digit. If the number of bytes is a multiple of three,
    /// the last character can be any of the 64 characters of base64url. In that case a line break
    /// is appended to the body. After that, the number of bytes is not a multiple of three, so the
    /// last character encodes only 2 or 4 bits of data. Such a character is always a letter or a
    /// digit (RFC 4648 section 3.5).
    pub(crate) fn seal_for_mail(&self, mut body: Vec<u8>) -> String {
        if !ends_in_letter_or_digit(body.len()) {
            body.push(b'\n');
        }
        self.seal(&body)
    }

    /// Opens a ticket whose body has `N` bytes. Returns `None` for any text that was not sealed
    /// with one of these keys.
    pub(crate) fn open<const N: usize>(&self, text: &str) -> Option<[u8; N]> {
        self.open_as(Format::First, text)
    }

    /// Opens a ticket of this format whose body has `N` bytes. Returns `None` for any text that was
    /// not sealed with one of these keys in this format.
    pub(crate) fn open_as<const N: usize>(&self, format: Format, text: &str) -> Option<[u8; N]> {
        // The length is checked first, so that a text of a wrong size is not decoded.
        let encoded = text.strip_prefix(self.purpose.prefix())?;
        if encoded.len() != encoded_bytes(N)? {
            return None;
        }
        self.open_encoded(format, encoded)?.try_into().ok()
    }

    /// Opens a ticket whose body has at most `most` bytes. Returns `None` for any text that was not
    /// sealed with one of these keys.
    pub(crate) fn open_up_to(&self, text: &str, most: usize) -> Option<Vec<u8>> {
        let encoded = text.strip_prefix(self.purpose.prefix())?;
        if encoded.len() > encoded_bytes(most)? {
            return None;
        }
        self.open_encoded(Format::First, encoded)
    }

    fn open_encoded(&self, expected: Format, encoded: &str) -> Option<Vec<u8>> {
        let bytes = Base64UrlUnpadded::decode_vec(encoded).ok()?;
        let (signed, mac) = bytes.split_last_chunk::<MAC_BYTES>()?;
        let [format, number, body @ ..] = signed else {
            return None;
        };
        // Two keys can have the same number, so all keys with that number are tried.
        let sealed = *format == expected as u8
            && self.keys.iter().any(|key| {
                key.number == *number
                    && key
                        .mac
                        .clone()
                        .chain_update(signed)
                        .verify_slice(mac)
                        .is_ok()
            });
        sealed.then(|| body.to_vec())
    }
}

/// Whether every ticket with a body of this size ends in a letter or a digit.
pub(crate) const fn ends_in_letter_or_digit(body: usize) -> bool {
    !body
        .saturating_add(HEAD_BYTES + MAC_BYTES)
        .is_multiple_of(3)
}

/// The number of base64url characters of a ticket with a body of this size.
fn encoded_bytes(body: usize) -> Option<usize> {
    let size = body.checked_add(HEAD_BYTES + MAC_BYTES)?;
    Some(size.checked_mul(4)?.div_ceil(3))
}

fn derive(secret: &[u8], purpose: &str, issuer: &str) -> Zeroizing<[u8; MAC_BYTES]> {
    Zeroizing::new(tag(hmac(secret)
        .chain_update(b"edgegate ticket 1\0")
        .chain_update(purpose)
        .chain_update(b"\0")
        .chain_update(issuer)))
}

#[allow(clippy::expect_used, reason = "HMAC takes a key of any length")]
fn hmac(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("any length will do")
}

/// The bytes of a MAC, for code that writes them or derives a key from them. Never compare them
/// with `==`. Only `verify_slice` and `CtOutput` compare in constant time.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where a MAC becomes bytes"
)]
pub(crate) fn tag(mac: Hmac<Sha256>) -> [u8; MAC_BYTES] {
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(byte: u8) -> String {
        let bytes: Vec<u8> = (0..32).map(|i| byte ^ i).collect();
        Base64UrlUnpadded::encode_string(&bytes)
    }

    fn keys(text: &str) -> TicketKeys {
        TicketSecrets::parse(text)
            .unwrap()
            .keys(Purpose::Refresh, "https://auth.example")
    }

    #[test]
    fn a_ticket_opens_with_its_keys_only() {
        let ours = keys(&secret(1));
        let sealed = ours.seal(b"four");
        assert_eq!(ours.open::<4>(&sealed), Some(*b"four"));
        assert_eq!(ours.open::<5>(&sealed), None);
        assert_eq!(keys(&secret(2)).open::<4>(&sealed), None);
        let other_issuer = TicketSecrets::parse(&secret(1))
            .unwrap()
            .keys(Purpose::Refresh, "https://other.example");
        assert_eq!(other_issuer.open::<4>(&sealed), None);
    }

    #[test]
    fn a_ticket_opens_in_its_own_form_only() {
        let ours = keys(&secret(1));
        let (first, second) = (ours.seal(b"four"), ours.seal_as(Format::Second, b"four"));
        assert_eq!(ours.open_as::<4>(Format::Second, &second), Some(*b"four"));
        assert_eq!(ours.open_as::<4>(Format::Second, &first), None);
        assert_eq!(ours.open::<4>(&second), None);
        assert_eq!(ours.open_up_to(&second, 4), None);
    }

    #[test]
    fn a_ticket_of_any_size_opens_up_to_its_bound() {
        let ours = keys(&secret(1));
        for (body, opens) in [
            (b"".as_slice(), true),
            (b"four", true),
            (b"fives", false),
            (b"six by", false),
        ] {
            let expected = opens.then(|| body.to_vec());
            assert_eq!(ours.open_up_to(&ours.seal(body), 4), expected, "{body:?}");
        }
    }

    #[test]
    fn a_promoted_key_seals_and_the_old_one_still_opens() {
        let (old, new) = (secret(1), secret(2));
        let before = keys(&old).seal(b"four");
        let appended = keys(&format!("{old},{new}"));
        let promoted = keys(&format!("{new} {old}"));
        assert_eq!(promoted.open::<4>(&before), Some(*b"four"));
        let after = promoted.seal(b"four");
        assert_eq!(appended.open::<4>(&after), Some(*b"four"));
        assert_eq!(keys(&new).open::<4>(&before), None);
        assert_eq!(keys(&new).open::<4>(&after), Some(*b"four"));
    }

    #[test]
    fn weak_secrets_are_refused() {
        for (text, error) in [
            ("", TicketSecretError::Empty),
            ("short", TicketSecretError::NotBase64),
            ("c2hvcnQ", TicketSecretError::TooShort),
            (
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                TicketSecretError::NotRandom,
            ),
            (&format!("{0},{0}", secret(1)), TicketSecretError::Repeated),
        ] {
            assert_eq!(TicketSecrets::parse(text).unwrap_err(), error, "{text}");
        }
    }

    #[test]
    fn no_secret_in_debug() {
        assert_eq!(format!("{:?}", keys(&secret(1))), "_");
    }
}
