//! The fuzz targets. Each target takes any bytes and passes them to a part of edgegate that reads
//! untrusted input. Then it asserts what must be true of every result. If a target panics, it has
//! found a bug. `fuzz/src/main.rs` runs the targets under libFuzzer, and `tests/fuzz_inputs.rs`
//! runs them on the stored inputs.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a target panics on a find"
)]

mod access_token;
mod authorization;
mod body;
mod cookie;
mod email;
mod json;
mod key_set;
mod mail_job;
mod password_hash;
mod query;
mod request;
mod rpc;
mod settings;
mod ticket;
#[path = "../../crates/token/tests/token_support/mod.rs"]
mod token_support;
mod values;
mod world;

/// A fuzz target. The folder with its stored inputs has the same name.
#[derive(Clone, Copy)]
pub struct Target {
    pub name: &'static str,
    pub run: fn(&[u8]),
}

/// All targets.
pub const TARGETS: [Target; 15] = [
    target("access_token", access_token::run),
    target("authorization", authorization::run),
    target("body", body::run),
    target("cookie", cookie::run),
    target("email", email::run),
    target("json", json::run),
    target("key_set", key_set::run),
    target("mail_job", mail_job::run),
    target("password_hash", password_hash::run),
    target("query", query::run),
    target("request", request::run),
    target("rpc", rpc::run),
    target("settings", settings::run),
    target("ticket", ticket::run),
    target("values", values::run),
];

/// The target with this name.
pub fn named(name: &str) -> Option<Target> {
    TARGETS.into_iter().find(|target| target.name == name)
}

const fn target(name: &'static str, run: fn(&[u8])) -> Target {
    Target { name, run }
}

/// The input as text, or `None` if it is not valid UTF-8.
fn text(input: &[u8]) -> Option<&str> {
    std::str::from_utf8(input).ok()
}
