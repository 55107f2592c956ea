//! The share of the mail budget that pays for a job.

use crate::domain::account::UserId;

/// The share of `MAIL_BUDGET` that pays for a job, chosen when it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pool {
    /// The asker proved to know this user's account, by a device or session ticket.
    Known(UserId),
    /// The first request of a network in a day.
    First,
    /// One of the next few requests of a network in a day.
    Medium,
    /// All later requests of a network.
    Rest,
    /// Nothing is paid: notices and invitations.
    None,
}

const KNOWN: &str = "known:";

impl Pool {
    /// The text form that is queued. It holds no line break.
    #[must_use]
    pub fn to_text(self) -> String {
        match self {
            Self::Known(user) => [KNOWN, &user.to_string()].concat(),
            Self::First => "first".to_owned(),
            Self::Medium => "medium".to_owned(),
            Self::Rest => "rest".to_owned(),
            Self::None => "none".to_owned(),
        }
    }

    /// Reads the text form; `None` when it is not one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "first" => Self::First,
            "medium" => Self::Medium,
            "rest" => Self::Rest,
            "none" => Self::None,
            _ => Self::Known(UserId::parse(text.strip_prefix(KNOWN)?)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pool_is_read_as_it_was_written() {
        let user = UserId::new(1_764_000_000_000, &[1; 10]);
        for pool in [
            Pool::Known(user),
            Pool::First,
            Pool::Medium,
            Pool::Rest,
            Pool::None,
        ] {
            assert_eq!(Pool::parse(&pool.to_text()), Some(pool));
        }
        for text in ["", "First", "known", "known:", "known:x", "none "] {
            assert_eq!(Pool::parse(text), None, "{text}");
        }
    }
}
