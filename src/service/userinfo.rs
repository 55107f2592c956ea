//! Tells an app who signed in to it (OpenID Connect Core section 5.3).

use super::AuthService;
use crate::domain::account::UserId;
use crate::domain::authorization::{Scope, UserinfoClaims, userinfo_claims};
use crate::domain::error::Error;
use crate::domain::event::Act;
use crate::domain::session::SessionId;
use crate::ports::Ports;

/// The claims, and the user and the session of the token.
#[derive(Clone)]
pub struct Userinfo {
    /// What the app may know about the user.
    pub claims: UserinfoClaims,
    /// The user, for the log.
    pub user: UserId,
    /// The app's session, for the log.
    pub session: SessionId,
}

impl<P: Ports> AuthService<P> {
    /// What an app's access token allows the app to know about its user. The user's row is read, so
    /// the answer is never stale.
    ///
    /// # Errors
    /// - [`Error::Access`]: the token is not valid, or is not for this endpoint.
    /// - [`Error::Forbidden`]: the token lacks the scope `openid`.
    /// - [`Error::Store`].
    pub async fn userinfo(&self, access_token: &str) -> Result<Userinfo, Error> {
        let bearer = self.app_bearer(access_token, &self.shared.userinfo).await?;
        let (user, session) = (bearer.user, bearer.session);
        if !bearer.scopes.contains(Scope::OPENID) {
            self.record(Act::AccessDenied { user, session });
            return Err(Error::Forbidden);
        }
        let (row, app) = self.app_bearer_with_user(&bearer).await?;
        Ok(Userinfo {
            claims: userinfo_claims(&row, &bearer.scopes, &app),
            user,
            session,
        })
    }
}
