//! Counts the requests of one network, or the actions of one user.

use std::collections::BTreeMap;

use super::{Counted, GateVerdict, Rank};
use crate::domain::policy::{
    DAY, HOUR, KNOWN_MAILS_A_DAY, MAIL_MEDIUM_ASKS_A_DAY, MAIL_REQUESTS_AN_HOUR, NOTICED_ACTS_A_DAY,
};

/// The recent events of one network or user. For each kind of event, the times are stored, in
/// seconds since 1970. A limit of thirty requests an hour means at most thirty requests in any
/// period of 3,600 seconds, whenever it begins. Only the first requests from a larger network are
/// counted per hour of the clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<String, Vec<u64>>);

impl Tally {
    /// Counts an event, unless it would exceed its limit.
    pub fn count(&mut self, counted: Counted, now: u64) -> GateVerdict {
        self.forget(now);
        match counted {
            Counted::Request(class) => {
                if let Err(wait) = self.take("requests", MAIL_REQUESTS_AN_HOUR, HOUR, now) {
                    return GateVerdict::Over(wait);
                }
                let (first, medium) = (["first ", class.name()], ["medium ", class.name()]);
                GateVerdict::Ranked(if self.take(&first.concat(), 1, DAY, now).is_ok() {
                    Rank::First
                } else if self
                    .take(&medium.concat(), MAIL_MEDIUM_ASKS_A_DAY, DAY, now)
                    .is_ok()
                {
                    Rank::Medium
                } else {
                    Rank::Rest
                })
            }
            Counted::FirstRequest { class, most } => self.take_in_hour(class.name(), most, now),
            Counted::KnownMail => within(self.take("known", KNOWN_MAILS_A_DAY, DAY, now)),
            Counted::Act(act) => within(self.take(act.name(), NOTICED_ACTS_A_DAY, DAY, now)),
        }
    }

    /// The time from which the tally has no effect any more and can be deleted: a day after the
    /// last event.
    #[must_use]
    pub fn lapses_at(&self) -> u64 {
        let last = self.0.iter().filter_map(|(name, times)| match *name {
            _ if is_of_an_hour(name) => times.first().map(|hour| hour.saturating_mul(HOUR)),
            _ => times.last().copied(),
        });
        last.max().map_or(0, |at| at.saturating_add(DAY))
    }

    /// Counts one event. At most `most` events may happen in any period of `span` seconds. The
    /// error is the number of seconds until the next event is allowed.
    fn take(&mut self, name: &str, most: usize, span: u64, now: u64) -> Result<(), u64> {
        let times = self.0.entry(name.to_owned()).or_default();
        times.retain(|at| at.saturating_add(span) > now);
        if times.len() >= most {
            let oldest = times.first().copied().unwrap_or(now);
            return Err(oldest.saturating_add(span).saturating_sub(now));
        }
        times.push(now);
        Ok(())
    }

    /// Counts one event in the current hour of the clock, because the mail budget is also counted
    /// per hour of the clock. Stores the hour and the count, instead of the times of the events.
    fn take_in_hour(&mut self, class: &str, most: u64, now: u64) -> GateVerdict {
        let hour = now / HOUR;
        let name = [IN_HOUR, class].concat();
        let count = match self.0.get(&name).map(Vec::as_slice) {
            Some([of, count]) if *of == hour => *count,
            _ => 0,
        };
        if count >= most {
            return GateVerdict::Over(HOUR.saturating_sub(now % HOUR));
        }
        self.0.insert(name, vec![hour, count.saturating_add(1)]);
        GateVerdict::Within
    }

    fn forget(&mut self, now: u64) {
        self.0.retain(|name, times| {
            if is_of_an_hour(name) {
                return times.first().is_some_and(|hour| *hour >= now / HOUR);
            }
            times.retain(|at| at.saturating_add(DAY) > now);
            !times.is_empty()
        });
    }

