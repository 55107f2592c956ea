//! What an isolate remembers of revocations, so that a check does not have to ask KV each time.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use crate::domain::account::UserId;
use crate::domain::policy::{
    OWN_REVOCATIONS_KEPT, REVOCATION_MEMORY_ENTRIES, REVOCATION_MEMORY_TTL,
};
use crate::domain::session::{Revocation, SessionId};

/// What an isolate remembers of revocations: KV's answers for 15 s, and the isolate's own writes,
/// which KV may not show yet. The isolate's own writes are stored separately from the answers, so
/// that many answers can't push them out.
#[derive(Debug, Default)]
pub struct RevocationMemory {
    /// What KV answered, and until when the answer may be used.
    answers: Recent<(UserId, SessionId), (Revocation, u64)>,
    /// The sessions that this isolate has ended.
    ended: Recent<(UserId, SessionId), ()>,
    /// The sign-ons that this isolate has ended. They are stored separately from the ended
    /// sessions, because a sign-on has the id of the session that began it, and continues when that
    /// session is replaced.
    signed_off: Recent<(UserId, SessionId), ()>,
    versions: Recent<UserId, OwnVersion>,
}

/// The version below which a user's access tokens are invalid, according to this isolate's own
/// writes.
#[derive(Clone, Copy, Debug, Default)]
struct OwnVersion {
    /// The largest version that this isolate has written or has tried to write.
    version: u64,
    /// Until when the version is in effect.
    until: u64,
    /// The largest version whose write has succeeded.
    stored: u64,
}

impl RevocationMemory {
    pub(super) fn recall(&self, user: UserId, session: SessionId, now: u64) -> Option<Revocation> {
        if self.ended.get(&(user, session)).is_some() {
            return Some(Revocation {
                ended: true,
                minimum_version: None,
            });
        }
        let (answer, until) = self.answers.get(&(user, session))?;
        (now < *until).then_some(*answer)
    }

    /// Whether this isolate has ended the session, or has seen that it ended. A session never
    /// becomes active again. So if an answer of KV says that the session has ended, that is true
    /// even when the answer is otherwise too old to be used.
    pub(super) fn has_ended(&self, user: UserId, session: SessionId) -> bool {
        let key = (user, session);
        self.ended.get(&key).is_some()
            || self
                .answers
                .get(&key)
                .is_some_and(|(answer, _)| answer.ended)
    }

    /// Combines KV's answer with the version that this isolate wrote itself, because the answer may
    /// be older.
    pub(super) fn with_own_version(
        &self,
        user: UserId,
        now: u64,
        answer: Revocation,
    ) -> Revocation {
        let own = self
            .versions
            .get(&user)
            .filter(|own| now < own.until)
            .map(|own| own.version);
        Revocation {
            minimum_version: own.max(answer.minimum_version),
            ..answer
        }
    }

    /// Remembers KV's answer, and returns it combined with what was known before. If this answer is
    /// older than what was known, an ended session stays ended, and a larger version stays.
    pub(super) fn remember(
        &mut self,
        user: UserId,
        session: SessionId,
        answer: Revocation,
        now: u64,
    ) -> Revocation {
        let key = (user, session);
        let known = self.answers.get(&key).map(|(known, _)| *known);
        let answer = Revocation {
            ended: answer.ended || self.has_ended(user, session),
            minimum_version: known
                .and_then(|known| known.minimum_version)
                .max(answer.minimum_version),
        };
        let until = now.saturating_add(REVOCATION_MEMORY_TTL);
        self.answers.insert(key, (answer, until), now, 0);
        answer
    }

    /// Remembers that this isolate has ended a session.
    pub(super) fn remember_end(&mut self, user: UserId, session: SessionId, now: u64) {
        self.ended
            .insert((user, session), (), now, OWN_REVOCATIONS_KEPT);
    }

    /// Remembers that this isolate has ended a sign-on.
    pub(super) fn remember_sign_off(&mut self, user: UserId, sign_on: SessionId, now: u64) {
        self.signed_off
            .insert((user, sign_on), (), now, OWN_REVOCATIONS_KEPT);
    }

    /// Whether this isolate has ended the sign-on.
    pub(super) fn has_signed_off(&self, user: UserId, sign_on: SessionId) -> bool {
        self.signed_off.get(&(user, sign_on)).is_some()
    }

    /// Remembers a version that is about to be written, and returns the largest version so far.
    pub(super) fn remember_version(
        &mut self,
        user: UserId,
        version: u64,
        ttl: u64,
        now: u64,
    ) -> u64 {
        let known = self.versions.get(&user).copied().unwrap_or_default();
        let version = version.max(known.version);
        let own = OwnVersion {
            version,
            until: now.saturating_add(ttl).max(known.until),
            stored: known.stored,
        };
        self.versions.insert(user, own, now, OWN_REVOCATIONS_KEPT);
        version
    }

    /// Remembers that the write of a version has succeeded.
    pub(super) fn remember_stored_version(&mut self, user: UserId, version: u64) {
        if let Some(own) = self.versions.get_mut(&user) {
            own.stored = own.stored.max(version);
        }
    }

    /// Whether this isolate has already written this version or a larger one that is still in
    /// effect.
    pub(super) fn has_stored_version(&self, user: UserId, version: u64, now: u64) -> bool {
        self.versions
            .get(&user)
            .is_some_and(|own| version <= own.stored && now < own.until)
    }
}

