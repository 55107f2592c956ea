//! Mails to users: the queued job, and the message for a provider.

mod gate;
mod job;
mod lane;
mod locale;
mod mail_keys;
mod mailbox;
mod message;
mod not_due;
mod pool;
mod provider;
mod tally;

pub use gate::{Counted, GateVerdict, NoticedAct, Rank, RouteClass};
pub use job::{Job, Task, job_id_of};
pub use lane::{Lane, LinkLife};
pub use locale::Locale;
pub use mail_keys::{GateName, MailKeys};
pub use mailbox::mailbox;
pub use message::{MailFailure, Message, Sender};
pub use not_due::NotDue;
pub use pool::Pool;
pub use provider::Provider;
pub use tally::Tally;

#[cfg(test)]
mod job_tests;
