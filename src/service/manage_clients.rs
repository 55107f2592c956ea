//! What an administrator or an operator does with apps, which are OAuth clients: list, create,
//! read, change and delete them, and manage their secrets.
//!
//! Whoever manages apps decides where authorization codes are sent. So every operation requires
//! that the administrator has entered the password recently (a recent proof).

use super::AuthService;
use super::manager::Manager;
use crate::domain::authorization::{
    AppClient, ClientChange, ClientFault, ClientFields, ClientId, ClientRules, ClientSecret,
    ClientType, IdTokenAlg, NewClient, SecretId, StoredSecret,
};
use crate::domain::error::Error;
use crate::domain::event::{Act, ClientAct};
use crate::domain::operator::Scope;
use crate::domain::policy::{CLIENTS_PER_PAGE, VERSION_TRIES};
use crate::ports::{AddedSecret, Clients, Ports, RegisteredClient};

/// A page of apps.
#[derive(Clone, Debug)]
pub struct ClientPage {
    /// The apps, sorted by id.
    pub clients: Vec<AppClient>,
    /// The last app of this page, if there is another page.
    pub next: Option<ClientId>,
}

/// An app that was just created. This is the only time that its secret is shown.
#[derive(Clone, Debug)]
pub struct CreatedClient {
    /// The app.
    pub client: AppClient,
    /// Its first secret. A public app has none.
    pub secret: Option<ClientSecret>,
}

/// A secret that was just made. This is the only time that it is shown.
#[derive(Clone, Debug)]
pub struct CreatedSecret {
    /// What the database stores of the secret: a hash.
    pub stored: StoredSecret,
    /// The secret.
    pub secret: ClientSecret,
}

impl<P: Ports> AuthService<P> {
    /// At most [`CLIENTS_PER_PAGE`] apps, sorted by id, beginning after the id `after`.
    ///
    /// # Errors
    /// - [`Error::Access`]; [`Error::ReauthenticationRequired`]; [`Error::Store`].
    /// - [`Error::Forbidden`]: the caller is neither an administrator nor an operator with the
    ///   required scope.
    pub async fn list_clients(
        &self,
        credential: &str,
        after: Option<&ClientId>,
    ) -> Result<ClientPage, Error> {
        self.client_manager(credential).await?;
        let limit = CLIENTS_PER_PAGE.saturating_add(1);
        let mut clients = self.ports.clients().list(after, limit).await?;
        let most = usize::try_from(CLIENTS_PER_PAGE).unwrap_or(usize::MAX);
        let more = clients.len() > most;
        clients.truncate(most);
        let next = clients.last().filter(|_| more).map(|last| last.id.clone());
        Ok(ClientPage { clients, next })
    }

    /// Registers an app. A confidential app gets its first secret.
    ///
    /// # Errors
    /// Those of [`list_clients`](Self::list_clients); [`Error::Field`]. After [`Error::Store`] it
    /// is possible that the app exists, but nobody knows its secret. A retry creates another app.
    pub async fn create_client(
        &self,
        credential: &str,
        fields: ClientFields,
    ) -> Result<CreatedClient, Error> {
        let manager = self.client_manager(credential).await?;
        let algs = self.settings().id_token_algs();
        let client = NewClient::parse(fields, &self.client_rules(&algs)).map_err(field)?;
        let client = client.into_client(ClientId::generate(&self.random()), self.now());
        let secret = (client.kind == ClientType::Confidential).then(|| self.new_secret());
        let stored = secret.as_ref().map(|secret| &secret.stored);
        if !self.ports.clients().create(&client, stored).await? {
            return Err(Error::Internal("a random client_id is taken"));
        }
        self.record_client(&client.id, &manager, ClientAct::Created);
        let secret = secret.map(|created| created.secret);
        Ok(CreatedClient { client, secret })
    }

    /// # Errors
    /// Those of [`list_clients`](Self::list_clients); [`Error::UnknownClient`].
    pub async fn read_client(
        &self,
        credential: &str,
        id: &ClientId,
    ) -> Result<RegisteredClient, Error> {
        self.client_manager(credential).await?;
        let found = self.ports.clients().find(id).await?;
        found.ok_or(Error::UnknownClient)
    }

