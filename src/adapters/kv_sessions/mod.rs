//! Sessions in an eventually consistent key-value store: Workers KV takes one write a second for each
//! key, and has no compare-and-set.
//!
//! There are three kinds of small record. Each has one rule of writing, so that no write can undo
//! another:
//!
//! | key | says | written |
//! |---|---|---|
//! | `session:<user>:<session>` | the last use | only by a login and by renewals |
//! | `ended:<user>:<session>` | the session has ended, and why | without reading, and never by a renewal that goes on |
//! | `stale:<user>` | the smallest valid `ver` | with the number in the user's row, and again while that is larger |
//!
//! `docs/storage.md` shows each record in each state.

mod count;
mod platform;
mod records;
mod revocation_memory;

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;

use futures_util::future::join;

use crate::domain::account::{User, UserId};
use crate::domain::error::StoreError;
use crate::domain::policy::{
    ENDED_TTL, KV_COUNT_EVERY, KV_MIN_TTL, KV_WRITE_RETRIES_MS, REVOCATION_CACHE_TTL,
};
use crate::domain::session::{
    ActiveSession, Client, Consistency, Effect, EndReason, Presented, Proved, Record,
    RefreshTicket, Revocation, Rules, SessionId, Standing, Stored, UserCopy, rotate,
};
use crate::ports::{NewSession, Random, Renewal, SessionStore};
use records::{
    decode_record, encode_end, encode_metadata, encode_record, ended_key, ended_prefix, malformed,
    session_key, session_prefix, stale_key,
};

pub use platform::{Background, KeyValue, Page, Sleep, Values, WriteError};
pub use revocation_memory::RevocationMemory;

/// The session store on Workers KV.
///
/// **Staleness.** A login, a renewal or an ended session elsewhere is visible everywhere within about
/// 60 s (Cloudflare's figure, which it does not guarantee). A check may be answered from this isolate's
/// memory for 15 s more, so within about 75 s. An isolate remembers the sessions that it ended and the
/// versions that it wrote for at least five minutes, however many they are, so its own renewals and
/// checks see them at once. A password change, a revoke-all and a disabled account stop renewals at
/// once in any case: those are read from the database. A list of sessions may miss a session that
/// began in the last minute, here or elsewhere, and show one that ended elsewhere.
///
/// **Limit.** The sessions of a user are counted after the response to one login in eight. So a user
/// may have some more than [`NewSession::most`] for a while.
///
/// **One write a second.** A refused write is followed by a read. If the record has the new content
/// already, a simultaneous request has done the work. Otherwise the write is tried again, with jitter,
/// for some three seconds. Then the caller gets an error, and may repeat the call.
#[derive(Clone, Debug)]
pub struct KvSessions<K, R, S, B> {
    kv: K,
    random: R,
    sleep: S,
    background: B,
    memory: Rc<RefCell<RevocationMemory>>,
}

impl<K, R, S, B> KvSessions<K, R, S, B> {
    /// A store in a namespace. `memory` outlives the request: there is one for each isolate.
    #[must_use]
    pub fn new(
        kv: K,
        random: R,
        sleep: S,
        background: B,
        memory: Rc<RefCell<RevocationMemory>>,
    ) -> Self {
        Self {
            kv,
            random,
            sleep,
            background,
            memory,
        }
    }

    /// The same store, whose jobs after the response belong to another request.
    #[must_use]
    pub fn with_background(&self, background: B) -> Self
    where
        K: Clone,
        R: Clone,
        S: Clone,
    {
        Self {
            kv: self.kv.clone(),
            random: self.random.clone(),
            sleep: self.sleep.clone(),
            background,
            memory: Rc::clone(&self.memory),
        }
    }
}

