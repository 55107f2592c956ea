//! Checks the rotation of refresh tokens. A model checker (stateright) searches every state, and a
//! simulation makes random runs. Both call the crate's own `rotate`.
//!
//! `cargo test --test session_model -- --nocapture` prints the cost of each search and the results
//! of the simulation.
//!
//! The claims, and the tests that show them:
//!
//! - `owner::*`: an honest client that retries within the grace period is never refused.
//! - `thief::*`: if the owner's renewals are at least 3 minutes apart and the thief's requests are
//!   more than 90 s away from them, the thief and the owner can't both continue to use the session.
//! - `owner::proves_*`, `thief::is_found_out_*`: the owner may enter the password again. No honest
//!   client is refused because of that, but with KV or strict `REUSE` this is true only if the
//!   client uses a lock. A thief is still detected, even without a lock.
//! - `endings::*`: after a user's `session_epoch` is raised, every renewal that reads the user's
//!   row afterwards is refused. An ended session never becomes valid again.
//! - `fence::*`: the user's object may answer a renewal from its copy of the user's row. That copy
//!   includes every earlier change. The checker finds bugs that were added to this protocol.
//! - `seeded_bugs::*`: the checker works, because it finds bugs that were added deliberately.
//! - `simulation::*`: in random runs with honest clients and the default rules, nobody is logged
//!   out.
//!
//! **The bound.** Time and the number of renewals have no bound, because states that differ only by
//! a shift are treated as equal (see [`state`]). The model has two locations. The number of
//! messages that are in transit at once is limited, and each test prints the limit. A request, a
//! write or a response takes at most a tick, whose length each test prints too. The grace period is
//! three ticks of 10 s, two ticks of 15 s, or one tick of 30 s.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::print_stdout,
    unreachable_pub
)]

mod check;
mod coverage;
mod decide;
mod endings;
mod fence;
mod model;
mod owner;
mod renewal;
mod seeded_bugs;
mod setting;
mod simulation;
mod state;
mod thief;
