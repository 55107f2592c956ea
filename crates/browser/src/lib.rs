//! The wasm of the npm package. It contains `edgegate_token` for JavaScript, and nothing else.
//!
//! Only the package's own JavaScript (`npm/edgegate`) calls the wasm. It passes the current time to
//! the wasm, and turns the objects that the wasm throws into errors.
//!
//! Each argument that comes from a caller of the package has the type `JsValue` and is checked
//! here. If an argument had the type `&str` or `String`, a caller could pass a number, and the wasm
//! would read memory that is not a string.

#![cfg(target_arch = "wasm32")]

mod argument;
mod platform;
mod refusal;
mod verifier;

pub use platform::SignatureCheck;
pub use refusal::Refusal;
pub use verifier::{Verifier, canonical_email, peek};
