//! How the Worker asks its Durable Objects: by name, over RPC, in JSON.
//!
//! During a deploy a Worker of one version can ask an object that runs another version. Neither may
//! misunderstand the other, so a call or an answer is an error if it does not have the form that
//! this version expects. For the same reason, whoever changes the meaning of a call must also
//! change its name.

use futures_util::future::{Either, select};
use js_sys::{Array, Promise};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use worker::Env;
use zeroize::Zeroizing;

use super::binding::{bound, settled};
use super::clock::Timer;
use crate::adapters::kv_sessions::Sleep;
use crate::domain::error::StoreError;
use crate::domain::json;
use crate::domain::policy::OBJECT_TRIES;

#[wasm_bindgen]
extern "C" {
    /// The platform's `DurableObjectNamespace`.
    #[derive(Clone, Debug)]
    type Namespace;
    #[wasm_bindgen(method, catch, js_name = getByName)]
    fn get_by_name(this: &Namespace, name: &str) -> Result<Stub, JsValue>;

    /// The platform's `DurableObjectStub`, for a class that has a method `ask`.
    type Stub;
    #[wasm_bindgen(method, catch, variadic)]
    fn ask(this: &Stub, arguments: Array) -> Result<Promise, JsValue>;
}

/// The objects of one class.
#[derive(Clone, Debug)]
pub(super) struct Objects {
    namespace: Option<Namespace>,
    /// The store's name in errors.
    store: &'static str,
}

impl Objects {
    /// The objects of the namespace that is bound under this name, if there is one.
    pub(super) fn bound(env: &Env, name: &str, store: &'static str) -> Option<Self> {
        bound(env, name).map(|namespace| Self {
            namespace: Some(namespace),
            store,
        })
    }

    /// Objects that can't be asked: every call fails.
    pub(super) const fn none(store: &'static str) -> Self {
        Self {
            namespace: None,
            store,
        }
    }

    /// Asks the object of this name, and reads its answer. `also` contains further arguments, which
    /// are sent after the call.
    ///
    /// An object that was just moved or updated fails, so it is asked a second time. As a
    /// consequence, the object might carry out the same call twice.
    pub(super) async fn ask<A: DeserializeOwned>(
        &self,
        name: &str,
        call: &impl Serialize,
        also: &[JsValue],
    ) -> Result<A, StoreError> {
        let Some(namespace) = &self.namespace else {
            return Err(StoreError::new(self.store, "it is not bound"));
        };
        let call = encode(call);
        let mut tries = OBJECT_TRIES;
        loop {
            tries = tries.saturating_sub(1);
            let arguments = Array::of1(&call.as_str().into());
            for argument in also {
                arguments.push(argument);
            }
            // A stub that has failed once keeps failing. So each attempt uses a new stub, which
            // finds the object's current location.
            let answer = namespace
                .get_by_name(name)
                .and_then(|stub| stub.ask(arguments));
            match settled(self.store, answer).await {
                Ok(answer) => {
                    let text = answer.as_string().unwrap_or_default();
                    return decode(self.store, &text);
                }
                Err(error) if tries == 0 => return Err(error),
                Err(_) => {}
            }
        }
    }

    /// Like [`ask`](Self::ask), but fails without a retry if the answer takes longer than
    /// `milliseconds`.
    pub(super) async fn ask_within<A: DeserializeOwned>(
        &self,
        milliseconds: u64,
        name: &str,
        call: &impl Serialize,
        also: &[JsValue],
    ) -> Result<A, StoreError> {
        let answer = Box::pin(self.ask(name, call, also));
        match select(answer, Box::pin(Timer.sleep(milliseconds))).await {
            Either::Left((answer, _)) => answer,
            Either::Right(_) => Err(StoreError::new(self.store, "it did not answer in time")),
        }
    }
}

/// A call or an answer as text. The text may contain a password, so it is wiped from memory when it
/// is dropped.
pub(super) fn encode(value: &impl Serialize) -> Zeroizing<String> {
    Zeroizing::new(json::encode(value))
}

/// Reads what [`encode`] wrote.
pub(super) fn decode<T: DeserializeOwned>(
    store: &'static str,
    text: &str,
) -> Result<T, StoreError> {
    json::decode(text).ok_or_else(|| malformed(store))
}

/// A message or a stored value that this version can't read.
pub(super) fn malformed(store: &'static str) -> StoreError {
    StoreError::new(store, MALFORMED)
}

const MALFORMED: &str = "a malformed message or record";

/// Whether an object has rejected a call because it does not know the call. That happens during a
/// deploy, while the object still runs an earlier version.
pub(super) fn is_unknown_call(error: &StoreError) -> bool {
    error.detail.contains(MALFORMED)
}
