//! The flow of the authorization code. A model checker (stateright) searches every state of it: two
//! apps, a thief who has an app of his own, lost answers, and codes that are exchanged twice. The
//! model calls the crate's own functions.
//!
//! `cargo test --test authorization_model -- --nocapture` prints the cost of each search.
//!
//! The claims, and the tests that show them:
//!
//! - `promises::*`: a party that presents a code without its PKCE verifier gets no token and can't
//!   end a session. A code starts at most one session. No client gets another client's tokens.
//!   Redirects go only to registered URIs. An app's token can't be used to act on the user's
//!   account. After a log-out, no code starts a session.
//! - `promises::bound_*`: attacks that the service can't prevent, each shown by a counterexample.
//! - `seeded_bugs::*`: the checker works. For each promise, a bug is added deliberately, and the
//!   checker finds it.
//!
//! **The bound.** At most two codes are issued, and at most two token requests are in transit at
//! once. A code expires after two ticks of 30 s. There are three apps: an app with a secret, an app
//! without a secret, and the thief's app.

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
