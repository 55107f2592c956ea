//! What users have granted to apps.

use crate::domain::account::UserId;
use crate::domain::authorization::{ClientId, Grant, GrantId, Resource};
use crate::domain::error::StoreError;

/// A grant, as its user sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenGrant {
    /// The grant.
    pub grant: Grant,
    /// The app's name. `None` if the app is not registered here. The id of such an app is the URL
    /// of its metadata.
    pub client_name: Option<String>,
}

impl GivenGrant {
    /// The app's name, or its id if the app is not registered.
    #[must_use]
    pub fn name(&self) -> &str {
        let id = self.grant.client.as_str();
        self.client_name.as_deref().unwrap_or(id)
    }
}

/// What users have granted to apps. A grant is live until it is withdrawn. A user has at most one
/// live grant for each app and resource. Linearizable: a read sees every write that was answered
/// before the read began.
pub trait Grants {
    /// Adds the scopes of `grant` to the live grant of the same user, app and resource. If there is
    /// no live grant, stores `grant`. If all scopes together are too long, the scopes of `grant`
    /// replace the stored ones. Returns the live grant. MUST be one atomic step, also for
    /// simultaneous calls.
    ///
    /// # Errors
    /// When the store does not answer. The caller may repeat.
    async fn give(&self, grant: &Grant) -> Result<Grant, StoreError>;

    /// The live grant of this user, app and resource, from the primary copy.
    ///
    /// # Errors
    /// When the store does not answer, or the stored row is not a valid grant.
    async fn find_live(
        &self,
        user: UserId,
        client: &ClientId,
        resource: Option<&Resource>,
    ) -> Result<Option<Grant>, StoreError>;

    /// The grant with this id, withdrawn or not, from the primary copy.
    ///
    /// # Errors
    /// As [`find_live`](Self::find_live).
    async fn find(&self, id: GrantId) -> Result<Option<Grant>, StoreError>;

    /// The user's live grants, the newest first.
    ///
    /// # Errors
    /// As [`find_live`](Self::find_live).
    async fn list(&self, user: UserId) -> Result<Vec<GivenGrant>, StoreError>;

    /// Withdraws a grant of this user, and returns it. A grant that was withdrawn before is
    /// returned too, and keeps the time of its withdrawal. So a caller whose next step failed can
    /// repeat the whole request. `None` if the user has no such grant.
    ///
    /// # Errors
    /// When it may not have been withdrawn. The caller may repeat.
    async fn withdraw(
        &self,
        id: GrantId,
        user: UserId,
        now: u64,
    ) -> Result<Option<Grant>, StoreError>;

    /// Deletes all grants of a user who was deleted.
    ///
    /// # Errors
    /// When some may still be stored. The caller may repeat.
    async fn forget(&self, user: UserId) -> Result<(), StoreError>;

    /// Deletes the grants that were withdrawn before this time, in seconds since 1970.
    ///
    /// # Errors
    /// When some may still be stored.
    async fn forget_withdrawn(&self, before: u64) -> Result<(), StoreError>;
}
