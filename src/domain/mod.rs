//! Pure rules: no I/O, no async, no clock, no randomness. `now` and fresh bytes are arguments.

pub mod account;
pub mod error;
mod id;
pub mod policy;
pub mod secret;
pub mod session;
pub mod settings;
pub mod ticket;
pub mod token;
pub mod unicode;
