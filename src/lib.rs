//! edgegate: an auth service for the edge.
//!
//! It issues and verifies access tokens (JWT, RFC 9068), keeps refresh-token sessions, renews and revokes them. The
//! same crate is a Cloudflare Worker (feature `edge`), the wasm of an npm package (feature `browser`) and a native
//! library with in-memory adapters (no feature).
//!
//! | where | what |
//! |---|---|
//! | [`domain`] | pure rules: tokens, sessions, accounts, settings, policy, errors |
//! | [`ports`] | what the service needs from the world |
//! | [`service`] | one use case a file, named as the interface names it |
//! | [`adapters`] | the ports fulfilled: in memory, and on Cloudflare's parts |
//! | [`edge`] | HTTP: routes in, problem+json out, the Worker's entry point |
//!
//! Dependencies point inward: `domain` knows nothing of the rest, `ports` knows `domain`, `service` and `adapters`
//! know both, `edge` knows `service`. `tests/layering.rs` holds this.

#![cfg_attr(
    test,
    allow(
        clippy::string_slice,
        clippy::arithmetic_side_effects,
        reason = "a test may panic; the build without tests is linted too"
    )
)]

pub mod domain;

#[cfg(not(feature = "browser"))]
pub mod adapters;
#[cfg(not(feature = "browser"))]
pub mod edge;
#[cfg(not(feature = "browser"))]
pub mod ports;
#[cfg(not(feature = "browser"))]
pub mod service;

// The suite stands beside the other tests and names this crate as they do.
#[cfg(feature = "conformance")]
extern crate self as edgegate;
#[cfg(feature = "conformance")]
#[path = "../tests/conformance/mod.rs"]
mod conformance;
