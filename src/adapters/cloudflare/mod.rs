//! The adapters on Cloudflare's parts.
//!
//! [`kv_sessions`] and [`outbox`] speak to the port [`KeyValue`](crate::ports::KeyValue) and run natively too; the others
//! speak to bindings or the network and exist in a Worker only. Their pure parts are compiled for tests.

pub mod kv_sessions;
pub mod outbox;
pub mod revocation_memory;

#[cfg(any(feature = "edge", test))]
pub mod account;
#[cfg(feature = "edge")]
pub mod audit_log;
#[cfg(feature = "edge")]
pub mod background;
#[cfg(feature = "edge")]
mod binding;
#[cfg(feature = "edge")]
pub mod clock;
#[cfg(feature = "edge")]
pub mod console;
#[cfg(feature = "edge")]
pub mod d1;
#[cfg(feature = "edge")]
pub mod d1_mail_ledger;
#[cfg(feature = "edge")]
pub mod d1_users;
#[cfg(feature = "edge")]
pub mod devices;
#[cfg(any(feature = "edge", test))]
pub mod durable_sessions;
#[cfg(feature = "edge")]
pub mod kv_namespace;
#[cfg(any(feature = "edge", test))]
pub mod mail;
#[cfg(feature = "edge")]
pub mod mail_gate;
#[cfg(feature = "edge")]
pub mod mail_queue;
#[cfg(feature = "edge")]
pub mod mailer;
#[cfg(feature = "edge")]
pub mod promise;
#[cfg(feature = "edge")]
pub mod rate_limit;
#[cfg(feature = "edge")]
pub mod session_store;
#[cfg(feature = "edge")]
pub mod vendors;
