//! Limits how often links are sent to a mailbox. The first few links may follow each other soon.
//! After that, another request gets a link only when half of the newest link's lifetime is over.
//!
//! Anybody can ask for a mail to any address, so a limit must not block the owner of the mailbox.
//! So a request is refused only while the newest link still has at least half of its lifetime left.
//! Strangers can cause mails with links, but they can't prevent the owner from having a link that
//! works.

use crate::domain::policy::{DAY, LANE_BURSTS, LANE_JOBS_KEPT, LINK_FRESH_PART, LINK_LIFE_MAX};

/// A lane: a list of the recent mails with links that were sent to one mailbox, oldest first. A
/// mailbox can have several lanes, for different kinds of mail. Each lane is stored under its own
/// key ([`MailKeys::lane`](super::MailKeys::lane)).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lane(Vec<Sent>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Sent {
    job: String,
    life: LinkLife,
}

/// When a link's lifetime begins and ends, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkLife {
    /// When the mail with the link was made.
    pub begins_at: u64,
    /// The link is rejected from this time on.
    pub ends_at: u64,
}

impl LinkLife {
    /// How long the link is valid, in seconds.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.ends_at.saturating_sub(self.begins_at)
    }

    /// When half of the link's lifetime is over. Before this time nobody needs another link.
    #[must_use]
    pub const fn half(self) -> u64 {
        self.begins_at.saturating_add(self.seconds() / 2)
    }

    /// The time until which a mail with this link may be sent. An attempt after this time gets a
    /// new link.
    #[must_use]
    pub const fn fresh_until(self) -> u64 {
        self.begins_at
            .saturating_add(self.seconds() / LINK_FRESH_PART)
    }

    /// The number of minutes for which the link is valid, as the mail states it. When the mail is
    /// sent, the link is valid for at least this many more minutes. Every attempt to send the mail
    /// states the same number.
    #[must_use]
    pub const fn minutes(self) -> u64 {
        self.ends_at.saturating_sub(self.fresh_until()) / 60
    }

    const fn new(now: u64, seconds: u64) -> Self {
        Self {
            begins_at: now,
            ends_at: now.saturating_add(seconds),
        }
    }
}

impl Lane {
    /// Decides whether the mail of a job may be sent. If it may, the job is admitted, and this
    /// method returns the lifetime of the link in the mail. If the job is refused, it returns
    /// `None`. `LANE_BURSTS` has the minimum pauses, in seconds, between the first few links: the
    /// second and third jobs are refused while this pause is not over. Later jobs are refused until
    /// half of the newest link's lifetime is over.
    ///
    /// A job that was admitted once is always admitted again, and gets the same link, so that a
    /// retry sends the same mail. If that link is too old to be sent ([`LinkLife::fresh_until`]),
    /// the job gets a new link with a lifetime of the same length.
    ///
    /// `base` is the lifetime of the first links, in seconds. Each further link is valid twice as
    /// long as the link before it, but at most a day. If `limited` is false, no job is refused.
    pub fn admit(&mut self, job: &str, base: u64, now: u64, limited: bool) -> Option<LinkLife> {
        if let Some(held) = self.0.iter_mut().find(|sent| sent.job == job) {
            if now >= held.life.fresh_until() {
                held.life = LinkLife::new(now, held.life.seconds());
            }
            return Some(held.life);
        }
        let life = match self.newest(now) {
            None => {
                self.0.clear();
                base
            }
            Some(newest) => match LANE_BURSTS.get(self.0.len()) {
                Some(pause) if !limited || now >= newest.begins_at.saturating_add(*pause) => base,
                Some(_) => return None,
                None if !limited => base,
                None if now >= newest.half() => {
                    newest.seconds().saturating_mul(2).min(LINK_LIFE_MAX)
                }
                None => return None,
            },
        };
        let life = LinkLife::new(now, life);
        self.0.push(Sent {
            job: job.to_owned(),
            life,
        });
        if self.0.len() > LANE_JOBS_KEPT {
            self.0.remove(0);
        }
        Some(life)
    }

    /// Removes a job from the lane, because no mail of this job was sent and none will be.
    pub fn release(&mut self, job: &str) {
        self.0.retain(|sent| sent.job != job);
    }

    /// When the lane has no effect any more: a day after its last link expires.
    #[must_use]
    pub fn lapses_at(&self) -> u64 {
        let ends = self.0.iter().map(|sent| sent.life.ends_at);
        ends.max().map_or(0, |end| end.saturating_add(DAY))
    }

    /// The newest link, unless the lane has lapsed.
    fn newest(&self, now: u64) -> Option<LinkLife> {
        let lives = self.0.iter().map(|sent| sent.life);
        lives
            .max_by_key(|life| life.begins_at)
            .filter(|_| now < self.lapses_at())
    }

