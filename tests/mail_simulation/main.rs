//! Nobody can use up the mail that others need (docs/decisions/0017). The tests run the real use
//! cases in virtual time on the adapters in memory: those that request mails, and `deliver_mail`.
//!
//! `cargo test --test mail_simulation -- --nocapture` prints the table of the week-long attacker.
//!
//! | claim | test |
//! |---|---|
//! | Nobody else's answers and mails reveal whether an address has an account | `directories::*` |
//! | A week-long attacker can neither prevent one person's resets nor flood a mailbox |
//! `attacker::*` |
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
#[path = "../count/mod.rs"]
mod count;
mod directories;
mod world;
