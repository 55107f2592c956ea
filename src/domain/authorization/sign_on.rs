//! Single sign-on: the ticket in the cookie `__Host-edgegate-sso`.
//!
//! The ticket says which user is signed in in this browser. Only `/auth/authorize` and
//! `/auth/logout` use the ticket. It is not an access token or a refresh token, and gives no access
//! to the account. It is needed because another website can redirect the browser to this service.
//! After such a redirect, the browser sends this cookie, but it does not send the cookie with the
//! refresh token.

use super::ticket_body::{Reader, Writer};
use crate::domain::account::UserId;
use crate::domain::policy::MAX_SESSION_TTL;
use crate::domain::secret::Secret;
use crate::domain::session::{Methods, Proof, SessionId};
use crate::domain::ticket::{Purpose, TicketKeys, TicketSecrets};

/// The length of a ticket's body in bytes: the user, the session, the sign-on, the epoch, the time
/// and the methods of the proof, and the time when the ticket expires.
const BODY_BYTES: usize = 16 + 16 + 16 + 4 + 8 + 1 + 8;

/// The content of the ticket. Code that uses it must check with the session store and the user's
/// database row that the session is still active.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignOn {
    /// The user who is signed in.
    pub user: UserId,
    /// The browser's session.
    pub session: SessionId,
    /// The id of the sign-on: the login that the apps in one browser share. When the same user
    /// signs in again in this browser, the sign-on stays the same, so that a later log-out ends the
    /// sessions of all apps.
    pub sign_on: SessionId,
    /// The user's `session_epoch` when the session began.
    pub epoch: u32,
    /// When and how the user last proved who they are.
    pub proof: Proof,
    /// When the session ends at the latest, in seconds since 1970.
    pub expires_at: u64,
}

/// Seals and opens the sign-on tickets of one deployment. `Debug` prints `_`.
#[derive(Clone, Debug)]
pub struct SignOnTickets(TicketKeys);

impl SignOnTickets {
    /// Derives the keys of these tickets from the deployment's ticket secrets and its issuer.
    #[must_use]
    pub fn new(secrets: &TicketSecrets, issuer: &str) -> Self {
        Self(secrets.keys(Purpose::SignOn, issuer))
    }

    /// The ticket as the cookie contains it: `egs_`, followed by base64url.
    #[must_use]
    pub fn seal(&self, sign_on: SignOn) -> Secret {
        let body = Writer::default()
            .bytes(sign_on.user.as_bytes())
            .bytes(sign_on.session.as_bytes())
            .bytes(sign_on.sign_on.as_bytes())
            .bytes(&sign_on.epoch.to_be_bytes())
            .number(sign_on.proof.auth_time)
            .bytes(&[sign_on.proof.methods.to_bits()])
            .number(sign_on.expires_at)
            .finish();
        Secret::new(self.0.seal(&body))
    }

    /// The content of the ticket. `None` unless this deployment sealed it, it has not expired at
    /// `now`, and its session began less than `session_ttl` seconds ago. The session's age is
    /// checked too, because `SESSION_TTL` could have been shortened since the ticket was made.
    #[must_use]
    pub fn open(&self, text: &str, now: u64, session_ttl: u64) -> Option<SignOn> {
        self.read(text).filter(|sign_on| {
            let age = now.saturating_sub(sign_on.session.begun_at());
            now < sign_on.expires_at && age < session_ttl
        })
    }

    /// Like [`open`](Self::open), but also opens an expired ticket, unless its session began
    /// [`MAX_SESSION_TTL`] ago or earlier. Use this function only to end the sign-on. When the
    /// ticket has expired, the browser's session has ended, but apps that the user entered through
    /// the sign-on might still have active sessions.
    #[must_use]
    pub fn open_to_leave(&self, text: &str, now: u64) -> Option<SignOn> {
        self.read(text)
            .filter(|sign_on| now < sign_on.session.begun_at().saturating_add(MAX_SESSION_TTL))
    }

