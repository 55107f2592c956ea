//! The object of one account: counts its failures, and forgets them when its alarm rings. `entry.mjs` has the class, which hands
//! on its `ctx` and keeps the line of tries that wait.
#![allow(unreachable_pub, reason = "exported to JavaScript")]

use js_sys::{Date, Promise};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::call::{Call, from_checked, from_delay, from_hashed, malformed};
use crate::adapters::cloudflare::binding::{failed, settled};
use crate::domain::account::{FailedTries, TriedBy};
use crate::domain::error::StoreError;
use crate::domain::policy::{TRIES_WAITING, TRIES_WAITING_RETRY_AFTER};
use crate::ports::PasswordHasher;
use js_sys::futures::future_to_promise;

/// As failures name it.
const OBJECT: &str = "account_object";
/// The one key of its storage.
const FAILED: &str = "failed";

#[wasm_bindgen]
extern "C" {
    /// `DurableObjectState`.
    #[derive(Clone)]
    pub type AccountState;
    #[wasm_bindgen(method, getter)]
    fn storage(this: &AccountState) -> Storage;

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

/// Where a call that has just come waits for its turn, while others wait there: 0 for strangers and for what hashes a chosen
/// password, 1 for the known, 2, which has no limit, where nothing is counted. Or its answer: that it has to come back later.
///
/// # Errors
/// When the storage fails, or what came is no call.
#[wasm_bindgen]
pub fn account_arrives(
    state: &AccountState,
    call: &str,
    strangers: u32,
    known: u32,
) -> Result<JsValue, JsValue> {
    let (line, waiting) = match Call::parse(call).ok_or_else(malformed)? {
        Call::Hash { .. } => (0, strangers),
        Call::Check(tried) => {
            if let Some(by) = tried.by
                && let Err(wait) = read(state)?.admit(by, tried.now)
            {
                return Ok(from_delay(wait).into());
            }
            match tried.by {
                None => (2, 0),
                Some(TriedBy::Stranger) => (0, strangers),
                Some(TriedBy::Known(_)) => (1, known),
            }
        }
    };
    Ok(if waiting < TRIES_WAITING {
        line.into()
    } else {
        from_delay(TRIES_WAITING_RETRY_AFTER).into()
    })
}

/// Answers a call whose turn has come. From reading to writing without a pause: hashing has none. So each try is decided after
/// the failures of those before it, and what fails is written before it is answered.
pub fn answer<H: PasswordHasher>(
    state: AccountState,
    call: String,
    hasher: impl AsRef<H> + 'static,
) -> Promise {
    future_to_promise(async move {
        let call = Call::parse(&call).ok_or_else(malformed)?;
        let hasher = hasher.as_ref();
        let tried = match call {
            Call::Hash { password, salt } => {
                return Ok(from_hashed(hasher.hash(&password, &salt).await).into());
            }
            Call::Check(tried) => tried,
        };
        let attempt = tried.attempt();
        let Some(by) = attempt.by else {
            return Ok(from_checked(attempt.compare(hasher).await).into());
        };
        let mut tries = read(&state)?;
        let admitted = match tries.admit(by, tried.now) {
            Ok(admitted) => admitted,
            Err(wait) => return Ok(from_delay(wait).into()),
        };
        let checked = attempt.compare(hasher).await;
        if attempt.has_failed(checked) {
            tries.fail(admitted, tried.now);
            state.storage().kv().put(FAILED, &tries.to_text())?;
            wake_at(&state, tries.lapses_at()).await?;
        }
        Ok(from_checked(checked).into())
    })
}

/// Forgets the failures when all have lapsed.
#[wasm_bindgen]
pub fn account_alarm(state: AccountState) -> Promise {
    future_to_promise(async move {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a time in this millennium"
        )]
        let now = Date::now() as u64;
        // What can't be read is of no use to anyone.
        let lapses_at = read(&state).map_or(0, |tries| tries.lapses_at());
        if now < lapses_at {
            wake_at(&state, lapses_at).await?;
        } else {
            // An object without storage ceases to exist, and costs nothing.
            settled(OBJECT, state.storage().delete_all()).await?;
        }
        Ok(JsValue::UNDEFINED)
    })
}

fn read(state: &AccountState) -> Result<FailedTries, StoreError> {
    let stored = state.storage().kv().get(FAILED);
    let stored = stored.map_err(|error| failed(OBJECT, &error))?;
    if stored.is_undefined() {
        return Ok(FailedTries::default());
    }
    stored
        .as_string()
        .and_then(|text| FailedTries::parse(&text))
        .ok_or_else(malformed)
}

async fn wake_at(state: &AccountState, milliseconds: u64) -> Result<(), StoreError> {
    #[allow(clippy::cast_precision_loss, reason = "a time in this millennium")]
    let alarm = state.storage().set_alarm(milliseconds as f64);
    settled(OBJECT, alarm).await.map(drop)
}
