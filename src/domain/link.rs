//! Links in mails, each for one use: to choose a new password, to finish a registration, to verify
//! an address, or to confirm a new address.
//!
//! A link contains a ticket with a MAC. The ticket contains the time when the link expires, and a
//! fingerprint of the state that the link changes. When a link is used, that state changes, so the
//! fingerprints in this link and in all older links don't match any more. So a link works only
//! once, and the service needs no table of tokens. Requesting another link does not change the
//! state, so a stranger can't invalidate the owner's link by requesting one.

use std::fmt;

use sha2::{Digest, Sha256};

use super::account::{EmailAddress, KnownId, Name, User, UserId};
use super::policy::{FUTURE_SKEW_SECONDS, LINK_MAX_BYTES, VERIFICATION_LINK_TTL};
use super::secret::{Secret, constant_time_eq};
use super::ticket::{Purpose, TicketKeys, TicketSecrets, ends_in_letter_or_digit};

const STATE_BYTES: usize = 16;
const USER_LINK_BYTES: usize = 16 + STATE_BYTES + 8;
const _: () = assert!(
    ends_in_letter_or_digit(USER_LINK_BYTES),
    "mail programs would cut off the end of some links"
);

/// A fingerprint of the values of a user that a link changes when it is used. It reveals nothing
/// about the values. Nobody can compute it without the account's row, because a random number in
/// the row is part of it.
#[derive(Clone, Copy, Debug)]
pub struct State([u8; STATE_BYTES]);

constant_time_eq!(State => |it| &it.0);

impl State {
    /// The state that a reset of the password changes: the password, and whether the address is
    /// verified. The link also becomes invalid when the account's address changes, and when the
    /// account is disabled or enabled.
    ///
    /// As long as the address is not verified, the link stays valid when the password changes.
    /// Otherwise a stranger who registered somebody else's address could invalidate the link of the
    /// address's owner by changing the password.
    #[must_use]
    pub fn for_reset(user: &User) -> Self {
        let password = match user.email_verified_at {
            Some(_) => user.password_hash.as_str(),
            None => "",
        };
        Self::of("reset", user, &[password.as_bytes()])
    }

    /// The state that the verification of an address changes: whether the address is verified. The
    /// link stays valid when the password changes, for the same reason as in
    /// [`for_reset`](Self::for_reset).
    #[must_use]
    pub fn for_verification(user: &User) -> Self {
        Self::of("verification", user, &[])
    }

    /// The state that the confirmation of a new address changes: the address. The link also becomes
    /// invalid when the password changes or when all sessions are ended. After that, somebody who
    /// requested the link but knew only the old password can't use the link any more.
    #[must_use]
    pub fn for_new_address(user: &User) -> Self {
        let epoch = user.session_epoch.to_be_bytes();
        let password = user.password_hash.as_str().as_bytes();
        Self::of("new address", user, &[&epoch, password])
    }

    /// The state as a text of 32 hexadecimal digits. A queued request for a mail contains the state
    /// in this form.
    #[must_use]
    pub fn to_text(self) -> String {
        base16ct::lower::encode_string(&self.0)
    }

    /// Reads what [`to_text`](Self::to_text) wrote, or returns `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut state = [0; STATE_BYTES];
        let read = base16ct::lower::decode(text, &mut state).ok()?;
        (read.len() == STATE_BYTES).then_some(Self(state))
    }

    /// The id under which the account's Durable Object counts the wrong passwords that are entered
    /// with this link.
    #[must_use]
    pub fn known_id(self) -> KnownId {
        KnownId(self.0)
    }

    fn of(label: &str, user: &User, rest: &[&[u8]]) -> Self {
        let mut hash = <Sha256 as Digest>::new()
            .chain_update("edgegate link 2\0")
            .chain_update(label)
            .chain_update("\0")
            .chain_update(user.email.canonical())
            .chain_update([
                0,
                u8::from(user.disabled_at.is_some()),
                u8::from(user.email_verified_at.is_some()),
            ])
            .chain_update(user.link_generation.to_be_bytes())
            .chain_update(user.link_nonce.as_str())
            .chain_update("\0");
        for part in rest {
            hash.update(part);
        }
        let mut state = [0; STATE_BYTES];
        for (byte, part) in state.iter_mut().zip(hash.finalize()) {
            *byte = part;
        }
        Self(state)
    }
}

/// A link of an account: to reset its password, or to verify its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserLink {
    /// The account.
    pub user: UserId,
    /// The state that the link changes.
    pub state: State,
    /// When it expires, in seconds since 1970.
    pub expires_at: u64,
}

/// A link to confirm an account's new address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAddressLink {
    /// The account, the state that the link changes, and the time when the link expires.
    pub account: UserLink,
    /// The new address.
    pub email: EmailAddress,
}

/// A link to finish a registration. There is no account yet, so the link contains everything that
/// the user typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationLink {
    pub email: EmailAddress,
    /// The given name.
    pub first_name: Option<Name>,
    /// The family name.
    pub last_name: Option<Name>,
    /// When the registration was requested, in seconds since 1970.
    pub asked_at: u64,
    /// When it expires, in seconds since 1970.
    pub expires_at: u64,
}

