//! Why a job ends without a mail.

/// Why a job ends without a mail. None of these reasons is told to the asker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotDue {
    /// No account, or a disabled one, or nothing to tell it.
    NoRecipient,
    /// The job was asked for too long ago.
    Expired,
    /// The account, or the address, has changed since the mail was asked for, and the right to it
    /// ended with that.
    Superseded,
    /// Another job has sent the same notice.
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
