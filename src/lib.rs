//! edgegate: an auth service for the edge.
//!
//! It issues and verifies access tokens (JWT, RFC 9068), keeps refresh-token sessions, renews and revokes them. The
//! same crate is a Cloudflare Worker where it is compiled for wasm32, and a native library with in-memory adapters
//! elsewhere. What the rules of access tokens need is a crate of its own, `edgegate_token`.
//!
//! | where | what |
//! |---|---|
//! | [`edgegate_token`] | access tokens: keys, JWS, claims, verification, issuing |
//! | [`domain`] | pure rules: sessions, accounts, settings, policy, errors |
//! | [`ports`] | what the service needs from the world |
//! | [`service`] | one use case a file, named as the interface names it |
//! | [`adapters`] | the ports fulfilled: in memory, and on Cloudflare's parts |
//! | [`letters`] | the mails' words: subject, text and HTML, in each language |
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

pub mod adapters;
pub mod domain;
pub mod edge;
pub mod letters;
pub mod ports;
pub mod service;
