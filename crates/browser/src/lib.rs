//! The npm package's wasm: `edgegate_token` for JavaScript, and nothing else.
//!
//! The package's own JavaScript (`npm/edgegate`) calls this; nobody else does. It hands in the time, and makes real errors of what
//! is thrown here.
//!
//! Every parameter is a `JsValue` that is checked here: a `&str` or `String` that is handed a number would read wild memory.

#![cfg(target_arch = "wasm32")]

mod argument;
mod claims;
mod refusal;
mod verifier;

pub use verifier::{Verifier, peek};
