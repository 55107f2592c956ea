//! A session store that retries each failed call. Every caller of the port may do so.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;

use edgegate::adapters::kv_sessions::Sleep;
use edgegate::adapters::memory::VirtualTime;
use edgegate::domain::account::{User, UserId};
use edgegate::domain::authorization::{ClientHash, CodeId, Exchanged};
use edgegate::domain::error::StoreError;
use edgegate::domain::policy::RETRY_AFTER;
use edgegate::domain::session::{
    ActiveSession, Client, EndReason, Presented, Proved, RefreshTicket, Revocation, Rules,
    SessionId,
};
use edgegate::ports::{Ending, NewSession, Renewal, SessionStore};

/// Repeats each failed call after the time in `Retry-After`, up to 30 times.
#[derive(Debug)]
pub(crate) struct Retrying<S> {
    pub(crate) store: S,
    pub(crate) time: VirtualTime,
    /// How many times a failed call was repeated.
    pub(crate) repeats: Cell<u32>,
}

macro_rules! repeat {
    ($self:ident, $call:expr) => {{
        let mut left = 30;
        loop {
            match $call.await {
                Err(_) if left > 0 => {
                    left -= 1;
                    $self.pause().await;
                }
                answer => break answer,
            }
        }
    }};
}

impl<S> Retrying<S> {
    pub(crate) fn new(store: S, time: &VirtualTime) -> Self {
        let time = time.clone();
        let repeats = Cell::new(0);
        Self {
            store,
            time,
            repeats,
        }
    }

    async fn pause(&self) {
        self.repeats.set(self.repeats.get() + 1);
        self.time.sleep(u64::from(RETRY_AFTER) * 1000).await;
    }
}

impl<S: SessionStore> SessionStore for Retrying<S> {
    async fn begin(&self, new: &NewSession<'_>, now: u64) -> Result<(), StoreError> {
        repeat!(self, self.store.begin(new, now))
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
        let mut user = pin!(user);
        let mut known = None;
        let mut left = 30;
        loop {
            let once = async {
                if known.is_none() {
                    known = Some(user.as_mut().await);
                }
                known.clone().unwrap()
            };
            let renewal = self.store.renew(presented, client, rules, once).await;
            match (renewal, &known) {
                // The test case itself made the reading of the user's row fail. It expects the
                // error, so the call is not repeated.
                (Err(error), Some(Err(_))) => return Err(error),
                (Err(_), _) if left > 0 => {
                    left -= 1;
                    self.pause().await;
                }
                (renewal, _) => return renewal,
            }
        }
    }

    async fn prove(
        &self,
        ticket: &RefreshTicket,
        rules: &Rules,
        now: u64,
    ) -> Result<Proved, StoreError> {
        repeat!(self, self.store.prove(ticket, rules, now))
    }

    async fn end(&self, ending: &Ending, reason: EndReason, now: u64) -> Result<(), StoreError> {
        repeat!(self, self.store.end(ending, reason, now))
    }

    async fn end_client(
        &self,
        user: UserId,
        client: ClientHash,
        now: u64,
    ) -> Result<(), StoreError> {
        repeat!(self, self.store.end_client(user, client, now))
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
        repeat!(
            self,
            self.store
                .exchange(user, code, session, sign_on, until, now)
        )
    }

    async fn has_signed_off(&self, user: UserId, sign_on: SessionId) -> Result<bool, StoreError> {
        repeat!(self, self.store.has_signed_off(user, sign_on))
    }

    async fn list(
        &self,
        user: UserId,
        epoch: u32,
        now: u64,
    ) -> Result<Vec<ActiveSession>, StoreError> {
        repeat!(self, self.store.list(user, epoch, now))
    }

    async fn outdate(
        &self,
        user: UserId,
        version: u64,
        ttl: u64,
        now: u64,
    ) -> Result<(), StoreError> {
        repeat!(self, self.store.outdate(user, version, ttl, now))
    }

    async fn hold(&self, user: UserId, now: u64) -> Result<Option<u64>, StoreError> {
        repeat!(self, self.store.hold(user, now))
    }

    async fn forget_copy(&self, user: UserId) -> Result<(), StoreError> {
        repeat!(self, self.store.forget_copy(user))
    }

    fn keeps_copies(&self) -> bool {
        self.store.keeps_copies()
    }

    fn versions_only_rise(&self) -> bool {
        self.store.versions_only_rise()
    }

    async fn forget(&self, user: UserId, most: usize) -> Result<usize, StoreError> {
        repeat!(self, self.store.forget(user, most))
    }

    async fn revocation(
        &self,
        user: UserId,
        session: SessionId,
        sign_on: Option<SessionId>,
        now: u64,
    ) -> Result<Revocation, StoreError> {
        repeat!(self, self.store.revocation(user, session, sign_on, now))
    }
}
