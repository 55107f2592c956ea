//! A finished mail, which is passed to a provider.

use std::fmt;

use crate::domain::account::EmailAddress;
use crate::domain::policy::MAIL_REASON_WORD_CHARS;
use crate::domain::request_id::RequestId;

/// The sender of all mails, from the setting `MAIL_FROM`.
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
    /// The subject, in one line.
    pub subject: String,
    /// The plain text, for mail programs that don't show HTML.
    pub text: String,
    pub html: String,
    /// 64 hexadecimal digits. Every attempt to send this mail has the same key, and no other mail
    /// has this key.
    pub idempotency_key: String,
    /// The HTTP request that asked for the mail.
    pub request: Option<RequestId>,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("subject", &self.subject)
            .field("idempotency_key", &self.idempotency_key)
            .finish_non_exhaustive()
    }
}

/// What a provider says about a mail that it accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// The provider's own id of the mail, by which its dashboard and its support find the mail.
    pub id: Option<String>,
}

impl Accepted {
    /// The part of a provider's id that may be logged: the part before the at sign, without angle
    /// brackets. Many providers' ids have the form of an email address, and the log must not
    /// contain addresses. `None` if the text is not an id.
    ///
    /// ```
    /// use edgegate::domain::mail::Accepted;
    ///
    /// let id = Accepted::loggable_id("<2017.5787683@relay.example>");
    /// assert_eq!(id.as_deref(), Some("2017.5787683"));
    /// assert_eq!(Accepted::loggable_id("not an id"), None);
    /// ```
    #[must_use]
    pub fn loggable_id(id: &str) -> Option<String> {
        let id = id.trim().trim_start_matches('<').trim_end_matches('>');
        let id = id.split('@').next()?;
        let is_id = (1..=MAIL_REASON_WORD_CHARS).contains(&id.len())
            && id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._=+-".contains(&b));
        is_id.then(|| id.to_owned())
    }
}

/// Why the provider did not accept a mail. `reason` is a shortened form of the provider's own text,
/// without the API key and the address. It is logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailFailure {
    /// The provider is down or slow, or has a rate limit that the service has reached. It is
    /// possible that the same mail is accepted later.
    Temporary {
        /// What the provider said.
        reason: String,
        /// How long the provider asks us to wait, in seconds.
        retry_after: Option<u64>,
    },
    /// The provider rejects the service's account, because its key, plan, sender or `MAIL_API_URL`
    /// is wrong. After the operator has corrected it, the same mail can be accepted.
    Account {
        /// What the provider said.
        reason: String,
        /// How long the provider asks us to wait, in seconds.
        retry_after: Option<u64>,
    },
    /// The provider will never accept this mail as it is, because something is wrong with the
    /// request or the mail.
    Rejected {
        /// What the provider said.
        reason: String,
    },
    /// The provider will accept no mail to this address. The address does not exist, or earlier
    /// mails to it bounced or were reported as spam.
    Undeliverable {
        /// What the provider said.
        reason: String,
    },
}