    /// Encodes the tally for storage. Each line is a kind of event with its times.
    #[must_use]
    pub fn encode(&self) -> String {
        let lines = self.0.iter().map(|(name, times)| {
            let times: Vec<String> = times.iter().map(u64::to_string).collect();
            [name.as_str(), "=", &times.join(" ")].concat()
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Decodes a stored tally. `None` if the text is malformed.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        let lines = text.split('\n').filter(|line| !line.is_empty());
        let parsed = lines.map(|line| {
            let (name, times) = line.split_once('=')?;
            let times: Option<Vec<u64>> = times.split(' ').map(|at| at.parse().ok()).collect();
            Some((name.to_owned(), times?))
        });
        parsed.collect::<Option<_>>().map(Self)
    }
}

const IN_HOUR: &str = "hour ";

fn is_of_an_hour(name: &str) -> bool {
    name.starts_with(IN_HOUR)
}

fn within(taken: Result<(), u64>) -> GateVerdict {
    taken.map_or_else(GateVerdict::Over, |()| GateVerdict::Within)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{NoticedAct, RouteClass};
    use super::*;

    const NOW: u64 = 1_764_000_000;
    const RESET: Counted = Counted::Request(RouteClass::Reset);
    const OTHER: Counted = Counted::Request(RouteClass::Other);

    #[test]
    fn the_first_of_a_day_then_four_then_the_rest_and_thirty_an_hour() {
        let mut tally = Tally::default();
        let ranks: Vec<GateVerdict> = (0..31).map(|_| tally.count(RESET, NOW)).collect();
        assert_eq!(ranks[0], GateVerdict::Ranked(Rank::First));
        assert!(
            ranks[1..5]
                .iter()
                .all(|of| *of == GateVerdict::Ranked(Rank::Medium))
        );
        assert!(
            ranks[5..30]
                .iter()
                .all(|of| *of == GateVerdict::Ranked(Rank::Rest))
        );
        assert_eq!(ranks[30], GateVerdict::Over(HOUR));
        // The limit of thirty requests is for all kinds of mail together.
        assert_eq!(tally.count(OTHER, NOW + 1), GateVerdict::Over(HOUR - 1));
        assert_eq!(
            tally.count(OTHER, NOW + HOUR),
            GateVerdict::Ranked(Rank::First)
        );
        assert_eq!(
            tally.count(RESET, NOW + DAY - 1),
            GateVerdict::Ranked(Rank::Rest)
        );
        assert_eq!(
            tally.count(RESET, NOW + DAY),
            GateVerdict::Ranked(Rank::First)
        );
    }

    /// A limit applies to every period of an hour or a day, whenever the period begins. If events
    /// were counted in fixed hours instead, a client could use up the limit just before a full
    /// hour, and use it up again just after it.
    #[test]
    fn no_hour_and_no_day_holds_more_than_the_limit_wherever_it_begins() {
        for (counted, most, span) in [
            (RESET, MAIL_REQUESTS_AN_HOUR, HOUR),
            (Counted::KnownMail, KNOWN_MAILS_A_DAY, DAY),
            (
                Counted::Act(NoticedAct::PasswordChange),
                NOTICED_ACTS_A_DAY,
                DAY,
            ),
        ] {
            let (mut tally, mut admitted) = (Tally::default(), Vec::new());
            for now in (NOW..NOW + 4 * span).step_by(usize::try_from(span / 97).unwrap()) {
                if !matches!(tally.count(counted, now), GateVerdict::Over(_)) {
                    admitted.push(now);
                }
            }
            assert!(admitted.len() >= most * 3, "{counted:?}");
            for window in admitted.windows(most + 1) {
                assert!(window[most] - window[0] >= span, "{counted:?}: {window:?}");
            }
        }
    }

    #[test]
    fn a_larger_network_has_a_share_of_each_hour_of_the_clock() {
        let mut tally = Tally::default();
        let class = RouteClass::Reset;
        let of = |most| Counted::FirstRequest { class, most };
        let hour = NOW - NOW % HOUR;
        for _ in 0..40 {
            assert_eq!(tally.count(of(40), hour), GateVerdict::Within);
        }
        assert_eq!(tally.count(of(40), hour + 3599), GateVerdict::Over(1));
        let other = RouteClass::Other;
        let first = Counted::FirstRequest {
            class: other,
            most: 1,
        };
        assert_eq!(tally.count(first, hour), GateVerdict::Within);
        assert_eq!(tally.count(of(40), hour + 3600), GateVerdict::Within);
        assert_eq!(tally.count(of(0), hour), GateVerdict::Over(HOUR));
    }

    #[test]
    fn a_tally_lapses_a_day_after_its_last_count() {
        let mut tally = Tally::default();
        assert_eq!(tally.lapses_at(), 0);
        tally.count(RESET, NOW);
        tally.count(RESET, NOW + 10);
        assert_eq!(tally.lapses_at(), NOW + 10 + DAY);
        let mut later = tally.clone();
        later.count(Counted::KnownMail, NOW + 10 + DAY);
        assert_eq!(later.encode(), format!("known={}", NOW + 10 + DAY));
    }

    proptest! {
        #[test]
        fn a_tally_can_be_decoded_again(
            counts in prop::collection::vec((0u8..5, 0u64..100_000), 0..60),
        ) {
            let (mut tally, mut now) = (Tally::default(), NOW);
            for (what, pause) in counts {
                now += pause;
                let class = RouteClass::Other;
                let counted = match what {
                    0 => RESET,
                    1 => OTHER,
                    2 => Counted::KnownMail,
                    3 => Counted::Act(NoticedAct::AddressChange),
                    _ => Counted::FirstRequest { class, most: pause % 4 },
                };
                tally.count(counted, now);
                prop_assert_eq!(Tally::decode(&tally.encode()), Some(tally.clone()));
                let is_kept = tally == Tally::default() || tally.lapses_at() > now;
                prop_assert!(is_kept && tally.encode().len() < 800);
            }
        }

        #[test]
        fn no_text_panics(text in "([a-z]{0,4} ?=?[0-9]{0,4} ?[0-9]?\n?){0,6}|.{0,40}") {
            if let Some(mut tally) = Tally::decode(&text) {
                tally.count(RESET, NOW);
                let _ = (tally.lapses_at(), tally.encode());
            }
        }
    }
}
