//! Finds the user of an access token that was issued to an app, and checks whether the token is
//! valid. Such tokens are for `/auth/userinfo` and for APIs outside this service. Whatever else
//! needs an access token here needs one of the service's own client, see
//! [`access`](super::access).

use super::AuthService;
use super::access::verify_by;
use crate::domain::account::{User, UserId};
use crate::domain::authorization::{AppClient, ClientId, Scopes};
use crate::domain::error::{AccessRefusal, Error};
use crate::domain::policy::MAX_SESSION_TTL;
use crate::domain::session::SessionId;
use crate::ports::{Ports, SessionStore, UserDirectory};
use edgegate_token::{Claims, Expected, UntrustedToken};

/// An access token of an app whose signature and claims are valid.
#[derive(Clone, Debug)]
pub(super) struct AppBearer {
    pub(super) user: UserId,
    pub(super) session: SessionId,
    /// The sign-on (single sign-on session) that the app's session belongs to. Logging out of the
    /// sign-on ends the app's session.
    pub(super) sign_on: Option<SessionId>,
    pub(super) client: ClientId,
    pub(super) scopes: Scopes,
    pub(super) claims: Claims,
}

impl<P: Ports> AuthService<P> {
    /// Verifies the signature and the claims of an app's access token. Its audience must contain
    /// `audience`.
    ///
    /// The result is not cached, because the cache that [`verified_bearer`](Self::verified_bearer)
    /// uses holds tokens for another audience.
    ///
    /// # Errors
    /// [`Error::Access`].
    pub(super) async fn app_bearer(
        &self,
        access_token: &str,
        audience: &str,
    ) -> Result<AppBearer, Error> {
        let expected = Expected::new(self.settings().issuer.as_str(), audience);
        self.verified_app_token(access_token, &expected).await
    }

    /// Like [`app_bearer`](Self::app_bearer), but accepts a token with any audience. The caller
    /// must decide from the token's claims whether the app that sent the token may ask about it.
    ///
    /// # Errors
    /// [`Error::Access`].
    pub(super) async fn app_bearer_of_any_audience(
        &self,
        access_token: &str,
    ) -> Result<AppBearer, Error> {
        let expected = self.expecting_its_own_audience(access_token)?;
        self.verified_app_token(access_token, &expected).await
    }

    /// Like [`app_bearer_of_any_audience`](Self::app_bearer_of_any_audience), but accepts an
    /// expired token too. An expired token may be used to end its session, and for nothing else.
    ///
    /// # Errors
    /// [`Error::Access`].
    pub(super) async fn app_bearer_for_log_out(
        &self,
        access_token: &str,
    ) -> Result<AppBearer, Error> {
        let expected = self
            .expecting_its_own_audience(access_token)?
            .with_clock_tolerance(MAX_SESSION_TTL);
        self.verified_app_token(access_token, &expected).await
    }

    /// The expected values for verifying this token with any audience. The audience that the token
    /// itself names becomes the expected audience.
    fn expecting_its_own_audience(&self, access_token: &str) -> Result<Expected, Error> {
        let claims = UntrustedToken::parse(access_token)
            .and_then(|token| token.unverified_claims())
            .map_err(|why| Error::Access(AccessRefusal::Token(why)))?;
        let audience = claims.aud.iter().next().unwrap_or_default();
        Ok(Expected::new(self.settings().issuer.as_str(), audience))
    }

    async fn verified_app_token(
        &self,
        access_token: &str,
        expected: &Expected,
    ) -> Result<AppBearer, Error> {
        let (signatures, keys) = (self.ports.signatures(), &self.settings().keys);
        let token = verify_by(signatures, access_token, keys, expected, self.now())
            .await
            .map_err(|why| Error::Access(AccessRefusal::Token(why)))?;
        let claims = token.into_claims();
        let refused = |why| Error::Access(why);
        if claims.client_id == self.settings().client_id {
            return Err(refused(AccessRefusal::NotOfAnApp));
        }
        let scope = claims
            .scope
            .as_deref()
            .ok_or(refused(AccessRefusal::NotOfAnApp))?;
        let scopes = Scopes::parse(scope).ok();
        let sign_on = match claims.sign_on.as_deref() {
            None => Some(None),
            Some(text) => SessionId::parse(text).map(Some),
        };
        let (Some(user), Some(session), Some(sign_on), Some(client), Some(scopes)) = (
            UserId::parse(&claims.sub),
            SessionId::parse(&claims.sid),
            sign_on,
            ClientId::parse(&claims.client_id),
            scopes,
        ) else {
            return Err(refused(AccessRefusal::ForeignIds));
        };
        Ok(AppBearer {
            user,
            session,
            sign_on,
            client,
            scopes,
            claims,
        })
    }

    /// Asks the stores whether the token is still valid. The token's session and sign-on must not
    /// have ended. Its user must be enabled, and the token's version must be the version in the
    /// user's row. Its app must be enabled.
    ///
    /// # Errors
    /// [`Error::Access`]; [`Error::Store`].
    pub(super) async fn app_bearer_with_user(
        &self,
        bearer: &AppBearer,
    ) -> Result<(User, AppClient), Error> {
        let refused = |why| Error::Access(why);
        let (revocation, user, app) = futures_util::future::join3(
            self.ports.sessions().revocation(
                bearer.user,
                bearer.session,
                bearer.sign_on,
                self.now(),
            ),
            self.ports.users().find_by_id(bearer.user),
            self.app_of(&bearer.client),
        )
        .await;
        if revocation?.ended {
            return Err(refused(AccessRefusal::SessionEnded));
        }
        let user = user?
            .filter(|user| user.disabled_at.is_none())
            .ok_or(refused(AccessRefusal::NoUser))?;
        if bearer.claims.ver != user.version {
            return Err(refused(AccessRefusal::Outdated));
        }
        let app = app?
            .filter(|app| app.disabled_at.is_none())
            .ok_or(refused(AccessRefusal::NoClient))?;
        Ok((user, app))
    }
}
