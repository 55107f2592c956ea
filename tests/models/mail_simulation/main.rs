//! Checks that nobody can use up the mails that others need (docs/decisions/0017). The tests run
//! the real use cases on the in-memory adapters, in virtual time: the use cases that request mails,
//! and `deliver_mail`.
//!
//! `cargo test --test mail_simulation -- --nocapture` prints the table of the week-long attacker.
//!
//! | claim | test |
//! |---|---|
//! | What others see does not reveal whether an address has an account | `directories::*` |
//! | In a week, an attacker neither stops a user's resets nor floods a mailbox | `attacker::*` |
//! | The same attacker delays only new devices, and stops no notice | `attacker::*` |

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
