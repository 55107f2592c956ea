//! The HTTP and RPC interface: reads requests and calls, and writes answers. The rules about
//! accounts, tokens and sessions are not in this module.
//!
//! [`router`] has the table of routes, and `routes/` has the code that reads and answers the
//! requests of each route. [`rpc`] has the methods for other Workers. Code that calls JavaScript is
//! compiled for wasm32 only. All other code does not depend on the platform and is also tested
//! natively.
//!
//! Three types hold what the handling of a request needs:
//!
//! - [`Shared`](crate::service::Shared) lives as long as the isolate. It has the settings and the
//!   values that are computed from them.
//! - `Bindings` (`wiring.rs`) implement the ports on Cloudflare. They are looked up once per
//!   isolate. Each request has a clone of them, with its own clock and request id.
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
