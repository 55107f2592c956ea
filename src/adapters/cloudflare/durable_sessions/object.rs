//! The object of one user: answers calls, and deletes what has expired when its alarm rings. `entry.mjs` has the class, which
//! calls the functions here with its `ctx`.
#![allow(unreachable_pub, reason = "exported to JavaScript")]

use js_sys::{Date, Promise};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::call::{Call, from_proved, from_verdict, malformed};
use super::table::{Sql, Table};
use crate::adapters::cloudflare::binding::settled;
use crate::domain::error::StoreError;
use crate::domain::policy::ENDED_ROW_TTL;
use crate::domain::session::Verdict;
use js_sys::futures::future_to_promise;

/// As failures name it.
const OBJECT: &str = "sessions_object";

#[wasm_bindgen]
extern "C" {
    /// `DurableObjectState`.
    #[derive(Clone)]
    pub type State;
    #[wasm_bindgen(method, getter)]
    fn storage(this: &State) -> Storage;

    /// `DurableObjectStorage`.
    type Storage;
    #[wasm_bindgen(method, getter)]
    fn sql(this: &Storage) -> Sql;
    #[wasm_bindgen(method, catch, js_name = getAlarm)]
    fn get_alarm(this: &Storage) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch, js_name = setAlarm)]
    fn set_alarm(this: &Storage, milliseconds: f64) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch, js_name = deleteAll)]
    fn delete_all(this: &Storage) -> Result<Promise, JsValue>;
}

/// Makes the tables that are not there.
///
/// # Errors
/// When the storage fails.
#[wasm_bindgen]
pub fn sessions_prepare(state: &State) -> Result<(), JsValue> {
    Ok(table(state).prepare()?)
}

/// Answers a call.
#[wasm_bindgen]
pub fn sessions_answer(state: State, call: String) -> Promise {
    future_to_promise(async move {
        let Answer { body, wakes_at } = answer(&state, &call)?;
        wake_at(&state, wakes_at).await?;
        Ok(body.into())
    })
}

/// Deletes what has expired, and sees to the next alarm.
#[wasm_bindgen]
pub fn sessions_alarm(state: State) -> Promise {
    future_to_promise(async move {
        let table = table(&state);
        table.prepare()?;
        match table.delete_expired(object_now())? {
            Some(next) => wake_at(&state, Some(next)).await?,
            // An object without storage ceases to exist, and costs nothing.
            None => settled(OBJECT, state.storage().delete_all())
                .await
                .map(drop)?,
        }
        Ok(JsValue::UNDEFINED)
    })
}

/// The object's own clock, in seconds since 1970.
fn object_now() -> u64 {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a time in this millennium"
    )]
    let now = (Date::now() / 1000.0) as u64;
    now
}

/// A call's answer, and when something may have expired.
struct Answer {
    body: String,
    wakes_at: Option<u64>,
}

fn table(state: &State) -> Table {
    Table::new(state.storage().sql())
}

/// From reading to writing without an `await`: no other call comes between.
fn answer(state: &State, call: &str) -> Result<Answer, StoreError> {
    let table = table(state);
    let mut wakes_at = None;
    let body = match Call::parse(call).ok_or_else(malformed)? {
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
            wakes_at = Some(ended_until.unwrap_or(lives_until).min(lives_until));
            String::new()
        }
        Call::Renew {
            presented,
            rules,
            standing,
            seen,
        } => {
            let (verdict, proof) = table.renew(&presented, &rules, standing, seen)?;
            if verdict == Verdict::Reused {
                wakes_at = Some(presented.now.saturating_add(ENDED_ROW_TTL));
            }
            from_verdict(verdict, proof)
        }
        Call::Prove { ticket, rules, now } => from_proved(table.prove(&ticket, &rules, now)?),
        Call::End {
            session,
            reason,
            now,
        } => {
            let now = now.unwrap_or_else(object_now);
            table.end(session, &reason, now)?;
            wakes_at = Some(now.saturating_add(ENDED_ROW_TTL));
            String::new()
        }
        Call::List { epoch, now } => table.list(epoch, now)?,
        Call::Outdate { version, until } => {
            table.outdate(version, until)?;
            wakes_at = Some(until);
            String::new()
        }
        Call::Forget => {
            table.forget()?;
            // The alarm rings at once and deletes an object that is empty now.
            wakes_at = Some(1);
            String::new()
        }
        Call::Revocation { session, now } => table.revocation(session, now)?,
    };
    Ok(Answer { body, wakes_at })
}

/// Sees to it that the alarm rings at `seconds` or before.
async fn wake_at(state: &State, seconds: Option<u64>) -> Result<(), StoreError> {
    let Some(seconds) = seconds else {
        return Ok(());
    };
    let storage = state.storage();
    #[allow(clippy::cast_precision_loss, reason = "a time in this millennium")]
    let milliseconds = seconds.saturating_mul(1000) as f64;
    let set = settled(OBJECT, storage.get_alarm()).await?;
    if set.as_f64().is_some_and(|set| set <= milliseconds) {
        return Ok(());
    }
    settled(OBJECT, storage.set_alarm(milliseconds))
        .await
        .map(drop)
}
