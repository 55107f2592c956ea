//! Pure rules: no I/O, no async, no clock, no randomness. `now` and fresh bytes are arguments.
pub mod account;
pub mod policy;
pub mod token;
