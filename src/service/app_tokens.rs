//! The tokens that an app gets: an access token, a refresh token and, with the scope `openid`, an
//! id_token.

use super::AuthService;
use super::tokens::not_issued;
use crate::domain::account::{User, UserId};
use crate::domain::authorization::id_token::{ID_TOKEN_TYP, signing_input, with_signature};
use crate::domain::authorization::{
    AppClient, AppTicket, IdTokenAlg, IdTokenClaims, IdTokenFacts, Resource, Scope, Scopes,
    id_token_claims,
};
use crate::domain::error::Error;
use crate::domain::secret::Secret;
use crate::domain::session::{SessionId, TokenId, UserCopy};
use crate::ports::{IdTokenSigner, Ports};
use edgegate_token::{Audience, Claims, issue, sign};

/// The tokens of an app, as they are sent to it.
#[derive(Clone, Debug)]
pub struct AppTokens {
    /// The access token, a JWT.
    pub access_token: Secret,
    /// Seconds until it expires.
    pub expires_in: u64,
    /// The refresh token.
    pub refresh_token: Secret,
    /// Seconds until the session ends. Renewals do not extend this time.
    pub refresh_token_expires_in: u64,
    /// What the access token may do.
    pub scopes: Scopes,
    /// Says who signed in. Present only with the scope `openid`.
    pub id_token: Option<Secret>,
    /// The user, for the log.
    pub user: UserId,
    /// The session, for the log.
    pub session: SessionId,
}

/// The app, the ticket (the content of the refresh token) and the scopes for which tokens are
/// issued.
#[derive(Clone, Copy)]
pub(super) struct Granted<'a> {
    /// The app.
    pub(super) app: &'a AppClient,
    /// The content of the refresh token that the app gets.
    pub(super) ticket: &'a AppTicket,
    /// The scopes of the access token. They can be fewer than the scopes of the ticket.
    pub(super) scopes: &'a Scopes,
    /// The nonce of the authorization request. `None` at a renewal.
    pub(super) nonce: Option<&'a str>,
}

impl<P: Ports> AuthService<P> {
    /// Issues the tokens. `user` is the user's row. `copy` is the session store's copy of that row.
    /// At a renewal the copy can be newer than `user`.
    pub(super) async fn app_tokens(
        &self,
        granted: &Granted<'_>,
        user: &User,
        copy: &UserCopy,
    ) -> Result<AppTokens, Error> {
        let now = self.now();
        let core = granted.ticket.core;
        let refresh_token_expires_in = core.expires_at.saturating_sub(now);
        let expires_in = self
            .settings()
            .access_token_ttl
            .min(refresh_token_expires_in);
        let claims = self.claims_for(granted, copy, now.saturating_add(expires_in));
        let access_token = issue(&self.settings().keys, &claims).map_err(not_issued)?;
        Ok(AppTokens {
            access_token: Secret::new(access_token),
            expires_in,
            refresh_token: self.shared.app_tickets.seal(granted.ticket),
            refresh_token_expires_in,
            scopes: granted.scopes.clone(),
            id_token: self.id_token(granted, user, expires_in).await?,
            user: core.user,
            session: core.session,
        })
    }

    /// The claims of an app's access token. They contain the user's email address only with the
    /// scope `email`, and the user's roles only if the app belongs to the operator.
    fn claims_for(&self, granted: &Granted<'_>, user: &UserCopy, exp: u64) -> Claims {
        let Granted {
            app,
            ticket,
            scopes,
            ..
        } = granted;
        let has_email = scopes.contains(Scope::EMAIL);
        Claims {
            iss: self.settings().issuer.clone(),
            sub: ticket.core.user.to_string(),
            aud: self.audience_of(ticket, scopes),
            client_id: app.id.to_string(),
            exp,
            iat: self.now(),
            nbf: None,
            auth_time: Some(ticket.core.proof.auth_time),
            jti: TokenId::new(ticket.core.counter, self.random()).to_string(),
            sid: ticket.core.session.to_string(),
            ver: user.version,
            roles: if app.first_party {
                user.roles.clone()
            } else {
                Vec::new()
            },
            email: has_email.then(|| user.email_canonical.clone()),
            email_verified: has_email && user.email_verified,
            scope: Some(scopes.to_string()),
            sign_on: ticket.sign_on.map(|sign_on| sign_on.to_string()),
        }
    }

    /// The audience of the access token. If the user granted access to an API, the audience is that
    /// API. Otherwise it is `/auth/userinfo`. With an API and the scope `openid`, the audience
    /// contains both.
    fn audience_of(&self, ticket: &AppTicket, scopes: &Scopes) -> Audience {
        let userinfo = self.shared.userinfo.as_str();
        let resource = ticket.resource.as_ref().map(Resource::as_str);
        let is_for_userinfo = resource.is_none() || scopes.contains(Scope::OPENID);
        resource
            .into_iter()
            .chain(is_for_userinfo.then_some(userinfo))
            .collect()
    }

    async fn id_token(
        &self,
        granted: &Granted<'_>,
        user: &User,
        ttl: u64,
    ) -> Result<Option<Secret>, Error> {
        if !granted.scopes.contains(Scope::OPENID) {
            return Ok(None);
        }
        let facts = IdTokenFacts {
            issuer: &self.settings().issuer,
            session: granted.ticket.core.session,
            proof: granted.ticket.core.proof,
            nonce: granted.nonce,
            now: self.now(),
            ttl,
        };
        let claims = id_token_claims(user, granted.scopes, granted.app, &facts);
        let token = if granted.app.id_token_alg == Some(IdTokenAlg::Rs256) {
            self.signed_with_rsa(&claims).await?
        } else {
            sign(&self.settings().keys, ID_TOKEN_TYP, &claims)
                .map_err(|_| Error::Internal("an id_token could not be signed"))?
        };
        Ok(Some(Secret::new(token)))
    }

    /// Signs an id_token with the first key of `ID_TOKEN_KEYS`, for apps that can verify only
    /// RS256.
    async fn signed_with_rsa(&self, claims: &IdTokenClaims) -> Result<String, Error> {
        let key = self.settings().id_token_keys.signer();
        let key = key.ok_or(Error::NoIdTokenKey)?;
        let input = signing_input(IdTokenAlg::Rs256, key.kid(), claims);
        let signature = self
            .ports
            .id_token_signer()
            .sign(key, input.as_bytes())
            .await?;
        Ok(with_signature(&input, &signature))
    }
}
