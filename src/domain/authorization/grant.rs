//! Grants: a grant records what a user granted to an app.

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
    /// A new id from the time in milliseconds since 1970 and ten random bytes.
    #[must_use]
    pub fn new(now_ms: u64, random: &[u8; 10]) -> Self {
        Self(id::new(now_ms, random))
    }

    /// Reads the canonical form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        id::parse(text).map(Self)
    }

    /// The id with these bytes. `None` unless they are a UUIDv7.
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

/// What a user granted to an app. There is one grant for each user, app and resource. Apps of the
/// first party need no consent, but have grants too. Times are in seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub id: GrantId,
    /// The user who granted it.
    pub user: UserId,
    /// The app.
    pub client: ClientId,
    /// The granted scopes. If the user grants more scopes later, they are added here.
    pub scopes: Scopes,
    /// The API, if the grant is for one.
    pub resource: Option<Resource>,
    /// When the grant was first given.
    pub given_at: u64,
    /// When the grant was withdrawn. It stays withdrawn, but the user can give a new grant.
    pub withdrawn_at: Option<u64>,
}

impl Grant {
    /// Whether the app may continue to use the grant: it is this app's grant, and was not
    /// withdrawn.
    #[must_use]
    pub fn is_live(&self, client: &ClientId) -> bool {
        self.withdrawn_at.is_none() && self.client == *client
    }

    /// Whether the user need not be asked for consent, because this grant already allows
    /// everything. The grant must be by this user, to this app and for this API, must not be
    /// withdrawn, and must have all of these scopes.
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
