//! The adapters on Cloudflare's parts.
//!
//! [`kv_sessions`] speaks to the port [`KeyValue`](crate::ports::KeyValue) and runs natively too; the others speak to
//! bindings and exist in a Worker only.

pub mod kv_sessions;
pub mod revocation_memory;

#[cfg(feature = "edge")]
pub mod analytics;
#[cfg(feature = "edge")]
pub mod background;
#[cfg(feature = "edge")]
pub mod clock;
#[cfg(feature = "edge")]
pub mod d1_users;
#[cfg(feature = "edge")]
pub mod devices;
#[cfg(any(feature = "edge", test))]
pub mod durable_sessions;
#[cfg(feature = "edge")]
pub mod kv_namespace;
#[cfg(feature = "edge")]
pub mod no_mail;
#[cfg(feature = "edge")]
pub mod rate_limit;
#[cfg(feature = "edge")]
pub mod session_store;
