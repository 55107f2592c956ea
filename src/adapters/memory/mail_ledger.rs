//! Which mails were sent recently, in memory.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::domain::account::{EmailAddress, UserId};
use crate::domain::error::StoreError;
use crate::domain::mail::{FailureKind, Lane, LinkLife, ProviderFailures};
use crate::domain::policy::{HOUR, MAIL_TROUBLE_TTL};
use crate::ports::{DeadLetter, LaneRequest, MailLedger, Once};

/// Counts of mails, and dead letters (mails that could not be sent), in memory. All are lost with
/// the process.
#[derive(Debug, Default)]
pub struct MemoryMailLedger(RefCell<State>);

#[derive(Debug, Default)]
struct State {
    lanes: BTreeMap<String, Lane>,
    pools: BTreeMap<(u64, String), u64>,
    letters: BTreeMap<String, DeadLetter>,
    /// For each notice (a mail about a change of an account): until when it is reserved, and
    /// whether it was sent.
    notices: BTreeMap<String, (u64, bool)>,
    failures: BTreeMap<&'static str, ProviderFailures>,
}

impl MemoryMailLedger {
    /// The dead letters, sorted by id.
    #[must_use]
    pub fn letters(&self) -> Vec<DeadLetter> {
        self.0.borrow().letters.values().cloned().collect()
    }
}

impl MailLedger for MemoryMailLedger {
    async fn pay(&self, pool: &str, most: u64, now: u64) -> Result<bool, StoreError> {
        let mut state = self.0.borrow_mut();
        let paid = state
            .pools
            .entry((now / HOUR, pool.to_owned()))
            .or_default();
        let admitted = *paid < most;
        if admitted {
            *paid = paid.saturating_add(1);
        }
        Ok(admitted)
    }

    async fn admit(
        &self,
        lane: &str,
        request: LaneRequest<'_>,
    ) -> Result<Option<LinkLife>, StoreError> {
        let LaneRequest {
            job,
            base,
            limited,
            now,
        } = request;
        let mut state = self.0.borrow_mut();
        let lane = state.lanes.entry(lane.to_owned()).or_default();
        Ok(lane.admit(job, base, now, limited))
    }

    async fn release(&self, lane: &str, job: &str) -> Result<(), StoreError> {
        if let Some(lane) = self.0.borrow_mut().lanes.get_mut(lane) {
            lane.release(job);
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

    async fn kept_naming(
        &self,
        user: UserId,
        address: &EmailAddress,
        after: &str,
        limit: u32,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        let id = user.to_string();
        let names = |letter: &&DeadLetter| {
            !letter.job.is_ascii()
                || letter.job.contains(&id)
                || letter
                    .job
                    .to_ascii_lowercase()
                    .contains(address.canonical())
        };
        let state = self.0.borrow();
        let behind = state.letters.values().filter(|letter| *letter.id > *after);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(behind.filter(names).take(limit).cloned().collect())
    }

    async fn retry(&self, ids: Option<&[String]>) -> Result<u64, StoreError> {
        let mut state = self.0.borrow_mut();
        let mut marked = 0_u64;
        for letter in state.letters.values_mut() {
            if ids.is_none_or(|ids| ids.contains(&letter.id)) {
                letter.retry_at = Some(0);
                marked = marked.saturating_add(1);
            }
        }
        Ok(marked)
    }

    async fn discard(&self, ids: &[String]) -> Result<u64, StoreError> {
        let mut state = self.0.borrow_mut();
        let before = state.letters.len();
        state.letters.retain(|id, _| !ids.contains(id));
        Ok(before.saturating_sub(state.letters.len()) as u64)
    }

    async fn provider_failed(
        &self,
        kind: FailureKind,
        reason: &str,
        now: u64,
    ) -> Result<ProviderFailures, StoreError> {
        let mut state = self.0.borrow_mut();
        let failures = state
            .failures
            .entry(kind.name())
            .or_insert(ProviderFailures {
                kind,
                since: now,
                last_at: now,
                failures: 0,
                reason: String::new(),
            });
        failures.failures = failures.failures.saturating_add(1);
        failures.last_at = now;
        reason.clone_into(&mut failures.reason);
        Ok(failures.clone())
    }

    async fn provider_works(&self) -> Result<(), StoreError> {
        self.0.borrow_mut().failures.clear();
        Ok(())
    }

    async fn provider_failures(&self) -> Result<Vec<ProviderFailures>, StoreError> {
        Ok(self.0.borrow().failures.values().cloned().collect())
    }

    async fn tidy(&self, dead_before: u64, now: u64) -> Result<u64, StoreError> {
        let mut state = self.0.borrow_mut();
        state.lanes.retain(|_, lane| lane.lapses_at() > now);
        state.notices.retain(|_, (until, _)| now < *until);
        let lapsed = now.saturating_sub(MAIL_TROUBLE_TTL);
        state
            .failures
            .retain(|_, failures| failures.last_at > lapsed);
        state.pools.retain(|(hour, _), _| *hour >= now / HOUR);
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
