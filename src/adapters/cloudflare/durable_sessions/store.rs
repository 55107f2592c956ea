//! The Worker's side of the port: asks the user's object.

use std::future::Future;

use serde::de::DeserializeOwned;
use worker::Env;

use super::OBJECT;
use super::call::{Call, Renewed, Seen};
use crate::adapters::cloudflare::objects::Objects;
use crate::domain::account::{User, UserId};
use crate::domain::error::StoreError;
use crate::domain::session::{
    ActiveSession, Client, EndReason, Presented, Proved, RefreshTicket, Revocation, Rules,
    SessionId, Standing,
};
use crate::ports::{NewSession, Renewal, SessionStore};

/// The session store on Durable Objects.
///
/// **Staleness.** None. One object decides everything about a user, in one order. An ended session, a
/// revoke-all and a changed version apply everywhere as soon as they are answered, to renewals and to
/// checks. The price: each check asks the object, and the object is in one place.
///
/// **Limit.** Exact: the session above [`NewSession::most`] ends the oldest in the same step.
///
/// An object that was just moved or updated is asked a second time, so every call may be repeated.
#[derive(Clone, Debug)]
pub struct DurableSessions(Objects);

impl DurableSessions {
    /// The store in the `Sessions` objects that are bound under this name, if they are.
    #[must_use]
    pub fn bound(env: &Env, name: &str) -> Option<Self> {
        Objects::bound(env, name, OBJECT).map(Self)
    }

    async fn ask<A: DeserializeOwned>(&self, user: UserId, call: &Call) -> Result<A, StoreError> {
        self.0.ask(&user.to_string(), call, &[]).await
    }
}

impl SessionStore for DurableSessions {
    async fn begin(&self, new: &NewSession<'_>, now: u64) -> Result<(), StoreError> {
        let call = Call::Begin {
            session: new.session,
            epoch: new.epoch,
            lives_until: new.expires_at.min(now.saturating_add(new.idle_ttl)),
            most: new.most,
            now,
            seen: Seen::from(new.client),
        };
        self.ask(new.user, &call).await
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
        let user = user.await?;
        let call = Call::Renew {
            presented: *presented,
            rules: *rules,
            standing: user.as_ref().map(Standing::from),
            seen: Seen::from(client),
        };
        let Renewed { verdict, ticket } = self.ask(presented.ticket.user, &call).await?;
        Ok(Renewal {
            verdict,
            ticket,
            user,
        })
    }

    async fn prove(
        &self,
        ticket: &RefreshTicket,
        rules: &Rules,
        now: u64,
    ) -> Result<Proved, StoreError> {
        let call = Call::Prove {
            ticket: *ticket,
            rules: *rules,
            now,
        };
        self.ask(ticket.user, &call).await
    }

    async fn end(
        &self,
        user: UserId,
        session: SessionId,
        reason: EndReason,
        now: u64,
    ) -> Result<(), StoreError> {
        let call = Call::End {
            session,
            reason,
            now,
        };
        self.ask(user, &call).await
    }

    async fn list(
        &self,
        user: UserId,
        epoch: u32,
        now: u64,
    ) -> Result<Vec<ActiveSession>, StoreError> {
        self.ask(user, &Call::List { epoch, now }).await
    }

    async fn outdate(
        &self,
        user: UserId,
        version: u64,
        ttl: u64,
        now: u64,
    ) -> Result<(), StoreError> {
        let call = Call::Outdate {
            version,
            until: now.saturating_add(ttl),
        };
        self.ask(user, &call).await
    }

    fn versions_only_rise(&self) -> bool {
        true
    }

    async fn forget(&self, user: UserId, _most: usize) -> Result<usize, StoreError> {
        // One call deletes all rows.
        self.ask(user, &Call::Forget).await.map(|()| 0)
    }

    async fn revocation(
        &self,
        user: UserId,
        session: SessionId,
        now: u64,
    ) -> Result<Revocation, StoreError> {
        self.ask(user, &Call::Revocation { session, now }).await
    }
}
