//! Passwords checked in Durable Objects: one object for each address, of class `Account`, in which failures are counted.
//!
//! `DurableAccounts` is the port's side: it asks the account's object. `object.rs` is the other: it reads the count, hashes and
//! writes the failure in one turn, without a pause in which another try could come between.

#[cfg_attr(
    not(feature = "edge"),
    allow(dead_code, reason = "natively it is tested only")
)]
mod call;
#[cfg(feature = "edge")]
mod guard;
#[cfg(feature = "edge")]
pub mod object;

#[cfg(feature = "edge")]
pub use guard::DurableAccounts;
