//! The session store that `SESSION_STORE` names.

use std::future::Future;

use super::background::WaitUntil;
use super::clock::Timer;
use super::durable_sessions::DurableSessions;
use super::kv_namespace::KvNamespace;
use super::kv_sessions::KvSessions;
use crate::adapters::system_random::SystemRandom;
use crate::domain::account::{User, UserId};
use crate::domain::error::StoreError;
use crate::domain::session::{
    ActiveSession, Client, EndReason, Presented, Revocation, Rules, SessionId,
};
use crate::ports::{NewSession, Renewal, SessionStore};

/// Sessions in Workers KV or in Durable Objects. How stale an answer may be is said at each.
#[derive(Debug)]
pub enum CloudflareSessions {
    /// `SESSION_STORE = "kv"`.
    Kv(KvSessions<KvNamespace, SystemRandom, Timer, WaitUntil>),
    /// `SESSION_STORE = "durable"`.
    Durable(DurableSessions),
}

impl SessionStore for CloudflareSessions {
    async fn begin(&self, new: &NewSession<'_>, now: u64) -> Result<(), StoreError> {
        match self {
            Self::Kv(store) => store.begin(new, now).await,
            Self::Durable(store) => store.begin(new, now).await,
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
            Self::Kv(store) => store.renew(presented, client, rules, user).await,
            Self::Durable(store) => store.renew(presented, client, rules, user).await,
        }
    }

    async fn end(
        &self,
        user: UserId,
        session: SessionId,
        reason: EndReason,
        now: u64,
    ) -> Result<(), StoreError> {
        match self {
            Self::Kv(store) => store.end(user, session, reason, now).await,
            Self::Durable(store) => store.end(user, session, reason, now).await,
        }
    }

    async fn list(
        &self,
        user: UserId,
        epoch: u32,
        now: u64,
    ) -> Result<Vec<ActiveSession>, StoreError> {
        match self {
            Self::Kv(store) => store.list(user, epoch, now).await,
            Self::Durable(store) => store.list(user, epoch, now).await,
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
            Self::Kv(store) => store.outdate(user, version, ttl, now).await,
            Self::Durable(store) => store.outdate(user, version, ttl, now).await,
        }
    }

    fn versions_only_rise(&self) -> bool {
        match self {
            Self::Kv(store) => store.versions_only_rise(),
            Self::Durable(store) => store.versions_only_rise(),
        }
    }

    async fn revocation(
        &self,
        user: UserId,
        session: SessionId,
        now: u64,
    ) -> Result<Revocation, StoreError> {
        match self {
            Self::Kv(store) => store.revocation(user, session, now).await,
            Self::Durable(store) => store.revocation(user, session, now).await,
        }
    }
}
