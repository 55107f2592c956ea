//! The object of one network or one user: keeps its [`Tally`], and forgets it when its alarm rings.
//! `entry.mjs` has the class, which hands on its `ctx`.
//!
//! During a deployment a Worker of one version may ask an object of another: what is counted under a
//! name never changes its meaning.
#![allow(unreachable_pub, reason = "exported to JavaScript")]

use js_sys::{Date, Promise};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::adapters::cloudflare::binding::{failed, settled};
use crate::adapters::cloudflare::promise::promise;
use crate::domain::error::StoreError;
use crate::domain::mail::{Counted, Tally};

/// As failures name it.
const OBJECT: &str = "mail_gate_object";
/// The one key of its storage.
const TALLY: &str = "tally";

#[wasm_bindgen]
extern "C" {
    /// `DurableObjectState`.
    #[derive(Clone)]
    pub type MailGateState;
    #[wasm_bindgen(method, getter)]
    fn storage(this: &MailGateState) -> Storage;

    /// `DurableObjectStorage`.
    type Storage;
    #[wasm_bindgen(method, getter)]
    fn kv(this: &Storage) -> SyncKv;
    #[wasm_bindgen(method, catch, js_name = setAlarm)]
    fn set_alarm(this: &Storage, milliseconds: f64) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch, js_name = deleteAll)]
    fn delete_all(this: &Storage) -> Result<Promise, JsValue>;

    /// `SyncKvStorage`. Reading makes nothing.
    type SyncKv;
    #[wasm_bindgen(method, catch)]
    fn get(this: &SyncKv, key: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn put(this: &SyncKv, key: &str, value: &str) -> Result<(), JsValue>;
}

/// Counts what a call says, and answers whether it may go on.
#[wasm_bindgen]
pub fn mail_gate_answer(state: MailGateState, call: String) -> Promise {
    promise(async move {
        let (counted, now) = parse(&call).ok_or_else(malformed)?;
        let stored = read(&state)?;
        let is_new = stored.is_none();
        let before = stored.unwrap_or_default();
        let mut tally = before.clone();
        let verdict = tally.count(counted, now);
        if tally != before {
            state.storage().kv().put(TALLY, &tally.encode())?;
            // The alarm is moved when it rings: one write less for each request.
            if is_new {
                wake_at(&state, tally.lapses_at()).await?;
            }
        }
        Ok(verdict.encode().into())
    })
}

/// Forgets the tally when all of it has lapsed.
#[wasm_bindgen]
pub fn mail_gate_alarm(state: MailGateState) -> Promise {
    promise(async move {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a time in this millennium"
        )]
        let now = Date::now() as u64 / 1000;
        // A text that can't be read is of no use to anyone.
        let tally = read(&state).ok().flatten();
        let lapses_at = tally.map_or(0, |tally| tally.lapses_at());
        if now < lapses_at {
            wake_at(&state, lapses_at).await?;
        } else {
            // An object without storage ceases to exist, and costs nothing.
            settled(OBJECT, state.storage().delete_all()).await?;
        }
        Ok(JsValue::UNDEFINED)
    })
}

fn parse(call: &str) -> Option<(Counted, u64)> {
    let (now, counted) = call.split_once(' ')?;
    Some((Counted::decode(counted)?, now.parse().ok()?))
}

fn read(state: &MailGateState) -> Result<Option<Tally>, StoreError> {
    let stored = state.storage().kv().get(TALLY);
    let stored = stored.map_err(|error| failed(OBJECT, &error))?;
    if stored.is_undefined() {
        return Ok(None);
    }
    let tally = stored.as_string().and_then(|text| Tally::decode(&text));
    tally.map(Some).ok_or_else(malformed)
}

async fn wake_at(state: &MailGateState, seconds: u64) -> Result<(), StoreError> {
    #[allow(clippy::cast_precision_loss, reason = "a time in this millennium")]
    let alarm = state
        .storage()
        .set_alarm(seconds.saturating_mul(1000) as f64);
    settled(OBJECT, alarm).await.map(drop)
}

fn malformed() -> StoreError {
    StoreError::new(OBJECT, "a call or a tally that can't be read")
}
