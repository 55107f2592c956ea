//! The rules of the service, as pure functions: no I/O, no async, no clock, no randomness. The
//! current time and random bytes are arguments.

pub mod account;
pub mod app_request_id;
pub mod authorization;
pub mod error;
pub mod event;
mod id;
pub mod json;
pub mod link;
#[cfg(test)]
mod link_tests;
pub mod log_line;
pub mod mail;
pub mod operator;
pub mod policy;
pub mod request_id;
pub mod secret;
pub mod session;
pub mod settings;
pub mod ticket;
pub mod verified_tokens;
