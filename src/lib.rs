//! edgegate: an auth service for the edge.
//!
//! It issues and verifies access tokens (JWT, RFC 9068), and manages sessions with refresh tokens:
//! it renews and revokes them. For wasm32 this crate is a Cloudflare Worker; for other targets it
//! is a native library with in-memory adapters. The rules of access tokens are in a separate crate,
//! `edgegate_token`.
//!
//! | where | what |
//! |---|---|
//! | [`edgegate_token`] | access tokens: keys, JWS, claims, verification, issuing |
//! | [`domain`] | pure rules: sessions, accounts, settings, policy, errors |
//! | [`ports`] | what the service needs from the outside |
//! | [`service`] | the use cases, one per file, named as in the interface |
//! | [`adapters`] | the implementations of the ports: in memory, and on Cloudflare's services |
//! | [`letters`] | the texts of the mails: subject, text and HTML, in each language |
//! | [`edge`] | HTTP: routes in, problem+json out, the Worker's entry point |
//!
//! Dependencies point inward: `domain` knows none of the others, `ports` knows `domain`, `service`
//! and `adapters` know both, `letters` knows `domain`, `edge` knows `service`. `tests/layering.rs`
//! checks this.

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
