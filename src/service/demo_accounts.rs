//! The demo accounts and apps of local development.

use super::AuthService;
use super::new_user::Identity;
use crate::domain::account::{Password, Roles};
use crate::domain::authorization::{
    AppClient, ClientId, ClientSecretHash, ClientType, RedirectUri, Resource, SecretId,
    StoredSecret,
};
use crate::domain::error::Error;
use crate::domain::policy::ADMIN_ROLE;
use crate::ports::{Clients, Ports, UserDirectory};

const PASSWORD: &str = "correct horse battery staple";
const ACCOUNTS: [(&str, &str, &str, bool); 2] = [
    ("ada@example.com", "Ada", "Lovelace", false),
    ("root@example.com", "Root", "Example", true),
];

/// The id, the name and the secret of each app.
const CLIENTS: [(&str, &str, Option<&str>); 2] = [
    ("demo-spa", "Demo page", None),
    ("demo-web", "Demo website", Some("demo-web-secret")),
];
/// At these hosts a redirect URI matches with any port.
const REDIRECT_URIS: [&str; 3] = [
    "http://127.0.0.1/callback",
    "http://localhost/callback",
    "http://[::1]/callback",
];
const RESOURCE: &str = "https://api.example.com";

impl<P: Ports> AuthService<P> {
    /// Creates the two demo accounts and the two demo apps if they are missing. The accounts are
    /// verified. Their password and the secret of `demo-web` are public. Does nothing outside local
    /// development. The caller must have checked that the request's host is a local one.
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
            // The password is not checked like a new password, because the check would reject it:
            // the password is public and in every list of breached passwords.
            let password = Password::for_login(PASSWORD)
                .map_err(|_| Error::Internal("a demo account has no password"))?;
            let hash = self.hash_password(&password, &identity.email).await?;
            let user = self.new_user(identity, hash, roles, Some(self.now()));
            // If the address is taken, a concurrent request was faster.
            users.insert(&user, None).await?;
        }
        for (id, name, secret) in CLIENTS {
            let client = self.demo_client(id, name, secret.is_some());
            let client = client.ok_or(Error::Internal("a demo app is not valid"))?;
            let secret = secret.map(|secret| StoredSecret {
                id: SecretId::new(self.now_ms(), &self.random()),
                hash: ClientSecretHash::of(secret),
                created_at: self.now(),
            });
            // If the id is taken, the app exists already. An administrator might have changed it.
            self.ports
                .clients()
                .create(&client, secret.as_ref())
                .await?;
        }
        Ok(())
    }

    /// A public demo app belongs to the operator, a confidential one to somebody else.
    fn demo_client(&self, id: &str, name: &str, confidential: bool) -> Option<AppClient> {
        let redirect_uris: Result<Vec<RedirectUri>, _> = REDIRECT_URIS
            .into_iter()
            .map(RedirectUri::register)
            .collect();
        Some(AppClient {
            id: ClientId::parse(id)?,
            name: name.to_owned(),
            kind: if confidential {
                ClientType::Confidential
            } else {
                ClientType::Public
            },
            first_party: !confidential,
            redirect_uris: redirect_uris.ok()?,
            post_logout_redirect_uris: vec![],
            resources: vec![Resource::parse(RESOURCE).ok()?],
            scopes: vec![],
            id_token_alg: None,
            disabled_at: None,
            created_at: self.now(),
            version: 1,
        })
    }
}
