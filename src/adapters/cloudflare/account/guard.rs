//! The port `PasswordGuard` in the Worker: asks the account's Durable Object.

use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;
use worker::Env;

use super::OBJECT;
use super::call::{Arrival, Call};
use crate::adapters::cloudflare::objects::Objects;
use crate::domain::account::{AccountName, Attempt, Comparison, HashError, Password, PasswordHash};
use crate::domain::error::StoreError;
use crate::domain::policy::ACCOUNT_TIMEOUT_MS;
use crate::ports::{Guarded, PasswordGuard};

/// Checks passwords in Durable Objects. There is one object for each email address.
///
/// If an object fails because it was just moved or updated, it is asked a second time. So the
/// object might count a failed attempt twice, but never misses one. An object that does not answer
/// in time is not asked again.
#[derive(Clone, Debug)]
pub struct DurableAccounts(Objects);

impl DurableAccounts {
    /// The guard that uses the `Account` objects bound as `name`. `None` if nothing is bound.
    #[must_use]
    pub fn bound(env: &Env, name: &str) -> Option<Self> {
        Objects::bound(env, name, OBJECT).map(Self)
    }

    /// A guard without objects: every call fails.
    #[must_use]
    pub const fn none() -> Self {
        Self(Objects::none(OBJECT))
    }

    async fn ask<A: DeserializeOwned>(
        &self,
        account: &AccountName,
        call: &Call<'_>,
        arrival: Arrival,
        now: u64,
    ) -> Result<A, StoreError> {
        #[allow(clippy::cast_precision_loss, reason = "a time in this millennium")]
        let also = [arrival.encode().into(), JsValue::from_f64(now as f64)];
        self.0
            .ask_within(ACCOUNT_TIMEOUT_MS, account.as_str(), call, &also)
            .await
    }
}

impl PasswordGuard for DurableAccounts {
    async fn check(
        &self,
        account: &AccountName,
        attempt: &Attempt<'_>,
        now: u64,
    ) -> Result<Guarded<Comparison>, StoreError> {
        let arrival = Arrival::Tries(attempt.by);
        self.ask(account, &Call::check(attempt), arrival, now).await
    }

    async fn hash(
        &self,
        account: &AccountName,
        password: &Password,
        salt: &[u8; 16],
    ) -> Result<Guarded<Result<PasswordHash, HashError>>, StoreError> {
        let call = Call::hash(password, salt);
        // The object counts nothing for a call with `Chooses`, so the time (0) has no effect.
        let answer: Guarded<Result<String, HashError>> =
            self.ask(account, &call, Arrival::Chooses, 0).await?;
        Ok(match answer {
            Guarded::Done(hashed) => Guarded::Done(hashed.map(PasswordHash::new)),
            Guarded::Delayed(seconds) => Guarded::Delayed(seconds),
        })
    }

    async fn forget(&self, account: &AccountName) -> Result<(), StoreError> {
        // No limit delays this call, because it hashes nothing. So the time (0) has no effect.
        let done: Guarded<()> = self
            .ask(account, &Call::Forget, Arrival::Tries(None), 0)
            .await?;
        match done {
            Guarded::Done(()) => Ok(()),
            Guarded::Delayed(_) => Err(StoreError::new(OBJECT, "it did not forget")),
        }
    }
}
