//! Passwords checked in Durable Objects: for each address one object of class `Account`, which counts
//! failures.
//!
//! `DurableAccounts` is the Worker's side: it asks the account's object. `object.rs` is the object's
//! side: it reads the count, hashes, and writes the failure in one turn, so that no other attempt runs
//! in between.

#[cfg_attr(
    not(target_arch = "wasm32"),
    allow(dead_code, reason = "natively it is tested only")
)]
mod call;
#[cfg(target_arch = "wasm32")]
mod guard;
#[cfg(target_arch = "wasm32")]
mod object;

#[cfg(target_arch = "wasm32")]
pub use guard::DurableAccounts;
#[cfg(target_arch = "wasm32")]
pub use object::answer;

/// The store's name in errors.
#[cfg(target_arch = "wasm32")]
const OBJECT: &str = "account_object";
