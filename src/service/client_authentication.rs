//! Finds out which app sends a request, and checks that the sender is that app (RFC 6749 section
//! 2.3).

use super::AuthService;
use crate::domain::authorization::{AppClient, ClientId, ClientType, StoredSecret};
use crate::domain::error::{ClientRefusal, Error};
use crate::domain::event::Act;
use crate::domain::secret::Secret;
use crate::domain::session::Client;
use crate::ports::{Clients, Ports};

/// What a request says about the app that sends it.
#[derive(Clone, Debug)]
pub struct ClientCredentials {
    /// `client_id`.
    pub client_id: String,
    /// `client_secret`, whichever method sent it.
    pub secret: Option<Secret>,
}

impl<P: Ports> AuthService<P> {
    /// The app that these credentials name. A confidential app must prove with a secret that it is
    /// that app. A public app must send no secret. The app can be disabled, which the caller must
    /// check.
    ///
    /// If a confidential app has proved who it is, the requests of all its servers are counted
    /// together. All other requests are counted per network, including requests with a wrong
    /// secret.
    ///
    /// # Errors
    /// [`Error::Client`]; [`Error::RateLimited`]; [`Error::Store`].
    pub(super) async fn authenticate_app(
        &self,
        credentials: &ClientCredentials,
        client: &Client,
    ) -> Result<AppClient, Error> {
        let (app, secrets) = match self.find_app(&credentials.client_id).await? {
            Some(found) => found,
            None => {
                self.admit_client(client).await?;
                return Err(Error::Client(ClientRefusal::Unknown));
            }
        };
        match judge(&app, &secrets, credentials.secret.as_ref()) {
            Ok(()) if app.kind == ClientType::Confidential => {
                self.admit_app(app.id.hash(), client).await?;
                Ok(app)
            }
            Ok(()) => {
                self.admit_network(client).await?;
                Ok(app)
            }
            Err(refusal) => {
                self.admit_client(client).await?;
                self.record(Act::ClientRefused {
                    client: app.id.to_string(),
                    refusal,
                });
                Err(Error::Client(refusal))
            }
        }
    }

    /// The app with this id, disabled or not.
    pub(super) async fn app_of(&self, id: &ClientId) -> Result<Option<AppClient>, Error> {
        if id.is_url() {
            return Ok(self.undescribed_app(id));
        }
        let found = self.ports.clients().find(id).await?;
        Ok(found.map(|found| found.client))
    }

    /// The app with this id and its secrets.
    async fn find_app(
        &self,
        client_id: &str,
    ) -> Result<Option<(AppClient, Vec<StoredSecret>)>, Error> {
        let Some(id) = ClientId::parse(client_id) else {
            return Ok(None);
        };
        if id.is_url() {
            return Ok(self.undescribed_app(&id).map(|app| (app, Vec::new())));
        }
        let found = self.ports.clients().find(&id).await?;
        Ok(found.map(|found| (found.client, found.secrets)))
    }
}

/// Checks that the sender has proved to be this app. All secrets are compared in constant time.
fn judge(
    app: &AppClient,
    secrets: &[StoredSecret],
    presented: Option<&Secret>,
) -> Result<(), ClientRefusal> {
    match (app.kind, presented) {
        (ClientType::Public, None) => Ok(()),
        (ClientType::Public, Some(_)) => Err(ClientRefusal::SecretNotExpected),
        (ClientType::Confidential, None) => Err(ClientRefusal::NoSecret),
        (ClientType::Confidential, Some(secret))
            if StoredSecret::any_matches(secrets, secret.expose()) =>
        {
            Ok(())
        }
        (ClientType::Confidential, Some(_)) => Err(ClientRefusal::Secret),
    }
}
