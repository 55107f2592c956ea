//! Requests for mails, counted in Durable Objects of class `MailGate`: one for each network, and
//! one for each user. Rate-limit bindings can't do this: they count for each location separately,
//! and for a minute at most.
//!
//! `DurableMailGate` is the Worker's side: it asks an object. `object.rs` is the object's side: it
//! reads, counts and writes in one turn, so that no other request runs in between.

mod gate;
mod object;

pub use gate::DurableMailGate;

/// The name of this store in error messages.
const OBJECT: &str = "mail_gate_object";
