//! The adapters on Cloudflare's services. They call bindings or the network, so they are compiled
//! only for a Worker. Their pure parts are compiled for tests too.

#[cfg(any(target_arch = "wasm32", test))]
pub mod account;
#[cfg(target_arch = "wasm32")]
pub mod audit_log;
#[cfg(target_arch = "wasm32")]
pub mod background;
#[cfg(target_arch = "wasm32")]
mod binding;
#[cfg(target_arch = "wasm32")]
pub mod clock;
#[cfg(target_arch = "wasm32")]
pub mod console;
#[cfg(target_arch = "wasm32")]
pub mod d1;
#[cfg(target_arch = "wasm32")]
pub mod d1_clients;
#[cfg(target_arch = "wasm32")]
pub mod d1_grants;
#[cfg(target_arch = "wasm32")]
pub mod d1_mail_ledger;
#[cfg(target_arch = "wasm32")]
pub mod d1_operator_tickets;
#[cfg(target_arch = "wasm32")]
pub mod d1_users;
#[cfg(target_arch = "wasm32")]
pub mod devices;
#[cfg(any(target_arch = "wasm32", test))]
pub mod durable_sessions;
#[cfg(target_arch = "wasm32")]
pub mod id_token_signer;
#[cfg(target_arch = "wasm32")]
pub mod kv_namespace;
#[cfg(any(target_arch = "wasm32", test))]
pub mod mail;
#[cfg(target_arch = "wasm32")]
pub mod mail_gate;
#[cfg(target_arch = "wasm32")]
pub mod mail_queue;
#[cfg(target_arch = "wasm32")]
pub mod mailer;
#[cfg(any(target_arch = "wasm32", test))]
pub mod migrations;
#[cfg(target_arch = "wasm32")]
pub mod object_state;
#[cfg(target_arch = "wasm32")]
mod objects;
#[cfg(target_arch = "wasm32")]
pub mod outbox;
#[cfg(target_arch = "wasm32")]
pub mod rate_limit;
#[cfg(target_arch = "wasm32")]
pub mod session_store;
#[cfg(target_arch = "wasm32")]
pub mod signatures;
#[cfg(target_arch = "wasm32")]
pub mod variables;
#[cfg(target_arch = "wasm32")]
pub mod vendors;
