//! Failed attempts at one account's password: who has to wait, for how long, and when a failure is
//! forgotten.
//!
//! Clients that the account does not know are called strangers. All strangers share one count of
//! failures. After each failure of a stranger, all strangers have to wait before the next attempt.
//! After a hundred failures in a row, all attempts by strangers are rejected until the count
//! lapses, which happens a day after the last failure. A client that the account knows by a device,
//! a session or a mailed link has its own count of failures, so strangers can't use up its
//! attempts. The limit of this count is lower. When the client's count has reached its limit, the
//! client is treated as a stranger.
//!
//! A successful login resets no count. If it did, each login of the owner would give a guesser new
//! attempts, and shorter delays would reveal that somebody has signed in. Instead, the login gives
//! the client a new device ticket, whose count starts at zero.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::json;
use crate::domain::policy::{
    GUESS_DELAY, GUESS_DELAY_MAX, GUESS_LAPSE, GUESSES_IN_A_ROW, KNOWN_COUNTED, KNOWN_GUESSES,
};

/// The id by which an account recognises a client: the random id of a device, the id of a session,
/// or the fingerprint in a mailed link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KnownId(pub [u8; 16]);

impl KnownId {
    /// The id as hexadecimal digits.
    #[must_use]
    pub fn to_text(self) -> String {
        base16ct::lower::encode_string(&self.0)
    }

    /// Reads what [`to_text`](Self::to_text) wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut id = [0; 16];
        let written = base16ct::lower::decode(text, &mut id).ok()?.len();
        (written == id.len()).then_some(Self(id))
    }
}

impl From<KnownId> for String {
    fn from(id: KnownId) -> Self {
        id.to_text()
    }
}

impl TryFrom<String> for KnownId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not an id")
    }
}

/// Who makes an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TriedBy {
    /// A client that the account does not know.
    Stranger,
    /// A client that the account knows.
    Known(KnownId),
}

/// An attempt that may be made now. The value says which count is raised if the attempt fails: the
/// strangers' count, or the count of a known client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admitted(TriedBy);

/// The failed attempts at one account's password. All times are in milliseconds since 1970. The
/// stored form is the one that Serde writes for this type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedTries {
    known: BTreeMap<KnownId, Count>,
    strangers: Count,
}

/// The number of failures in a row, and the time of the last failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u32, u64)", into = "(u32, u64)")]
struct Count {
    failed: u32,
    last_at: u64,
}

impl From<(u32, u64)> for Count {
    fn from((failed, last_at): (u32, u64)) -> Self {
        Self { failed, last_at }
    }
}

impl From<Count> for (u32, u64) {
    fn from(count: Count) -> Self {
        (count.failed, count.last_at)
    }
}

impl FailedTries {
    /// Decides whether a client may make an attempt now.
    ///
    /// # Errors
    /// The client may not make an attempt now. The error is the number of seconds until the client
    /// may make one, rounded up.
    pub fn admit(&self, by: TriedBy, now: u64) -> Result<Admitted, u32> {
        if let TriedBy::Known(id) = by {
            let may = match self.known.get(&id) {
                Some(count) => count.at(now).failed < KNOWN_GUESSES,
                None => {
                    let counted = self.known.values().filter(|count| count.at(now).failed > 0);
                    counted.count() < KNOWN_COUNTED
                }
            };
            if may {
                return Ok(Admitted(by));
            }
        }
        let waits = self.strangers.at(now).free_at().saturating_sub(now);
        if waits == 0 {
            return Ok(Admitted(TriedBy::Stranger));
        }
        Err(u32::try_from(waits.div_ceil(1000)).unwrap_or(u32::MAX))
    }

    /// Adds the failure of an admitted attempt to the count that [`admit`](Self::admit) chose: the
    /// client's own count or the strangers' count. Also removes all counts that have lapsed.
    pub fn fail(&mut self, Admitted(by): Admitted, now: u64) {
        self.strangers = self.strangers.at(now);
        self.known.retain(|_, count| count.at(now).failed > 0);
        match by {
            TriedBy::Stranger => self.strangers.add(now),
            TriedBy::Known(id) => self.known.entry(id).or_default().add(now),
        }
    }

    /// The time at which the last of all counts lapses. From that time on, nothing needs to be
    /// stored. 0 if there are no failures.
    #[must_use]
    pub fn lapses_at(&self) -> u64 {
        self.known
            .values()
            .chain([&self.strangers])
            .filter(|count| count.failed > 0)
            .map(|count| count.lapses_at())
            .max()
            .unwrap_or(0)
    }

    /// The stored text.
    #[must_use]
    pub fn to_text(&self) -> String {
        json::encode(self)
    }

    /// Reads what [`to_text`](Self::to_text) wrote, or `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        json::decode(text)
    }
}

