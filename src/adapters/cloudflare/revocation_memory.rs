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

    pub(super) fn remember(
        &mut self,
        user: UserId,
        session: SessionId,
        answer: Revocation,
        until: u64,
    ) {
        // An ending is never taken back by an older answer.
        if !self
            .answers
            .get(&(user, session))
            .is_some_and(|(known, until_known)| known.ended && *until_known > until)
        {
            make_room(&mut self.answers);
            self.answers.insert((user, session), (answer, until));
        }
    }

    pub(super) fn remember_version(&mut self, user: UserId, version: u64, until: u64) {
        make_room(&mut self.versions);
        let known = self.versions.entry(user).or_default();
        *known = (version.max(known.0), until.max(known.1));
    }
}

/// Forgets everything when full: an isolate asks KV again, which is right, only slower.
fn make_room<K, V>(map: &mut HashMap<K, V>) {
    if map.len() >= REVOCATION_MEMORY_ENTRIES {
        map.clear();
    }
}
