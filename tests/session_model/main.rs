//! The rotation of refresh tokens, searched exhaustively by a model checker (stateright) and at random by a simulation.
//! Both call the crate's own `rotate`.
//!
//! `cargo test --test session_model -- --nocapture` prints what each search took and what the simulation counted.
//!
//! | what is claimed | tests |
//! |---|---|
//! | An honest client that repeats within the grace is never refused | `owner::*` |
//! | A thief who keeps more than 90 s away from an owner whose renewals are 3 minutes apart can't go on beside him | `thief::*` |
//! | Giving the password again refuses no honest client and hides no thief | `owner::proves_*`, `thief::is_found_out_*` |
//! | A moved epoch stops every renewal that reads the user's row after it | `endings::*` |
//! | An ended session never comes back | `endings::*` |
//! | The checker sees: seeded bugs are found | `seeded_bugs::*` |
//! | Honest runs at random: nobody is logged out | `simulation::*` |
//!
//! **The bound.** Time and the number of renewals have none: states are the same when they differ by a shift only (see
//! [`state`]). Bounded are the locations (two), the messages under way at once (printed), and how long a request, a
//! write or a response takes: a tick at most (printed). Three ticks of 10 s, or two of 15 s, are the grace.

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
mod model;
mod owner;
mod renewal;
mod seeded_bugs;
mod setting;
mod simulation;
mod state;
mod thief;
