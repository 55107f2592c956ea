//! Limits how often a network may ask for mails, and decides which share of `MAIL_BUDGET` pays for
//! a request.
//!
//! Counting depends on who asks and for what kind of mail, never on the address: the answer must
//! not reveal who has an account.

use std::collections::BTreeMap;
use std::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::domain::account::UserId;
use crate::domain::policy::{
    DAY, HOUR, KNOWN_MAILS_A_DAY, MAIL_MEDIUM_ASKS_A_DAY, MAIL_REQUESTS_AN_HOUR, NOTICED_ACTS_A_DAY,
};
use crate::domain::session::Client;
use crate::domain::ticket::{TicketSecrets, tag};

/// The kind of mail that is requested. Each kind has its own pools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteClass {
    /// A password reset.
    Reset,
    /// Any other mail that strangers can request: a registration, a verification, a new address.
    Other,
}

impl RouteClass {
    /// A stable name, `snake_case`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Other => "other",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        match text {
            "reset" => Some(Self::Reset),
            "other" => Some(Self::Other),
            _ => None,
        }
    }
}

/// An action of a user that mails a notice. The number per day is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticedAct {
    /// A change of the password.
    PasswordChange,
    /// A request to change the address.
    AddressChange,
}

impl NoticedAct {
    /// A stable name, `snake_case`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PasswordChange => "password_changes",
            Self::AddressChange => "address_changes",
        }
    }
}

/// What a counter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// A request of a network for a mail of this kind.
    Request(RouteClass),
    /// A network's first request, counted for the larger network around it, which may have `most`
    /// of them per hour of the clock.
    FirstRequest { class: RouteClass, most: u64 },
    /// A mail for somebody who presented a device or session ticket of a user.
    KnownMail,
    /// An action of a user that mails a notice.
    Act(NoticedAct),
}

impl Counted {
    /// Encodes it for the call to a Durable Object.
    #[must_use]
    pub fn encode(self) -> String {
        match self {
            Self::Request(class) => ["request ", class.name()].concat(),
            Self::FirstRequest { class, most } => format!("first {} {most}", class.name()),
            Self::KnownMail => "known".to_owned(),
            Self::Act(act) => ["act ", act.name()].concat(),
        }
    }

    /// Reads the text form; `None` when it is not one.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(' ').unwrap_or((text, ""));
        match kind {
            "request" => RouteClass::parse(rest).map(Self::Request),
            "first" => {
                let (class, most) = rest.split_once(' ')?;
                Some(Self::FirstRequest {
                    class: RouteClass::parse(class)?,
                    most: most.parse().ok()?,
                })
            }
            "known" => rest.is_empty().then_some(Self::KnownMail),
            "act" => [NoticedAct::PasswordChange, NoticedAct::AddressChange]
                .into_iter()
                .find(|act| act.name() == rest)
                .map(Self::Act),
            _ => None,
        }
    }
}

/// Which request it is of its network within 24 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rank {
    First,
    /// One of the next four.
    Medium,
    Rest,
}

/// Whether the counted request may continue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateVerdict {
    /// A request for a mail, with its rank.
    Ranked(Rank),
    /// Anything else that is within its limit.
    Within,
    /// It is over its limit and was not counted. It may be retried after this number of seconds.
    Over(u64),
}

impl GateVerdict {
    /// Encodes it for the answer of a Durable Object.
    #[must_use]
    pub fn encode(self) -> String {
        match self {
            Self::Ranked(Rank::First) => "first".to_owned(),
            Self::Ranked(Rank::Medium) => "medium".to_owned(),
            Self::Ranked(Rank::Rest) => "rest".to_owned(),
            Self::Within => "within".to_owned(),
            Self::Over(seconds) => format!("over {seconds}"),
        }
    }

    /// Reads the text form; `None` when it is not one.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        Some(match text {
            "first" => Self::Ranked(Rank::First),
            "medium" => Self::Ranked(Rank::Medium),
            "rest" => Self::Ranked(Rank::Rest),
            "within" => Self::Within,
            _ => Self::Over(text.strip_prefix("over ")?.parse().ok()?),
        })
    }
}

/// What one network or user did recently: the times of each kind of event, in seconds since 1970.
/// Each limit holds for every span of its length, wherever it begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<String, Vec<u64>>);

impl Tally {
    /// Counts a request, unless it is over its limit.
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

    /// When all of it is forgotten: a day after the last count.
    #[must_use]
    pub fn lapses_at(&self) -> u64 {
        let last = self.0.iter().filter_map(|(name, times)| match *name {
            _ if is_of_an_hour(name) => times.first().map(|hour| hour.saturating_mul(HOUR)),
            _ => times.last().copied(),
        });
        last.max().map_or(0, |at| at.saturating_add(DAY))
    }

    /// Counts one event. At most `most` may happen in any `span` seconds; an error is the number of
    /// seconds until the next one may.
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

    /// Counts one event in this hour of the clock, as the budget does. Stores the hour and the
    /// count in place of times.
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

