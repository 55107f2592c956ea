//! Tells a confidential app whether an access token is valid (RFC 7662).

use super::AuthService;
use super::app_access::AppBearer;
use super::client_authentication::ClientCredentials;
use crate::domain::authorization::{AppClient, ClientType, Resource};
use crate::domain::error::{ClientRefusal, Error};
use crate::domain::session::Client;
use crate::ports::Ports;
use edgegate_token::Claims;

impl<P: Ports> AuthService<P> {
    /// The claims of a valid access token. `None` for an invalid token. `None` for a token that was
    /// issued to another app, unless the token is for a resource (an API) of the calling app.
    /// `None` for a refresh token, because only a renewal shows whether a refresh token is valid.
    ///
    /// # Errors
    /// - [`Error::Client`]: the caller is not a confidential app, or is disabled.
    /// - [`Error::RateLimited`]; [`Error::Store`].
    pub async fn introspect(
        &self,
        token: &str,
        credentials: &ClientCredentials,
        client: &Client,
    ) -> Result<Option<Claims>, Error> {
        let app = self.authenticate_app(credentials, client).await?;
        if app.kind != ClientType::Confidential {
            return Err(Error::Client(ClientRefusal::NotConfidential));
        }
        if app.disabled_at.is_some() {
            return Err(Error::Client(ClientRefusal::Disabled));
        }
        let valid = async {
            let bearer = self.app_bearer_of_any_audience(token).await?;
            if !concerns(&bearer, &app) {
                return Ok(None);
            }
            self.app_bearer_with_user(&bearer).await?;
            Ok(Some(bearer.claims))
        };
        match valid.await {
            Err(Error::Access(_)) => Ok(None),
            outcome => outcome,
        }
    }
}

/// Whether the app may ask about the token.
fn concerns(bearer: &AppBearer, app: &AppClient) -> bool {
    bearer.client == app.id
        || bearer.claims.aud.iter().any(|audience| {
            Resource::parse(audience).is_ok_and(|audience| app.resources.contains(&audience))
        })
}