impl Count {
    /// The count at the time `now`: this count, or 0 failures if it has lapsed by then.
    fn at(self, now: u64) -> Self {
        if now < self.lapses_at() {
            self
        } else {
            Self::default()
        }
    }

    /// Adds a failure. If the clock has gone back since the last failure, the recorded time of the
    /// last failure does not change, so that no wait becomes shorter.
    fn add(&mut self, now: u64) {
        self.failed = self.failed.saturating_add(1);
        self.last_at = self.last_at.max(now);
    }

    fn lapses_at(self) -> u64 {
        self.after(GUESS_LAPSE)
    }

    /// Call this only for the strangers' count. Returns the time from which strangers may make the
    /// next attempt.
    fn free_at(self) -> u64 {
        match self.failed {
            0 => 0,
            GUESSES_IN_A_ROW.. => self.lapses_at(),
            failed => {
                let doubled = GUESS_DELAY.checked_shl(failed.saturating_sub(1));
                self.after(doubled.map_or(GUESS_DELAY_MAX, |delay| delay.min(GUESS_DELAY_MAX)))
            }
        }
    }

    fn after(self, seconds: u64) -> u64 {
        self.last_at.saturating_add(seconds.saturating_mul(1000))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: u64 = 1_767_225_600_000;
    const DAY_MS: u64 = 86_400_000;

    /// Makes an attempt with a wrong password. If the attempt is admitted, its failure is counted.
    /// If not, returns how many seconds the client has to wait.
    fn guess(tries: &mut FailedTries, by: TriedBy, now: u64) -> Result<(), u32> {
        let admitted = tries.admit(by, now)?;
        tries.fail(admitted, now);
        Ok(())
    }

    fn known(byte: u8) -> TriedBy {
        TriedBy::Known(KnownId([byte; 16]))
    }

    #[test]
    fn each_failure_doubles_the_wait_until_a_quarter_of_an_hour() {
        let mut tries = FailedTries::default();
        let mut now = NOW;
        for wait in [
            1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900, 900,
        ] {
            guess(&mut tries, TriedBy::Stranger, now).unwrap();
            assert_eq!(tries.admit(TriedBy::Stranger, now), Err(wait));
            let free_at = now + u64::from(wait) * 1000;
            assert_eq!(tries.admit(TriedBy::Stranger, free_at - 1), Err(1));
            now = free_at;
        }
    }

    #[test]
    fn a_hundred_in_a_row_and_no_more_before_a_day_has_passed() {
        let mut tries = FailedTries::default();
        let mut now = NOW;
        let mut failed = 0;
        // This guesser makes the next attempt as soon as the delay after the previous one is over.
        let last = loop {
            match guess(&mut tries, TriedBy::Stranger, now) {
                Ok(()) => failed += 1,
                Err(wait) if wait > 900 => break wait,
                Err(wait) => now += u64::from(wait) * 1000,
            }
        };
        assert_eq!((failed, last), (100, 86_400));
        // A hundred attempts take at least 22 and a half hours.
        assert_eq!((now - NOW) / 1000, 1023 + 89 * 900);
        assert!(guess(&mut tries, TriedBy::Stranger, now + DAY_MS - 1).is_err());
        guess(&mut tries, TriedBy::Stranger, now + DAY_MS).unwrap();
        assert_eq!(tries.admit(TriedBy::Stranger, now + DAY_MS), Err(1));
    }

    #[test]
    fn known_clients_have_ten_failures_of_their_own_and_are_then_strangers() {
        let mut tries = FailedTries::default();
        guess(&mut tries, TriedBy::Stranger, NOW).unwrap();
        for _ in 0..10 {
            guess(&mut tries, known(1), NOW).unwrap();
        }
        assert_eq!(guess(&mut tries, known(1), NOW), Err(1));
        // From now on the client is treated as a stranger, and its failures are added to the
        // strangers' count.
        guess(&mut tries, known(1), NOW + 1000).unwrap();
        assert_eq!(tries.admit(TriedBy::Stranger, NOW + 1000), Err(2));
        // Another device is not affected.
        guess(&mut tries, known(2), NOW + 1000).unwrap();
        guess(&mut tries, known(1), NOW + DAY_MS).unwrap();
        assert_eq!(
            tries.admit(TriedBy::Stranger, NOW + DAY_MS),
            Ok(Admitted(TriedBy::Stranger))
        );
    }

    #[test]
    fn at_most_fifty_known_clients_are_counted_separately() {
        let mut tries = FailedTries::default();
        for byte in 0..50 {
            guess(&mut tries, known(byte), NOW).unwrap();
        }
        guess(&mut tries, known(50), NOW).unwrap();
        assert_eq!(guess(&mut tries, known(51), NOW), Err(1));
        assert_eq!(guess(&mut tries, known(49), NOW), Ok(()));
        assert!(tries.to_text().len() < 4096);
        // Once the failures of these fifty clients have lapsed, another known client can be
        // counted.
        guess(&mut tries, TriedBy::Stranger, NOW + DAY_MS - 1).unwrap();
        let later = NOW + DAY_MS;
        assert!(tries.admit(TriedBy::Stranger, later).is_err());
        assert_eq!(tries.admit(known(51), later), Ok(Admitted(known(51))));
    }

    #[test]
    fn nothing_is_kept_before_a_failure_and_after_the_lapse() {
        let mut tries = FailedTries::default();
        assert_eq!(tries.lapses_at(), 0);
        guess(&mut tries, known(1), NOW).unwrap();
        guess(&mut tries, TriedBy::Stranger, NOW + 5).unwrap();
        assert_eq!(tries.lapses_at(), NOW + 5 + DAY_MS);
        guess(&mut tries, known(2), NOW + DAY_MS).unwrap();
        assert!(!tries.to_text().contains(&KnownId([1; 16]).to_text()));
    }

    #[test]
    fn a_clock_that_goes_back_shortens_nothing() {
        let mut tries = FailedTries::default();
        guess(&mut tries, TriedBy::Stranger, NOW).unwrap();
        assert_eq!(tries.admit(TriedBy::Stranger, NOW - 5000), Err(6));
        assert_eq!(
            tries.admit(TriedBy::Stranger, 0),
            Err(u32::try_from(NOW / 1000).unwrap() + 1)
        );
        guess(&mut tries, known(1), NOW).unwrap();
        guess(&mut tries, known(1), NOW - 5000).unwrap();
        assert_eq!(tries.lapses_at(), NOW + DAY_MS);
    }

    #[test]
    fn an_invalid_text_is_not_parsed() {
        for text in [
            "",
            "{}",
            "[]",
            r#"{"strangers":[1],"known":{}}"#,
            r#"{"strangers":[1,1,1],"known":{}}"#,
            r#"{"strangers":[1,1]}"#,
            r#"{"strangers":[4294967296,1],"known":{}}"#,
            r#"{"strangers":[1,-1],"known":{}}"#,
            r#"{"strangers":[1,1],"known":{"00":[1,1]}}"#,
            r#"{"strangers":[1,1],"known":[]}"#,
        ] {
            assert_eq!(FailedTries::parse(text), None, "{text}");
        }
    }

    /// A list of attempts. For each attempt: who makes it (0 is a stranger), and how many
    /// milliseconds pass between the previous attempt and this one.
    fn steps() -> impl Strategy<Value = Vec<(u8, u64)>> {
        let pause = prop_oneof![
            Just(0),
            0u64..2000,
            0u64..1_000_000,
            Just(900_000),
            0u64..2 * DAY_MS
        ];
        prop::collection::vec((0u8..4, pause), 1..400)
    }

    /// Whether no period of 24 hours contains more than `most` of these times.
    fn is_bounded(times: &[u64], most: usize) -> bool {
        times
            .windows(most + 1)
            .all(|window| window[most] - window[0] >= DAY_MS)
    }

    proptest! {
        #[test]
        fn the_stated_limits_hold_for_any_attempts_at_any_times(steps in steps()) {
            let mut tries = FailedTries::default();
            let mut now = NOW;
            // The times of the failures that were added to the strangers' count (index 0), and to
            // the count of each known client (1 to 3).
            let mut failed: [Vec<u64>; 4] = Default::default();
            for (who, pause) in steps {
                now += pause;
                let by = if who == 0 { TriedBy::Stranger } else { known(who) };
                let before = tries.clone();
                match tries.admit(by, now) {
                    Ok(admitted) => {
                        let place = if admitted == Admitted(TriedBy::Stranger) { 0 } else { usize::from(who) };
                        tries.fail(admitted, now);
                        failed[place].push(now);
                    }
                    Err(wait) => {
                        prop_assert!((1..=86_400).contains(&wait));
                        prop_assert!(tries.admit(by, now + u64::from(wait) * 1000).is_ok());
                        prop_assert_eq!(&tries, &before);
                        // A known client is delayed only after ten failures of its own.
                        let own = &failed[usize::from(who)];
                        prop_assert!(who == 0 || own.iter().rev().take(10).count() == 10);
                    }
                }
                prop_assert_eq!(FailedTries::parse(&tries.to_text()), Some(tries.clone()));
            }
            prop_assert!(is_bounded(&failed[0], 100));
            for own in &failed[1..] {
                prop_assert!(is_bounded(own, 10));
            }
            for pair in failed[0].windows(2) {
                prop_assert!(pair[1] - pair[0] >= 1000);
            }
        }
    }
}
