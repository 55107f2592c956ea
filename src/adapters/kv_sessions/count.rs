//! Lists the sessions of a user, and ends the oldest when there are too many.

use super::KvSessions;
use super::records::{decode_metadata, ended_key, malformed, session_key, session_prefix};
use crate::adapters::kv_sessions::{Background, KeyValue, Sleep, Values};
use crate::domain::account::UserId;
use crate::domain::error::StoreError;
use crate::domain::policy::{KV_BULK_KEYS, KV_LIST_PAGES, KV_REMOVALS};
use crate::domain::session::{ActiveSession, EndReason, SessionId, surplus};
use crate::ports::{Random, SessionStore};

/// The sessions of a user that have a record.
pub(super) struct Recorded {
    /// Those that are active.
    pub(super) active: Vec<ActiveSession>,
    /// Those that have ended, or began in an earlier epoch. A session of a later epoch is in
    /// neither list: the epoch of the caller is older, so the caller can't judge that session.
    over: Vec<SessionId>,
}

impl<K, R, S, B> KvSessions<K, R, S, B>
where
    K: KeyValue + Clone + 'static,
    R: Random + Clone + 'static,
    S: Sleep + Clone + 'static,
    B: Background + Clone + 'static,
{
    /// Lists the records, and reads which of the sessions have ended.
    pub(super) async fn recorded(&self, user: UserId, epoch: u32) -> Result<Recorded, StoreError> {
        let epoch = u64::from(epoch);
        let prefix = session_prefix(user);
        let mut found = Vec::new();
        let mut cursor = None;
        for _ in 0..KV_LIST_PAGES {
            let page = self.kv.list(&prefix, cursor.as_deref()).await?;
            for (key, metadata) in page.keys {
                let id = key
                    .strip_prefix(&prefix)
                    .and_then(SessionId::parse)
                    .ok_or_else(|| malformed("session"))?;
                found.push(decode_metadata(id, &metadata.unwrap_or_default())?);
            }
            cursor = page.cursor;
            if cursor.is_none() {
                break;
            }
        }
        let mut endings = Values::new();
        for some in found.chunks(KV_BULK_KEYS) {
            let keys: Vec<String> = some
                .iter()
                .map(|(_, session)| ended_key(user, session.id))
                .collect();
            endings.extend(self.kv.read(&keys, None).await?);
        }
        let mut recorded = Recorded {
            active: Vec::new(),
            over: Vec::new(),
        };
        for (its_epoch, session) in found {
            let ended = endings.contains_key(&ended_key(user, session.id))
                || self.memory.borrow().has_ended(user, session.id);
            if ended || its_epoch < epoch {
                recorded.over.push(session.id);
            } else if its_epoch == epoch {
                recorded.active.push(session);
            }
        }
        Ok(recorded)
    }

    /// Ends the oldest sessions above `most`, and deletes the records of sessions that have ended: they
    /// have no effect any more, and would make every list longer until they expire.
    pub(super) async fn keep_to(
        &self,
        most: usize,
        user: UserId,
        begun: SessionId,
        epoch: u32,
        now: u64,
    ) -> Result<(), StoreError> {
        let recorded = self.recorded(user, epoch).await?;
        // A list of keys is sorted, so the oldest session comes first. It may not show the new session
        // yet. The new session does not end, even if another location's clock says that it is older.
        let others: Vec<SessionId> = recorded
            .active
            .iter()
            .map(|active| active.id)
            .filter(|id| *id != begun)
            .collect();
        // A new session that has ended before it was counted takes no place.
        let ended = recorded.over.contains(&begun);
        let most = most.saturating_add(usize::from(ended));
        for id in surplus(&others, most).iter().take(KV_REMOVALS) {
            self.end(user, *id, EndReason::OverLimit, now).await?;
        }
        for id in recorded.over.into_iter().take(KV_REMOVALS) {
            self.kv.delete(&session_key(user, id)).await?;
        }
        Ok(())
    }
}
