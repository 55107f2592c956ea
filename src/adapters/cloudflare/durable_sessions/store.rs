//! The port's side: asks the user's object.

use std::future::Future;
use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use worker::Env;

use super::call::{Call, Seen, malformed, to_active, to_proved, to_verdict};
use super::line::Fields;
use crate::adapters::cloudflare::binding::{bound, settled};
use crate::domain::account::{User, UserId};
use crate::domain::error::StoreError;
use crate::domain::policy::OBJECT_TRIES;
use crate::domain::session::{
    ActiveSession, Client, EndReason, Presented, Proved, RefreshTicket, Revocation, Rules,
    SessionId, Standing,
};
use crate::ports::{NewSession, Renewal, SessionStore};

#[wasm_bindgen]
extern "C" {
    /// `DurableObjectNamespace`.
    #[derive(Debug)]
    type Namespace;
    #[wasm_bindgen(method, catch, js_name = getByName)]
    fn get_by_name(this: &Namespace, name: &str) -> Result<Stub, JsValue>;

    /// `DurableObjectStub` of an object of class `Sessions`.
    type Stub;
    #[wasm_bindgen(method, catch)]
    fn ask(this: &Stub, call: &str) -> Result<Promise, JsValue>;
}

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
pub struct DurableSessions(Rc<Namespace>);

impl DurableSessions {
    /// A store on the namespace of `Sessions` objects that is bound under this name; `None` when nothing is.
    #[must_use]
    pub fn bound(env: &Env, name: &str) -> Option<Self> {
        bound(env, name).map(|namespace| Self(Rc::new(namespace)))
    }

    async fn ask(&self, user: UserId, call: &Call) -> Result<String, StoreError> {
        let call = call.to_text();
        let name = user.to_string();
        let mut tries = OBJECT_TRIES;
        loop {
            tries = tries.saturating_sub(1);
            // A stub that broke stays broken: a new one finds the object where it is now.
            let answer = self.0.get_by_name(&name).and_then(|stub| stub.ask(&call));
            match settled("sessions_object", answer).await {
                Ok(answer) => return answer.as_string().ok_or_else(malformed),
                Err(error) if tries == 0 => return Err(error),
                Err(_) => {}
            }
        }
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
        self.ask(new.user, &call).await.map(drop)
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
        let answer = self.ask(presented.ticket.user, &call).await?;
        let (verdict, proof) = to_verdict(&answer).ok_or_else(malformed)?;
        Ok(Renewal {
            verdict,
            proof,
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
        let answer = self.ask(ticket.user, &call).await?;
        to_proved(&answer).ok_or_else(malformed)
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
            reason: reason.as_str().to_owned(),
            now: Some(now),
        };
        self.ask(user, &call).await.map(drop)
    }

    async fn list(
        &self,
        user: UserId,
        epoch: u32,
        now: u64,
    ) -> Result<Vec<ActiveSession>, StoreError> {
        let sessions = self.ask(user, &Call::List { epoch, now }).await?;
        let mut active = Vec::new();
        for line in sessions.lines() {
            active.push(to_active(line).ok_or_else(malformed)?);
        }
        Ok(active)
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
        self.ask(user, &call).await.map(drop)
    }

    fn versions_only_rise(&self) -> bool {
        true
    }

    async fn forget(&self, user: UserId, _most: usize) -> Result<usize, StoreError> {
        // One call deletes all rows.
        self.ask(user, &Call::Forget).await.map(|_| 0)
    }

    async fn revocation(
        &self,
        user: UserId,
        session: SessionId,
        now: u64,
    ) -> Result<Revocation, StoreError> {
        let known = self.ask(user, &Call::Revocation { session, now }).await?;
        let mut known = Fields(&known);
        match (known.flag(), known.optional()) {
            (Some(ended), Some(minimum_version)) => Ok(Revocation {
                ended,
                minimum_version,
            }),
            _ => Err(malformed()),
        }
    }
}
