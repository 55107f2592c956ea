//! The reasons for which a job can end without a mail. They are only logged.

/// Why a job ends without a mail. The requester never learns the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotDue {
    /// There is no account, or the account is disabled or needs no such mail.
    NoRecipient,
    /// The mail was requested too long ago.
    Expired,
    /// The account or the address has changed since the mail was requested, so the mail must not be
    /// sent any more.
    Superseded,
    /// Another job has already sent the mail about the same event.
    AlreadySent,
}

impl NotDue {
    /// A stable name, `snake_case`, for the log.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NoRecipient => "no_recipient",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::AlreadySent => "already_sent",
        }
    }
}
