//! Counts requests for mails in Durable Objects of class `MailGate`. There is one object for each
//! network, and one for each user. Cloudflare's rate-limit bindings can't be used for this: they
//! count each location separately, and for a minute at most.
//!
//! `DurableMailGate` runs in the Worker and asks an object. `object.rs` runs in the object. It
//! reads, counts and writes in one turn, so that no other request runs in between.

mod gate;
mod object;

pub use gate::DurableMailGate;

/// The name of this store in error messages.
const OBJECT: &str = "mail_gate_object";
