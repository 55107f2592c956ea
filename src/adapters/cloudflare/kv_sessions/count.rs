//! The sessions of a user in KV: listing them, and ending the oldest when they are too many.

use std::collections::HashSet;

use super::KvSessions;
use super::records::{Metadata, ended_key, malformed, session_key, session_prefix};
use crate::domain::account::UserId;
use crate::domain::error::StoreError;
use crate::domain::policy::{KV_BULK_KEYS, KV_LIST_PAGES, KV_REMOVALS};
use crate::domain::session::{EndReason, SessionId, surplus};
use crate::ports::{Background, KeyValue, Random, SessionStore, Sleep};

/// The sessions of a user of which there is a record.
pub(super) struct Recorded {
    /// Those that go on.
    pub(super) active: Vec<(SessionId, Metadata)>,
    /// Those that have ended, or began in an earlier epoch. One of a later epoch is in neither: the caller's epoch has
    /// been overtaken, and it is not the caller's to judge.
    over: Vec<SessionId>,
}

impl<K, R, S, B> KvSessions<K, R, S, B>
where
    K: KeyValue + Clone + 'static,
    R: Random + Clone + 'static,
    S: Sleep + Clone + 'static,
    B: Background + Clone + 'static,
{
    /// Lists the records and asks which of them have ended.
    pub(super) async fn recorded(&self, user: UserId, epoch: u32) -> Result<Recorded, StoreError> {
        let prefix = session_prefix(user);
        let mut found = Vec::new();
        let mut cursor = None;
        for _ in 0..KV_LIST_PAGES {
            let page = self.kv.list(&prefix, cursor.as_deref()).await?;
            for (key, metadata) in page.keys {
                let id = key.strip_prefix(&prefix).and_then(SessionId::parse);
                let metadata = metadata.and_then(|json| serde_json::from_value(json).ok());
                let (Some(id), Some(metadata)) = (id, metadata) else {
                    return Err(malformed("session"));
                };
                found.push((id, metadata));
            }
            cursor = page.cursor;
            if cursor.is_none() {
                break;
            }
        }
        let ended = self.ended(user, found.iter().map(|(id, _)| *id)).await?;
        let mut recorded = Recorded {
            active: Vec::new(),
            over: Vec::new(),
        };
        for (id, metadata) in found {
            let metadata: Metadata = metadata;
            if ended.contains(&id) || metadata.epoch < epoch {
                recorded.over.push(id);
            } else if metadata.epoch == epoch {
                recorded.active.push((id, metadata));
            }
        }
        Ok(recorded)
    }

    async fn ended(
        &self,
        user: UserId,
        sessions: impl Iterator<Item = SessionId>,
    ) -> Result<HashSet<SessionId>, StoreError> {
        let sessions: Vec<SessionId> = sessions.collect();
        let mut ended: HashSet<SessionId> = sessions
            .iter()
            .copied()
            .filter(|session| self.memory.borrow().has_ended(user, *session))
            .collect();
        for some in sessions.chunks(KV_BULK_KEYS) {
            let keys: Vec<String> = some.iter().map(|id| ended_key(user, *id)).collect();
            let values = self.kv.read(&keys, None).await?;
            ended.extend(
                some.iter()
                    .zip(&keys)
                    .filter(|(_, key)| values.contains_key(*key))
                    .map(|(id, _)| *id),
            );
        }
        Ok(ended)
    }

    /// Ends the oldest sessions above `most`, and removes records of sessions that are over: they mean nothing any more,
    /// and would make every list longer until they expire.
    pub(super) async fn keep_to(
        &self,
        most: usize,
        user: UserId,
        begun: SessionId,
        epoch: u32,
        now: u64,
    ) -> Result<(), StoreError> {
        let recorded = self.recorded(user, epoch).await?;
        // The list may not show yet what has just begun.
        let mut active: HashSet<SessionId> = recorded.active.iter().map(|(id, _)| *id).collect();
        active.insert(begun);
        for id in surplus(active, most).into_iter().take(KV_REMOVALS) {
            self.end(user, id, EndReason::OverLimit, now).await?;
        }
        for id in recorded.over.into_iter().take(KV_REMOVALS) {
            self.kv.delete(&session_key(user, id)).await?;
        }
        Ok(())
    }
}
