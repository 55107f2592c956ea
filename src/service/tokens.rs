//! The pair of tokens that a client gets: an access token and a refresh token.

use super::AuthService;
use super::sign_on::sign_on_of;
use crate::domain::account::{DeviceTicket, User};
use crate::domain::authorization::SignOn;
use crate::domain::error::Error;
use crate::domain::event::Act;
use crate::domain::policy::SESSIONS_PER_USER;
use crate::domain::secret::Secret;
use crate::domain::session::{Client, Holder, Proof, RefreshTicket, SessionId, TokenId, UserCopy};
use crate::ports::{NewSession, Ports, SessionStore};
use edgegate_token::{Claims, IssueError, issue};

/// An access token and a refresh token, as they are sent to the client.
#[derive(Clone, Debug)]
pub struct TokenPair {
    /// The access token, a JWT.
    pub access_token: Secret,
    /// Seconds until it expires.
    pub expires_in: u64,
    /// The refresh token.
    pub refresh_token: Secret,
    /// Seconds until the session ends. Renewals do not extend this time.
    pub refresh_token_expires_in: u64,
    /// The session, for the log.
    pub session: SessionId,
    /// The single sign-on that the session belongs to.
    pub sign_on: SessionId,
    /// The ticket for the sign-on cookie. Only a browser gets it.
    pub sign_on_ticket: Secret,
}

/// A user who has signed in, and their tokens.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The tokens.
    pub tokens: TokenPair,
    /// The user.
    pub user: User,
    /// The signed token (ticket) by which the account recognises this device from now on.
    pub device: Secret,
}

impl<P: Ports> AuthService<P> {
    /// Begins a session for a user who has just given the right password, with one write. If
    /// `sign_on` is given, the session joins this single sign-on. If not, the session begins a new
    /// one.
    pub(super) async fn begin_session(
        &self,
        user: User,
        client: &Client,
        sign_on: Option<SessionId>,
    ) -> Result<SignedIn, Error> {
        let now_ms = self.now_ms();
        let now = now_ms / 1000;
        let rules = &self.settings().sessions;
        let expires_at = now.saturating_add(rules.session_ttl);
        let ticket = RefreshTicket {
            user: user.id,
            session: SessionId::new(now_ms, &self.random()),
            epoch: user.session_epoch,
            counter: 0,
            expires_at,
            proof: Proof::by_password(now),
            sign_on,
        };
        // The tokens are issued before the session is stored. If issuing them fails, no session is
        // stored.
        let tokens = self.pair(&UserCopy::from(&user), ticket)?;
        let new = NewSession {
            user: user.id,
            session: ticket.session,
            epoch: ticket.epoch,
            version: user.version,
            client,
            holder: Holder::Browser { sign_on },
            expires_at,
            idle_ttl: rules.idle_ttl,
            most: self.settings().limits.then_some(SESSIONS_PER_USER),
        };
        self.ports.sessions().begin(&new, now).await?;
        self.record(Act::SignedIn {
            user: user.id,
            session: ticket.session,
        });
        let device = self.device_ticket(&user);
        Ok(SignedIn {
            tokens,
            user,
            device,
        })
    }

    /// The ticket of a device whose user has just proved who they are.
    #[must_use]
    pub fn device_ticket(&self, user: &User) -> Secret {
        let ticket = DeviceTicket::new(user, self.random(), self.now());
        self.shared.devices.seal(&ticket)
    }

    /// The pair of tokens for a user. `ticket` becomes the refresh token.
    pub(super) fn pair(&self, user: &UserCopy, ticket: RefreshTicket) -> Result<TokenPair, Error> {
        let settings = self.settings();
        let now = self.now();
        let expires_in = settings
            .access_token_ttl
            .min(ticket.expires_at.saturating_sub(now));
        let claims = Claims {
            iss: settings.issuer.clone(),
            sub: ticket.user.to_string(),
            aud: settings.audience.as_str().into(),
            client_id: settings.client_id.clone(),
            exp: now.saturating_add(expires_in),
            iat: now,
            nbf: None,
            auth_time: Some(ticket.proof.auth_time),
            jti: TokenId::new(ticket.counter, self.random()).to_string(),
            sid: ticket.session.to_string(),
            ver: user.version,
            roles: user.roles.clone(),
            // The canonical form, in which addresses are compared by this service and in browsers.
            email: Some(user.email_canonical.clone()),
            email_verified: user.email_verified,
            scope: None,
            // Lets a log-out with this token find the sign-on without reading a store, whose answer
            // could be stale.
            sign_on: ticket.sign_on.map(|sign_on| sign_on.to_string()),
        };
        let access_token = issue(&settings.keys, &claims).map_err(not_issued)?;
        let sign_on = SignOn {
            user: ticket.user,
            session: ticket.session,
            sign_on: sign_on_of(&ticket),
            epoch: ticket.epoch,
            proof: ticket.proof,
            // A session that is not renewed for `idle_ttl` expires, and its single sign-on expires
            // with it.
            expires_at: ticket
                .expires_at
                .min(now.saturating_add(settings.sessions.idle_ttl)),
        };
        Ok(TokenPair {
            access_token: Secret::new(access_token),
            expires_in,
            refresh_token: self.shared.refresh_tokens.seal(ticket),
            refresh_token_expires_in: ticket.expires_at.saturating_sub(now),
            session: ticket.session,
            sign_on: sign_on.sign_on,
            sign_on_ticket: self.shared.sign_ons.seal(sign_on),
        })
    }
}

/// The error when an access token can't be issued. The log names it.
pub(super) fn not_issued(why: IssueError) -> Error {
    Error::Internal(match why {
        IssueError::TooLong => {
            "the access token would be longer than 4,096 bytes: shorten the user's roles, or ISSUER and the audience"
        }
        _ => "an access token could not be issued",
    })
}
