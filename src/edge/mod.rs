//! HTTP: requests in, answers out. No rule of accounts, tokens or sessions stands here.
//!
//! [`router`] names every route; `routes/` has a file for each path. The `worker` entry point and the wiring of the
//! bindings exist in a Worker only; the rest is plain Rust and is tested natively.

pub mod answer;
pub mod body;
pub mod problem;
pub mod request;
pub mod router;
pub mod routes;

#[cfg(feature = "edge")]
mod entry;
#[cfg(feature = "edge")]
mod wiring;
