//! HTTP and RPC: requests and calls in, answers out. No rule of accounts, tokens or sessions stands here.
//!
//! [`router`] names every route; `routes/` has a file for each path; [`rpc`] has the methods for other Workers. The `worker` entry point and the wiring of the
//! bindings exist in a Worker only; the rest is plain Rust and is tested natively.

pub mod answer;
pub mod body;
pub mod cookies;
pub mod cors;
pub mod problem;
pub mod request;
pub mod router;
pub mod routes;
pub mod rpc;

#[cfg(target_arch = "wasm32")]
mod account_object;
#[cfg(target_arch = "wasm32")]
mod entry;
#[cfg(target_arch = "wasm32")]
mod incoming;
#[cfg(target_arch = "wasm32")]
mod mail_jobs;
#[cfg(target_arch = "wasm32")]
mod wiring;
