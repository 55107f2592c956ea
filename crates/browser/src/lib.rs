//! The npm package's wasm: `edgegate_token` for JavaScript, and nothing else.
//!
//! Only the package's own JavaScript (`npm/edgegate`) calls it. That hands in the time, and makes
//! errors of what is thrown here.
//!
//! Whatever a caller of the package hands in is a `JsValue` here, and is checked here. Declared as
//! `&str` or `String`, a parameter that is handed a number would read wild memory.

#![cfg(target_arch = "wasm32")]

mod argument;
mod claims;
mod platform;
mod refusal;
mod verifier;

pub use platform::SignatureCheck;
pub use refusal::Refusal;
pub use verifier::{Verifier, canonical_email, peek};
