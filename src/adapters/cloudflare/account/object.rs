//! The Durable Object of one account. It counts failed attempts, and deletes the count when its
//! alarm rings. The object's class in `entry.mjs` makes calls wait for each other.
#![allow(unreachable_pub, reason = "exported to JavaScript")]

use js_sys::Promise;
use js_sys::futures::future_to_promise;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::OBJECT;
use super::call::{self, Arrival, Call};
use crate::adapters::cloudflare::object_state::{self, Lapsing, ObjectState};
use crate::adapters::cloudflare::objects::{decode, encode, malformed};

use crate::domain::account::{Attempt, Comparison, FailedTries, TriedBy};
use crate::domain::error::StoreError;
use crate::domain::policy::{TRIES_WAITING, TRIES_WAITING_RETRY_AFTER};
use crate::ports::{Guarded, PasswordHasher};

impl Lapsing for FailedTries {
    const OBJECT: &'static str = OBJECT;
    const KEY: &'static str = "failed";

    fn encode(&self) -> String {
        self.to_text()
    }

    fn decode(text: &str) -> Option<Self> {
        Self::parse(text)
    }

    fn lapses_at_ms(&self) -> u64 {
        self.lapses_at()
    }
}

/// Decides in which line a call waits for its turn. Line 0 is for strangers (clients that the
/// account does not know) and for people who have chosen a new password. Line 1 is for known
/// clients. Line 2 is for attempts that are not counted, and has no limit. `strangers` and `known`
/// are the numbers of calls that already wait in lines 0 and 1. The result is the number of the
/// line. If the call may not wait, the result is a text: the answer that tells the client to retry
/// later.
///
/// # Errors
/// When the storage fails, or the arrival is invalid.
#[wasm_bindgen]
pub fn account_arrives(
    state: &ObjectState,
    arrival: &str,
    now: f64,
    strangers: u32,
    known: u32,
) -> Result<JsValue, JsValue> {
    let (line, waiting) = match Arrival::decode(arrival).ok_or_else(|| malformed(OBJECT))? {
        Arrival::Chooses => (0, strangers),
        Arrival::Tries(None) => return Ok(2.into()),
        Arrival::Tries(Some(by)) => {
            if let Err(wait) = failed_tries(state)?.admit(by, milliseconds(now)) {
                return Ok(delayed(wait));
            }
            match by {
                TriedBy::Stranger => (0, strangers),
                TriedBy::Known(_) => (1, known),
            }
        }
    };
    Ok(if waiting < TRIES_WAITING {
        line.into()
    } else {
        delayed(TRIES_WAITING_RETRY_AFTER)
    })
}

/// Answers a call whose turn has come.
///
/// No other call runs between reading the failures and writing them, because hashing has no
/// `await`. So all earlier failures are stored before an attempt is decided, and a failure is
/// stored before the call is answered.
///
/// # Errors
/// When the storage fails, or the call is invalid.
pub async fn answer(
    state: &ObjectState,
    call: &str,
    arrival: &str,
    now: f64,
    hasher: &impl PasswordHasher,
) -> Result<JsValue, JsValue> {
    let invalid = || malformed(OBJECT);
    let arrival = Arrival::decode(arrival).ok_or_else(invalid)?;
    match (decode(OBJECT, call)?, arrival) {
        (Call::Hash { password, salt }, Arrival::Chooses) => {
            let password = call::password(password).ok_or_else(invalid)?;
            let hashed = hasher.hash(&password, &salt).await;
            let hashed = hashed.map(|hash| hash.as_str().to_owned());
            Ok(encode(&Guarded::Done(hashed)).as_str().into())
        }
        (
            Call::Check {
                password,
                hash,
                decoy_salt,
                in_vain,
            },
            Arrival::Tries(by),
        ) => {
            let password = call::password(password).ok_or_else(invalid)?;
            let hash = call::stored_hash(hash);
            let attempt = Attempt {
                by,
                password: &password,
                hash: hash.as_ref(),
                decoy_salt,
                in_vain,
            };
            let checked = check(state, &attempt, milliseconds(now), hasher).await?;
            Ok(encode(&checked).as_str().into())
        }
        (Call::Forget, Arrival::Tries(None)) => {
            state.delete_everything(OBJECT).await?;
            Ok(encode(&Guarded::Done(())).as_str().into())
        }
        _ => Err(invalid().into()),
    }
}

async fn check(
    state: &ObjectState,
    attempt: &Attempt<'_>,
    now: u64,
    hasher: &impl PasswordHasher,
) -> Result<Guarded<Comparison>, StoreError> {
    let Some(by) = attempt.by else {
        return Ok(Guarded::Done(hasher.compare(attempt).await));
    };
    let mut tries = failed_tries(state)?;
    let admitted = match tries.admit(by, now) {
        Ok(admitted) => admitted,
        Err(wait) => return Ok(Guarded::Delayed(wait)),
    };
    let compared = hasher.compare(attempt).await;
    if attempt.has_failed(compared) {
        tries.fail(admitted, now);
        object_state::write(state, &tries)?;
        state.wake_at(OBJECT, tries.lapses_at()).await?;
    }
    Ok(Guarded::Done(compared))
}

/// Deletes the count of failures when all of them have expired.
#[wasm_bindgen]
pub fn account_alarm(state: ObjectState) -> Promise {
    future_to_promise(async move {
        object_state::forget_lapsed::<FailedTries>(&state).await?;
        Ok(JsValue::UNDEFINED)
    })
}

fn failed_tries(state: &ObjectState) -> Result<FailedTries, StoreError> {
    object_state::read(state).map(Option::unwrap_or_default)
}

fn delayed(seconds: u32) -> JsValue {
    encode(&Guarded::<()>::Delayed(seconds)).as_str().into()
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a time in this millennium"
)]
fn milliseconds(now: f64) -> u64 {
    now as u64
}
