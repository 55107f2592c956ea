//! The ports: what the service needs from the outside. Each port is a trait. The comment of each
//! method says what an adapter, which implements the trait, MUST do.
//!
//! Each port has an adapter in memory and an adapter for Cloudflare. Both pass the same conformance
//! tests.
#![allow(
    async_fn_in_trait,
    reason = "a Worker's isolate has one thread: no future needs to be Send"
)]

mod clients;
mod grants;
mod mail;
mod operator_tickets;
mod password_guard;
mod platform;
mod sessions;
mod users;
mod vendors;

pub use clients::{AddedSecret, Clients, RegisteredClient};
pub use grants::{GivenGrant, Grants};
pub use mail::{DeadLetter, LaneRequest, MailGate, MailLedger, MailQueue, Mailer, Once};
pub use operator_tickets::OperatorTickets;
pub use password_guard::{Guarded, PasswordGuard};
pub use platform::{
    Clock, Devices, Events, IdTokenSigner, Limit, PasswordHasher, Random, RateLimiter,
    SignatureVerifier,
};
pub use sessions::{Ending, NewSession, Renewal, SessionStore};
pub use users::{Insertion, UserDirectory};
pub use vendors::{FetchedDocument, Vendors};

/// All ports of a service. With this trait, a use case needs one type parameter instead of one for
/// each port.
pub trait Ports {
    /// The accounts.
    type Users: UserDirectory;
    /// The sessions.
    type Sessions: SessionStore;
    /// The password hasher.
    type Hasher: PasswordHasher;
    /// Checks passwords, and counts the failures of each account.
    type PasswordGuard: PasswordGuard;
    /// The rate limits.
    type Limiter: RateLimiter;
    /// The time.
    type Clock: Clock;
    /// The randomness.
    type Random: Random;
    /// The events.
    type Events: Events;
    /// Where mails wait to be composed.
    type MailQueue: MailQueue;
    /// Counts requests for mails before a mail is queued.
    type MailGate: MailGate;
    /// The mail provider.
    type Mailer: Mailer;
    /// Which mails were sent recently.
    type MailLedger: MailLedger;
    /// The tickets of operators.
    type OperatorTickets: OperatorTickets;
    /// The registered apps.
    type Clients: Clients;
    /// What users have granted to apps.
    type Grants: Grants;
    /// The names of devices.
    type Devices: Devices;
    /// Verifies signatures with the platform's own code.
    type Signatures: SignatureVerifier;
    /// Signs id_tokens with the platform's own code.
    type IdTokenSigner: IdTokenSigner;
    /// Services outside the platform.
    type Vendors: Vendors;

    /// The accounts.
    fn users(&self) -> &Self::Users;
    /// The sessions.
    fn sessions(&self) -> &Self::Sessions;
    /// The password hasher.
    fn hasher(&self) -> &Self::Hasher;
    /// Checks passwords, and counts the failures of each account.
    fn password_guard(&self) -> &Self::PasswordGuard;
    /// The rate limits.
    fn limiter(&self) -> &Self::Limiter;
    /// The time.
    fn clock(&self) -> &Self::Clock;
    /// The randomness.
    fn random(&self) -> &Self::Random;
    /// The events.
    fn events(&self) -> &Self::Events;
    /// Where mails wait to be composed.
    fn mail_queue(&self) -> &Self::MailQueue;
    /// Counts requests for mails before a mail is queued.
    fn mail_gate(&self) -> &Self::MailGate;
    /// The mail provider.
    fn mailer(&self) -> &Self::Mailer;
    /// Which mails were sent recently.
    fn mail_ledger(&self) -> &Self::MailLedger;
    /// The tickets of operators.
    fn operator_tickets(&self) -> &Self::OperatorTickets;
    /// The registered apps.
    fn clients(&self) -> &Self::Clients;
    /// What users have granted to apps.
    fn grants(&self) -> &Self::Grants;
    /// The names of devices.
    fn devices(&self) -> &Self::Devices;
    /// Verifies signatures with the platform's own code.
    fn signatures(&self) -> &Self::Signatures;
    /// Signs id_tokens with the platform's own code.
    fn id_token_signer(&self) -> &Self::IdTokenSigner;
    /// Services outside the platform.
    fn vendors(&self) -> &Self::Vendors;
}
