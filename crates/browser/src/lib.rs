//! The npm package's wasm: `edgegate_token` for JavaScript, and nothing else.
//!
//! Only the package's own JavaScript (`npm/edgegate`) calls it. It passes the time in, and turns
//! what is thrown here into errors.
//!
//! Whatever a caller of the package passes in is a `JsValue`, which is checked here. If it were
//! declared as `&str` or `String`, a caller could pass a number, and the wasm would read memory
//! that is not a string.

#![cfg(target_arch = "wasm32")]

mod argument;
mod platform;
mod refusal;
mod verifier;

pub use platform::SignatureCheck;
pub use refusal::Refusal;
pub use verifier::{Verifier, canonical_email, peek};
