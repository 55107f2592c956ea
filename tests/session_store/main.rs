//! The conformance suite of the session store, natively, and what happens to sessions when Workers
//! KV is stale, refuses and fails. `cargo test --test session_store -- --nocapture` prints the
//! measurements.
//!
//! | file | what is tested |
//! |---|---|
//! | `suite` | the suite, in memory and on a simulated KV: quick, slow, failing |
//! | `rules` | the simulation follows KV's rules |
//! | `tabs` | many tabs at once, at one location and at ten |
//! | `refusals` | one write a second for a key |
//! | `faults` | calls that fail, before and after they took effect |
//! | `tickets` | refresh tokens that this deployment must not accept |
//! | `races` | revoke-all, log out and renewals at the same time |
//! | `proofs` | a password given again at a location that reads stale |
//! | `limit` | the limit on sessions |
//! | `protection` | revocations last longer than what they refuse, even if the settings change |

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::print_stdout
)]

#[path = "../conformance"]
mod conformance {
    pub(crate) mod sessions;
    mod suite;
}

#[allow(unreachable_pub)]
#[path = "../count/mod.rs"]
mod count;
mod faults;
mod kv;
mod limit;
mod proofs;
mod protection;
mod races;
mod refusals;
mod retrying;
mod rules;
mod sign_on;
mod suite;
mod tabs;
mod tickets;
