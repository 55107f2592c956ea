//! Sessions in Durable Objects: one object with a SQLite database for each user, of class [`Sessions`].
//!
//! [`DurableSessions`] is the port's side: it asks the user's object. [`object`] is the other: it reads, decides and
//! writes in one turn, without a pause in which another request could come between.

mod call;
mod object;
mod table;

use std::future::Future;

use serde::de::DeserializeOwned;
use worker::{Method, ObjectNamespace, Request, RequestInit};

use crate::domain::account::{User, UserId};
use crate::domain::error::StoreError;
use crate::domain::session::{
    ActiveSession, Client, EndReason, Presented, Revocation, Rules, SessionId, Standing, Verdict,
};
use crate::ports::{NewSession, Renewal, SessionStore};
use call::{Active, Call, Knowledge, Seen, Ticket};

pub use object::Sessions;

/// The session store on Durable Objects.
///
/// **Staleness.** None: all that concerns a user is decided by one object, in one order. An ending, a revoke-all and a
/// changed version count everywhere as soon as they are answered, for renewals and for checks. The price: a check asks
/// the object each time, and the object lives at one place.
///
/// **Limit.** Exact: the session over [`NewSession::most`] ends the oldest in the same step.
///
/// An object that was just moved or updated is asked a second time. Every call may be repeated.
#[derive(Clone, Debug)]
pub struct DurableSessions(ObjectNamespace);

impl DurableSessions {
    /// A store on a namespace of [`Sessions`] objects.
    #[must_use]
    pub fn new(namespace: ObjectNamespace) -> Self {
        Self(namespace)
    }

    async fn ask<T: DeserializeOwned>(&self, user: UserId, call: &Call) -> Result<T, StoreError> {
        let body = serde_json::to_string(call).map_err(|error| failed(&error))?;
        let name = user.to_string();
        let text = match self.send(&name, &body).await {
            Ok(text) => text,
            // A stub that broke stays broken: a new one finds the object where it is now.
            Err(_) => self.send(&name, &body).await?,
        };
        serde_json::from_str(&text).map_err(|error| failed(&error))
    }

    async fn send(&self, name: &str, body: &str) -> Result<String, StoreError> {
        let mut init = RequestInit::new();
        init.with_method(Method::Post).with_body(Some(body.into()));
        let request = Request::new_with_init("https://sessions.invalid/", &init)
            .map_err(|error| failed(&error))?;
        let stub = self.0.get_by_name(name).map_err(|error| failed(&error))?;
        let mut response = stub
            .fetch_with_request(request)
            .await
            .map_err(|error| failed(&error))?;
        let text = response.text().await.map_err(|error| failed(&error))?;
        if response.status_code() == 200 {
            Ok(text)
        } else {
            Err(failed(&text))
        }
    }
}

impl SessionStore for DurableSessions {
    async fn begin(&self, new: &NewSession<'_>, now: u64) -> Result<(), StoreError> {
        let call = Call::Begin {
            session: new.session.to_string(),
            epoch: new.epoch,
            lives_until: new.expires_at.min(now.saturating_add(new.idle_ttl)),
            most: new.most,
            seen: Seen::from(new.client),
            now,
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
            ticket: Ticket::from(presented.ticket),
            by: presented.by.to_array(),
            seen: Seen::from(client),
            rules: *rules,
            standing: user.as_ref().map(Standing::from),
            now: presented.now,
        };
        let verdict: Verdict = self.ask(presented.ticket.user, &call).await?;
        Ok(Renewal { verdict, user })
    }

    async fn end(
        &self,
        user: UserId,
        session: SessionId,
        reason: EndReason,
        _now: u64,
    ) -> Result<(), StoreError> {
        let call = Call::End {
            session: session.to_string(),
            reason: reason.as_str().to_owned(),
        };
        self.ask(user, &call).await
    }

    async fn list(
        &self,
        user: UserId,
        epoch: u32,
        now: u64,
    ) -> Result<Vec<ActiveSession>, StoreError> {
        let sessions: Vec<Active> = self.ask(user, &Call::List { epoch, now }).await?;
        sessions.into_iter().map(ActiveSession::try_from).collect()
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

    async fn revocation(
        &self,
        user: UserId,
        session: SessionId,
        now: u64,
    ) -> Result<Revocation, StoreError> {
        let call = Call::Revocation {
            session: session.to_string(),
            now,
        };
        let Knowledge {
            ended,
            minimum_version,
        } = self.ask(user, &call).await?;
        Ok(Revocation {
            ended,
            minimum_version,
        })
    }
}

fn failed(error: &impl std::fmt::Display) -> StoreError {
    StoreError::new("sessions_object", error.to_string())
}
