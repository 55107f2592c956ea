//! What was mailed lately, in memory.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::domain::error::StoreError;
use crate::domain::policy::{DAY, HOUR};
use crate::ports::{DeadLetter, MailLedger, Once};

/// Counts and dead letters in memory, lost with the process.
#[derive(Debug, Default)]
pub struct MemoryMailLedger(RefCell<State>);

#[derive(Debug, Default)]
struct State {
    addresses: BTreeMap<String, Count>,
    hours: BTreeMap<u64, u64>,
    letters: BTreeMap<String, DeadLetter>,
    /// Until when a notice is held, and whether it was sent.
    notices: BTreeMap<String, (u64, bool)>,
}

#[derive(Debug)]
struct Count {
    job: String,
    last_at: u64,
    day_began: u64,
    sent: u32,
}

impl MemoryMailLedger {
    /// The dead letters, in the order of their ids.
    #[must_use]
    pub fn letters(&self) -> Vec<DeadLetter> {
        self.0.borrow().letters.values().cloned().collect()
    }
}

impl MailLedger for MemoryMailLedger {
    async fn admit_address(
        &self,
        key: &str,
        job: &str,
        pause: u64,
        most: u32,
        now: u64,
    ) -> Result<bool, StoreError> {
        let mut state = self.0.borrow_mut();
        let Some(count) = state.addresses.get_mut(key) else {
            let count = Count {
                job: job.to_owned(),
                last_at: now,
                day_began: now,
                sent: 1,
            };
            state.addresses.insert(key.to_owned(), count);
            return Ok(true);
        };
        if count.job == job {
            return Ok(true);
        }
        let new_day = count.day_began.saturating_add(DAY) <= now;
        if count.last_at.saturating_add(pause) > now || !new_day && count.sent >= most {
            return Ok(false);
        }
        *count = Count {
            job: job.to_owned(),
            last_at: now,
            day_began: if new_day { now } else { count.day_began },
            sent: if new_day {
                1
            } else {
                count.sent.saturating_add(1)
            },
        };
        Ok(true)
    }

    async fn spend(&self, budget: u64, now: u64) -> Result<bool, StoreError> {
        let mut state = self.0.borrow_mut();
        let sent = state.hours.entry(now / HOUR).or_default();
        let admitted = *sent < budget;
        if admitted {
            *sent = sent.saturating_add(1);
        }
        Ok(admitted)
    }

    async fn refund(&self, now: u64) -> Result<(), StoreError> {
        if let Some(sent) = self.0.borrow_mut().hours.get_mut(&(now / HOUR)) {
            *sent = sent.saturating_sub(1);
        }
        Ok(())
    }

    async fn take_once(&self, id: &str, until: u64, now: u64) -> Result<Once, StoreError> {
        let mut state = self.0.borrow_mut();
        match state.notices.get(id) {
            Some((held, sent)) if now < *held => Ok(if *sent { Once::Sent } else { Once::Held }),
            _ => {
                state.notices.insert(id.to_owned(), (until, false));
                Ok(Once::Taken)
            }
        }
    }

    async fn sent_once(&self, id: &str, until: u64) -> Result<(), StoreError> {
        let mut state = self.0.borrow_mut();
        state.notices.insert(id.to_owned(), (until, true));
        Ok(())
    }

    async fn keep(&self, letter: &DeadLetter) -> Result<(), StoreError> {
        let mut state = self.0.borrow_mut();
        state.letters.insert(letter.id.clone(), letter.clone());
        Ok(())
    }

    async fn due(&self, limit: u32, now: u64) -> Result<Vec<DeadLetter>, StoreError> {
        let state = self.0.borrow();
        let mut due: Vec<&DeadLetter> = state
            .letters
            .values()
            .filter(|letter| letter.retry_at.is_some_and(|at| at <= now))
            .collect();
        due.sort_by_key(|letter| letter.retry_at);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(due.into_iter().take(limit).cloned().collect())
    }

    async fn forget(&self, id: &str) -> Result<(), StoreError> {
        self.0.borrow_mut().letters.remove(id);
        Ok(())
    }

    async fn kept(&self, after: &str, limit: u32) -> Result<Vec<DeadLetter>, StoreError> {
        let state = self.0.borrow();
        let behind = state.letters.values().filter(|letter| *letter.id > *after);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(behind.take(limit).cloned().collect())
    }

    async fn tidy(&self, dead_before: u64, now: u64) -> Result<u64, StoreError> {
        let mut state = self.0.borrow_mut();
        state
            .addresses
            .retain(|_, count| count.last_at.saturating_add(DAY) > now);
        state.notices.retain(|_, (until, _)| now < *until);
        state.hours.retain(|hour, _| *hour >= now / HOUR);
        state
            .letters
            .retain(|_, letter| letter.failed_at >= dead_before);
        let dead = state
            .letters
            .values()
            .filter(|letter| letter.retry_at.is_none());
        Ok(dead.count() as u64)
    }
}
