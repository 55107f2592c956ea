//! The result of an attempt to deliver a mail, and its line in the log.

use super::NotDue;
use crate::domain::account::UserId;
use crate::domain::event::Pseudonym;
use crate::domain::log_line::{Level, LogLine};
use crate::domain::request_id::RequestId;

/// The result of an attempt to deliver a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The provider accepted the mail.
    Sent,
    /// The job ended without a mail, for this reason.
    NotDue(NotDue),
    /// No mail is sent, because the mailbox has an earlier link that is still valid.
    EarlierLink,
    /// The provider will never deliver a mail to this address. The text is the provider's reason.
    Undeliverable(String),
    /// The attempt failed. The mail is tried again.
    Later {
        /// After this number of seconds.
        seconds: u64,
        reason: String,
    },
    /// The share of `MAIL_BUDGET` that pays for the mail is used up for this hour, so the mail
    /// waits. Waiting does not count as an attempt.
    Waits {
        /// For this number of seconds.
        seconds: u64,
    },
    /// The share of `MAIL_BUDGET` that pays for the mail was used up each time that the mail was
    /// tried, until the mail was a day old. The mail is not sent.
    GivenUp,
    /// The mail can't be sent, and is stored for the operator.
    Dead { reason: String },
}

pub(crate) const BUDGET_IS_USED_UP: &str =
    "MAIL_BUDGET: the share of this kind of mail is used up for this hour";

impl Delivery {
    /// A stable name, `snake_case`, for the log.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::NotDue(_) => "not_due",
            Self::EarlierLink => "earlier_link",
            Self::Undeliverable(_) => "undeliverable",
            Self::Later { .. } => "later",
            Self::Waits { .. } => "waits",
            Self::GivenUp => "given_up",
            Self::Dead { .. } => "dead",
        }
    }

    /// The level of the log line. It is `error` if the mail waits for the operator.
    #[must_use]
    pub const fn level(&self) -> Level {
        match self {
            Self::Dead { .. } => Level::Error,
            Self::Later { .. } | Self::Waits { .. } | Self::GivenUp | Self::Undeliverable(_) => {
                Level::Warn
            }
            Self::Sent | Self::NotDue(_) | Self::EarlierLink => Level::Info,
        }
    }

    /// Whether the service tried to send the mail: it called the provider, or something failed
    /// before the call.
    #[must_use]
    pub const fn is_attempt(&self) -> bool {
        match self {
            Self::Sent | Self::Undeliverable(_) | Self::Later { .. } | Self::Dead { .. } => true,
            Self::NotDue(_) | Self::EarlierLink | Self::Waits { .. } | Self::GivenUp => false,
        }
    }

    /// Why the mail was not sent. The reason is for the log.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Sent | Self::EarlierLink => None,
            Self::NotDue(why) => Some(why.reason()),
            Self::Waits { .. } | Self::GivenUp => Some(BUDGET_IS_USED_UP),
            Self::Undeliverable(reason) | Self::Later { reason, .. } | Self::Dead { reason } => {
                Some(reason)
            }
        }
    }
}

/// What the log says about an attempt to deliver a mail. It contains no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailLine {
    /// The request that asked for the mail. `None` if an older version queued the mail.
    pub request: Option<RequestId>,
    /// The job's id, or the id of the queue's message if the job can't be read.
    pub job: String,
    pub mail: &'static str,
    /// The recipient. `None` for an invitation that was not sent, because its recipient is not
    /// known.
    pub address: Option<Pseudonym>,
    /// The account, if the job contains one.
    pub user: Option<UserId>,
    /// The number of this attempt. The first attempt is 1. `None` if the service did not try to
    /// send the mail.
    pub attempt: Option<u32>,
    /// The id that the provider gave to the mail when it accepted the mail.
    pub provider_id: Option<String>,
    pub delivery: Delivery,
}

impl MailLine {
    /// The level of this line. When a provider is down, the service logs its failures in separate
    /// lines with level `error`. The line of a mail that will be tried again has a lower level, so
    /// that one outage does not cause an `error` line for each mail.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.delivery.level()
    }

    /// The log line: one JSON object.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut line = LogLine::new(self.level(), "mail");
        if let Some(request) = &self.request {
            line.text("request_id", &request.to_string());
        }
        line.text("job", &self.job);
        line.text("mail", self.mail);
        if let Some(address) = &self.address {
            line.text("address", address.as_str());
        }
        if let Some(user) = &self.user {
            line.text("user_id", &user.to_string());
        }
        line.text("outcome", self.delivery.name());
        if let Some(attempt) = self.attempt {
            line.number("attempt", attempt.into());
        }
        line.text(
            "provider_id",
            self.provider_id.as_deref().unwrap_or_default(),
        );
        line.text("reason", self.delivery.reason().unwrap_or_default());
        line.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The log line of an attempt contains its number. If the service did not try to send the mail,
    /// the line contains no number.
    #[test]
    fn only_what_reached_for_the_provider_is_an_attempt() {
        let reason = || "421".to_owned();
        let tried = [
            Delivery::Sent,
            Delivery::Undeliverable(reason()),
            Delivery::Later {
                seconds: 60,
                reason: reason(),
            },
            Delivery::Dead { reason: reason() },
        ];
        let untried = [
            Delivery::NotDue(NotDue::Expired),
            Delivery::EarlierLink,
            Delivery::Waits { seconds: 60 },
            Delivery::GivenUp,
        ];
        assert!(tried.iter().all(Delivery::is_attempt));
        assert!(!untried.iter().any(Delivery::is_attempt));
    }
}
