//! Grants. A grant is the record of what a user allowed an app to do.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::client::ClientId;
use super::resource::Resource;
use super::scope::Scopes;
use crate::domain::account::UserId;
use crate::domain::id;

/// A grant's id: a UUIDv7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GrantId(#[serde(with = "id")] uuid::Uuid);

impl GrantId {
    /// Makes a new id from the current time, in milliseconds since 1970, and ten random bytes.
    #[must_use]
    pub fn new(now_ms: u64, random: &[u8; 10]) -> Self {
        Self(id::new(now_ms, random))
    }

    /// Reads the canonical form of a UUIDv7.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        id::parse(text).map(Self)
    }

    /// The id that consists of these bytes. `None` unless the bytes are a UUIDv7.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Option<Self> {
        id::from_bytes(bytes).map(Self)
    }

    /// The sixteen bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl fmt::Display for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// What a user granted to an app. There is one grant for each combination of user, app and
/// resource. The operator's own apps (first party) need no consent of the user, but have grants
/// too. Times are in seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub id: GrantId,
    /// The user who gave the grant.
    pub user: UserId,
    /// The app that has the grant.
    pub client: ClientId,
    /// The granted scopes. If the user grants more scopes later, they are added here.
    pub scopes: Scopes,
    /// The API for which the app may get tokens. `None` if the grant is not for an API.
    pub resource: Option<Resource>,
    /// When the grant was first given.
    pub given_at: u64,
    /// When the user withdrew the grant. A withdrawn grant never becomes valid again, but the user
    /// can give a new grant.
    pub withdrawn_at: Option<u64>,
}

impl Grant {
    /// Whether this client may continue to use the grant: the grant was given to this client and
    /// was not withdrawn.
    #[must_use]
    pub fn is_live(&self, client: &ClientId) -> bool {
        self.withdrawn_at.is_none() && self.client == *client
    }

    /// Whether this grant already allows everything that an app asks for, so that the user need not
    /// be asked for consent. The grant must have been given by this user to this app and for this
    /// API. It must not be withdrawn, and must have all of these scopes.
    #[must_use]
    pub fn covers(
        &self,
        user: UserId,
        client: &ClientId,
        resource: Option<&Resource>,
        scopes: &Scopes,
    ) -> bool {
        self.user == user
            && self.is_live(client)
            && self.resource.as_ref() == resource
            && self.scopes.contains_all(scopes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_comes_back_as_it_was() {
        let id = GrantId::new(1_764_000_000_000, &[1; 10]);
        assert_eq!(GrantId::parse(&id.to_string()), Some(id));
        assert_eq!(GrantId::from_bytes(*id.as_bytes()), Some(id));
        assert_eq!(GrantId::parse("app"), None);
    }
}
