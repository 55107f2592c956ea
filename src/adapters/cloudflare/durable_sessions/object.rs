//! The object of one user: answers calls, and deletes what has expired when its alarm rings.
#![allow(unreachable_pub, reason = "exported to JavaScript")]

use js_sys::Promise;
use js_sys::futures::future_to_promise;
use serde::Serialize;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use zeroize::Zeroizing;

use super::OBJECT;
use super::call::{Call, Renewed};
use super::table::Table;
use crate::adapters::cloudflare::object_state::{ObjectState, now_ms};
use crate::adapters::cloudflare::objects::{decode, encode};

use crate::domain::error::StoreError;
use crate::domain::policy::ENDED_ROW_TTL;
use crate::domain::session::Effect;

/// Makes the tables that do not exist yet.
///
/// # Errors
/// When the storage fails.
#[wasm_bindgen]
pub fn sessions_prepare(state: &ObjectState) -> Result<(), JsValue> {
    Ok(Table::new(state.database()).prepare()?)
}

/// Answers a call.
#[wasm_bindgen]
pub fn sessions_answer(state: ObjectState, call: String) -> Promise {
    future_to_promise(async move {
        let Answer { body, wakes_at } = answer(&Table::new(state.database()), &call)?;
        if let Some(seconds) = wakes_at {
            state.wake_by(OBJECT, seconds.saturating_mul(1000)).await?;
        }
        Ok(body.as_str().into())
    })
}

/// Deletes what has expired, and sets the next alarm.
#[wasm_bindgen]
pub fn sessions_alarm(state: ObjectState) -> Promise {
    future_to_promise(async move {
        let table = Table::new(state.database());
        table.prepare()?;
        match table.delete_expired(now_ms() / 1000)? {
            Some(next) => state.wake_by(OBJECT, next.saturating_mul(1000)).await?,
            None => state.delete_everything(OBJECT).await?,
        }
        Ok(JsValue::UNDEFINED)
    })
}

/// The answer to a call.
struct Answer {
    body: Zeroizing<String>,
    /// When something may have expired, in seconds since 1970. `None` when the alarm stays as it is.
    wakes_at: Option<u64>,
}

impl Answer {
    fn new(body: &impl Serialize) -> Self {
        Self {
            body: encode(body),
            wakes_at: None,
        }
    }

    fn waking_at(self, seconds: u64) -> Self {
        Self {
            wakes_at: Some(seconds),
            ..self
        }
    }
}

/// Reads, decides and writes without an `await`, so that no other call runs in between.
fn answer(table: &Table, call: &str) -> Result<Answer, StoreError> {
    Ok(match decode(OBJECT, call)? {
        Call::Begin {
            session,
            epoch,
            lives_until,
            most,
            now,
            seen,
        } => {
            table.begin(session, epoch, lives_until, seen, now)?;
            let sooner = match most {
                Some(most) => table.keep_to(most, session, epoch, now)?,
                None => false,
            };
            let ended_until = sooner.then(|| now.saturating_add(ENDED_ROW_TTL));
            Answer::new(&()).waking_at(ended_until.unwrap_or(lives_until).min(lives_until))
        }
        Call::Renew {
            presented,
            rules,
            standing,
            seen,
        } => {
            let decision = table.renew(&presented, &rules, standing, seen)?;
            let answer = Answer::new(&Renewed {
                verdict: decision.verdict,
                ticket: decision.ticket,
            });
            match decision.effect {
                Effect::End(_) => answer.waking_at(presented.now.saturating_add(ENDED_ROW_TTL)),
                // The alarm keeps the time that the old row needed. When it rings, it is set for
                // the new row.
                Effect::Record { .. } | Effect::Nothing => answer,
            }
        }
        Call::Prove { ticket, rules, now } => Answer::new(&table.prove(&ticket, &rules, now)?),
        Call::End {
            session,
            reason,
            now,
        } => {
            table.end(session, reason, now)?;
            Answer::new(&()).waking_at(now.saturating_add(ENDED_ROW_TTL))
        }
        Call::List { epoch, now } => Answer::new(&table.list(epoch, now)?),
        Call::Outdate { version, until } => {
            table.outdate(version, until)?;
            Answer::new(&()).waking_at(until)
        }
        Call::Forget => {
            table.forget()?;
            // The alarm rings at once, and deletes an object that is empty now.
            Answer::new(&()).waking_at(1)
        }
        Call::Revocation { session, now } => Answer::new(&table.revocation(session, now)?),
    })
}