/// Seals and opens links. `Debug` prints `_`.
#[derive(Clone)]
pub struct Links {
    reset: TicketKeys,
    registration: TicketKeys,
    verification: TicketKeys,
    new_address: TicketKeys,
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

impl Links {
    /// The keys of each kind of link for one deployment.
    #[must_use]
    pub fn new(secrets: &TicketSecrets, issuer: &str) -> Self {
        let keys = |purpose| secrets.keys(purpose, issuer);
        Self {
            reset: keys(Purpose::Reset),
            registration: keys(Purpose::Registration),
            verification: keys(Purpose::Verification),
            new_address: keys(Purpose::NewAddress),
        }
    }

    /// The ticket of a link to choose a new password.
    #[must_use]
    pub fn seal_reset(&self, link: UserLink) -> Secret {
        Secret::new(self.reset.seal(&user_link_bytes(link)))
    }

    /// Opens the ticket of a link to choose a new password, or returns `None` when it is invalid or
    /// has expired.
    #[must_use]
    pub fn open_reset(&self, ticket: &str, now: u64) -> Option<UserLink> {
        open_user_link(&self.reset, ticket, now)
    }

    /// The ticket of a link that verifies an account's address.
    #[must_use]
    pub fn seal_verification(&self, link: UserLink) -> Secret {
        Secret::new(self.verification.seal(&user_link_bytes(link)))
    }

    /// Opens the ticket of a link that verifies an account's address.
    #[must_use]
    pub fn open_verification(&self, ticket: &str, now: u64) -> Option<UserLink> {
        open_user_link(&self.verification, ticket, now)
    }

    /// The ticket of a link to confirm a new address.
    #[must_use]
    pub fn seal_new_address(&self, link: &NewAddressLink) -> Secret {
        let mut body = user_link_bytes(link.account).to_vec();
        body.extend_from_slice(link.email.as_given().as_bytes());
        Secret::new(self.new_address.seal_for_mail(body))
    }

    /// Opens the ticket of a link to confirm a new address.
    #[must_use]
    pub fn open_new_address(&self, ticket: &str, now: u64) -> Option<NewAddressLink> {
        let body = self.new_address.open_up_to(ticket, LINK_MAX_BYTES)?;
        let (account, email) = body.split_first_chunk::<USER_LINK_BYTES>()?;
        let account = read_user_link(account).filter(|link| is_alive(link.expires_at, now))?;
        let email = std::str::from_utf8(email).ok()?.split('\n').next()?;
        let email = EmailAddress::parse(email).ok()?;
        Some(NewAddressLink { account, email })
    }

    /// The ticket of a link to finish a registration.
    #[must_use]
    pub fn seal_registration(&self, link: &RegistrationLink) -> Secret {
        let name = |name: &Option<Name>| name.as_ref().map_or("", Name::as_str).to_owned();
        // Neither an address nor a name contains a line break.
        let text = [
            link.email.as_given(),
            &name(&link.first_name),
            &name(&link.last_name),
        ]
        .join("\n");
        let mut body = link.asked_at.to_be_bytes().to_vec();
        body.extend_from_slice(&link.expires_at.to_be_bytes());
        body.extend_from_slice(text.as_bytes());
        Secret::new(self.registration.seal_for_mail(body))
    }

    /// Opens the ticket of a link to finish a registration.
    #[must_use]
    pub fn open_registration(&self, ticket: &str, now: u64) -> Option<RegistrationLink> {
        let body = self.registration.open_up_to(ticket, LINK_MAX_BYTES)?;
        let (asked_at, rest) = body.split_first_chunk::<8>()?;
        let (expires_at, text) = rest.split_first_chunk::<8>()?;
        let asked_at = u64::from_be_bytes(*asked_at);
        let expires_at = u64::from_be_bytes(*expires_at);
        let mut lines = std::str::from_utf8(text).ok()?.split('\n');
        let email = EmailAddress::parse(lines.next()?).ok()?;
        let first_name = Name::parse(lines.next()?).ok();
        let last_name = Name::parse(lines.next()?).ok();
        is_alive(expires_at, now).then_some(RegistrationLink {
            email,
            first_name,
            last_name,
            asked_at,
            expires_at,
        })
    }
}

/// Whether the link has not expired. If a link's remaining time is longer than the longest lifetime
/// of a link, the clock is wrong: it has stopped, or it was set back. Such a link is rejected, too.
fn is_alive(expires_at: u64, now: u64) -> bool {
    let latest = now
        .saturating_add(VERIFICATION_LINK_TTL)
        .saturating_add(FUTURE_SKEW_SECONDS);
    expires_at > now && expires_at <= latest
}

fn user_link_bytes(link: UserLink) -> [u8; USER_LINK_BYTES] {
    let mut bytes = [0; USER_LINK_BYTES];
    let parts = link
        .user
        .as_bytes()
        .iter()
        .chain(&link.state.0)
        .copied()
        .chain(link.expires_at.to_be_bytes());
    for (byte, part) in bytes.iter_mut().zip(parts) {
        *byte = part;
    }
    bytes
}

fn read_user_link(bytes: &[u8; USER_LINK_BYTES]) -> Option<UserLink> {
    let (user, rest) = bytes.split_first_chunk::<16>()?;
    let (state, expires_at) = rest.split_first_chunk::<STATE_BYTES>()?;
    Some(UserLink {
        user: UserId::from_bytes(*user)?,
        state: State(*state),
        expires_at: u64::from_be_bytes(expires_at.try_into().ok()?),
    })
}

fn open_user_link(keys: &TicketKeys, ticket: &str, now: u64) -> Option<UserLink> {
    read_user_link(&keys.open(ticket)?).filter(|link| is_alive(link.expires_at, now))
}