    /// Changes an app. A disabled app begins no session, and its sessions can't be renewed. An app
    /// that stops being first-party loses the access that nobody consented to: its sessions can't
    /// be renewed, and people are asked when they sign in to it again. If the app already has these
    /// values, nothing is written or recorded.
    ///
    /// # Errors
    /// Those of [`read_client`](Self::read_client); [`Error::Field`]; [`Error::NothingToChange`].
    /// After [`Error::Store`] a retry completes the change.
    pub async fn change_client(
        &self,
        credential: &str,
        id: &ClientId,
        fields: ClientFields,
    ) -> Result<RegisteredClient, Error> {
        let manager = self.client_manager(credential).await?;
        let algs = self.settings().id_token_algs();
        let change = ClientChange::parse(fields, &self.client_rules(&algs)).map_err(field)?;
        if change == ClientChange::default() {
            return Err(Error::NothingToChange);
        }
        for _ in 0..VERSION_TRIES {
            let found = self.ports.clients().find(id).await?;
            let found = found.ok_or(Error::UnknownClient)?;
            let before = &found.client;
            let after = change.apply(before, self.now());
            if after == *before {
                return Ok(found);
            }
            // `change` returns false if another request has changed the app since it was read.
            if self.ports.clients().change(&after, before.version).await? {
                let act = match (before.disabled_at, after.disabled_at) {
                    (None, Some(_)) => ClientAct::Disabled,
                    (Some(_), None) => ClientAct::Enabled,
                    _ => ClientAct::Changed,
                };
                self.record_client(id, &manager, act);
                return Ok(RegisteredClient {
                    client: after,
                    ..found
                });
            }
        }
        Err(Error::Internal("an app's version never stayed the same"))
    }

    /// Deletes an app with its secrets and with all grants to it. Its sessions can't be renewed any
    /// more.
    ///
    /// # Errors
    /// Those of [`read_client`](Self::read_client). After [`Error::Store`] a retry completes the
    /// deletion.
    pub async fn delete_client(&self, credential: &str, id: &ClientId) -> Result<Manager, Error> {
        let manager = self.client_manager(credential).await?;
        if !self.ports.clients().delete(id).await? {
            return Err(Error::UnknownClient);
        }
        self.record_client(id, &manager, ClientAct::Deleted);
        Ok(manager)
    }

    /// Makes a secret for a confidential app. The app may have two, so that one can be replaced
    /// while both are valid.
    ///
    /// # Errors
    /// Those of [`read_client`](Self::read_client); [`Error::PublicClient`];
    /// [`Error::TooManySecrets`]. After [`Error::Store`] it is possible that a secret exists that
    /// nobody knows. If a retry returns [`Error::TooManySecrets`], delete that secret first.
    pub async fn add_client_secret(
        &self,
        credential: &str,
        id: &ClientId,
    ) -> Result<CreatedSecret, Error> {
        let manager = self.client_manager(credential).await?;
        let found = self.ports.clients().find(id).await?;
        let found = found.ok_or(Error::UnknownClient)?;
        if found.client.kind == ClientType::Public {
            return Err(Error::PublicClient);
        }
        let created = self.new_secret();
        match self.ports.clients().add_secret(id, &created.stored).await? {
            AddedSecret::Added => {}
            AddedSecret::TooMany => return Err(Error::TooManySecrets),
            AddedSecret::UnknownClient => return Err(Error::UnknownClient),
        }
        self.record_client(id, &manager, ClientAct::SecretAdded(created.stored.id));
        Ok(created)
    }

    /// Deletes a secret of an app. From then on the secret is rejected.
    ///
    /// # Errors
    /// Those of [`list_clients`](Self::list_clients); [`Error::UnknownSecret`]. After
    /// [`Error::Store`] a retry completes the deletion.
    pub async fn delete_client_secret(
        &self,
        credential: &str,
        id: &ClientId,
        secret: SecretId,
    ) -> Result<Manager, Error> {
        let manager = self.client_manager(credential).await?;
        if !self.ports.clients().delete_secret(id, secret).await? {
            return Err(Error::UnknownSecret);
        }
        self.record_client(id, &manager, ClientAct::SecretDeleted(secret));
        Ok(manager)
    }

    async fn client_manager(&self, credential: &str) -> Result<Manager, Error> {
        let manager = self.manager(credential, Scope::Clients).await?;
        self.require_fresh(&manager)?;
        Ok(manager)
    }

    fn client_rules<'a>(&'a self, id_token_algs: &'a [IdTokenAlg]) -> ClientRules<'a> {
        let settings = self.settings();
        ClientRules {
            issuer: &settings.issuer,
            audience: &settings.audience,
            id_token_algs,
        }
    }

    fn new_secret(&self) -> CreatedSecret {
        let (secret, hash) = ClientSecret::generate(&self.random());
        let now_ms = self.now_ms();
        let stored = StoredSecret {
            id: SecretId::new(now_ms, &self.random()),
            hash,
            created_at: now_ms / 1000,
        };
        CreatedSecret { stored, secret }
    }

    fn record_client(&self, client: &ClientId, manager: &Manager, what: ClientAct) {
        self.record(Act::ClientManaged {
            client: client.clone(),
            by: manager.actor(),
            what,
        });
    }
}

fn field(fault: ClientFault) -> Error {
    Error::Field(fault.field, fault.problem)
}
