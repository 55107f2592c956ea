//! Requests to optional services outside the platform. A request is made only if the settings
//! switch the service on.

use crate::domain::account::Password;
use crate::domain::authorization::MetadataUrl;
use crate::domain::error::StoreError;

/// The answer to a request for the metadata document of an app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchedDocument {
    /// The HTTP status. Redirects are not followed.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Cache-Control`.
    pub cache_control: Option<String>,
    /// The body, if the status is 200.
    pub body: Vec<u8>,
}

/// Optional services outside the platform. If the setting of a service is absent, the service is
/// not called: [`is_breached`](Self::is_breached) and
/// [`has_met_challenge`](Self::has_met_challenge) then return the answer with which the request
/// continues. Callers use [`client_document`](Self::client_document) only if apps that nobody has
/// registered are allowed (`CLIENT_ID_METADATA`).
pub trait Vendors {
    /// Whether a password is known from a breach (`BREACHED_PASSWORDS`). The password and its whole
    /// hash MUST NOT leave the service. False if the setting is absent.
    ///
    /// # Errors
    /// When there was no answer within about a second.
    async fn is_breached(&self, password: &Password) -> Result<bool, StoreError>;

    /// Whether a browser has passed the challenge (`TURNSTILE_SECRET`). `token` is the text that
    /// the browser got for passing the challenge. True if the setting is absent.
    ///
    /// # Errors
    /// When there was no answer within a few seconds, or the service could not judge the token, for
    /// example because the secret is wrong.
    async fn has_met_challenge(&self, token: &str) -> Result<bool, StoreError>;

    /// Fetches the metadata document of an app that is not registered (`CLIENT_ID_METADATA`).
    /// Anybody can choose the URL, so the adapter MUST connect to public addresses only, follow no
    /// redirect, send no data of this service, and read at most
    /// [`METADATA_MAX_BYTES`](crate::domain::policy::METADATA_MAX_BYTES).
    ///
    /// # Errors
    /// When there was no whole answer within
    /// [`METADATA_TIMEOUT_MS`](crate::domain::policy::METADATA_TIMEOUT_MS), or the answer is longer
    /// than the limit.
    async fn client_document(&self, url: &MetadataUrl) -> Result<FetchedDocument, StoreError>;
}