    /// Encodes it for storage: a line for each kind of event, with its times.
    #[must_use]
    pub fn encode(&self) -> String {
        let lines = self.0.iter().map(|(name, times)| {
            let times: Vec<String> = times.iter().map(u64::to_string).collect();
            [name.as_str(), "=", &times.join(" ")].concat()
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Decodes a stored text; `None` if it is malformed.
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

/// The name of a counter: a keyed hash in hex, which does not reveal whom it counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GateName(String);

impl GateName {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Derives the names of counters and lanes. `Debug` prints `_`.
#[derive(Clone)]
pub struct MailKeys {
    gates: Hmac<Sha256>,
    lanes: Hmac<Sha256>,
}

impl fmt::Debug for MailKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

impl MailKeys {
    /// The names of one deployment, keyed with its first ticket secret.
    #[must_use]
    pub fn new(secrets: &TicketSecrets, issuer: &str) -> Self {
        Self {
            gates: secrets.address_key("mail gate", issuer),
            lanes: secrets.address_key("mail lane", issuer),
        }
    }

    /// The counter of a client's network.
    #[must_use]
    pub fn network(&self, client: &Client) -> GateName {
        self.gate(&["network ", &client.mail_network()].concat())
    }

    /// The counter of the larger network around it.
    #[must_use]
    pub fn larger_network(&self, client: &Client) -> GateName {
        self.gate(&["larger ", &client.mail_larger_network()].concat())
    }

    /// The counter of a user.
    #[must_use]
    pub fn user(&self, user: UserId) -> GateName {
        self.gate(&["user ", &user.to_string()].concat())
    }

    /// The key of a lane in the ledger: 32 hexadecimal digits.
    #[must_use]
    pub fn lane(&self, lane: &str) -> String {
        let bytes = tag(self.lanes.clone().chain_update(lane));
        let (first, _) = bytes.split_at(16);
        base16ct::lower::encode_string(first)
    }

    fn gate(&self, text: &str) -> GateName {
        let bytes = tag(self.gates.clone().chain_update(text));
        GateName(base16ct::lower::encode_string(&bytes))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
        // All kinds together have thirty.
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

    /// A fixed window would admit twice the limit around its edge.
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

    #[test]
    fn calls_and_answers_are_read_as_they_were_written() {
        for counted in [
            RESET,
            OTHER,
            Counted::FirstRequest {
                class: RouteClass::Other,
                most: 0,
            },
            Counted::FirstRequest {
                class: RouteClass::Reset,
                most: u64::MAX,
            },
            Counted::KnownMail,
            Counted::Act(NoticedAct::PasswordChange),
            Counted::Act(NoticedAct::AddressChange),
        ] {
            assert_eq!(Counted::decode(&counted.encode()), Some(counted));
        }
        for text in [
            "",
            "request",
            "request x",
            "first reset",
            "first reset -1",
            "known 1",
            "act x",
        ] {
            assert_eq!(Counted::decode(text), None, "{text}");
        }
        for verdict in [
            GateVerdict::Ranked(Rank::First),
            GateVerdict::Ranked(Rank::Medium),
            GateVerdict::Ranked(Rank::Rest),
            GateVerdict::Within,
            GateVerdict::Over(0),
            GateVerdict::Over(u64::MAX),
        ] {
            assert_eq!(GateVerdict::decode(&verdict.encode()), Some(verdict));
        }
        for text in ["", "over", "over -1", "First", "within "] {
            assert_eq!(GateVerdict::decode(text), None, "{text}");
        }
    }

    #[test]
    fn each_network_and_each_user_has_a_name_of_its_own_that_tells_nothing() {
        let secrets = TicketSecrets::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").unwrap();
        let keys = MailKeys::new(&secrets, "https://auth.example.com");
        let client = |ip| Client::new(Some(ip), None);
        let network = |ip| keys.network(&client(ip));
        assert_ne!(network("203.0.113.9"), network("203.0.113.8"));
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:ffff::2"));
        assert_ne!(network("2001:db8:1::1"), network("2001:db8:2::1"));
        let larger = |ip| keys.larger_network(&client(ip));
        assert_eq!(larger("203.0.113.9"), larger("203.0.1.1"));
        assert_ne!(larger("203.0.113.9"), larger("203.1.113.9"));
        assert_eq!(larger("2001:db8:1::"), larger("2001:db8:ffff::"));
        assert_ne!(larger("2001:db8::"), larger("2001:db9::"));
        let user = UserId::new(1, &[1; 10]);
        assert_eq!(keys.user(user).as_str().len(), 64);
        assert_eq!(keys.lane("r:ada@example.com").len(), 32);
        assert_ne!(
            keys.lane("r:ada@example.com"),
            keys.lane("l:ada@example.com")
        );
        assert_eq!(format!("{keys:?}"), "_");
    }

    proptest! {
        #[test]
        fn a_tally_is_read_as_it_was_written(
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
            let _ = (Counted::decode(&text), GateVerdict::decode(&text));
        }
    }
}
