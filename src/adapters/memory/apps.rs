//! Registered apps, and what users have granted to them, in memory.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::domain::account::UserId;
use crate::domain::authorization::{
    AppClient, ClientId, Grant, GrantId, Resource, SecretId, StoredSecret,
};
use crate::domain::error::StoreError;
use crate::domain::policy::CLIENT_SECRETS_MAX;
use crate::ports::{AddedSecret, Clients, GivenGrant, Grants, RegisteredClient};

/// Apps and grants in memory, lost with the process. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct MemoryApps {
    clients: Rc<RefCell<BTreeMap<ClientId, RegisteredClient>>>,
    grants: Rc<RefCell<BTreeMap<GrantId, Grant>>>,
}

impl MemoryApps {
    /// How many grants are stored, withdrawn ones included.
    #[must_use]
    pub fn grants_stored(&self) -> usize {
        self.grants.borrow().len()
    }
}

impl Clients for MemoryApps {
    async fn find(&self, id: &ClientId) -> Result<Option<RegisteredClient>, StoreError> {
        Ok(self.clients.borrow().get(id).cloned())
    }

    async fn list(
        &self,
        after: Option<&ClientId>,
        limit: u32,
    ) -> Result<Vec<AppClient>, StoreError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(self
            .clients
            .borrow()
            .values()
            .map(|registered| &registered.client)
            .filter(|client| after.is_none_or(|after| *after < client.id))
            .take(limit)
            .cloned()
            .collect())
    }

    async fn create(
        &self,
        client: &AppClient,
        secret: Option<&StoredSecret>,
    ) -> Result<bool, StoreError> {
        let mut clients = self.clients.borrow_mut();
        if clients.contains_key(&client.id) {
            return Ok(false);
        }
        let registered = RegisteredClient {
            client: client.clone(),
            secrets: secret.cloned().into_iter().collect(),
        };
        clients.insert(client.id.clone(), registered);
        Ok(true)
    }

    async fn change(&self, client: &AppClient, if_version: u64) -> Result<bool, StoreError> {
        let mut clients = self.clients.borrow_mut();
        let found = clients
            .get_mut(&client.id)
            .filter(|found| found.client.version == if_version);
        let Some(found) = found else {
            return Ok(false);
        };
        if found.client.first_party && !client.first_party {
            let mut grants = self.grants.borrow_mut();
            grants.retain(|_, grant| grant.client != client.id);
        }
        found.client = client.clone();
        Ok(true)
    }

    async fn delete(&self, id: &ClientId) -> Result<bool, StoreError> {
        self.grants
            .borrow_mut()
            .retain(|_, grant| grant.client != *id);
        Ok(self.clients.borrow_mut().remove(id).is_some())
    }

    async fn add_secret(
        &self,
        id: &ClientId,
        secret: &StoredSecret,
    ) -> Result<AddedSecret, StoreError> {
        let mut clients = self.clients.borrow_mut();
        let Some(found) = clients.get_mut(id) else {
            return Ok(AddedSecret::UnknownClient);
        };
        if found.secrets.len() >= CLIENT_SECRETS_MAX {
            return Ok(AddedSecret::TooMany);
        }
        found.secrets.push(secret.clone());
        found.secrets.sort_by_key(|secret| secret.id);
        Ok(AddedSecret::Added)
    }

    async fn delete_secret(&self, id: &ClientId, secret: SecretId) -> Result<bool, StoreError> {
        let mut clients = self.clients.borrow_mut();
        let Some(found) = clients.get_mut(id) else {
            return Ok(false);
        };
        let before = found.secrets.len();
        found.secrets.retain(|stored| stored.id != secret);
        Ok(found.secrets.len() < before)
    }
}

impl Grants for MemoryApps {
    async fn give(&self, grant: &Grant) -> Result<Grant, StoreError> {
        let mut grants = self.grants.borrow_mut();
        let live = grants
            .values_mut()
            .find(|live| is_live(live, grant.user, &grant.client, grant.resource.as_ref()));
        if let Some(live) = live {
            // If the old and the new scopes together are too long, only the new ones are stored.
            live.scopes = live
                .scopes
                .with(&grant.scopes)
                .unwrap_or_else(|_| grant.scopes.clone());
            return Ok(live.clone());
        }
        // Each grant gets a new id. So if there is already a grant with this id, this call is a
        // repetition: the first call stored the grant, which was withdrawn later.
        Ok(grants.entry(grant.id).or_insert(grant.clone()).clone())
    }

    async fn find_live(
        &self,
        user: UserId,
        client: &ClientId,
        resource: Option<&Resource>,
    ) -> Result<Option<Grant>, StoreError> {
        let grants = self.grants.borrow();
        let mut live = grants.values();
        Ok(live
            .find(|grant| is_live(grant, user, client, resource))
            .cloned())
    }

    async fn find(&self, id: GrantId) -> Result<Option<Grant>, StoreError> {
        Ok(self.grants.borrow().get(&id).cloned())
    }

    async fn list(&self, user: UserId) -> Result<Vec<GivenGrant>, StoreError> {
        let (grants, clients) = (self.grants.borrow(), self.clients.borrow());
        Ok(grants
            .values()
            .rev()
            .filter(|grant| grant.user == user && grant.withdrawn_at.is_none())
            .map(|grant| GivenGrant {
                grant: grant.clone(),
                client_name: clients
                    .get(&grant.client)
                    .map(|registered| registered.client.name.clone()),
            })
            .collect())
    }

    async fn withdraw(
        &self,
        id: GrantId,
        user: UserId,
        now: u64,
    ) -> Result<Option<Grant>, StoreError> {
        let mut grants = self.grants.borrow_mut();
        let found = grants.get_mut(&id).filter(|grant| grant.user == user);
        Ok(found.map(|grant| {
            grant.withdrawn_at = grant.withdrawn_at.or(Some(now));
            grant.clone()
        }))
    }

    async fn forget(&self, user: UserId) -> Result<(), StoreError> {
        self.grants
            .borrow_mut()
            .retain(|_, grant| grant.user != user);
        Ok(())
    }

    async fn forget_withdrawn(&self, before: u64) -> Result<(), StoreError> {
        self.grants
            .borrow_mut()
            .retain(|_, grant| grant.withdrawn_at.is_none_or(|at| at >= before));
        Ok(())
    }
}

fn is_live(grant: &Grant, user: UserId, client: &ClientId, resource: Option<&Resource>) -> bool {
    grant.user == user
        && grant.client == *client
        && grant.resource.as_ref() == resource
        && grant.withdrawn_at.is_none()
}
