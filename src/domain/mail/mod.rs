//! Mails to users: the queued job, and the message for a provider.

mod gate;
mod job;
mod lane;
mod locale;
mod mailbox;
mod message;
mod not_due;
mod pool;
mod provider;

pub use gate::{Counted, GateName, GateVerdict, MailKeys, NoticedAct, Rank, RouteClass, Tally};
pub use job::{Job, Task, job_id_of};
pub use lane::{Lane, LinkLife};
pub use locale::Locale;
pub use mailbox::mailbox;
pub use message::{MailFailure, Message, Sender};
pub use not_due::NotDue;
pub use pool::Pool;
pub use provider::Provider;
