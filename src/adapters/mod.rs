//! The adapters: in memory for tests, examples and native users, and on Cloudflare's services.
//! Neither of these two groups uses the other. Code that both use is in the other modules here.

pub mod argon2;
pub mod cloudflare;
mod foreign_hashes;
pub mod kv_sessions;
#[cfg(not(target_arch = "wasm32"))]
pub mod memory;
pub mod system_random;