impl<K, R, S, B> SessionStore for KvSessions<K, R, S, B>
where
    K: KeyValue + Clone + 'static,
    R: Random + Clone + 'static,
    S: Sleep + Clone + 'static,
    B: Background + Clone + 'static,
{
    async fn begin(&self, new: &NewSession<'_>, now: u64) -> Result<(), StoreError> {
        let &NewSession {
            user,
            session,
            epoch,
            ..
        } = new;
        self.write(
            &session_key(user, session),
            &encode_record(&Record::default()),
            Some(encode_metadata(epoch, new.client, now)),
            new.idle_ttl.min(new.expires_at.saturating_sub(now)),
            // The session's id is new, so whatever is stored under it was written for this login,
            // or by a later renewal.
            |_| true,
        )
        .await?;
        if let Some(most) = new.most
            && self.random_byte().is_multiple_of(KV_COUNT_EVERY)
        {
            let store = self.clone();
            self.background.after_response(async move {
                store.keep_to(most, user, session, epoch, now).await
            });
        }
        Ok(())
    }

    async fn renew<F>(
        &self,
        presented: &Presented,
        client: &Client,
        rules: &Rules,
        user: F,
    ) -> Result<Renewal, StoreError>
    where
        F: Future<Output = Result<Option<User>, StoreError>>,
    {
        let ticket = presented.ticket;
        let session = &session_key(ticket.user, ticket.session);
        let (stored, user) = join(self.stored(&ticket), user).await;
        let (mut stored, user) = (stored?, user?);
        // This isolate may have ended the session while the user's row was read.
        stored.ended |= self.memory.borrow().has_ended(ticket.user, ticket.session);
        let decision = rotate::decide(
            &stored,
            user.as_ref().map(Standing::from),
            presented,
            rules,
            Consistency::Eventual,
        );
        match decision.effect {
            Effect::Record {
                used,
                proof,
                lives_until,
            } => {
                let record = Record {
                    used: Some(used),
                    proof: Some(proof),
                };
                self.write(
                    session,
                    &encode_record(&record),
                    Some(encode_metadata(ticket.epoch, client, presented.now)),
                    lives_until.saturating_sub(presented.now),
                    // A record of this use or a later one needs no write.
                    |written| {
                        decode_record(written)
                            .ok()
                            .and_then(|other| other.used)
                            .is_some_and(|other| other.counter >= used.counter)
                    },
                )
                .await?;
            }
            Effect::End(reason) => {
                self.end(ticket.user, ticket.session, reason, presented.now)
                    .await?;
            }
            Effect::Nothing => {}
        }
        Ok(Renewal {
            verdict: decision.verdict,
            ticket: decision.ticket,
            user: user.as_ref().map(UserCopy::from),
        })
    }

    /// Writes nothing: the record that was read may be stale, and writing it back would undo a
    /// renewal.
    async fn prove(
        &self,
        ticket: &RefreshTicket,
        rules: &Rules,
        now: u64,
    ) -> Result<Proved, StoreError> {
        let stored = self.stored(ticket).await?;
        Ok(rotate::prove(
            &stored,
            ticket,
            rules,
            Consistency::Eventual,
            now,
        ))
    }

    async fn end(
        &self,
        user: UserId,
        session: SessionId,
        reason: EndReason,
        now: u64,
    ) -> Result<(), StoreError> {
        self.write(
            &ended_key(user, session),
            &encode_end(reason, now),
            None,
            ENDED_TTL,
            |_| true,
        )
        .await?;
        // After the write: otherwise a repeat would take a failed write for a finished one.
        self.memory.borrow_mut().remember_end(user, session, now);
        Ok(())
    }

    async fn list(
        &self,
        user: UserId,
        epoch: u32,
        _now: u64,
    ) -> Result<Vec<ActiveSession>, StoreError> {
        Ok(self.recorded(user, epoch).await?.active)
    }

    async fn outdate(
        &self,
        user: UserId,
        version: u64,
        ttl: u64,
        now: u64,
    ) -> Result<(), StoreError> {
        // An old token may ask for this again and again.
        if self.memory.borrow().has_stored_version(user, version, now) {
            return Ok(());
        }
        // A smaller number never replaces a larger one that this isolate wrote.
        let version = self
            .memory
            .borrow_mut()
            .remember_version(user, version, ttl, now);
        self.write(
            &stale_key(user),
            &version.to_string(),
            None,
            ttl,
            |written| written.parse::<u64>().is_ok_and(|other| other >= version),
        )
        .await?;
        self.memory
            .borrow_mut()
            .remember_stored_version(user, version);
        Ok(())
    }

    async fn forget(&self, user: UserId, most: usize) -> Result<usize, StoreError> {
        let mut deleted: usize = 0;
        for prefix in [session_prefix(user), ended_prefix(user)] {
            let mut cursor = None;
            loop {
                let page = self.kv.list(&prefix, cursor.as_deref()).await?;
                for (key, _) in page.keys {
                    if deleted >= most {
                        return Ok(deleted);
                    }
                    self.kv.delete(&key).await?;
                    deleted = deleted.saturating_add(1);
                }
                cursor = page.cursor;
                if cursor.is_none() {
                    break;
                }
            }
        }
        Ok(deleted)
    }

    async fn revocation(
        &self,
        user: UserId,
        session: SessionId,
        now: u64,
    ) -> Result<Revocation, StoreError> {
        let recalled = self.memory.borrow().recall(user, session, now);
        let answer = match recalled {
            Some(answer) => answer,
            None => {
                let keys = [ended_key(user, session), stale_key(user)];
                let values = self.kv.read(&keys, Some(REVOCATION_CACHE_TTL)).await?;
                let [ended, stale] = &keys;
                let answer = Revocation {
                    ended: values.contains_key(ended),
                    minimum_version: values
                        .get(stale)
                        .map(|text| text.parse())
                        .transpose()
                        .map_err(|_| malformed("stale"))?,
                };
                // This isolate may have ended the session while KV was asked.
                self.memory
                    .borrow_mut()
                    .remember(user, session, answer, now)
            }
        };
        Ok(self.memory.borrow().with_own_version(user, now, answer))
    }
}

