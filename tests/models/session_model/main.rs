//! The rotation of refresh tokens, searched exhaustively by a model checker (stateright) and at
//! random by a simulation. Both call the crate's own `rotate`.
//!
//! `cargo test --test session_model -- --nocapture` prints the cost of each search and the counts
//! of the simulation.
//!
//! The claims, and the tests that show them:
//!
//! - `owner::*`: an honest client that retries within the grace period is never refused.
//! - `thief::*`: if the owner's renewals are 3 minutes apart and the thief's requests are more than
//!   90 s away from them, the thief and the owner can't both go on using the session.
//! - `owner::proves_*`, `thief::is_found_out_*`: if the owner enters the password again, no honest
//!   client is refused because of it, and a thief is still detected.
//! - `endings::*`: after a user's epoch is raised, every renewal that reads the user's row is
//!   refused. An ended session never comes back.
//! - `fence::*`: a renewal that is answered from the copy in the user's object uses a version of
//!   the row that includes every earlier change. The checker finds the seeded bugs of that
//!   protocol.
//! - `seeded_bugs::*`: the checker works, because it finds seeded bugs.
//! - `simulation::*`: in random runs with honest clients, nobody is logged out.
//! - `simulation::*`: in honest random runs nobody is logged out.
//!
//! **The bound.** Time and the number of renewals have no bound, because states are the same if
//! they differ only by a shift (see [`state`]). The model has two locations. The number of messages
//! in transit at once has a bound, which each test prints. A request, a write or a response takes
//! at most a tick, whose length is printed too. The grace period is three ticks of 10 s, or two of
//! 15 s.

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
