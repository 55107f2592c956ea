//! The use cases on the in-memory adapters, and on the KV session store over a key-value namespace in memory.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    missing_docs
)]

mod failures;
mod fixture;
mod generate_token;
mod is_authorized;
mod key_change;
mod log_out;
mod manage_sessions;
mod manage_users;
mod register;
mod renew_token;
mod revoke_tokens;
mod storage_calls;
