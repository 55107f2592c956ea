//! Checks passwords in Durable Objects. For each email address there is one object of class
//! `Account`, which counts failed attempts.
//!
//! `DurableAccounts` runs in the Worker and asks the account's object. `object.rs` runs in the
//! object. It reads the count, hashes, and stores a failure in one turn, so that no other attempt
//! runs in between.

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
