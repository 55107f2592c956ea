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
//! | [`letters`] | the mails' words: subject, text and HTML, in each language |
//! | `browser` | the npm package's wasm: local checks for JavaScript |
//! | [`edge`] | HTTP: routes in, problem+json out, the Worker's entry point |
//!
//! Dependencies point inward: `domain` knows nothing of the rest, `ports` knows `domain`, `service` and `adapters`
//! know both, `letters` knows `domain`, `edge` knows `service`. `tests/layering.rs` holds this.

#![cfg_attr(
    test,
    allow(
        clippy::string_slice,
        clippy::arithmetic_side_effects,
        reason = "a test may panic; the build without tests is linted too"
    )
)]
// The npm package's wasm is without `std`, whose panics would bring the printing of numbers, texts and places: a third of it.
#![cfg_attr(all(feature = "browser", target_arch = "wasm32"), no_std)]

extern crate alloc;

pub mod domain;

#[cfg(not(feature = "browser"))]
pub mod adapters;
#[cfg(all(feature = "browser", target_arch = "wasm32"))]
pub mod browser;
#[cfg(not(feature = "browser"))]
pub mod edge;
#[cfg(not(feature = "browser"))]
pub mod letters;
#[cfg(not(feature = "browser"))]
pub mod ports;
#[cfg(not(feature = "browser"))]
pub mod service;

// The suite stands beside the other tests and names this crate as they do.
#[cfg(feature = "conformance")]
extern crate self as edgegate;
#[cfg(feature = "bench")]
#[path = "../bench/bare.rs"]
mod bare;
#[cfg(feature = "conformance")]
#[path = "../tests/conformance/mod.rs"]
mod conformance;