    fn read(&self, text: &str) -> Option<SignOn> {
        let body = self.0.open::<BODY_BYTES>(text)?;
        let mut body = Reader::new(&body);
        let sign_on = SignOn {
            user: UserId::from_bytes(body.array()?)?,
            session: SessionId::from_bytes(body.array()?)?,
            sign_on: SessionId::from_bytes(body.array()?)?,
            epoch: u32::from_be_bytes(body.array()?),
            proof: Proof {
                auth_time: body.number()?,
                methods: Methods::from_bits(body.byte()?),
            },
            expires_at: body.number()?,
        };
        Some(sign_on)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::SignedOn;
    use super::super::samples::{ISSUER, core, flipped, secrets, signed_on};
    use super::*;
    use crate::domain::session::RefreshTokens;

    fn tickets() -> SignOnTickets {
        SignOnTickets::new(&secrets(), ISSUER)
    }

    proptest! {
        #[test]
        fn a_ticket_comes_back_until_it_expires(
            ms in 0u64..1 << 47,
            random: [u8; 10],
            epoch: u32,
            auth_time: u64,
            expires_at in 1u64..,
            at in 0usize..400,
            bit in 0u8..7,
        ) {
            let sign_on = SignOn {
                user: UserId::new(ms, &random),
                session: SessionId::new(ms, &random),
                sign_on: SessionId::new(ms, &[7; 10]),
                epoch,
                proof: Proof::by_password(auth_time),
                expires_at,
            };
            let text = tickets().seal(sign_on);
            prop_assert!(text.expose().starts_with("egs_"));
            prop_assert_eq!(tickets().open(text.expose(), expires_at - 1, u64::MAX), Some(sign_on));
            prop_assert_eq!(tickets().open(text.expose(), expires_at, u64::MAX), None);
            prop_assert_eq!(tickets().open(&flipped(text.expose(), at, bit), 0, u64::MAX), None);
        }

        #[test]
        fn it_is_no_refresh_token_and_no_refresh_token_is_one(random: [u8; 10]) {
            let signed_on = SignedOn {
                session: SessionId::new(1, &random),
                ..signed_on()
            };
            let core = core(&signed_on);
            let refresh = RefreshTokens::new(&secrets(), ISSUER);
            let sealed = refresh.seal(core);
            let renamed = sealed.expose().replacen("egr_", "egs_", 1);
            prop_assert_eq!(tickets().open(&renamed, 0, u64::MAX), None);
            let sign_on = SignOn {
                user: core.user,
                session: core.session,
                sign_on: core.session,
                epoch: 0,
                proof: core.proof,
                expires_at: 9,
            };
            let sealed = tickets().seal(sign_on);
            let renamed = sealed.expose().replacen("egs_", "egr_", 1);
            prop_assert_eq!(refresh.open(&renamed), None);
        }
    }

    /// When a session began, and its sign-on, whose ticket is valid for so many seconds.
    fn valid_for(seconds: u64) -> (u64, SignOn) {
        let begun_at = 1_764_000_000;
        let session = SessionId::new(begun_at * 1000, &[1; 10]);
        let sign_on = SignOn {
            user: UserId::new(1, &[1; 10]),
            session,
            sign_on: session,
            epoch: 0,
            proof: Proof::by_password(begun_at),
            expires_at: begun_at + seconds,
        };
        (begun_at, sign_on)
    }

    #[test]
    fn a_ticket_is_not_valid_for_longer_than_the_present_session_ttl() {
        let (begun_at, sign_on) = valid_for(90 * 86_400);
        let text = tickets().seal(sign_on);
        let open = |age| tickets().open(text.expose(), begun_at + age, 3600);
        assert_eq!(open(3599), Some(sign_on));
        assert_eq!(open(3600), None);
        assert_eq!(open(86_400), None);
    }

    #[test]
    fn an_expired_ticket_can_end_the_sign_on_as_long_as_any_session_lasts() {
        let (begun_at, sign_on) = valid_for(100);
        let text = tickets().seal(sign_on);
        let last = begun_at + MAX_SESSION_TTL - 1;
        for (now, opened, opened_to_leave) in [
            (begun_at + 99, Some(sign_on), Some(sign_on)),
            (begun_at + 100, None, Some(sign_on)),
            (last, None, Some(sign_on)),
            (last + 1, None, None),
        ] {
            assert_eq!(tickets().open(text.expose(), now, MAX_SESSION_TTL), opened);
            assert_eq!(tickets().open_to_leave(text.expose(), now), opened_to_leave);
        }
    }
}
