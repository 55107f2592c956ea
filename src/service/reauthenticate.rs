//! Asks for the password again within a session, before actions that can't be undone.

use super::{AuthService, SignedIn};
use crate::domain::error::{AccessRefusal, Error};
use crate::domain::event::Act;
use crate::domain::session::{Client, Proof, Proved, RefreshTicket, TokenId, is_recent};
use crate::ports::{Ports, SessionStore};

use super::access::Bearer;
use super::manager::Manager;

impl<P: Ports> AuthService<P> {
    /// Checks the password of a signed-in user, and returns a new pair of tokens for the same
    /// session, whose `auth_time` is now.
    ///
    /// The new refresh token has the same number as the client's current refresh token, so both
    /// stay valid and a lost answer does no harm. `held` is the refresh token from the client's
    /// cookie. Without a cookie the number is taken from the access token. The attempts are limited
    /// like those of a login.
    ///
    /// # Errors
    /// - [`Error::Access`]: the access token is not valid, or its session has ended.
    /// - [`Error::Access`]: the refresh token that belongs to the access token was used already.
    ///   The client must renew first and then try again.
    /// - [`Error::Access`]: the cookie belongs to another session, which a later login in the same
    ///   browser began. The client can renew its tokens to learn whose session that is.
    /// - [`Error::CurrentPassword`].
    /// - [`Error::RateLimited`].
    /// - [`Error::Field`]: the password is too long.
    /// - [`Error::Store`]: a retry is safe.
    pub async fn reauthenticate(
        &self,
        access_token: &str,
        password: &str,
        held: Option<&str>,
        client: &Client,
    ) -> Result<SignedIn, Error> {
        let (bearer, user) = self.bearer_with_user(access_token).await?;
        let rules = &self.settings().sessions;
        let held = held
            .and_then(|token| self.shared.refresh_tokens.open(token))
            .filter(|ticket| ticket.epoch == user.session_epoch || ticket.user != user.id);
        // Somebody has signed in again in this browser, so its cookie belongs to another session.
        // The new refresh token must not replace that cookie.
        if held.is_some_and(|ticket| ticket.session != bearer.session) {
            return Err(Error::Access(AccessRefusal::Outdated));
        }
        // The `jti` of an access token from an older version of the service contains no number.
        let counter = TokenId::parse(&bearer.token.claims().jti).map(TokenId::counter);
        let counter = held
            .map(|ticket| ticket.counter)
            .or(counter)
            .ok_or(Error::Access(AccessRefusal::Outdated))?;
        self.check_current_password(&user, password, bearer.session, client)
            .await?;
        let now = self.now();
        let expires_at = bearer.session.begun_at().saturating_add(rules.session_ttl);
        let ticket = RefreshTicket {
            user: user.id,
            session: bearer.session,
            epoch: user.session_epoch,
            counter,
            expires_at: held.map_or(expires_at, |ticket| ticket.expires_at),
            proof: Proof::by_password(now),
            sign_on: held.and_then(|ticket| ticket.sign_on),
        };
        match self.ports.sessions().prove(&ticket, rules, now).await? {
            Proved::GoesOn => {}
            Proved::Spent => return Err(Error::Access(AccessRefusal::Outdated)),
            Proved::Over => return Err(Error::Access(AccessRefusal::SessionEnded)),
        }
        let tokens = self.pair(&(&user).into(), ticket)?;
        self.record(Act::Reauthenticated {
            user: user.id,
            session: bearer.session,
        });
        let device = self.device_ticket(&user);
        Ok(SignedIn {
            tokens,
            user,
            device,
        })
    }

    /// Requires that the bearer entered the password within the last ten minutes. Somebody who only
    /// has an access token, because it was stolen or left in an open browser, must not be able to
    /// do permanent harm.
    ///
    /// # Errors
    /// [`Error::ReauthenticationRequired`].
    pub(super) fn require_recent_proof(&self, bearer: &Bearer) -> Result<(), Error> {
        if is_recent(bearer.token.claims().auth_time, self.now()) {
            Ok(())
        } else {
            Err(Error::ReauthenticationRequired)
        }
    }

    /// Like [`require_recent_proof`](Self::require_recent_proof), for an administrator or an
    /// operator. An operator ticket is always recent enough, because somebody who can write to the
    /// database stored it at most 15 minutes ago.
    ///
    /// # Errors
    /// [`Error::ReauthenticationRequired`].
    pub(super) fn require_fresh(&self, manager: &Manager) -> Result<(), Error> {
        manager
            .bearer()
            .map_or(Ok(()), |bearer| self.require_recent_proof(bearer))
    }
}
