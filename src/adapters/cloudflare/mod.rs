//! The adapters on Cloudflare's parts.
//!
//! [`kv_sessions`] speaks to the port [`KeyValue`](crate::ports::KeyValue) and runs natively too; the others speak to
//! bindings and exist in a Worker only.

pub mod kv_sessions;
pub mod revocation_memory;

#[cfg(feature = "edge")]
pub mod clock;
#[cfg(feature = "edge")]
pub mod d1_users;
#[cfg(feature = "edge")]
pub mod kv_namespace;
#[cfg(feature = "edge")]
pub mod rate_limit;