impl<K: KeyValue, R: Random, S: Sleep, B> KvSessions<K, R, S, B> {
    /// Reads a ticket's session from KV, without KV's cache.
    async fn stored(&self, ticket: &RefreshTicket) -> Result<Stored, StoreError> {
        let keys = [
            session_key(ticket.user, ticket.session),
            ended_key(ticket.user, ticket.session),
        ];
        let values = self.kv.read(&keys, None).await?;
        let [session, ended] = &keys;
        Ok(Stored {
            record: values
                .get(session)
                .map(|text| decode_record(text))
                .transpose()?,
            // KV may not show yet that this isolate has ended the session.
            ended: values.contains_key(ended)
                || self.memory.borrow().has_ended(ticket.user, ticket.session),
        })
    }

    fn random_byte(&self) -> u8 {
        let mut byte = [0];
        self.random.fill(&mut byte);
        let [byte] = byte;
        byte
    }

    /// Writes a key. If KV refuses because the key was written a moment ago, reads it: a
    /// simultaneous request may have written the same. Otherwise tries again a few times, with
    /// jitter.
    async fn write(
        &self,
        key: &str,
        value: &str,
        metadata: Option<String>,
        ttl: u64,
        is_enough: impl Fn(&str) -> bool,
    ) -> Result<(), StoreError> {
        let ttl = ttl.max(KV_MIN_TTL);
        let mut pauses = KV_WRITE_RETRIES_MS.iter();
        loop {
            match self.kv.write(key, value, metadata.clone(), ttl).await {
                Ok(()) => return Ok(()),
                Err(WriteError::Failed(error)) => return Err(error),
                Err(WriteError::Refused) => {}
            }
            let keys = [key.to_owned()];
            let values = self.kv.read(&keys, None).await?;
            if values.get(key).is_some_and(|written| is_enough(written)) {
                return Ok(());
            }
            let Some(pause) = pauses.next() else {
                return Err(StoreError::new("sessions", "the key is written too often"));
            };
            self.sleep
                .sleep(pause.saturating_add(u64::from(self.random_byte())))
                .await;
        }
    }
}
