//! Requests for mails counted in Durable Objects of class `MailGate`: one for each network, and one for
//! each user. Rate-limit bindings count for each location by itself, and for a minute at most.
//!
//! `DurableMailGate` is the port's side: it asks an object. `object.rs` is the other: it reads, counts
//! and writes in one turn, without a pause in which another request could come between.

mod gate;
pub mod object;

pub use gate::DurableMailGate;
