//! Sessions in Durable Objects: one object with a SQLite database for each user, of class `Sessions`.
//!
//! `DurableSessions` is the port's side: it asks the user's object. `object.rs` is the other: it reads, decides and
//! writes in one turn, without a pause in which another request could come between.

#[cfg_attr(
    not(target_arch = "wasm32"),
    allow(dead_code, reason = "natively it is tested only")
)]
mod call;
#[cfg_attr(
    not(target_arch = "wasm32"),
    allow(dead_code, reason = "natively it is tested only")
)]
mod line;
#[cfg(target_arch = "wasm32")]
mod object;
#[cfg(target_arch = "wasm32")]
mod store;
#[cfg(target_arch = "wasm32")]
mod table;

#[cfg(target_arch = "wasm32")]
pub use store::DurableSessions;
