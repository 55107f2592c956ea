//! The refresh token. A refresh token is a *ticket*: a text that contains data and a MAC. No
//! database row is needed to read the data.
//!
//! The data are the user, the session, the token's number in the session's sequence of tokens, and
//! the time until which the session can be renewed. A token that this deployment did not issue, or
//! that was truncated, has no valid MAC, so it is rejected before any storage is read. The
//! successor of a token can be computed from the token alone.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::account::UserId;
use crate::domain::id;
use crate::domain::secret::Secret;
use crate::domain::ticket::{Format, Purpose, TicketKeys, TicketSecrets};

use super::proof::{Methods, Proof};

/// The length of a ticket in the first format, in bytes: the user, the session, the epoch, the
/// counter, and the time when the session ends at the latest.
const FIRST_BYTES: usize = 16 + 16 + 4 + 4 + 8;
/// The length of a ticket in the second format: the first format, followed by the time and the
/// methods of the proof of identity.
const SECOND_BYTES: usize = FIRST_BYTES + 8 + 1;
/// The length of a ticket in the third format: the second format, followed by the id of the sign-on
/// (the login that the apps in one browser share).
const THIRD_BYTES: usize = SECOND_BYTES + 16;

/// A session's id. It is a UUIDv7, so it contains the time when the session began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SessionId(#[serde(with = "id")] uuid::Uuid);

impl SessionId {
    /// Makes a new id from the current time, in milliseconds since 1970, and ten random bytes (RFC
    /// 9562 section 5.7).
    #[must_use]
    pub fn new(now_ms: u64, random: &[u8; 10]) -> Self {
        Self(id::new(now_ms, random))
    }

    /// Reads the canonical form: lower case, hyphens, version 7.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        id::parse(text).map(Self)
    }

    /// The sixteen bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// The id that consists of these bytes. `None` unless the bytes are a UUIDv7.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Option<Self> {
        id::from_bytes(bytes).map(Self)
    }

    /// When the session began, in seconds since 1970.
    #[must_use]
    pub fn begun_at(self) -> u64 {
        let [a, b, c, d, e, f, ..] = *self.0.as_bytes();
        u64::from_be_bytes([0, 0, a, b, c, d, e, f]) / 1000
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// The content of a refresh token. A text that a client sends becomes a ticket only through
/// [`RefreshTokens::open`], which checks the MAC. Serde is used only for calls between the Worker
/// and its own Durable Objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshTicket {
    /// The user whose session it is.
    pub user: UserId,
    pub session: SessionId,
    /// The user's `session_epoch` when the session began.
    pub epoch: u32,
    /// The token's number in the session's sequence of tokens. The first token has 0.
    pub counter: u32,
    /// When the session ends at the latest, in seconds since 1970.
    pub expires_at: u64,
    /// When and how the user last proved who they are. The session store might know a later proof
    /// than this ticket.
    pub proof: Proof,
    /// The id of the session's sign-on, if that began with an earlier session. `None` if the
    /// sign-on began with this session. Then both have the same id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_on: Option<SessionId>,
}

impl RefreshTicket {
    /// The same ticket with the later one of two proofs: the ticket's own proof and the `other`.
    #[must_use]
    pub fn with_later(self, other: Option<Proof>) -> Self {
        Self {
            proof: self.proof.or_later(other),
            ..self
        }
    }

    /// The ticket that follows this one in the session's sequence. `None` if this ticket has the
    /// highest possible number.
    #[must_use]
    pub fn successor(self) -> Option<Self> {
        Some(Self {
            counter: self.counter.checked_add(1)?,
            ..self
        })
    }

    /// The ticket in the second format, which contains all fields except `sign_on`.
    pub(in crate::domain) fn to_bytes(self) -> [u8; SECOND_BYTES] {
        let fields = [
            &self.user.as_bytes()[..],
            &self.session.0.as_bytes()[..],
            &self.epoch.to_be_bytes(),
            &self.counter.to_be_bytes(),
            &self.expires_at.to_be_bytes(),
            &self.proof.auth_time.to_be_bytes(),
            &[self.proof.methods.to_bits()],
        ];
        let mut body = [0; SECOND_BYTES];
        for (to, from) in body.iter_mut().zip(fields.into_iter().flatten()) {
            *to = *from;
        }
        body
    }

