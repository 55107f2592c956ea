//! Sessions in Workers KV: eventually consistent, one write a second for a key, no compare-and-set.
//!
//! Three kinds of small record, each with one writer's rule, so that no read-modify-write can be lost:
//!
//! | key | says | written |
//! |---|---|---|
//! | `session:<user>:<session>` | the last use | by a login and by renewals only |
//! | `ended:<user>:<session>` | the session is over, and why | blindly, never by a fresh use |
//! | `stale:<user>` | the smallest `ver` that counts | blindly, with the number the directory answered |
//!
//! `docs/storage.md` shows each record in each state.

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;

use futures_util::future::join;
use serde::{Deserialize, Serialize};

use super::revocation_memory::RevocationMemory;
use crate::domain::account::{User, UserId};
use crate::domain::error::StoreError;
use crate::domain::policy::{
    ENDED_TTL, KV_WRITE_RETRIES_MS, REVOCATION_CACHE_TTL, REVOCATION_MEMORY_TTL,
};
use crate::domain::session::{
    Client, ClientFingerprint, Consistency, EndReason, Presented, Record, Revocation, Rules,
    SessionId, Standing, Stored, Use, Verdict, rotate,
};
use crate::ports::{Clock, KeyValue, Random, Renewal, SessionStore, Sleep, Values, WriteError};

/// The session store on Workers KV.
///
/// **Staleness.** A login elsewhere, a renewal or an ending is seen everywhere within about 60 s (KV's own figure, not
/// a promise); a check may also be answered from KV's cache (30 s) or this isolate's memory (15 s). Nothing is stale
/// in the isolate that wrote. A password change, a revoke-all and a disabled account stop renewals at once all the
/// same: those are read from the directory.
#[derive(Clone, Debug)]
pub struct KvSessions<K, C, R, S> {
    kv: K,
    clock: C,
    random: R,
    sleep: S,
    memory: Rc<RefCell<RevocationMemory>>,
}

impl<K, C, R, S> KvSessions<K, C, R, S> {
    /// A store on a namespace. `memory` outlives the request: one for each isolate.
    #[must_use]
    pub fn new(
        kv: K,
        clock: C,
        random: R,
        sleep: S,
        memory: Rc<RefCell<RevocationMemory>>,
    ) -> Self {
        Self {
            kv,
            clock,
            random,
            sleep,
            memory,
        }
    }
}

impl<K: KeyValue, C: Clock, R: Random, S: Sleep> SessionStore for KvSessions<K, C, R, S> {
    async fn begin(
        &self,
        user: UserId,
        session: SessionId,
        client: &Client,
        ttl: u64,
    ) -> Result<(), StoreError> {
        self.write_record(user, session, &Record::default(), client, ttl)
            .await
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
        let keys = [
            session_key(ticket.user, ticket.session),
            ended_key(ticket.user, ticket.session),
        ];
        let (values, user) = join(self.kv.read(&keys, None), user).await;
        let (stored, user) = (stored(&values?, &keys)?, user?);
        let verdict = rotate(
            &stored,
            user.as_ref().map(Standing::from),
            presented,
            rules,
            Consistency::Eventual,
        );
        match verdict {
            Verdict::Fresh(record) => {
                let ttl = rules
                    .idle_ttl
                    .min(ticket.expires_at.saturating_sub(presented.now));
                self.write_record(ticket.user, ticket.session, &record, client, ttl)
                    .await?;
            }
            Verdict::Reused => {
                self.end(ticket.user, ticket.session, EndReason::Reused)
                    .await?;
            }
            _ => {}
        }
        Ok(Renewal { verdict, user })
    }

    async fn end(
        &self,
        user: UserId,
        session: SessionId,
        reason: EndReason,
    ) -> Result<(), StoreError> {
        let record = StoredEnd {
            reason: reason.as_str().to_owned(),
            at: self.now(),
        };
        self.write(
            &ended_key(user, session),
            &to_json(&record)?,
            None,
            ENDED_TTL,
            |_| true,
        )
        .await?;
        // After the write: remembered before it, a failed ending would look done to a repeat.
        let ended = Revocation {
            ended: true,
            minimum_version: None,
        };
        self.memory.borrow_mut().remember(
            user,
            session,
            ended,
            self.now().saturating_add(ENDED_TTL),
        );
        Ok(())
    }

    async fn outdate(&self, user: UserId, version: u64, ttl: u64) -> Result<(), StoreError> {
        self.memory
            .borrow_mut()
            .remember_version(user, version, self.now().saturating_add(ttl));
        self.write(
            &stale_key(user),
            &version.to_string(),
            None,
            ttl,
            |written| written.parse::<u64>().is_ok_and(|other| other >= version),
        )
        .await
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
                self.memory.borrow_mut().remember(
                    user,
                    session,
                    answer,
                    now.saturating_add(REVOCATION_MEMORY_TTL),
                );
                answer
            }
        };
        Ok(self.memory.borrow().with_own_version(user, now, answer))
    }
}

