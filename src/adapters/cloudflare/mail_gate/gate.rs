//! The port's side: asks the object of a network or of a user.

use futures_util::future::{Either, select};
use js_sys::Promise;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use worker::Env;

use crate::adapters::cloudflare::binding::{bound, settled};
use crate::adapters::cloudflare::clock::Timer;
use crate::domain::error::StoreError;
use crate::domain::mail::{Counted, GateName, GateVerdict};
use crate::domain::policy::{MAIL_GATE_TIMEOUT_MS, OBJECT_TRIES};
use crate::ports::{MailGate, Sleep};

/// As failures name it.
const OBJECT: &str = "mail_gate_object";

#[wasm_bindgen]
extern "C" {
    /// `DurableObjectNamespace`.
    #[derive(Clone, Debug)]
    type Namespace;
    #[wasm_bindgen(method, catch, js_name = getByName)]
    fn get_by_name(this: &Namespace, name: &str) -> Result<Stub, JsValue>;

    /// `DurableObjectStub` of an object of class `MailGate`.
    type Stub;
    #[wasm_bindgen(method, catch)]
    fn ask(this: &Stub, call: &str) -> Result<Promise, JsValue>;
}

/// The gate on Durable Objects.
///
/// An object that was just moved or updated is asked a second time: a request may then be counted
/// twice, never not at all.
#[derive(Clone, Debug)]
pub struct DurableMailGate(Option<Namespace>);

impl DurableMailGate {
    /// A gate on the namespace of `MailGate` objects that is bound under this name; `None` when
    /// nothing is.
    #[must_use]
    pub fn bound(env: &Env, name: &str) -> Option<Self> {
        bound(env, name).map(|namespace| Self(Some(namespace)))
    }

    /// One that is not asked: it fails.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    async fn ask(&self, name: &GateName, call: &str) -> Result<String, StoreError> {
        let Some(namespace) = &self.0 else {
            return Err(failed("it is not bound"));
        };
        let mut tries = OBJECT_TRIES;
        let answer = async {
            loop {
                tries = tries.saturating_sub(1);
                // A stub that broke stays broken: a new one finds the object where it is now.
                let stub = namespace.get_by_name(name.as_str());
                let answer = stub.and_then(|stub| stub.ask(call));
                match settled(OBJECT, answer).await {
                    Ok(answer) => return answer.as_string().ok_or_else(not_understood),
                    Err(error) if tries == 0 => return Err(error),
                    Err(_) => {}
                }
            }
        };
        let timer = Timer.sleep(MAIL_GATE_TIMEOUT_MS);
        match select(Box::pin(answer), Box::pin(timer)).await {
            Either::Left((answer, _)) => answer,
            Either::Right(_) => Err(failed("it did not answer in time")),
        }
    }
}

fn failed(why: &'static str) -> StoreError {
    StoreError::new(OBJECT, why)
}

fn not_understood() -> StoreError {
    failed("its answer is of another version")
}

impl MailGate for DurableMailGate {
    async fn count(
        &self,
        name: &GateName,
        counted: Counted,
        now: u64,
    ) -> Result<GateVerdict, StoreError> {
        let call = [&now.to_string(), " ", &counted.encode()].concat();
        let answer = self.ask(name, &call).await?;
        GateVerdict::decode(&answer).ok_or_else(not_understood)
    }
}
