//! Logs out: ends the session of a token (RFC 7009).

use super::AuthService;
use crate::domain::account::UserId;
use crate::domain::error::Error;
use crate::domain::event::Act;
use crate::domain::policy::MAX_SESSION_TTL;
use crate::domain::session::{EndReason, SessionId};
use crate::ports::{Ending, Ports, SessionStore};
use edgegate_token::{Expected, verify};

impl<P: Ports> AuthService<P> {
    /// The user and session of a refresh token, whether or not the session continues. Reads no
    /// storage.
    #[must_use]
    pub fn session_of(&self, refresh_token: &str) -> Option<(UserId, SessionId)> {
        let ticket = self.shared.refresh_tokens.open(refresh_token)?;
        Some((ticket.user, ticket.session))
    }

    /// Ends the session of a refresh token (used or not) or of an access token (even an expired or
    /// outdated one). The token must be from this service, and must not be so old that its session
    /// can't exist any more.
    ///
    /// The single sign-on ends with the session, so the apps that the user entered through it are
    /// logged out too. If the session has ended before but its sign-on has not, the sign-on is
    /// ended now. An expired access token can't end a sign-on in this way, because more programs
    /// have seen an access token than a refresh token.
    ///
    /// An invalid token is not an error (RFC 7009 section 2.2). Nothing is written if the session
    /// and the sign-on have ended already. Returns the user and the session, for the log.
    ///
    /// # Errors
    /// [`Error::Store`]: it is not certain that the end of the session was stored. The client may
    /// retry.
    pub async fn log_out(&self, token: &str) -> Result<Option<(UserId, SessionId)>, Error> {
        let now = self.now();
        let (ending, has_expired) = match self.shared.refresh_tokens.open(token) {
            Some(ticket) if ticket.expires_at > now => (Ending::of_ticket(&ticket), false),
            Some(_) => return Ok(None),
            None => match self.session_of_access_token(token, now) {
                Some(found) => found,
                None => return Ok(None),
            },
        };
        let Ending { user, session, .. } = ending;
        let sessions = self.ports.sessions();
        let has_ended = sessions.revocation(user, session, None, now).await?.ended;
        // It is possible that the session ended but its sign-on did not: because a new session
        // replaced it, or because the user had too many sessions.
        let sign_on = ending.holder.and_then(|holder| holder.own_sign_on(session));
        let is_left = match sign_on {
            Some(sign_on) if has_ended && !has_expired => {
                sessions.has_signed_off(user, sign_on).await?
            }
            _ => has_ended,
        };
        if !is_left {
            sessions.end(&ending, EndReason::LoggedOut, now).await?;
        }
        if !has_ended {
            self.record(Act::SignedOut { user, session });
        }
        Ok(Some((user, session)))
    }

    /// The session of an access token, and whether the token has expired. Signature and claims are
    /// verified, but an expired token is accepted, because it is only used to end a session. Reads
    /// no storage.
    fn session_of_access_token(&self, token: &str, now: u64) -> Option<(Ending, bool)> {
        let settings = self.settings();
        let expected = Expected::new(settings.issuer.as_str(), settings.audience.as_str())
            .with_client_id(settings.client_id.as_str())
            .with_clock_tolerance(MAX_SESSION_TTL);
        let token = verify(token, &settings.keys, &expected, now).ok()?;
        let claims = token.claims();
        let session = SessionId::parse(&claims.sid)?;
        let lives_until = session.begun_at().saturating_add(MAX_SESSION_TTL);
        let ending = Ending::of_claims(UserId::parse(&claims.sub)?, session, claims);
        (now < lives_until).then_some((ending, claims.exp <= now))
    }
}