    /// Encodes the lane for storage. Each line is one mail: its job, and the beginning and the end
    /// of its link's lifetime.
    #[must_use]
    pub fn encode(&self) -> String {
        let sent = self.0.iter().map(|sent| {
            let LinkLife { begins_at, ends_at } = sent.life;
            format!("{} {begins_at} {ends_at}", sent.job)
        });
        sent.collect::<Vec<_>>().join("\n")
    }

    /// Decodes a stored lane. `None` if the text is malformed.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        let lines = text.split('\n').filter(|line| !line.is_empty());
        let sent: Option<Vec<Sent>> = lines.map(parse_line).collect();
        sent.filter(|sent| sent.len() <= LANE_JOBS_KEPT).map(Self)
    }
}

fn parse_line(line: &str) -> Option<Sent> {
    let mut parts = line.split(' ');
    let job = parts.next()?.to_owned();
    let (begins_at, ends_at) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    (parts.next().is_none() && !job.is_empty()).then_some(Sent {
        job,
        life: LinkLife { begins_at, ends_at },
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::policy::{HOUR, RESET_LINK_TTL, VERIFICATION_LINK_TTL};

    /// Simulates a week in which somebody asks for a link every `step` seconds. Returns the times
    /// at which mails were sent. Also returns the smallest part of the newest link's lifetime that
    /// was left when a request was refused (1 if no request was refused).
    fn week(base: u64, step: usize) -> (Vec<u64>, f64) {
        let (mut lane, mut sent, mut least) = (Lane::default(), Vec::new(), 1.0_f64);
        let mut newest = LinkLife::new(0, base);
        for now in (0..7 * DAY).step_by(step) {
            match lane.admit(&format!("{now:032x}"), base, now, true) {
                Some(life) => {
                    newest = life;
                    sent.push(now);
                }
                None => {
                    let left = (newest.ends_at - now) as f64 / newest.seconds() as f64;
                    least = least.min(left);
                }
            }
        }
        (sent, least)
    }

    /// Checks the numbers in docs/decisions/0017. A mailbox has three lanes (lists of recent
    /// links): one for resets, one for mails to the account's own address, and one for mails to
    /// other spellings of the mailbox (sub-addresses, and other spellings of a Gmail address).
    #[test]
    fn a_mailbox_gets_12_mails_on_the_first_day_and_36_in_a_week() {
        let on_day_1 = |sent: &[u64]| sent.iter().filter(|at| **at < DAY).count();
        let (resets, least_of_resets) = week(RESET_LINK_TTL, 10);
        let (others, least_of_others) = week(VERIFICATION_LINK_TTL, 10);
        assert_eq!((on_day_1(&resets), on_day_1(&others)), (8, 4));
        assert_eq!((resets.len(), others.len()), (20, 16));
        // The account's own address gets resets. The other spellings of the mailbox get the other
        // mails.
        assert!(on_day_1(&resets) + on_day_1(&others) <= 12);
        assert!(resets.len() + others.len() <= 36);
        // If the account's own address is a sub-address or a Gmail spelling, mails are sent in all
        // three lanes.
        assert_eq!(on_day_1(&resets) + 2 * on_day_1(&others), 16);
        assert_eq!(resets.len() + 2 * others.len(), 52);
        assert!(least_of_resets >= 0.5 && least_of_others >= 0.5);
    }

    #[test]
    fn three_links_come_within_six_minutes_then_half_a_lifetime_must_pass() {
        let mut lane = Lane::default();
        let mut at = |now: u64| {
            lane.admit(&now.to_string(), HOUR, now, true)
                .map(LinkLife::seconds)
        };
        assert_eq!(at(1000), Some(HOUR));
        assert_eq!(at(1059), None);
        assert_eq!(at(1060), Some(HOUR));
        assert_eq!(at(1359), None);
        assert_eq!(at(1360), Some(HOUR));
        assert_eq!(at(1360 + 1799), None);
        assert_eq!(at(1360 + 1800), Some(2 * HOUR));
        assert_eq!(at(3160 + 3599), None);
        assert_eq!(at(3160 + 3600), Some(4 * HOUR));
    }

    #[test]
    fn a_lane_starts_over_a_day_after_its_last_link() {
        let mut lane = Lane::default();
        for now in [0, 60, 360] {
            assert!(lane.admit(&now.to_string(), HOUR, now, true).is_some());
        }
        let last = 360 + HOUR + DAY;
        assert_eq!(lane.lapses_at(), last);
        let mut before = lane.clone();
        let life = before.admit("a", HOUR, last - 1, true).unwrap();
        assert_eq!(life.seconds(), 2 * HOUR);
        assert_eq!(lane.admit("a", HOUR, last, true).unwrap().seconds(), HOUR);
        assert!(lane.admit("b", HOUR, last + 60, true).is_some());
    }

    #[test]
    fn a_retry_gets_the_same_link_while_it_is_fresh_and_promises_no_more_than_is_left() {
        let mut lane = Lane::default();
        let first = lane.admit("a", HOUR, 1000, true).unwrap();
        assert_eq!(lane.admit("a", HOUR, 1000 + 599, true), Some(first));
        let second = lane.admit("a", HOUR, 1000 + 600, true).unwrap();
        assert_eq!((second.begins_at, second.seconds()), (1600, HOUR));
        // The pause before another job also begins at the beginning of the new link.
        assert_eq!(lane.admit("b", HOUR, 1659, true), None);
        for (life, minutes) in [(HOUR, 50), (2 * HOUR, 100), (4 * HOUR, 200), (DAY, 1200)] {
            let life = LinkLife::new(1000, life);
            assert_eq!(life.minutes(), minutes);
            assert!(life.minutes() * 60 <= life.ends_at - life.fresh_until());
        }
    }

    #[test]
    fn a_released_job_no_longer_counts() {
        let mut lane = Lane::default();
        let before = lane.clone();
        assert!(lane.admit("a", HOUR, 1000, true).is_some());
        lane.release("a");
        assert_eq!(lane, before);
        lane.release("nobody's");
        assert!(lane.admit("b", HOUR, 1000, true).is_some());
    }

    #[test]
    fn without_limits_nothing_is_refused() {
        let mut lane = Lane::default();
        for job in 0..50 {
            let life = lane.admit(&job.to_string(), HOUR, 1000, false).unwrap();
            assert_eq!(life.seconds(), HOUR);
        }
        assert!(Lane::decode(&lane.encode()).is_some());
    }

    #[test]
    fn the_last_16_jobs_keep_their_link() {
        let mut lane = Lane::default();
        let mut admit = |job: u64, now: u64| lane.admit(&job.to_string(), HOUR, now, false);
        for job in 1..=16 {
            assert!(admit(job, 1000 + job).is_some());
        }
        assert_eq!(admit(1, 1100).map(|life| life.begins_at), Some(1001));
        assert!(admit(17, 1017).is_some());
        assert_eq!(admit(2, 1100).map(|life| life.begins_at), Some(1002));
        assert_eq!(admit(1, 1100).map(|life| life.begins_at), Some(1100));
    }

    #[test]
    fn a_malformed_line_is_not_decoded() {
        assert!(Lane::decode("a 1 2\nb 3 4").is_some());
        for text in ["a", "a 1", "a 1 2 3", " 1 2", "a one 2", "a 1 -2", "a  1 2"] {
            assert_eq!(Lane::decode(text), None, "{text:?}");
            assert_eq!(Lane::decode(&format!("b 3 4\n{text}")), None, "{text:?}");
        }
    }

    proptest! {
        /// In any sequence of requests, retries and releases, a job that was admitted stays
        /// admitted. Whenever a request is refused, the mailbox has a link with at least half of
        /// its lifetime left.
        #[test]
        fn whoever_is_refused_has_a_link_with_half_its_lifetime(
            base in prop::sample::select(vec![HOUR, DAY]),
            steps in prop::collection::vec((0u64..20_000, 0u8..8, any::<bool>()), 1..80),
        ) {
            let (mut lane, mut now) = (Lane::default(), 1_764_000_000_u64);
            let mut held: Vec<(String, LinkLife)> = Vec::new();
            for (number, (pause, act, again)) in steps.into_iter().enumerate() {
                now += pause;
                if again && let Some((job, life)) = held.last_mut() {
                    let retried = lane.admit(job, base, now, true);
                    prop_assert!(retried.is_some_and(|life| life.fresh_until() > now));
                    *life = retried.unwrap();
                    continue;
                }
                if act == 0 && let Some((job, _)) = held.pop() {
                    lane.release(&job);
                    continue;
                }
                let job = format!("{number:032x}");
                match lane.admit(&job, base, now, true) {
                    Some(life) => {
                        prop_assert_eq!(life.begins_at, now);
                        prop_assert!((base..=DAY).contains(&life.seconds()));
                        held.push((job, life));
                    }
                    None => {
                        let left = held.iter().any(|(_, life)| life.half() > now);
                        prop_assert!(left, "refused at {}: {:?}", now, held);
                    }
                }
                prop_assert_eq!(Lane::decode(&lane.encode()), Some(lane.clone()));
            }
        }

        #[test]
        fn no_text_panics(text in "([0-9a-f]{0,3} ?[0-9]{0,4} ?\n?){0,20}|.{0,60}") {
            if let Some(mut lane) = Lane::decode(&text) {
                let _ = lane.admit("a", HOUR, 1, true);
                let _ = (lane.lapses_at(), lane.encode());
            }
        }
    }
}
