//! The session store that `SESSION_STORE` names.

use std::future::Future;

use super::background::WaitUntil;
use super::clock::Timer;
use super::durable_sessions::DurableSessions;
use super::kv_namespace::KvNamespace;
use crate::adapters::kv_sessions::KvSessions;
use crate::adapters::system_random::SystemRandom;
use crate::domain::account::{User, UserId};
use crate::domain::authorization::{ClientHash, CodeId, Exchanged};
use crate::domain::error::StoreError;
use crate::domain::session::{
    ActiveSession, Client, EndReason, Presented, Proved, RefreshTicket, Revocation, Rules,
    SessionId,
};
use crate::ports::{Ending, NewSession, Renewal, SessionStore};

/// Sessions in Workers KV or in Durable Objects. The documentation of each store says how stale its
/// answers can be.
#[derive(Clone, Debug)]
pub enum CloudflareSessions {
    /// Sessions in Workers KV (`SESSION_STORE = "kv"`), and the Durable Objects if they are bound.
    Kv(Kv, Option<DurableSessions>),
    /// Sessions in Durable Objects (`SESSION_STORE = "durable"`), and the KV namespace if it is
    /// bound.
    Durable(DurableSessions, Option<Kv>),
}

/// Sessions in Workers KV.
type Kv = KvSessions<KvNamespace, SystemRandom, Timer, WaitUntil, DurableSessions>;

impl CloudflareSessions {
    /// The same store for another request. Its background jobs run after the response to that
    /// request.
    #[must_use]
    pub fn with_background(&self, background: &WaitUntil) -> Self {
        let again = |kv: &Kv| kv.with_background(background.clone());
        match self {
            Self::Kv(kv, objects) => Self::Kv(again(kv), objects.clone()),
            Self::Durable(objects, kv) => Self::Durable(objects.clone(), kv.as_ref().map(again)),
        }
    }
}

impl SessionStore for CloudflareSessions {
    async fn begin(&self, new: &NewSession<'_>, now: u64) -> Result<(), StoreError> {
        match self {
            Self::Kv(store, _) => store.begin(new, now).await,
            Self::Durable(store, _) => store.begin(new, now).await,
        }
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
        match self {
            Self::Kv(store, _) => store.renew(presented, client, rules, user).await,
            Self::Durable(store, _) => store.renew(presented, client, rules, user).await,
        }
    }

    async fn prove(
        &self,
        ticket: &RefreshTicket,
        rules: &Rules,
        now: u64,
    ) -> Result<Proved, StoreError> {
        match self {
            Self::Kv(store, _) => store.prove(ticket, rules, now).await,
            Self::Durable(store, _) => store.prove(ticket, rules, now).await,
        }
    }

    async fn end(&self, ending: &Ending, reason: EndReason, now: u64) -> Result<(), StoreError> {
        match self {
            Self::Kv(store, _) => store.end(ending, reason, now).await,
            Self::Durable(store, _) => store.end(ending, reason, now).await,
        }
    }

    async fn end_client(
        &self,
        user: UserId,
        client: ClientHash,
        now: u64,
    ) -> Result<(), StoreError> {
        match self {
            Self::Kv(store, _) => store.end_client(user, client, now).await,
            Self::Durable(store, _) => store.end_client(user, client, now).await,
        }
    }

    async fn exchange(
        &self,
        user: UserId,
        code: &CodeId,
        session: SessionId,
        sign_on: Option<SessionId>,
        until: u64,
        now: u64,
    ) -> Result<Exchanged, StoreError> {
        match self {
            Self::Kv(store, _) => {
                store
                    .exchange(user, code, session, sign_on, until, now)
                    .await
            }
            Self::Durable(store, _) => {
                store
                    .exchange(user, code, session, sign_on, until, now)
                    .await
            }
        }
    }

    async fn has_signed_off(&self, user: UserId, sign_on: SessionId) -> Result<bool, StoreError> {
        match self {
            Self::Kv(store, _) => store.has_signed_off(user, sign_on).await,
            Self::Durable(store, _) => store.has_signed_off(user, sign_on).await,
        }
    }

    async fn list(
        &self,
        user: UserId,
        epoch: u32,
        now: u64,
    ) -> Result<Vec<ActiveSession>, StoreError> {
        match self {
            Self::Kv(store, _) => store.list(user, epoch, now).await,
            Self::Durable(store, _) => store.list(user, epoch, now).await,
        }
    }

    async fn outdate(
        &self,
        user: UserId,
        version: u64,
        ttl: u64,
        now: u64,
    ) -> Result<(), StoreError> {
        match self {
            Self::Kv(store, _) => store.outdate(user, version, ttl, now).await,
            Self::Durable(store, _) => store.outdate(user, version, ttl, now).await,
        }
    }

    async fn hold(&self, user: UserId, now: u64) -> Result<Option<u64>, StoreError> {
        match self {
            Self::Kv(store, _) => store.hold(user, now).await,
            Self::Durable(store, _) => store.hold(user, now).await,
        }
    }

    async fn forget_copy(&self, user: UserId) -> Result<(), StoreError> {
        match self {
            Self::Kv(store, _) => store.forget_copy(user).await,
            Self::Durable(store, _) => store.forget_copy(user).await,
        }
    }

    fn keeps_copies(&self) -> bool {
        match self {
            Self::Kv(store, _) => store.keeps_copies(),
            Self::Durable(store, _) => store.keeps_copies(),
        }
    }

    async fn check<F>(
        &self,
        user: UserId,
        session: SessionId,
        sign_on: Option<SessionId>,
        now: u64,
        row: F,
    ) -> Result<Revocation, StoreError>
    where
        F: Future<Output = Result<Option<User>, StoreError>>,
    {
        match self {
            Self::Kv(store, _) => store.check(user, session, sign_on, now, row).await,
            Self::Durable(store, _) => store.check(user, session, sign_on, now, row).await,
        }
    }

    fn versions_only_rise(&self) -> bool {
        match self {
            Self::Kv(store, _) => store.versions_only_rise(),
            Self::Durable(store, _) => store.versions_only_rise(),
        }
    }

    async fn forget(&self, user: UserId, most: usize) -> Result<usize, StoreError> {
        // The other store can contain records from the time before the operator changed
        // `SESSION_STORE`.
        let (kv, durable) = match self {
            Self::Kv(kv, durable) => (Some(kv), durable.as_ref()),
            Self::Durable(durable, kv) => (kv.as_ref(), Some(durable)),
        };
        // If one store fails, the other is still cleared.
        let in_objects = match durable {
            Some(durable) => durable.forget(user, most).await,
            None => Ok(0),
        };
        let in_kv = match kv {
            Some(kv) => kv.forget(user, most).await,
            None => Ok(0),
        };
        in_objects.and(in_kv)
    }

    async fn revocation(
        &self,
        user: UserId,
        session: SessionId,
        sign_on: Option<SessionId>,
        now: u64,
    ) -> Result<Revocation, StoreError> {
        match self {
            Self::Kv(store, _) => store.revocation(user, session, sign_on, now).await,
            Self::Durable(store, _) => store.revocation(user, session, sign_on, now).await,
        }
    }
}
