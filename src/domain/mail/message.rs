//! A mail, worded and addressed: what a provider is given.

use std::fmt;

use crate::domain::account::EmailAddress;

/// Whom mails come from: the setting `MAIL_FROM`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// The display name, when there is one: visible characters and spaces, none of them a quote, a backslash or an
    /// angle bracket.
    pub name: Option<String>,
    /// The address.
    pub address: EmailAddress,
}

/// A mail to one address. `Debug` prints neither the address nor the text, which holds a link.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// To whom.
    pub to: EmailAddress,
    /// The subject: one line.
    pub subject: String,
    /// The text for programs that show no HTML.
    pub text: String,
    /// The same as HTML.
    pub html: String,
    /// The same for every repeat of this mail and for no other: 64 hexadecimal digits.
    pub idempotency_key: String,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("subject", &self.subject)
            .field("idempotency_key", &self.idempotency_key)
            .finish_non_exhaustive()
    }
}

/// Why a mail was not taken. The text is the provider's own, cut short, without the API key and the address; it goes
/// to the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailFailure {
    /// Not now: the provider is down, slow, limits us, or refuses our key. The same mail may go out later.
    Temporary {
        /// What the provider said.
        reason: String,
        /// When it asks to be tried again, in seconds.
        retry_after: Option<u64>,
    },
    /// Never as it is: the provider finds something wrong with the request, the sender or the mail.
    Rejected {
        /// What the provider said.
        reason: String,
    },
    /// Never to this address: it does not exist, or has bounced or complained before.
    Undeliverable {
        /// What the provider said.
        reason: String,
    },
}
