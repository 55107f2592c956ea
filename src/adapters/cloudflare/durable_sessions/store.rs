//! The port `SessionStore` in the Worker: asks the user's Durable Object.

use std::future::Future;

use serde::de::DeserializeOwned;
use worker::Env;

use super::OBJECT;
use super::call::{ByCopy, Call, Renewed, RenewedByCopy, Seen};
use crate::adapters::cloudflare::objects::{Objects, is_unknown_call};
use crate::domain::account::{User, UserId};
use crate::domain::authorization::{ClientHash, CodeId, Exchanged};
use crate::domain::error::StoreError;
use crate::domain::policy::FORGET_COPY_TIMEOUT_MS;
use crate::domain::session::{
    ActiveSession, Client, EndReason, Presented, Proved, RefreshTicket, Revocation, Rules,
    SessionId, Standing, UserCopy,
};
use crate::ports::{Ending, NewSession, Renewal, SessionStore};

/// The session store on Durable Objects.
///
/// **Copies.** The object has a copy of the user's D1 row, and uses it to answer renewals and
/// checks without D1. Before the service changes the row, it puts the object on hold. So the object
/// never uses a copy that is older than the last such change. After a change by hand, the object
/// might use its copy until the cron job makes the object discard the copy.
/// `docs/decisions/0019-a-renewal-without-the-database.md` has the protocol.
///
/// **Staleness.** None. One object decides everything about a user, one call after another. As soon
/// as the call that ends a session, revokes all sessions or changes the version is answered, the
/// change applies everywhere to renewals and to checks (requests that ask whether an access token
/// is valid). The price is that each check asks the object, which runs in only one location.
///
/// **Limit.** The limit is exact: a new session above [`NewSession::most`] ends the oldest session
/// in the same step.
///
/// If an object fails because it was just moved or updated, it is asked a second time, so the
/// object might get any call twice. During a deploy an object might still run an earlier version of
/// the service, which had no copies. During that time renewals and checks read the row in D1, and
/// requests that change the row are answered with 503.
#[derive(Clone, Debug)]
pub struct DurableSessions {
    objects: Objects,
    /// `COPIES_SINCE`.
    since: u64,
}

impl DurableSessions {
    /// The store that uses the `Sessions` objects that are bound as `name`. `None` if nothing is
    /// bound.
    #[must_use]
    pub fn bound(env: &Env, name: &str) -> Option<Self> {
        let objects = Objects::bound(env, name, OBJECT)?;
        Some(Self { objects, since: 0 })
    }

    /// The same store, but it uses no copy from before `since`, in seconds since 1970.
    #[must_use]
    pub fn with_copies_since(self, since: u64) -> Self {
        Self { since, ..self }
    }

    async fn ask<A: DeserializeOwned>(&self, user: UserId, call: &Call) -> Result<A, StoreError> {
        self.objects.ask(&user.to_string(), call, &[]).await
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
            version: Some(new.version),
            holder: new.holder,
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
        let (id, since, seen) = (presented.ticket.user, self.since, Seen::from(client));
        let call = Call::RenewByCopy {
            presented: *presented,
            rules: *rules,
            seen: seen.clone(),
            since,
        };
        let need = match self.ask(id, &call).await {
            Ok(ByCopy::Answer(RenewedByCopy { renewed, row })) => return Ok(renewed.with(row)),
            Ok(ByCopy::Need(need)) => Some(need),
            Err(error) if is_unknown_call(&error) => None,
            Err(error) => return Err(error),
        };
        let row = user.await?.as_ref().map(UserCopy::from);
        let call = match need {
            Some(need) => Call::RenewByRow {
                presented: *presented,
                rules: *rules,
                seen,
                since,
                row: row.clone(),
                need,
            },
            None => Call::Renew {
                presented: *presented,
                rules: *rules,
                standing: row.as_ref().map(Standing::from),
                seen,
            },
        };
        let renewed: Renewed = self.ask(id, &call).await?;
        Ok(renewed.with(row))
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

    /// The object knows who holds the session until it deletes the session's row. After that,
    /// only `holder` says who held the session.
    async fn end(&self, ending: &Ending, reason: EndReason, now: u64) -> Result<(), StoreError> {
        let call = Call::End {
            session: ending.session,
            reason,
            now,
            holder: ending.holder,
        };
        self.ask(ending.user, &call).await
    }

    async fn end_client(
        &self,
        user: UserId,
        client: ClientHash,
        now: u64,
    ) -> Result<(), StoreError> {
        self.ask(user, &Call::EndClient { client, now }).await
    }

    async fn exchange(
        &self,
        user: UserId,
        code: &CodeId,
        session: SessionId,
        sign_on: Option<SessionId>,
        until: u64,
        _now: u64,
    ) -> Result<Exchanged, StoreError> {
        let call = Call::Exchange {
            code: *code,
            session,
            sign_on,
            until,
        };
        self.ask(user, &call).await
    }

    async fn has_signed_off(&self, user: UserId, sign_on: SessionId) -> Result<bool, StoreError> {
        self.ask(user, &Call::HasSignedOff { sign_on }).await
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

    async fn hold(&self, user: UserId, _now: u64) -> Result<Option<u64>, StoreError> {
        self.ask(user, &Call::Hold).await.map(Some)
    }

    async fn forget_copy(&self, user: UserId) -> Result<(), StoreError> {
        // The cron job calls the objects of many users. An object that does not answer must not
        // keep the others waiting.
        self.objects
            .ask_within(
                FORGET_COPY_TIMEOUT_MS,
                &user.to_string(),
                &Call::ForgetCopy,
                &[],
            )
            .await
    }

    fn keeps_copies(&self) -> bool {
        true
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
        let since = self.since;
        let call = Call::CheckByCopy { session, since };
        let need = match self.ask(user, &call).await {
            Ok(ByCopy::Answer(revocation)) => return Ok(revocation),
            Ok(ByCopy::Need(need)) => need,
            Err(error) if is_unknown_call(&error) => {
                return self.revocation(user, session, sign_on, now).await;
            }
            Err(error) => return Err(error),
        };
        let row = row.await?.as_ref().map(UserCopy::from);
        let call = Call::CheckByRow {
            session,
            since,
            row,
            need,
        };
        self.ask(user, &call).await
    }

    fn versions_only_rise(&self) -> bool {
        true
    }

    async fn forget(&self, user: UserId, _most: usize) -> Result<usize, StoreError> {
        // One call deletes all rows, so there is no number of deletions to return.
        self.ask(user, &Call::Forget).await.map(|()| 0)
    }

    /// When a single sign-on ends, the object also ends the apps' sessions that belong to it, so
    /// the sign-on need not be checked here.
    async fn revocation(
        &self,
        user: UserId,
        session: SessionId,
        _sign_on: Option<SessionId>,
        now: u64,
    ) -> Result<Revocation, StoreError> {
        self.ask(user, &Call::Revocation { session, now }).await
    }
}

impl Renewed {
    fn with(self, user: Option<UserCopy>) -> Renewal {
        Renewal {
            verdict: self.verdict,
            ticket: self.ticket,
            user,
        }
    }
}
