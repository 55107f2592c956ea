//! Remembers verified tokens, because verifying a signature takes a hundred times as long as
//! looking up a token.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, DefaultHasher, Hasher};
use std::rc::Rc;

use edgegate_token::VerifiedToken;

use super::policy::VERIFIED_TOKENS_MAX;

/// The part of the service that reads a token. Each reader expects different claims, so a token
/// that one reader verified must not be returned to another reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// The routes of the account. They require `AUDIENCE`, `CLIENT_ID` and no scope.
    Account,
    /// `/auth/userinfo`, for the tokens of other apps.
    Userinfo,
}

/// A cache of recently verified tokens, found by their whole text and their [`Reader`]. The key is
/// the whole text, because caches whose key was a part or a hash of the token have returned other
/// people's claims (GHSA-rp9m-7r4c-75qg).
///
/// The cached tokens were verified with one [`KeySet`](edgegate_token::KeySet) and, for each
/// reader, with one [`Expected`](edgegate_token::Expected). When one of them changes, the caller
/// must [`clear`] the cache. The cache does not know whether the session of a token has ended, or
/// whether its user has changed since. The caller must check both for every token. Only verified
/// tokens are stored, so nobody without a signing key can fill the hash table with keys that
/// collide.
///
/// [`clear`]: VerifiedTokens::clear
pub struct VerifiedTokens {
    capacity: usize,
    entries: HashMap<Rc<str>, Entry, BuildHasherDefault<HashOfEnd>>,
    /// Each key of `entries`. The key at the front is removed first, unless its entry was used
    /// since it was put into the queue. In that case the key moves to the back.
    queue: VecDeque<Rc<str>>,
}

struct Entry {
    token: Rc<VerifiedToken>,
    reader: Reader,
    verified_at: u64,
    used: bool,
}

/// Hashes only the end of a token, because hashing a whole token takes ten times as long. The end
/// of a token is the end of its signature, which differs from token to token. The map still
/// compares the whole texts.
#[derive(Default)]
struct HashOfEnd(DefaultHasher);

/// How many bytes at the end of a token are hashed. Each is a character of base64, so 32 of them
/// encode 24 bytes of the signature.
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
    /// An empty cache for at most `capacity` tokens. If `capacity` is 0, no token is ever
    /// remembered.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity,
            entries: HashMap::default(),
            queue: VecDeque::new(),
        }
    }

    /// The token with this text, if this reader has verified it and it has not expired at `now` (in
    /// Unix seconds). A token is removed from the cache when its `exp` is reached, whatever clock
    /// tolerance it was verified with. If `now` is earlier than the time of the verification, the
    /// clock is wrong, and the token is removed too.
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
    /// cache is full, a token that was not used recently is removed. If two readers verify the same
    /// text, the text is remembered only for the second reader. (This service issues no token that
    /// two readers accept.)
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

    /// How many tokens are remembered. An expired token is counted until somebody asks for it or a
    /// newer token replaces it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Removes tokens until there is room for one more. An entry that was used since it was put
    /// into the queue is not removed, but moves to the back of the queue (second-chance eviction).
    /// Finding the least recently used entry instead would take 10 % of the time that a signature
    /// check takes.
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
