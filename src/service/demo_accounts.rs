//! The demo accounts of local development.

use super::AuthService;
use super::new_user::Identity;
use crate::domain::account::{Password, Roles};
use crate::domain::error::Error;
use crate::domain::policy::ADMIN_ROLE;
use crate::ports::{Ports, UserDirectory};

const PASSWORD: &str = "correct horse battery staple";
const ACCOUNTS: [(&str, &str, &str, bool); 2] = [
    ("ada@example.com", "Ada", "Lovelace", false),
    ("root@example.com", "Root", "Example", true),
];

impl<P: Ports> AuthService<P> {
    /// Creates the two demo accounts if they are missing. They are verified, and their password is
    /// public. Does nothing outside local development; the caller has checked the request's host.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn add_demo_accounts(&self) -> Result<(), Error> {
        if !self.settings().dev {
            return Ok(());
        }
        for (email, first_name, last_name, admin) in ACCOUNTS {
            let identity = Identity::parse(email, Some(first_name), Some(last_name))?;
            let users = self.ports.users();
            if users.find_by_email(&identity.email).await?.is_some() {
                continue;
            }
            let roles = if admin {
                Roles::new(vec!["user".to_owned(), ADMIN_ROLE.to_owned()])
                    .map_err(|_| Error::Internal("a demo account has no roles"))?
            } else {
                Roles::user()
            };
            // Not checked as a new password: it is public, and in every list of breaches.
            let password = Password::for_login(PASSWORD)
                .map_err(|_| Error::Internal("a demo account has no password"))?;
            let hash = self.hash_password(&password, &identity.email).await?;
            let user = self.new_user(identity, hash, roles, Some(self.now()));
            // If the address is taken, a concurrent request was faster.
            users.insert(&user, None).await?;
        }
        Ok(())
    }
}
