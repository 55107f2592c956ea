//! Sessions in memory: linearizable.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;

use crate::domain::account::{User, UserId};
use crate::domain::error::StoreError;
use crate::domain::session::{
    Client, Consistency, EndReason, Presented, Record, Revocation, Rules, SessionId, Standing,
    Stored, Verdict, rotate,
};
use crate::ports::{Renewal, SessionStore};

/// Sessions in memory, lost with the process. A read sees every write before it.
#[derive(Debug, Default)]
pub struct MemorySessions {
    sessions: RefCell<BTreeMap<(UserId, SessionId), (Record, bool)>>,
    versions: RefCell<BTreeMap<UserId, u64>>,
}

impl SessionStore for MemorySessions {
    async fn begin(
        &self,
        user: UserId,
        session: SessionId,
        _client: &Client,
        _ttl: u64,
    ) -> Result<(), StoreError> {
        self.sessions
            .borrow_mut()
            .insert((user, session), (Record::default(), false));
        Ok(())
    }

    async fn renew<F>(
        &self,
        presented: &Presented,
        _client: &Client,
        rules: &Rules,
        user: F,
    ) -> Result<Renewal, StoreError>
    where
        F: Future<Output = Result<Option<User>, StoreError>>,
    {
        let user = user.await?;
        let mut sessions = self.sessions.borrow_mut();
        let key = (presented.ticket.user, presented.ticket.session);
        let stored = sessions
            .get(&key)
            .map_or_else(Stored::default, |(record, ended)| Stored {
                record: Some(*record),
                ended: *ended,
            });
        let verdict = rotate(
            &stored,
            user.as_ref().map(Standing::from),
            presented,
            rules,
            Consistency::Linearizable,
        );
        match verdict {
            Verdict::Fresh(record) => {
                sessions.insert(key, (record, false));
            }
            Verdict::Reused => {
                sessions.insert(key, (stored.record.unwrap_or_default(), true));
            }
            _ => {}
        }
        Ok(Renewal { verdict, user })
    }

    async fn end(
        &self,
        user: UserId,
        session: SessionId,
        _reason: EndReason,
    ) -> Result<(), StoreError> {
        self.sessions
            .borrow_mut()
            .entry((user, session))
            .or_default()
            .1 = true;
        Ok(())
    }

    async fn outdate(&self, user: UserId, version: u64, _ttl: u64) -> Result<(), StoreError> {
        let mut versions = self.versions.borrow_mut();
        let known = versions.entry(user).or_default();
        *known = version.max(*known);
        Ok(())
    }

    async fn revocation(
        &self,
        user: UserId,
        session: SessionId,
        _now: u64,
    ) -> Result<Revocation, StoreError> {
        Ok(Revocation {
            ended: self
                .sessions
                .borrow()
                .get(&(user, session))
                .is_none_or(|(_, ended)| *ended),
            minimum_version: self.versions.borrow().get(&user).copied(),
        })
    }
}
