//! Mails to users: the queued job, and the message for a provider.

mod delivery;
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
mod provider_failures;
mod tally;

pub(crate) use delivery::BUDGET_IS_USED_UP;
pub use delivery::{Delivery, MailLine};
pub use gate::{Counted, GateVerdict, NoticedAct, Rank, RouteClass};
pub use job::{Job, Task, job_id_of};
pub use lane::{Lane, LinkLife};
pub use locale::Locale;
pub use mail_keys::{GateName, MailKeys};
pub use mailbox::mailbox;
pub use message::{Accepted, MailFailure, Message, Sender};
pub use not_due::NotDue;
pub use pool::Pool;
pub use provider::Provider;
pub use provider_failures::{FailureKind, ProviderFailures};
pub use tally::Tally;

#[cfg(test)]
mod job_tests;
