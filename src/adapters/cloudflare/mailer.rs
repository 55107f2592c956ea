//! The mail provider that `MAIL_PROVIDER` names.

use super::mail::{BindingMailer, HttpMailer};
use super::outbox::Outbox;
use crate::domain::mail::{Accepted, MailFailure, Message};
use crate::ports::Mailer;

/// The provider.
#[derive(Debug)]
pub enum CloudflareMailer {
    /// No provider. New mails are not queued. Mails that are already queued wait.
    None,
    /// The outbox of local development.
    Outbox(Outbox),
    /// A provider's API.
    Http(HttpMailer),
    /// The binding of Cloudflare Email Service.
    Binding(BindingMailer),
}

impl Mailer for CloudflareMailer {
    async fn send(&self, message: &Message) -> Result<Accepted, MailFailure> {
        match self {
            Self::None => Err(MailFailure::Account {
                reason: "MAIL_PROVIDER is not set, or its binding is missing".to_owned(),
                retry_after: None,
            }),
            Self::Outbox(outbox) => outbox.send(message).await,
            Self::Http(mailer) => mailer.send(message).await,
            Self::Binding(mailer) => mailer.send(message).await,
        }
    }
}
