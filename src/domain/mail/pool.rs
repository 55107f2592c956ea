//! Shares of the mail budget, and which of them pays for a job.

use super::{Rank, RouteClass};
use crate::domain::account::UserId;
use crate::domain::policy::{OTHER_SHARES, RESET_SHARES};

/// The share of `MAIL_BUDGET` that pays for a job. The pool is chosen when the mail is requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pool {
    /// No share of the budget. The requester presented a signed token (a ticket) of this user's
    /// device or session. Such mails have a limit of their own, which is per user.
    Known(UserId),
    /// Pays for a network's first request in a day.
    First,
    /// Pays for the next few requests of a network in a day.
    Medium,
    /// Pays for all later requests of a network.
    Rest,
    /// No share of the budget, because notices and invitations are not limited by it.
    None,
}

const KNOWN: &str = "known:";

impl From<Rank> for Pool {
    fn from(rank: Rank) -> Self {
        match rank {
            Rank::First => Self::First,
            Rank::Medium => Self::Medium,
            Rank::Rest => Self::Rest,
        }
    }
}

impl Pool {
    /// How many mails of this class the pool pays for per hour. `budget` is the number of mails for
    /// all pools together. `None` if the pool does not use the budget. Each pool pays for at least
    /// one mail, so that a small budget excludes nobody. If the budget is less than 20 mails per
    /// hour, all pools together may therefore pay for up to five mails more than the budget.
    #[must_use]
    pub const fn share(self, class: RouteClass, budget: u64) -> Option<u64> {
        let [first, medium, rest] = match class {
            RouteClass::Reset => RESET_SHARES,
            RouteClass::Other => OTHER_SHARES,
        };
        let percent = match self {
            Self::First => first,
            Self::Medium => medium,
            Self::Rest => rest,
            Self::Known(_) | Self::None => return None,
        };
        match budget.saturating_mul(percent) / 100 {
            0 => Some(1),
            share => Some(share),
        }
    }

    /// The name under which the mails of the pool are counted. `None` if the pool does not use the
    /// budget.
    #[must_use]
    pub const fn account(self, class: RouteClass) -> Option<&'static str> {
        Some(match (class, self) {
            (RouteClass::Reset, Self::First) => "reset first",
            (RouteClass::Reset, Self::Medium) => "reset medium",
            (RouteClass::Reset, Self::Rest) => "reset rest",
            (RouteClass::Other, Self::First) => "other first",
            (RouteClass::Other, Self::Medium) => "other medium",
            (RouteClass::Other, Self::Rest) => "other rest",
            (_, Self::Known(_) | Self::None) => return None,
        })
    }

    /// Encodes the pool for the queue. The text contains no line break.
    #[must_use]
    pub fn encode(self) -> String {
        match self {
            Self::Known(user) => [KNOWN, &user.to_string()].concat(),
            Self::First => "first".to_owned(),
            Self::Medium => "medium".to_owned(),
            Self::Rest => "rest".to_owned(),
            Self::None => "none".to_owned(),
        }
    }

    /// Decodes a pool from the queue. `None` if the text is malformed.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
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
    use std::collections::BTreeSet;

    use super::*;

    const BUDGETED: [Pool; 3] = [Pool::First, Pool::Medium, Pool::Rest];
    const CLASSES: [RouteClass; 2] = [RouteClass::Reset, RouteClass::Other];

    fn shares(budget: u64) -> Vec<u64> {
        let each = |class| BUDGETED.map(|pool: Pool| pool.share(class, budget).unwrap());
        CLASSES.into_iter().flat_map(each).collect()
    }

    #[test]
    fn the_shares_match_the_documents_and_never_exceed_a_budget_of_20_or_more() {
        assert_eq!(shares(1000), [400, 150, 100, 200, 100, 50]);
        for budget in 20..3000 {
            assert!(shares(budget).iter().sum::<u64>() <= budget, "{budget}");
        }
        for budget in 1..20 {
            let shares = shares(budget);
            assert!(shares.iter().all(|share| *share >= 1), "{budget}");
            assert!(shares.iter().sum::<u64>() <= budget + 5, "{budget}");
        }
        assert_eq!(shares(u64::MAX).len(), 6);
    }

    #[test]
    fn each_class_and_pool_is_charged_separately() {
        let accounts: BTreeSet<_> = CLASSES
            .into_iter()
            .flat_map(|class| BUDGETED.map(|pool| pool.account(class).unwrap()))
            .collect();
        assert_eq!(accounts.len(), 6);
        for pool in [Pool::None, Pool::Known(UserId::new(1, &[1; 10]))] {
            for class in CLASSES {
                assert_eq!((pool.share(class, 1000), pool.account(class)), (None, None));
            }
        }
    }

    #[test]
    fn every_pool_can_be_decoded_again() {
        let user = UserId::new(1_764_000_000_000, &[1; 10]);
        for pool in [
            Pool::Known(user),
            Pool::First,
            Pool::Medium,
            Pool::Rest,
            Pool::None,
        ] {
            assert_eq!(Pool::decode(&pool.encode()), Some(pool));
        }
        for text in ["", "First", "known", "known:", "known:x", "none "] {
            assert_eq!(Pool::decode(text), None, "{text}");
        }
    }
}
