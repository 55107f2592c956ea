//! A finished mail, as a provider gets it.

use std::fmt;

use crate::domain::account::EmailAddress;

/// The sender of all mails: the setting `MAIL_FROM`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// The display name, if there is one: visible characters and spaces, without quotes,
    /// backslashes and angle brackets.
    pub name: Option<String>,
    pub address: EmailAddress,
}

/// A mail to one address. `Debug` prints neither the address nor the text, which contains a link.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    pub to: EmailAddress,
    /// One line.
    pub subject: String,
    /// For programs that show no HTML.
    pub text: String,
    pub html: String,
    /// The same for every attempt to send this mail, and for no other mail: 64 hexadecimal digits.
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

/// Why the provider did not accept a mail. The text is the provider's own, shortened, without the
/// API key and the address. It is logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailFailure {
    /// The provider is down, slow, limits us, or rejects our key. The same mail may be accepted
    /// later.
    Temporary {
        /// What the provider said.
        reason: String,
        /// How long the provider asks us to wait, in seconds.
        retry_after: Option<u64>,
    },
    /// The mail will never be accepted as it is: something is wrong with the request, the sender or
    /// the mail.
    Rejected {
        /// What the provider said.
        reason: String,
    },
    /// No mail will be accepted for this address: it does not exist, or mails to it bounced or were
    /// reported as spam.
    Undeliverable {
        /// What the provider said.
        reason: String,
    },
}
