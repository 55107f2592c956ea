//! Passwords checked in Durable Objects: one object for each address, of class `Account`, in which failures are counted.
//!
//! `DurableAccounts` is the port's side: it asks the account's object. `object.rs` is the other: it reads the count, hashes and
//! writes the failure in one turn, without a pause in which another try could come between.

#[cfg_attr(
    not(target_arch = "wasm32"),
    allow(dead_code, reason = "natively it is tested only")
)]
mod call;
#[cfg(target_arch = "wasm32")]
mod guard;
#[cfg(target_arch = "wasm32")]
pub mod object;

#[cfg(target_arch = "wasm32")]
pub use guard::DurableAccounts;
