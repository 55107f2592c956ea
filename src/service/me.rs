//! Returns the user of an access token, as currently stored.

use super::AuthService;
use crate::domain::account::User;
use crate::domain::error::Error;
use crate::ports::Ports;

impl<P: Ports> AuthService<P> {
    /// The user to whom the token was issued. Reads the user's row, so the result is never stale.
    ///
    /// # Errors
    /// [`Error::Access`]; [`Error::Store`].
    pub async fn me(&self, access_token: &str) -> Result<User, Error> {
        self.bearer_with_user(access_token)
            .await
            .map(|(_, user)| user)
    }
}
