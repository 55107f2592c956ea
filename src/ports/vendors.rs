//! Requests to other services, if the settings name them.

use crate::domain::account::Password;
use crate::domain::authorization::MetadataUrl;
use crate::domain::error::StoreError;

/// An answer to a request for an app's document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchedDocument {
    /// The status. A redirect is not followed.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Cache-Control`.
    pub cache_control: Option<String>,
    /// The body, if the status is 200.
    pub body: Vec<u8>,
}

/// Services outside the platform. Without its setting a service is not asked, and the answer is the
/// one that has no effect.
pub trait Vendors {
    /// Whether a password is known from a breach (`BREACHED_PASSWORDS`). Neither the password nor a
    /// whole hash of it may leave the service: this is a MUST. False without the setting.
    ///
    /// # Errors
    /// When there was no answer within about a second.
    async fn is_breached(&self, password: &Password) -> Result<bool, StoreError>;

    /// Whether a browser has passed the challenge (`TURNSTILE_SECRET`), by the token that the
    /// browser got for it. True without the setting.
    ///
    /// # Errors
    /// When there was no answer within a few seconds, or the service could not judge the token, such
    /// as with a wrong secret.
    async fn has_met_challenge(&self, token: &str) -> Result<bool, StoreError>;

    /// What is at the URL of an app that is not registered (`CLIENT_ID_METADATA`). The URL is a
    /// stranger's: MUST connect to public addresses only, follow no redirect, send nothing of this
    /// service, and read at most
    /// [`METADATA_MAX_BYTES`](crate::domain::policy::METADATA_MAX_BYTES).
    ///
    /// # Errors
    /// When there was no whole answer within
    /// [`METADATA_TIMEOUT_MS`](crate::domain::policy::METADATA_TIMEOUT_MS), or it is longer.
    async fn client_document(&self, url: &MetadataUrl) -> Result<FetchedDocument, StoreError>;
}
