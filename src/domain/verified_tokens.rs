//! Remembers verified tokens, because verifying a signature costs a hundred times as much as a
//! lookup.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, DefaultHasher, Hasher};
use std::rc::Rc;

use edgegate_token::VerifiedToken;

use super::policy::VERIFIED_TOKENS_MAX;

/// Who reads a token. Each reader expects different claims. A token that one reader verified must
/// not be returned to another reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// The routes of the account. They require `AUDIENCE`, `CLIENT_ID` and no scope.
    Account,
    /// `/auth/userinfo`, for the tokens of other apps.
    Userinfo,
}

/// A cache of recently verified tokens, found by their whole text and their [`Reader`]. Caches
/// whose key was a part or a hash of the token have returned other people's claims
/// (GHSA-rp9m-7r4c-75qg).
///
/// The cache belongs to one [`KeySet`](edgegate_token::KeySet), and for each reader to one
/// [`Expected`](edgegate_token::Expected). When one of them changes, [`clear`] the cache. The cache
/// does not know which sessions have ended or which users have changed since, so check both for
/// every token. Only verified text is stored, so nobody without a signing key can choose keys that
/// collide.
///
/// [`clear`]: VerifiedTokens::clear
pub struct VerifiedTokens {
    capacity: usize,
    entries: HashMap<Rc<str>, Entry, BuildHasherDefault<HashOfEnd>>,
    /// Each key of `entries`, in the order of removal. An entry that was used in the meantime goes
    /// to the back instead of being removed.
    queue: VecDeque<Rc<str>>,
}

struct Entry {
    token: Rc<VerifiedToken>,
    reader: Reader,
    verified_at: u64,
    used: bool,
}

/// Hashes only the end of a token. That is the end of its signature, so it differs from token to
/// token. Hashing a whole token takes ten times as long. The map still compares whole texts.
#[derive(Default)]
struct HashOfEnd(DefaultHasher);

/// Each byte is a digit of base64, so 32 of them encode 24 bytes of a signature.
const HASHED_BYTES: usize = 32;

impl Hasher for HashOfEnd {
    fn write(&mut self, text: &[u8]) {
        let begin = text.len().saturating_sub(HASHED_BYTES);
        self.0.write(text.get(begin..).unwrap_or(text));
    }

    fn finish(&self) -> u64 {
        self.0.finish()
    }
}

impl Default for VerifiedTokens {
    fn default() -> Self {
        Self::new(VERIFIED_TOKENS_MAX)
    }
}

impl VerifiedTokens {
    /// Remembers at most `capacity` tokens, or none if it is 0.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity,
            entries: HashMap::default(),
            queue: VecDeque::new(),
        }
    }

    /// The token with this text, if this reader verified it and it has not expired at `now`, in
    /// Unix seconds. A token is dropped at its `exp`, whatever tolerance it was verified with. If
    /// `now` is earlier than the verification, the clock is wrong, and the token is dropped too.
    pub fn get(&mut self, text: &str, reader: Reader, now: u64) -> Option<Rc<VerifiedToken>> {
        let entry = self.entries.get_mut(text)?;
        if entry.reader != reader {
            return None;
        }
        if now >= entry.token.claims().exp || now < entry.verified_at {
            self.remove(text);
            return None;
        }
        entry.used = true;
        Some(Rc::clone(&entry.token))
    }

    /// Remembers that this reader verified `text` as `token` at `now`, in Unix seconds. If the
    /// memory is full, it forgets a token that was not used lately. If two readers accept the same
    /// text, it is remembered for the last reader. This service issues no token that two readers
    /// accept.
    pub fn insert(&mut self, text: &str, reader: Reader, token: Rc<VerifiedToken>, now: u64) {
        self.remove(text);
        if self.capacity == 0 || now >= token.claims().exp {
            return;
        }
        self.make_room();
        let key: Rc<str> = text.into();
        self.queue.push_back(Rc::clone(&key));
        let entry = Entry {
            token,
            reader,
            verified_at: now,
            used: false,
        };
        self.entries.insert(key, entry);
    }

    pub fn clear(&mut self) {
        self.entries.clear();
        self.queue.clear();
    }

    /// How many tokens are remembered. Expired tokens are included until somebody asks for them or
    /// newer tokens replace them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Second-chance eviction: an entry that was used goes to the back of the queue once. Finding
    /// the least recently used entry would cost a tenth of a signature check.
    fn make_room(&mut self) {
        while self.entries.len() >= self.capacity
            && let Some(key) = self.queue.pop_front()
        {
            match self.entries.get_mut(&key) {
                Some(entry) if entry.used => {
                    entry.used = false;
                    self.queue.push_back(key);
                }
                _ => drop(self.entries.remove(&key)),
            }
        }
    }

    fn remove(&mut self, text: &str) {
        if self.entries.remove(text).is_some() {
            self.queue.retain(|key| **key != *text);
        }
    }
}
