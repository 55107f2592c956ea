//! What users are told by mail: the job that is queued, and the message that a provider is given.

mod job;
mod locale;
mod message;
mod not_due;
mod pool;
mod provider;

pub use job::{Job, Task};
pub use locale::Locale;
pub use message::{MailFailure, Message, Sender};
pub use not_due::NotDue;
pub use pool::Pool;
pub use provider::Provider;