impl<K: KeyValue, C: Clock, R: Random, S: Sleep> KvSessions<K, C, R, S> {
    fn now(&self) -> u64 {
        self.clock.now_ms() / 1000
    }

    async fn write_record(
        &self,
        user: UserId,
        session: SessionId,
        record: &Record,
        client: &Client,
        ttl: u64,
    ) -> Result<(), StoreError> {
        let metadata = serde_json::json!({
            "begun": session.begun_at(),
            "seen": self.now(),
            "user_agent": client.user_agent(),
            "network": client.network(),
        });
        let counter = record.used.map(|used| used.counter);
        self.write(
            &session_key(user, session),
            &to_json(&StoredRecord::from(*record))?,
            Some(metadata),
            ttl.max(MIN_TTL),
            // A record that says as much already needs no write.
            |written| {
                counter.is_some()
                    && serde_json::from_str::<StoredRecord>(written)
                        .is_ok_and(|other| other.used >= counter)
            },
        )
        .await
    }

    /// Writes, and after a refusal for the key's rate reads again, since a request beside this one may have written
    /// what was to be said, then tries again with jitter, a few times.
    async fn write(
        &self,
        key: &str,
        value: &str,
        metadata: Option<serde_json::Value>,
        ttl: u64,
        says_as_much: impl Fn(&str) -> bool,
    ) -> Result<(), StoreError> {
        let mut pauses = KV_WRITE_RETRIES_MS.iter();
        loop {
            match self.kv.write(key, value, metadata.clone(), ttl).await {
                Ok(()) => return Ok(()),
                Err(WriteError::Failed(error)) => return Err(error),
                Err(WriteError::Refused) => {}
            }
            let Some(pause) = pauses.next() else {
                return Err(StoreError::new("sessions", "the key is written too often"));
            };
            let keys = [key.to_owned()];
            let values = self.kv.read(&keys, None).await?;
            if values.get(key).is_some_and(|written| says_as_much(written)) {
                return Ok(());
            }
            let mut jitter = [0];
            self.random.fill(&mut jitter);
            let [jitter] = jitter;
            self.sleep
                .sleep(pause.saturating_add(u64::from(jitter)))
                .await;
        }
    }
}

/// KV refuses a shorter life.
const MIN_TTL: u64 = 60;

/// `session:<user>:<session>`.
#[derive(Serialize, Deserialize)]
struct StoredRecord {
    used: Option<u32>,
    at: Option<u64>,
    by: Option<String>,
}

impl From<Record> for StoredRecord {
    fn from(record: Record) -> Self {
        Self {
            used: record.used.map(|used| used.counter),
            at: record.used.map(|used| used.first_at),
            by: record
                .used
                .map(|used| format!("{:08x}", u32::from_be_bytes(used.by.0))),
        }
    }
}

impl TryFrom<StoredRecord> for Record {
    type Error = StoreError;

    fn try_from(record: StoredRecord) -> Result<Self, StoreError> {
        let used = match (record.used, record.at, record.by) {
            (None, None, None) => None,
            (Some(counter), Some(first_at), Some(by)) => Some(Use {
                counter,
                first_at,
                by: ClientFingerprint(
                    u32::from_str_radix(&by, 16)
                        .map_err(|_| malformed("session"))?
                        .to_be_bytes(),
                ),
            }),
            _ => return Err(malformed("session")),
        };
        Ok(Self { used })
    }
}

/// `ended:<user>:<session>`.
#[derive(Serialize)]
struct StoredEnd {
    reason: String,
    at: u64,
}

fn stored(values: &Values, [session, ended]: &[String; 2]) -> Result<Stored, StoreError> {
    let record = values
        .get(session)
        .map(|text| {
            serde_json::from_str::<StoredRecord>(text)
                .map_err(|_| malformed("session"))
                .and_then(Record::try_from)
        })
        .transpose()?;
    Ok(Stored {
        record,
        ended: values.contains_key(ended),
    })
}

fn to_json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| malformed("new"))
}

fn malformed(record: &str) -> StoreError {
    StoreError::new("sessions", format!("a malformed {record} record"))
}

fn session_key(user: UserId, session: SessionId) -> String {
    format!("session:{user}:{session}")
}

fn ended_key(user: UserId, session: SessionId) -> String {
    format!("ended:{user}:{session}")
}

fn stale_key(user: UserId) -> String {
    format!("stale:{user}")
}