/// Entries, sorted by when they were last inserted. The oldest are dropped first.
#[derive(Debug)]
struct Recent<K, V> {
    entries: HashMap<K, (V, u64)>,
    /// The key and the time of each entry, by the entry's number. Numbers only grow.
    order: BTreeMap<u64, (K, u64)>,
    next: u64,
}

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self {
            entries: HashMap::new(),
            order: BTreeMap::new(),
            next: 0,
        }
    }
}

impl<K: Copy + Eq + Hash, V> Recent<K, V> {
    fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|(value, _)| value)
    }

    fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.entries.get_mut(key).map(|(value, _)| value)
    }

    /// Inserts or replaces an entry. Above the limit the oldest entries are dropped, except those
    /// of the last `spared` seconds.
    fn insert(&mut self, key: K, value: V, now: u64, spared: u64) {
        if let Some((_, number)) = self.entries.remove(&key) {
            self.order.remove(&number);
        }
        while self.entries.len() >= REVOCATION_MEMORY_ENTRIES
            && let Some(oldest) = self.order.first_entry()
        {
            let (old, at) = *oldest.get();
            if at.saturating_add(spared) > now {
                break;
            }
            oldest.remove();
            self.entries.remove(&old);
        }
        let number = self.next;
        self.next = number.saturating_add(1);
        self.order.insert(number, (key, now));
        self.entries.insert(key, (value, number));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_767_225_600;
    const NOTHING: Revocation = Revocation {
        ended: false,
        minimum_version: None,
    };

    fn user(number: u64) -> UserId {
        UserId::new(number, &[1; 10])
    }

    fn session(number: u64) -> SessionId {
        SessionId::new(number, &[1; 10])
    }

    #[test]
    fn answers_never_displace_what_the_isolate_wrote_itself() {
        let mut memory = RevocationMemory::default();
        memory.remember_end(user(0), session(0), NOW);
        memory.remember_version(user(0), 7, 3900, NOW);
        memory.remember_sign_off(user(0), session(9), NOW);
        for number in 1..=10_000 {
            memory.remember(user(number), session(number), NOTHING, NOW);
        }
        assert_eq!(memory.answers.entries.len(), REVOCATION_MEMORY_ENTRIES);
        assert!(memory.has_ended(user(0), session(0)));
        assert!(memory.recall(user(0), session(0), NOW).unwrap().ended);
        assert!(memory.has_signed_off(user(0), session(9)));
        assert!(!memory.has_ended(user(0), session(9)));
        let known = memory.with_own_version(user(0), NOW, NOTHING);
        assert_eq!(known.minimum_version, Some(7));
    }

    #[test]
    fn own_endings_of_the_last_minutes_stay_and_older_ones_go_oldest_first() {
        let mut memory = RevocationMemory::default();
        let limit = REVOCATION_MEMORY_ENTRIES as u64;
        for number in 0..=limit {
            memory.remember_end(user(number), session(number), NOW + number / 1000);
            memory.remember_version(user(number), 1, 3900, NOW + number / 1000);
        }
        // There is one entry more than the limit allows. All entries are too young to be dropped.
        let ends = |memory: &RevocationMemory, number| {
            memory.has_ended(user(number), session(number))
                && memory
                    .with_own_version(user(number), NOW, NOTHING)
                    .minimum_version
                    .is_some()
        };
        assert!((0..=limit).all(|number| ends(&memory, number)));
        // Now the entries of the first second are old enough to be dropped.
        let later = NOW + OWN_REVOCATIONS_KEPT;
        memory.remember_end(user(limit + 1), session(limit + 1), later);
        memory.remember_version(user(limit + 1), 1, 3900, later);
        assert!(!ends(&memory, 0) && !ends(&memory, 1));
        assert!((2..=limit + 1).all(|number| ends(&memory, number)));
        assert_eq!(memory.ended.entries.len(), REVOCATION_MEMORY_ENTRIES);
        assert_eq!(memory.ended.order.len(), REVOCATION_MEMORY_ENTRIES);
    }

    #[test]
    fn an_entry_that_is_inserted_again_counts_as_new() {
        let mut memory = RevocationMemory::default();
        let limit = REVOCATION_MEMORY_ENTRIES as u64;
        for number in 0..limit {
            memory.remember(user(number), session(number), NOTHING, NOW);
        }
        memory.remember(user(0), session(0), NOTHING, NOW);
        memory.remember(user(limit), session(limit), NOTHING, NOW);
        assert!(memory.recall(user(0), session(0), NOW).is_some());
        assert!(memory.recall(user(1), session(1), NOW).is_none());
        let over = NOW + REVOCATION_MEMORY_TTL;
        assert!(memory.recall(user(0), session(0), over).is_none());
    }

    #[test]
    fn an_older_answer_takes_nothing_back() {
        let mut memory = RevocationMemory::default();
        let ended = Revocation {
            ended: true,
            minimum_version: Some(3),
        };
        assert_eq!(memory.remember(user(1), session(1), ended, NOW), ended);
        assert_eq!(memory.remember(user(1), session(1), NOTHING, NOW), ended);
        memory.remember_end(user(2), session(2), NOW);
        let known = memory.remember(user(2), session(2), NOTHING, NOW);
        assert!(known.ended);
        assert_eq!(memory.remember_version(user(1), 9, 3900, NOW), 9);
        assert_eq!(memory.remember_version(user(1), 8, 3900, NOW), 9);
    }
}
