//! Mail that nobody else can spend (docs/decisions/0017), tried on the real use cases in virtual
//! time: what asks for mails and `deliver_mail`, on the adapters in memory.
//!
//! `cargo test --test mail_simulation -- --nocapture` prints the table of the week-long attacker.
//!
//! | what is claimed | test |
//! |---|---|
//! | Whether an address has an account shows in nobody else's answers and mails | `directories::*` |
//! | A week-long attacker stops no reset of one person, and floods no mailbox | `attacker::*` |
//! | The same attacker delays new devices only, and mutes no notice | `attacker::*` |

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
