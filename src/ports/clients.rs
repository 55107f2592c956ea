//! The registered apps. Each is an OAuth client (RFC 6749 section 2).

use crate::domain::authorization::{AppClient, ClientId, SecretId, StoredSecret};
use crate::domain::error::StoreError;

/// A registered app with its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredClient {
    /// The app.
    pub client: AppClient,
    /// The app's secrets, oldest first. There are at most two.
    pub secrets: Vec<StoredSecret>,
}

/// The outcome of adding a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddedSecret {
    /// The secret was added.
    Added,
    /// The app has two secrets already. Nothing was written.
    TooMany,
    /// There is no such app. Nothing was written.
    UnknownClient,
}

/// The registered apps. Linearizable: a read sees every write that was answered before the read
/// began.
pub trait Clients {
    /// The app with this id, whether or not it is disabled. MUST be read from the database's
    /// primary copy, so that a disabled app or a deleted secret is rejected at once.
    ///
    /// # Errors
    /// When the store does not answer, or the stored row is not a valid app.
    async fn find(&self, id: &ClientId) -> Result<Option<RegisteredClient>, StoreError>;

    /// At most `limit` apps whose ids are greater than `after`, sorted by id, without their
    /// secrets.
    ///
    /// # Errors
    /// The same as for [`find`](Self::find).
    async fn list(
        &self,
        after: Option<&ClientId>,
        limit: u32,
    ) -> Result<Vec<AppClient>, StoreError>;

    /// Adds an app, and its secret if one is given, in one atomic step. MUST change nothing and
    /// return false when an app has this id already.
    ///
    /// # Errors
    /// When the store does not answer. It is unknown whether the app exists.
    async fn create(
        &self,
        client: &AppClient,
        secret: Option<&StoredSecret>,
    ) -> Result<bool, StoreError>;

    /// Replaces the app with this id. MUST change nothing and return false when there is no such
    /// app, or its stored version is not `if_version`. If the stored app is a first-party app and
    /// `client` is not, MUST delete all grants to the app in the same atomic step, because users
    /// are not asked for consent to a first-party app.
    ///
    /// # Errors
    /// When the store does not answer. It is unknown whether the change was made.
    async fn change(&self, client: &AppClient, if_version: u64) -> Result<bool, StoreError>;

    /// Deletes an app, its secrets and all grants to it in one atomic step. Returns whether there
    /// was such an app.
    ///
    /// # Errors
    /// When the store does not answer. If the caller repeats the call, the deletion is completed.
    async fn delete(&self, id: &ClientId) -> Result<bool, StoreError>;

    /// Adds a secret. MUST be exact, also for simultaneous calls: no app ever has more than
    /// [`CLIENT_SECRETS_MAX`](crate::domain::policy::CLIENT_SECRETS_MAX) secrets.
    ///
    /// # Errors
    /// When the store does not answer. It is unknown whether the secret was added.
    async fn add_secret(
        &self,
        id: &ClientId,
        secret: &StoredSecret,
    ) -> Result<AddedSecret, StoreError>;

    /// Deletes a secret of an app. Returns whether there was such a secret.
    ///
    /// # Errors
    /// When the secret might not have been deleted.
    async fn delete_secret(&self, id: &ClientId, secret: SecretId) -> Result<bool, StoreError>;
}
