//! The adapters: in memory for tests, examples and native users, and on Cloudflare's parts. None knows another.

pub mod argon2;
pub mod cloudflare;
#[cfg(not(target_arch = "wasm32"))]
pub mod memory;
pub mod system_random;
