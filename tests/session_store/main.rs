//! Runs the conformance suite of the session store natively. Also tests what happens to sessions
//! when Workers KV returns stale data, refuses writes or fails. `cargo test --test session_store --
//! --nocapture` prints the measurements.
//!
//! | file | what is tested |
//! |---|---|
//! | `suite` | the conformance suite, in memory and on a quick, slow or failing simulated KV |
//! | `rules` | the simulation of KV follows KV's rules |
//! | `tabs` | many tabs renew at once, at one location and at ten |
//! | `refusals` | KV accepts only one write a second for a key |
//! | `faults` | calls that fail, before and after they took effect |
//! | `tickets` | refresh tokens that the deployment must reject |
//! | `races` | revoke-all, log-out and renewals at the same time |
//! | `proofs` | the user enters the password again at a location with stale data |
//! | `limit` | the limit on the number of sessions |
//! | `sign_on` | a log-out also signs the user out of the apps |
//! | `protection` | a revocation outlasts the tokens that it revokes, whatever the settings |

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