    fn to_third_bytes(self, sign_on: SessionId) -> [u8; THIRD_BYTES] {
        let mut body = [0; THIRD_BYTES];
        let fields = [&self.to_bytes()[..], sign_on.as_bytes()];
        for (to, from) in body.iter_mut().zip(fields.into_iter().flatten()) {
            *to = *from;
        }
        body
    }

    fn from_third_bytes(body: &[u8; THIRD_BYTES]) -> Option<Self> {
        let (second, sign_on) = body.split_first_chunk::<SECOND_BYTES>()?;
        Some(Self {
            sign_on: Some(SessionId(id::from_bytes(sign_on.try_into().ok()?)?)),
            ..Self::from_bytes(second)?
        })
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    pub(in crate::domain) fn from_bytes(body: &[u8; SECOND_BYTES]) -> Option<Self> {
        let (first, proof) = body.split_first_chunk::<FIRST_BYTES>()?;
        let (auth_time, methods) = proof.split_first_chunk::<8>()?;
        let proof = Proof {
            auth_time: u64::from_be_bytes(*auth_time),
            methods: Methods::from_bits(*methods.first()?),
        };
        Some(Self {
            proof,
            ..Self::from_first_bytes(first)?
        })
    }

    /// Reads the first format, which contains no proof of identity. A session with such a ticket
    /// began with a login, at which the user entered the password. So the proof is the password, at
    /// the time when the session began.
    fn from_first_bytes(body: &[u8; FIRST_BYTES]) -> Option<Self> {
        let (user, rest) = body.split_first_chunk::<16>()?;
        let (session, rest) = rest.split_first_chunk::<16>()?;
        let (epoch, rest) = rest.split_first_chunk::<4>()?;
        let (counter, expires_at) = rest.split_first_chunk::<4>()?;
        let session = SessionId(id::from_bytes(*session)?);
        Some(Self {
            user: UserId::from_bytes(*user)?,
            session,
            epoch: u32::from_be_bytes(*epoch),
            counter: u32::from_be_bytes(*counter),
            expires_at: u64::from_be_bytes(expires_at.try_into().ok()?),
            proof: Proof::by_password(session.begun_at()),
            sign_on: None,
        })
    }
}

/// Seals and opens refresh tokens for one deployment.
#[derive(Clone, Debug)]
pub struct RefreshTokens(TicketKeys);

impl RefreshTokens {
    /// Derives the keys of refresh tokens from the deployment's ticket secrets and its issuer.
    #[must_use]
    pub fn new(secrets: &TicketSecrets, issuer: &str) -> Self {
        Self(secrets.keys(Purpose::Refresh, issuer))
    }

    /// Makes the token that the client gets: `egr_`, followed by base64url. The third format is
    /// used only for a ticket that has a `sign_on`. So an earlier version of the service, which
    /// does not know the third format, can still open most tickets.
    #[must_use]
    pub fn seal(&self, ticket: RefreshTicket) -> Secret {
        Secret::new(match ticket.sign_on {
            None => self.0.seal_as(Format::Second, &ticket.to_bytes()),
            Some(sign_on) => self
                .0
                .seal_as(Format::Third, &ticket.to_third_bytes(sign_on)),
        })
    }

    /// The content of the token. `None` unless this deployment sealed it. Reads no storage.
    #[must_use]
    pub fn open(&self, text: &str) -> Option<RefreshTicket> {
        // The three formats have different lengths, and a text can have only one of them. So at
        // most one MAC is computed.
        if let Some(body) = self.0.open_as(Format::Second, text) {
            return RefreshTicket::from_bytes(&body);
        }
        match self.0.open_as(Format::Third, text) {
            Some(body) => RefreshTicket::from_third_bytes(&body),
            None => RefreshTicket::from_first_bytes(&self.0.open(text)?),
        }
    }
}

#[cfg(test)]
mod tests {
    use base64ct::{Base64UrlUnpadded, Encoding};
    use proptest::prelude::*;

    use super::*;

    fn tokens() -> RefreshTokens {
        let secret = Base64UrlUnpadded::encode_string(&std::array::from_fn::<u8, 32, _>(|i| {
            u8::try_from(i).unwrap()
        }));
        RefreshTokens::new(
            &TicketSecrets::parse(&secret).unwrap(),
            "https://auth.example",
        )
    }

