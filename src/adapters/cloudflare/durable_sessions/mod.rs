//! Sessions in Durable Objects. For each user there is one object of class `Sessions`, which has a
//! SQLite database.
//!
//! `DurableSessions` runs in the Worker and asks the user's object. `object.rs` runs in the object.
//! It reads, decides and writes in one turn, so that no other request runs in between.

#[cfg_attr(
    not(target_arch = "wasm32"),
    allow(dead_code, reason = "natively it is tested only")
)]
mod call;
#[cfg(target_arch = "wasm32")]
mod copies;
#[cfg(target_arch = "wasm32")]
mod object;
#[cfg(target_arch = "wasm32")]
mod store;
#[cfg(target_arch = "wasm32")]
mod table;

#[cfg(target_arch = "wasm32")]
pub use store::DurableSessions;

/// The name of this store in error messages.
#[cfg(target_arch = "wasm32")]
const OBJECT: &str = "sessions_object";
