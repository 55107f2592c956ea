//! The Durable Object of one network or one user. It stores a [`Tally`] (the counts), and deletes
//! it when the alarm rings.
#![allow(unreachable_pub, reason = "exported to JavaScript")]

use js_sys::Promise;
use js_sys::futures::future_to_promise;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::OBJECT;
use crate::adapters::cloudflare::object_state::{self, Lapsing, ObjectState};
use crate::adapters::cloudflare::objects::{decode, encode};

use crate::domain::mail::{Counted, Tally};

impl Lapsing for Tally {
    const OBJECT: &'static str = OBJECT;
    const KEY: &'static str = "tally";

    fn encode(&self) -> String {
        Self::encode(self)
    }

    fn decode(text: &str) -> Option<Self> {
        Self::decode(text)
    }

    fn lapses_at_ms(&self) -> u64 {
        self.lapses_at().saturating_mul(1000)
    }
}

/// Counts what the call says, and answers whether the request may continue.
#[wasm_bindgen]
pub fn mail_gate_answer(state: ObjectState, call: String) -> Promise {
    future_to_promise(async move {
        let (counted, now): (Counted, u64) = decode(OBJECT, &call)?;
        let stored: Option<Tally> = object_state::read(&state)?;
        let is_new = stored.is_none();
        let before = stored.unwrap_or_default();
        let mut tally = before.clone();
        let verdict = tally.count(counted, now);
        if tally != before {
            object_state::write(&state, &tally)?;
            // The alarm is set only for a new tally, which saves a write for each later request. If
            // the tally has not expired when the alarm rings, the alarm is set again.
            if is_new {
                state.wake_at(OBJECT, tally.lapses_at_ms()).await?;
            }
        }
        Ok(encode(&verdict).as_str().into())
    })
}

/// Deletes the tally when all its counts have expired.
#[wasm_bindgen]
pub fn mail_gate_alarm(state: ObjectState) -> Promise {
    future_to_promise(async move {
        object_state::forget_lapsed::<Tally>(&state).await?;
        Ok(JsValue::UNDEFINED)
    })
}
