//! A device on which someone has signed in. The service recognises the device by a ticket with a
//! MAC. If a stranger guesses passwords, further logins to the account are delayed, but the owner's
//! logins on such a device are not. The ticket alone gives no access: its holder still needs the
//! password.

use super::{KnownId, User, UserId};
use crate::domain::policy::DEVICE_TTL;
use crate::domain::secret::Secret;
use crate::domain::ticket::{Purpose, TicketKeys, TicketSecrets};

/// The length of a ticket in bytes: the user, the epoch, the id, and the time when the ticket
/// expires.
const BODY_BYTES: usize = 16 + 4 + 16 + 8;

/// The content of a device ticket. A text that a client sends becomes a ticket only through
/// [`DeviceTickets::open`], which checks the MAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceTicket {
    pub user: UserId,
    /// The user's `session_epoch` when the ticket was made. When the user gets a new password, or
    /// when all sessions are ended, the user's epoch is raised, and the ticket becomes invalid.
    /// This means that somebody who signed in with an older password and got a ticket gets no extra
    /// attempts at the new password.
    pub epoch: u32,
    /// The id under which the failed attempts on this device are counted. Each login creates a new
    /// random id.
    pub id: KnownId,
    /// When the ticket expires, in seconds since 1970.
    pub expires_at: u64,
}

impl DeviceTicket {
    /// The ticket for a user who has just signed in, or who has just chosen a password through a
    /// mailed link.
    #[must_use]
    pub fn new(user: &User, random: [u8; 16], now: u64) -> Self {
        Self {
            user: user.id,
            epoch: user.session_epoch,
            id: KnownId(random),
            expires_at: now.saturating_add(DEVICE_TTL),
        }
    }

    /// Whether the ticket is valid for this user. If it is, the holder of the ticket is treated as
    /// a client that the account knows.
    #[must_use]
    pub fn is_valid_for(&self, user: &User, now: u64) -> bool {
        self.user == user.id && self.epoch == user.session_epoch && now < self.expires_at
    }
}

/// Seals and opens device tickets for one deployment.
#[derive(Clone, Debug)]
pub struct DeviceTickets(TicketKeys);

impl DeviceTickets {
    /// Derives the keys of device tickets from the deployment's ticket secrets and its issuer.
    #[must_use]
    pub fn new(secrets: &TicketSecrets, issuer: &str) -> Self {
        Self(secrets.keys(Purpose::Device, issuer))
    }

    /// The ticket as the client gets it: `egd_`, followed by base64url.
    #[must_use]
    pub fn seal(&self, ticket: &DeviceTicket) -> Secret {
        let fields = [
            &ticket.user.as_bytes()[..],
            &ticket.epoch.to_be_bytes(),
            &ticket.id.0,
            &ticket.expires_at.to_be_bytes(),
        ];
        Secret::new(self.0.seal(&fields.concat()))
    }

    /// The content of the ticket. `None` unless this deployment sealed it. Reads no storage.
    #[must_use]
    pub fn open(&self, text: &str) -> Option<DeviceTicket> {
        let body = self.0.open::<BODY_BYTES>(text)?;
        let (user, rest) = body.split_first_chunk::<16>()?;
        let (epoch, rest) = rest.split_first_chunk::<4>()?;
        let (id, expires_at) = rest.split_first_chunk::<16>()?;
        Some(DeviceTicket {
            user: UserId::from_bytes(*user)?,
            epoch: u32::from_be_bytes(*epoch),
            id: KnownId(*id),
            expires_at: u64::from_be_bytes(expires_at.try_into().ok()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    fn tickets() -> DeviceTickets {
        DeviceTickets::new(
            &TicketSecrets::parse(SECRET).unwrap(),
            "https://auth.example",
        )
    }

    prop_compose! {
        fn any_ticket()(ms in 0u64..1 << 47, random: [u8; 10], epoch: u32, id: [u8; 16], expires_at: u64) -> DeviceTicket {
            DeviceTicket { user: UserId::new(ms, &random), epoch, id: KnownId(id), expires_at }
        }
    }

    proptest! {
        #[test]
        fn a_sealed_ticket_opens_unchanged(ticket in any_ticket()) {
            let sealed = tickets().seal(&ticket);
            prop_assert!(sealed.expose().starts_with("egd_"));
            prop_assert_eq!(tickets().open(sealed.expose()), Some(ticket));
        }

        #[test]
        fn a_ticket_with_any_flipped_bit_is_rejected(ticket in any_ticket(), at in 0usize..108, bit in 0u8..7) {
            let mut text = tickets().seal(&ticket).expose().as_bytes().to_vec();
            let at = at % text.len();
            text[at] ^= 1 << bit;
            prop_assert_eq!(tickets().open(&String::from_utf8(text).unwrap()), None);
        }

        #[test]
        fn arbitrary_text_is_rejected(text: String) {
            prop_assert_eq!(tickets().open(&text), None);
        }
    }

    #[test]
    fn other_kinds_of_ticket_are_rejected() {
        let secrets = TicketSecrets::parse(SECRET).unwrap();
        let body = [7; BODY_BYTES];
        for purpose in [Purpose::Refresh, Purpose::Reset, Purpose::Verification] {
            let sealed = secrets.keys(purpose, "https://auth.example").seal(&body);
            let (_, rest) = sealed.split_once('_').unwrap();
            assert_eq!(tickets().open(&sealed), None);
            assert_eq!(tickets().open(&["egd_", rest].concat()), None);
        }
        let elsewhere = DeviceTickets::new(&secrets, "https://other.example");
        let ticket = DeviceTicket {
            user: UserId::new(1, &[1; 10]),
            epoch: 0,
            id: KnownId([1; 16]),
            expires_at: 1,
        };
        assert_eq!(tickets().open(elsewhere.seal(&ticket).expose()), None);
    }
}
