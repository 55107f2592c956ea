//! Failures of the mail provider: how long they last, and when an operator must know.

use crate::domain::policy::MAIL_OUTAGE;

/// What is wrong with the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The provider rejects the service's account, because its key, plan, sender or `MAIL_API_URL`
    /// is wrong. This lasts until an operator repairs it.
    Refused,
    /// The provider does not answer, or can't send mails at the moment. It usually recovers by
    /// itself.
    Outage,
}

impl FailureKind {
    /// The name of the kind in the store.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Outage => "outage",
        }
    }

    /// The kind with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Refused, Self::Outage]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// The failures of one kind since the provider last accepted a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderFailures {
    pub kind: FailureKind,
    /// When the first of these failures happened, in seconds since 1970.
    pub since: u64,
    /// When the last of these failures happened, in seconds since 1970.
    pub last_at: u64,
    /// How many attempts failed.
    pub failures: u64,
    /// Why the last attempt failed, in the provider's words.
    pub reason: String,
}

impl ProviderFailures {
    /// Whether only one attempt has failed so far.
    #[must_use]
    pub const fn is_new(&self) -> bool {
        self.failures <= 1
    }

    /// How many attempts failed, and for how long.
    #[must_use]
    pub fn detail(&self) -> String {
        let seconds = self.last_at.saturating_sub(self.since);
        let attempts = if self.failures == 1 {
            "attempt"
        } else {
            "attempts"
        };
        format!("{} {attempts} failed within {seconds} s", self.failures)
    }

    /// Whether an operator must be told. A single failed attempt is not an outage, because the next
    /// attempt follows within seconds and can succeed.
    #[must_use]
    pub const fn needs_operator(&self, now: u64) -> bool {
        match self.kind {
            FailureKind::Refused => true,
            FailureKind::Outage => !self.is_new() && now.saturating_sub(self.since) >= MAIL_OUTAGE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_needs_somebody_at_once_and_an_outage_after_two_minutes() {
        let failed = |kind, failures| ProviderFailures {
            kind,
            since: 1000,
            last_at: 1000,
            failures,
            reason: String::new(),
        };
        for (kind, failures, after, expected) in [
            (FailureKind::Refused, 1, 0, true),
            (FailureKind::Outage, 1, 3600, false),
            (FailureKind::Outage, 2, MAIL_OUTAGE - 1, false),
            (FailureKind::Outage, 2, MAIL_OUTAGE, true),
        ] {
            let needs = failed(kind, failures).needs_operator(1000 + after);
            assert_eq!(needs, expected, "{kind:?} {failures} {after}");
            assert_eq!(FailureKind::parse(kind.name()), Some(kind));
        }
        assert_eq!(FailureKind::parse("other"), None);
    }
}