    prop_compose! {
        fn any_ticket()(
            ms in 0u64..1 << 47,
            random: [u8; 10],
            epoch: u32,
            counter: u32,
            expires_at: u64,
            auth_time: u64,
            sign_on: Option<u64>,
        ) -> RefreshTicket {
            RefreshTicket {
                user: UserId::new(ms, &random),
                session: SessionId::new(ms, &random),
                epoch,
                counter,
                expires_at,
                proof: Proof::by_password(auth_time),
                sign_on: sign_on.map(|ms| SessionId::new(ms >> 17, &random)),
            }
        }
    }

    proptest! {
        #[test]
        fn a_ticket_comes_back_as_it_was(ticket in any_ticket()) {
            prop_assert_eq!(tokens().open(tokens().seal(ticket).expose()), Some(ticket));
        }

        #[test]
        fn a_ticket_from_before_proofs_opens_with_the_login_as_its_proof(ticket in any_ticket()) {
            let body = ticket.to_bytes();
            let sealed = tokens().0.seal(&body[..FIRST_BYTES]);
            let proof = Proof::by_password(ticket.session.begun_at());
            let opened = RefreshTicket { proof, sign_on: None, ..ticket };
            prop_assert_eq!(tokens().open(&sealed), Some(opened));
        }

        #[test]
        fn no_ticket_opens_in_another_form(ticket in any_ticket()) {
            let body = ticket.to_bytes();
            let long = ticket.to_third_bytes(ticket.session);
            let bodies = [&body[..FIRST_BYTES], &body, &long];
            for (at, body) in bodies.into_iter().enumerate() {
                let formats = [Format::First, Format::Second, Format::Third];
                for (of, format) in formats.into_iter().enumerate() {
                    let sealed = tokens().0.seal_as(format, body);
                    prop_assert_eq!(tokens().open(&sealed).is_some(), at == of);
                }
            }
        }

        #[test]
        fn any_flipped_bit_is_refused(ticket in any_ticket(), at in 0usize..147, bit in 0u8..7) {
            let mut text = tokens().seal(ticket).expose().as_bytes().to_vec();
            let at = at % text.len();
            text[at] ^= 1 << bit;
            let text = String::from_utf8(text).unwrap();
            prop_assert_eq!(tokens().open(&text), None);
        }

        #[test]
        fn no_text_makes_a_ticket(text in ".*") {
            prop_assert_eq!(tokens().open(&text), None);
            let prefixed = format!("egr_{text}");
            prop_assert_eq!(tokens().open(&prefixed), None);
        }

        #[test]
        fn the_successor_differs_in_its_number_only(ticket in any_ticket()) {
            let next = ticket.successor();
            prop_assert_eq!(next.is_none(), ticket.counter == u32::MAX);
            if let Some(next) = next {
                prop_assert_eq!(next.counter, ticket.counter + 1);
                prop_assert_eq!(RefreshTicket { counter: ticket.counter, ..next }, ticket);
            }
        }
    }

    #[test]
    fn an_id_tells_when_the_session_began() {
        let id = SessionId::new(1_764_000_000_123, &[7; 10]);
        assert_eq!(id.begun_at(), 1_764_000_000);
        assert_eq!(SessionId::parse(&id.to_string()), Some(id));
        assert_eq!(SessionId::parse(&id.to_string().to_uppercase()), None);
        assert_eq!(
            SessionId::parse("00000000-0000-4000-8000-000000000000"),
            None
        );
    }

    #[test]
    fn a_cut_or_lengthened_ticket_is_refused() {
        let ticket = RefreshTicket {
            user: UserId::new(1, &[1; 10]),
            session: SessionId::new(1, &[2; 10]),
            epoch: 0,
            counter: 0,
            expires_at: 9,
            proof: Proof::by_password(0),
            sign_on: None,
        };
        let sealed = tokens().seal(ticket);
        let text = sealed.expose();
        assert_eq!(text.len(), 126);
        for end in 0..text.len() {
            assert_eq!(tokens().open(&text[..end]), None);
        }
        for tail in ["=", "A", "AAAA", "\n", " "] {
            assert_eq!(tokens().open(&format!("{text}{tail}")), None);
        }
    }
}
