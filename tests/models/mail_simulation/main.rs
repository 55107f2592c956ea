//! Checks that an attacker can't use up the mails that other users need (docs/decisions/0017). The
//! tests run the real use cases that request mails, and `deliver_mail`. They run on the in-memory
//! adapters, in virtual time.
//!
//! `cargo test --test mail_simulation -- --nocapture` prints a table of how long users waited
//! during the attack of a week.
//!
//! | claim | test |
//! |---|---|
//! | What a stranger sees does not reveal whether an address has an account | `directories::*` |
//! | An attacker can't prevent a user's resets or flood a mailbox in a week | `attacker::*` |
//! | The same attacker delays only users on new devices, and delays no notice | `attacker::*` |

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::print_stdout,
    unreachable_pub
)]

mod attacker;
#[path = "../../count/mod.rs"]
mod count;
mod directories;
mod world;
