//! What other services may be asked, when the settings say so.

use crate::domain::account::Password;
use crate::domain::error::StoreError;

/// Services beside the platform's own. Without the setting of one its question is answered as if there were nothing to say.
pub trait Vendors {
    /// Whether a password is known from a breach (`BREACHED_PASSWORDS`). The password MUST NOT leave the service, nor a whole hash of
    /// it. False without the setting.
    ///
    /// # Errors
    /// When it could not be found out in about a second.
    async fn is_breached(&self, password: &Password) -> Result<bool, StoreError>;

    /// Whether a browser has met the challenge (`TURNSTILE_SECRET`), by the token that it got for it. True without the setting.
    ///
    /// # Errors
    /// When it could not be found out in a few seconds.
    async fn has_met_challenge(&self, token: &str) -> Result<bool, StoreError>;
}
