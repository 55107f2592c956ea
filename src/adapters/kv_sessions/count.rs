//! Lists the sessions of a user, and ends the oldest when there are too many.

use std::collections::BTreeSet;

use super::KvSessions;
use super::records::{
    Listed, decode_metadata, ended_key, ending_sign_on, malformed, session_key, session_prefix,
    signed_off_key,
};
use crate::adapters::kv_sessions::{Background, KeyValue, Sleep, Values};
use crate::domain::account::UserId;
use crate::domain::authorization::ClientHash;
use crate::domain::error::StoreError;
use crate::domain::policy::{KV_BULK_KEYS, KV_LIST_PAGES, KV_REMOVALS};
use crate::domain::session::{ActiveSession, EndReason, SessionId, surplus};
use crate::ports::{Ending, Random, SessionStore};

/// The sessions of a user that have a record.
pub(super) struct Recorded {
    /// The active sessions.
    pub(super) active: Vec<ActiveSession>,
    /// The sessions that have ended, or began in an earlier epoch. A session of a later epoch than
    /// the caller's is in neither list: the caller has read an outdated epoch, so it can't know
    /// whether that session has ended.
    over: Vec<SessionId>,
}

impl<K, R, S, B, C> KvSessions<K, R, S, B, C>
where
    K: KeyValue + Clone + 'static,
    R: Random + Clone + 'static,
    S: Sleep + Clone + 'static,
    B: Background + Clone + 'static,
    C: SessionStore + Clone + 'static,
{
    /// Lists the records of a user.
    async fn listed(&self, user: UserId) -> Result<Vec<Listed>, StoreError> {
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
        Ok(found)
    }

    /// The sessions of an app that have a record, whether or not they have ended.
    pub(super) async fn sessions_of_client(
        &self,
        user: UserId,
        client: ClientHash,
    ) -> Result<Vec<SessionId>, StoreError> {
        let found = self.listed(user).await?;
        Ok(found
            .into_iter()
            .filter(|listed| listed.session.app == Some(client))
            .map(|listed| listed.session.id)
            .collect())
    }

    /// Lists the records, and reads which of the sessions have ended. An app's session whose
    /// sign-on has ended is not active either.
    pub(super) async fn recorded(&self, user: UserId, epoch: u32) -> Result<Recorded, StoreError> {
        let epoch = u64::from(epoch);
        let found = self.listed(user).await?;
        // This is a set, because the apps of one browser share a single sign-on, so the sign-on's
        // key occurs several times.
        let keys: BTreeSet<String> = found
            .iter()
            .flat_map(|listed| {
                let sign_on = ending_sign_on(&listed.session.holder());
                let signed_off = sign_on.map(|id| signed_off_key(user, id));
                [ended_key(user, listed.session.id)]
                    .into_iter()
                    .chain(signed_off)
            })
            .collect();
        let keys: Vec<String> = keys.into_iter().collect();
        let mut endings = Values::new();
        for some in keys.chunks(KV_BULK_KEYS) {
            endings.extend(self.kv.read(some, None).await?);
        }
        let mut recorded = Recorded {
            active: Vec::new(),
            over: Vec::new(),
        };
        for listed in found {
            let Listed { session, .. } = listed;
            let memory = self.memory.borrow();
            let ended = endings.contains_key(&ended_key(user, session.id))
                || memory.has_ended(user, session.id)
                || ending_sign_on(&session.holder()).is_some_and(|sign_on| {
                    endings.contains_key(&signed_off_key(user, sign_on))
                        || memory.has_signed_off(user, sign_on)
                });
            if ended || listed.epoch < epoch {
                recorded.over.push(session.id);
            } else if listed.epoch == epoch {
                recorded.active.push(session);
            }
        }
        Ok(recorded)
    }

    /// Ends the oldest sessions if the user has more than `most`. With `client`, only the sessions
    /// of that app are counted and ended. Without it, only the sessions of browsers are. Also
    /// deletes the records of sessions that have ended, because these records have no effect any
    /// more and would make every list longer until they expire.
    pub(super) async fn keep_to(
        &self,
        most: usize,
        user: UserId,
        begun: SessionId,
        client: Option<ClientHash>,
        epoch: u32,
        now: u64,
    ) -> Result<(), StoreError> {
        let recorded = self.recorded(user, epoch).await?;
        // A list of keys is sorted, so the oldest session comes first. The list might not show the
        // new session yet. The new session is never ended here, even if it seems older because the
        // clock of another location is ahead.
        let others: Vec<SessionId> = recorded
            .active
            .iter()
            .filter(|active| active.app == client && active.id != begun)
            .map(|active| active.id)
            .collect();
        // If the new session has ended already, it does not count towards the limit. Without it,
        // the limit leaves room for one more of the other sessions.
        let ended = recorded.over.contains(&begun);
        let most = most.saturating_add(usize::from(ended));
        for id in surplus(&others, most).iter().take(KV_REMOVALS) {
            let ending = Ending::by_id(user, *id);
            self.end(&ending, EndReason::OverLimit, now).await?;
        }
        for id in recorded.over.into_iter().take(KV_REMOVALS) {
            self.kv.delete(&session_key(user, id)).await?;
        }
        Ok(())
    }
}
