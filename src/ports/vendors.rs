//! Requests to other services, if the settings name them.

use crate::domain::account::Password;
use crate::domain::error::StoreError;

/// Services outside the platform. Without its setting a service is not asked, and the answer is the
/// one that has no effect.
pub trait Vendors {
    /// Whether a password is known from a breach (`BREACHED_PASSWORDS`). Neither the password nor a
    /// whole hash of it may leave the service: this is a MUST. False without the setting.
    ///
    /// # Errors
    /// When there was no answer within about a second.
    async fn is_breached(&self, password: &Password) -> Result<bool, StoreError>;

    /// Whether a browser has passed the challenge (`TURNSTILE_SECRET`), by the token that it got
    /// for it. True without the setting.
    ///
    /// # Errors
    /// When there was no answer within a few seconds, or the service could not judge the token, such
    /// as with a wrong secret.
    async fn has_met_challenge(&self, token: &str) -> Result<bool, StoreError>;
}
