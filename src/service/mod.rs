//! One use case a file, named as the interface names it. Each gets ports, calls the domain, returns domain types.
//!
//! | method | file |
//! |---|---|
//! | `generate_token` | [`generate_token`] |
//! | `renew_token` | [`renew_token`] |
//! | `revoke_tokens` | [`revoke_tokens`] |
//! | `is_authorized_by_role`, `_by_user_id`, `_by_email` | [`is_authorized`] |
//! | register | [`register`] |
//! | log out | [`log_out`] |
//! | who am I | [`me`] |
//! | one's own sessions | [`manage_sessions`] |
//! | users, for an administrator | [`manage_users`] |
//! | demo accounts, in local development | [`demo_accounts`] |
//!
//! Steps that several use cases share stand beside them: [`access`] (who presents this access token), [`tokens`] (the
//! pair that a client gets), [`new_user`] and [`change_user`].

pub mod access;
pub mod change_user;
pub mod demo_accounts;
pub mod generate_token;
pub mod is_authorized;
pub mod log_out;
pub mod manage_sessions;
pub mod manage_users;
pub mod me;
pub mod new_user;
pub mod register;
pub mod renew_token;
pub mod revoke_tokens;
pub mod tokens;

use std::cell::RefCell;
use std::rc::Rc;

use crate::domain::session::{ClientFingerprints, RefreshTokens};
use crate::domain::settings::Settings;
use crate::domain::token::VerifiedTokens;
use crate::ports::{Clock, Ports, Random};

pub use generate_token::Login;
pub use is_authorized::Criteria;
pub use new_user::NewUser;
pub use tokens::{SignedIn, TokenPair};

/// What outlives a request: the settings, the keys made from them, and the access tokens verified before.
/// One for each isolate.
pub struct Shared {
    pub(crate) settings: Settings,
    pub(crate) refresh_tokens: RefreshTokens,
    pub(crate) fingerprints: ClientFingerprints,
    pub(crate) verified: RefCell<VerifiedTokens>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// Derives the keys from the settings.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            refresh_tokens: RefreshTokens::new(&settings.ticket_secrets, &settings.issuer),
            fingerprints: ClientFingerprints::new(&settings.ticket_secrets, &settings.issuer),
            verified: RefCell::new(VerifiedTokens::default()),
            settings,
        }
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
}

/// The service for one request: its ports, what it shares with the requests before, and the time.
#[derive(Debug)]
pub struct AuthService<P> {
    pub(crate) ports: P,
    pub(crate) shared: Rc<Shared>,
}

impl<P: Ports> AuthService<P> {
    /// A service on these ports.
    #[must_use]
    pub fn new(ports: P, shared: Rc<Shared>) -> Self {
        Self { ports, shared }
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// The ports, for tests and for callers that bring their own.
    #[must_use]
    pub fn ports(&self) -> &P {
        &self.ports
    }

    fn now_ms(&self) -> u64 {
        self.ports.clock().now_ms()
    }

    fn now(&self) -> u64 {
        self.now_ms() / 1000
    }

    fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.ports.random().fill(&mut bytes);
        bytes
    }
}
