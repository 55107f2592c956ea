//! Pure rules: no I/O, no async, no clock, no randomness. `now` and fresh bytes are arguments.

pub mod account;
#[cfg(not(feature = "browser"))]
pub mod error;
#[cfg(not(feature = "browser"))]
pub mod event;
#[cfg(not(feature = "browser"))]
mod id;
pub mod json;
#[cfg(test)]
mod json_tests;
#[cfg(not(feature = "browser"))]
pub mod link;
#[cfg(test)]
mod link_tests;
#[cfg(not(feature = "browser"))]
pub mod log_line;
#[cfg(not(feature = "browser"))]
pub mod mail;
pub mod policy;
#[cfg(not(feature = "browser"))]
pub mod secret;
#[cfg(not(feature = "browser"))]
pub mod session;
#[cfg(not(feature = "browser"))]
pub mod settings;
#[cfg(not(feature = "browser"))]
pub mod ticket;
pub mod token;
pub mod unicode;
