//! The flow of the authorization code. A model checker (stateright) searches every state of it: two
//! apps, a thief who has an app of his own, lost answers, and codes that are exchanged twice. The
//! model calls the crate's own functions.
//!
//! `cargo test --test authorization_model -- --nocapture` prints the cost of each search.
//!
//! The claims, and the tests that show them:
//!
//! - `promises::*`: who presents a code without its PKCE verifier gets no token and ends no
//!   session. A code starts at most one session. No client gets another client's tokens. No
//!   redirect leaves the registered URIs. An app's token never acts on the user's account. After a
//!   log-out, no code starts a session.
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
