//! Who am I: the user of an access token, as the directory knows them now.

use super::AuthService;
use crate::domain::account::User;
use crate::domain::error::Error;
use crate::ports::Ports;

impl<P: Ports> AuthService<P> {
    /// The user to whom the token was issued. Exact: the user's row is read.
    ///
    /// # Errors
    /// [`Error::Access`] when the token does not count, [`Error::Store`] when a store failed.
    pub async fn me(&self, access_token: &str) -> Result<User, Error> {
        self.bearer_with_user(access_token)
            .await
            .map(|(_, user)| user)
    }
}
