//! The npm package's wasm: `domain::token` for JavaScript, and nothing else.
//!
//! The package's own JavaScript (`npm/`) calls this; nobody else does. It hands in the time, and makes real errors of what
//! is thrown here.
//!
//! Every parameter is a `JsValue` that is checked here: a `&str` or `String` that is handed a number would read wild memory.

mod argument;
mod claims;
mod memory;
mod refusal;
mod verifier;

pub use verifier::{Verifier, peek};
