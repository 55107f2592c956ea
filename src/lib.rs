//! edgegate: an auth service for the edge.
//!
//! It issues and verifies access tokens (JWT, RFC 9068). It manages sessions, which clients renew
//! with refresh tokens and which can be revoked. Compiled for wasm32, this crate is a Cloudflare
//! Worker. Compiled for other targets, it is a native library with adapters that store everything
//! in memory. The rules of access tokens are in a separate crate, `edgegate_token`.
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
//! Dependencies point inward. `domain` uses none of the other modules. `ports` and `letters` use
//! `domain`. `service` and `adapters` use `domain` and `ports`. `edge` uses `service`.
//! `tests/layering.rs` checks these rules.

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
