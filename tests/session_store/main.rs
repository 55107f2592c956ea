//! The conformance suite of the session store, natively; and what Workers KV makes of it when it is stale, refuses and fails.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    missing_docs
)]

#[path = "../conformance/mod.rs"]
mod conformance;

mod faults;
mod kv;
mod races;
mod suite;
