//! What users have granted to apps.

use crate::domain::account::UserId;
use crate::domain::authorization::{ClientId, Grant, GrantId, Resource};
use crate::domain::error::StoreError;

/// A grant in the list that its user sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenGrant {
    /// The grant.
    pub grant: Grant,
    /// The app's name. `None` if the app is not registered here. In that case the app's id is the
    /// URL of its metadata document.
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
    /// no live grant, stores `grant`. If the stored and the new scopes together are too long, the
    /// scopes of `grant` replace the stored ones. Returns the live grant. MUST be one atomic step,
    /// also for simultaneous calls.
    ///
    /// # Errors
    /// When the store does not answer. The caller may repeat the call.
    async fn give(&self, grant: &Grant) -> Result<Grant, StoreError>;

    /// The live grant of this user, app and resource, read from the database's primary copy.
    ///
    /// # Errors
    /// When the store does not answer, or the stored row is not a valid grant.
    async fn find_live(
        &self,
        user: UserId,
        client: &ClientId,
        resource: Option<&Resource>,
    ) -> Result<Option<Grant>, StoreError>;

    /// The grant with this id, whether it is withdrawn or not, read from the database's primary
    /// copy.
    ///
    /// # Errors
    /// The same as for [`find_live`](Self::find_live).
    async fn find(&self, id: GrantId) -> Result<Option<Grant>, StoreError>;

    /// The user's live grants, the newest first.
    ///
    /// # Errors
    /// The same as for [`find_live`](Self::find_live).
    async fn list(&self, user: UserId) -> Result<Vec<GivenGrant>, StoreError>;

    /// Withdraws a grant of this user, and returns it. If the grant was withdrawn before, it is
    /// returned too, and the time of its withdrawal does not change. So if a later step of the
    /// request fails, the caller can repeat the whole request. `None` if the user has no such
    /// grant.
    ///
    /// # Errors
    /// When the grant might not have been withdrawn. The caller may repeat the call.
    async fn withdraw(
        &self,
        id: GrantId,
        user: UserId,
        now: u64,
    ) -> Result<Option<Grant>, StoreError>;

    /// Deletes all grants of a user who was deleted.
    ///
    /// # Errors
    /// When some grants might still be stored. The caller may repeat the call.
    async fn forget(&self, user: UserId) -> Result<(), StoreError>;

    /// Deletes the grants that were withdrawn before this time, in seconds since 1970.
    ///
    /// # Errors
    /// When some of these grants might still be stored.
    async fn forget_withdrawn(&self, before: u64) -> Result<(), StoreError>;
}
