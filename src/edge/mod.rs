//! HTTP and RPC: reads requests and calls, and writes answers. This module has no rules about
//! accounts, tokens or sessions.
//!
//! [`router`] has the table of routes, and `routes/` has the code that reads and answers the
//! requests of each route. [`rpc`] has the methods for other Workers. Code that calls JavaScript is
//! compiled for wasm32 only. The rest is plain Rust and is tested natively.
//!
//! Three types carry a request:
//!
//! - [`Shared`](crate::service::Shared) lives as long as the isolate. It has the settings and the
//!   values that are computed from them.
//! - `Bindings` (`wiring.rs`) are the ports on Cloudflare. They are looked up once per isolate, and
//!   each request has a clone with its own clock and id.
//! - [`Request`](request::Request) is what the client sent.

pub mod answer;
pub mod body;
pub mod client_authentication;
pub mod cookies;
pub mod cors;
pub mod page;
pub mod problem;
pub mod query;
pub mod request;
pub mod router;
pub mod routes;
pub mod rpc;

#[cfg(target_arch = "wasm32")]
mod account_object;
#[cfg(target_arch = "wasm32")]
mod check;
#[cfg(target_arch = "wasm32")]
mod entry;
#[cfg(target_arch = "wasm32")]
mod incoming;
#[cfg(target_arch = "wasm32")]
mod mail_jobs;
#[cfg(target_arch = "wasm32")]
mod wiring;
