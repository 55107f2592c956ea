//! The port's side: asks the account's object.

use futures_util::future::{Either, select};
use js_sys::Promise;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use worker::Env;

use super::call::{check, hash, malformed, to_checked, to_hashed};
use crate::adapters::cloudflare::binding::{bound, settled};
use crate::adapters::cloudflare::clock::Timer;
use crate::domain::account::{AccountName, Password};
use crate::domain::error::StoreError;
use crate::domain::policy::{ACCOUNT_TIMEOUT_MS, OBJECT_TRIES};
use crate::ports::{Attempt, Checked, Hashed, PasswordGuard, Sleep};

#[wasm_bindgen]
extern "C" {
    /// `DurableObjectNamespace`.
    #[derive(Clone, Debug)]
    type Namespace;
    #[wasm_bindgen(method, catch, js_name = getByName)]
    fn get_by_name(this: &Namespace, name: &str) -> Result<Stub, JsValue>;

    /// `DurableObjectStub` of an object of class `Account`.
    type Stub;
    #[wasm_bindgen(method, catch)]
    fn ask(this: &Stub, call: &str) -> Result<Promise, JsValue>;
}

/// The guard of passwords on Durable Objects: one for each address.
///
/// An object that was just moved or updated is asked a second time: a failure may then be counted twice, never not at all. One
/// that does not answer in time is not.
#[derive(Clone, Debug)]
pub struct DurableAccounts(Option<Namespace>);

impl DurableAccounts {
    /// A guard on the namespace of `Account` objects that is bound under this name; `None` when nothing is.
    #[must_use]
    pub fn bound(env: &Env, name: &str) -> Option<Self> {
        bound(env, name).map(|namespace| Self(Some(namespace)))
    }

    /// One that is not asked: it fails.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    async fn ask(&self, account: &AccountName, call: &str) -> Result<String, StoreError> {
        let Some(namespace) = &self.0 else {
            return Err(failed("it is not bound"));
        };
        let mut tries = OBJECT_TRIES;
        let answer = async {
            loop {
                tries = tries.saturating_sub(1);
                // A stub that broke stays broken: a new one finds the object where it is now.
                let stub = namespace.get_by_name(account.as_str());
                let answer = stub.and_then(|stub| stub.ask(call));
                match settled("account_object", answer).await {
                    Ok(answer) => return answer.as_string().ok_or_else(malformed),
                    Err(error) if tries == 0 => return Err(error),
                    Err(_) => {}
                }
            }
        };
        let timer = Timer.sleep(ACCOUNT_TIMEOUT_MS);
        match select(Box::pin(answer), Box::pin(timer)).await {
            Either::Left((answer, _)) => answer,
            Either::Right(_) => Err(failed("it did not answer in time")),
        }
    }
}

fn failed(why: &'static str) -> StoreError {
    StoreError::new("account_object", why)
}

impl PasswordGuard for DurableAccounts {
    async fn check(
        &self,
        account: &AccountName,
        attempt: &Attempt<'_>,
        now: u64,
    ) -> Result<Checked, StoreError> {
        let answer = self.ask(account, &check(attempt, now)).await?;
        to_checked(&answer).ok_or_else(malformed)
    }

    async fn hash(
        &self,
        account: &AccountName,
        password: &Password,
        salt: &[u8; 16],
    ) -> Result<Hashed, StoreError> {
        let answer = self.ask(account, &hash(password, salt)).await?;
        to_hashed(&answer).ok_or_else(malformed)
    }
}
