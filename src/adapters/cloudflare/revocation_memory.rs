//! What an isolate remembers of revocations, so that a check need not ask KV each time.

use std::collections::HashMap;

use crate::domain::account::UserId;
use crate::domain::policy::REVOCATION_MEMORY_ENTRIES;
use crate::domain::session::{Revocation, SessionId};

/// What an isolate remembers of revocations: an answer from KV for 15 s, and at once what it wrote itself.
#[derive(Debug, Default)]
pub struct RevocationMemory {
    answers: HashMap<(UserId, SessionId), (Revocation, u64)>,
    versions: HashMap<UserId, (u64, u64)>,
}

impl RevocationMemory {
    pub(super) fn recall(&self, user: UserId, session: SessionId, now: u64) -> Option<Revocation> {
        let (answer, until) = self.answers.get(&(user, session))?;
        (now < *until).then_some(*answer)
    }

    /// Whether this isolate has ended the session, or has seen its end. An end is never taken back, so an answer that
    /// is too old to be recalled still counts here.
    pub(super) fn has_ended(&self, user: UserId, session: SessionId) -> bool {
        self.answers
            .get(&(user, session))
            .is_some_and(|(answer, _)| answer.ended)
    }

    /// What this isolate wrote itself counts beside any answer, which may be older.
    pub(super) fn with_own_version(
        &self,
        user: UserId,
        now: u64,
        answer: Revocation,
    ) -> Revocation {
        let own = self
            .versions
            .get(&user)
            .filter(|(_, until)| now < *until)
            .map(|(version, _)| *version);
        Revocation {
            minimum_version: own.max(answer.minimum_version),
            ..answer
        }
    }

    /// Remembers an answer, and gives back what is known with it.
    pub(super) fn remember(
        &mut self,
        user: UserId,
        session: SessionId,
        answer: Revocation,
        until: u64,
    ) -> Revocation {
        let known = self.answers.get(&(user, session)).copied();
        make_room(&mut self.answers);
        // Neither an ending nor a version is taken back by an older answer.
        let entry = match known {
            Some((known, known_until)) if known.ended => (known, known_until.max(until)),
            Some((known, _)) => (
                Revocation {
                    ended: answer.ended,
                    minimum_version: known.minimum_version.max(answer.minimum_version),
                },
                until,
            ),
            None => (answer, until),
        };
        self.answers.insert((user, session), entry);
        entry.0
    }

    /// Remembers a version that is about to be written, and gives back the largest that was.
    pub(super) fn remember_version(&mut self, user: UserId, version: u64, until: u64) -> u64 {
        make_room(&mut self.versions);
        let known = self.versions.entry(user).or_default();
        *known = (version.max(known.0), until.max(known.1));
        known.0
    }
}

/// Forgets everything when full: an isolate asks KV again, which is right, only slower.
fn make_room<K, V>(map: &mut HashMap<K, V>) {
    if map.len() >= REVOCATION_MEMORY_ENTRIES {
        map.clear();
    }
}
