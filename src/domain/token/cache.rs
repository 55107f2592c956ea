//! A memory of verified tokens, since a signature costs a hundred times a lookup.

use super::verify::VerifiedToken;
use crate::domain::policy::VERIFIED_TOKENS_MAX;
use std::collections::HashMap;
use std::sync::Arc;

/// The tokens verified last, by their whole text. A key made of part of it, or of a hash, has handed out other people's
/// claims (GHSA-rp9m-7r4c-75qg).
///
/// It belongs to one [`KeySet`](super::KeySet) and one [`Expected`](super::Expected): when either changes, [`clear`] it. It
/// says nothing of sessions ended or users changed since; ask that of every token. Only verified text gets in, so nobody
/// without a signing key can choose keys that collide.
///
/// [`clear`]: VerifiedTokens::clear
pub struct VerifiedTokens {
    capacity: usize,
    entries: HashMap<Arc<str>, Entry>,
    uses: u64,
}

struct Entry {
    token: VerifiedToken,
    verified_at: u64,
    used: u64,
}

impl Default for VerifiedTokens {
    fn default() -> Self {
        Self::new(VERIFIED_TOKENS_MAX)
    }
}

impl VerifiedTokens {
    /// Remembers at most `capacity` tokens; none for 0.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity,
            entries: HashMap::new(),
            uses: 0,
        }
    }

    /// The token with this text, if it was remembered and has not expired at `now`, in Unix seconds: at `exp` it is dropped,
    /// whatever tolerance it was verified with. A clock that stands before the verification proves nothing, and drops it too.
    pub fn get(&mut self, text: &str, now: u64) -> Option<&VerifiedToken> {
        let entry = self.entries.get(text)?;
        if now >= entry.token.claims().exp || now < entry.verified_at {
            self.entries.remove(text);
            return None;
        }
        let used = self.next_use();
        let entry = self.entries.get_mut(text)?;
        entry.used = used;
        Some(&entry.token)
    }

    /// Remembers that `text` was verified as `token` at `now`, in Unix seconds; forgets the one unused for longest if full.
    pub fn insert(&mut self, text: &str, token: VerifiedToken, now: u64) {
        self.entries.remove(text);
        if self.capacity == 0 || now >= token.claims().exp {
            return;
        }
        while self.entries.len() >= self.capacity {
            // Looks at all: little beside the signature that was just verified, and an index would be 3 KB of the Worker.
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.used);
            let Some(oldest) = oldest.map(|(key, _)| Arc::clone(key)) else {
                break;
            };
            self.entries.remove(&oldest);
        }
        let used = self.next_use();
        self.entries.insert(
            text.into(),
            Entry {
                token,
                verified_at: now,
                used,
            },
        );
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// How many are remembered, expired ones included until they are asked for or pushed out.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn next_use(&mut self) -> u64 {
        self.uses = self.uses.saturating_add(1);
        self.uses
    }
}
