//! The authorization code, searched exhaustively by a model checker (stateright): two apps, a thief
//! with an app of his own, lost answers, double exchanges. It calls the crate's own functions.
//!
//! `cargo test --test authorization_model -- --nocapture` prints the cost of each search.
//!
//! The claims, and the tests that show them:
//!
//! - `promises::*`: a code without its verifier gives nothing and ends nothing. A code gives one
//!   session. No client gets another client's tokens. No redirect leaves the registered URIs. An
//!   app's token never acts on the account. After a log-out no code gives a session.
//! - `promises::bound_*`: what is not promised, shown by a counterexample.
//! - `seeded_bugs::*`: the checker works, because it finds a seeded bug for each promise.
//!
//! **The bound.** At most two codes and two token requests are in transit. A code expires after two
//! ticks of 30 s. There are three apps: an app with a secret, an app without a secret, and the
//! thief's app.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::print_stdout,
    unreachable_pub
)]

mod check;
mod model;
mod promises;
mod seeded_bugs;
mod state;
mod world;
