//! Single sign-on: the ticket of the cookie `__Host-edgegate-sso`.
//!
//! It says who is signed in in this browser, for `/auth/authorize` and `/auth/logout` alone. It is
//! no token: nobody gets anything of the account with it. Its cookie comes along with navigations
//! from other sites, which that of the refresh token never does.

use super::ticket_body::{Reader, Writer};
use crate::domain::account::UserId;
use crate::domain::secret::Secret;
use crate::domain::session::{Methods, Proof, SessionId};
use crate::domain::ticket::{Purpose, TicketKeys, TicketSecrets};

/// User, session, sign-on, epoch, proof, expiry.
const BODY_BYTES: usize = 16 + 16 + 16 + 4 + 8 + 1 + 8;

/// What the cookie says. Every use asks the session store and the user's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignOn {
    /// Who is signed in.
    pub user: UserId,
    /// The browser's session.
    pub session: SessionId,
    /// The sign-on. It stays the same when the same user signs in again in this browser, so that a
    /// log-out reaches all apps.
    pub sign_on: SessionId,
    /// The user's `session_epoch` when the session began.
    pub epoch: u32,
    /// When and how the user last proved who they are.
    pub proof: Proof,
    /// When the session ends in any case, in seconds since 1970.
    pub expires_at: u64,
}

/// Seals and opens the sign-on tickets of one deployment. `Debug` prints `_`.
#[derive(Clone, Debug)]
pub struct SignOnTickets(TicketKeys);

impl SignOnTickets {
    /// The tickets of the deployment with these secrets and this issuer.
    #[must_use]
    pub fn new(secrets: &TicketSecrets, issuer: &str) -> Self {
        Self(secrets.keys(Purpose::SignOn, issuer))
    }

    /// The ticket as the cookie holds it: `egs_` and base64url.
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

    /// What the ticket says. `None` unless this deployment sealed it and its session may still be
    /// alive at `now`.
    #[must_use]
    pub fn open(&self, text: &str, now: u64) -> Option<SignOn> {
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
        (now < sign_on.expires_at).then_some(sign_on)
    }
}
