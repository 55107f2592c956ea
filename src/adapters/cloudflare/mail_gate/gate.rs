//! The port `MailGate` in the Worker: asks the Durable Object of a network or of a user.

use worker::Env;

use super::OBJECT;
use crate::adapters::cloudflare::objects::Objects;
use crate::domain::error::StoreError;
use crate::domain::mail::{Counted, GateName, GateVerdict};
use crate::domain::policy::MAIL_GATE_TIMEOUT_MS;
use crate::ports::MailGate;

/// Counts requests for mails in Durable Objects.
///
/// If an object fails because it was just moved or updated, it is asked a second time. So the
/// object might count a request twice, but never misses one.
#[derive(Clone, Debug)]
pub struct DurableMailGate(Objects);

impl DurableMailGate {
    /// The gate that uses the `MailGate` objects bound as `name`. `None` if nothing is bound.
    #[must_use]
    pub fn bound(env: &Env, name: &str) -> Option<Self> {
        Objects::bound(env, name, OBJECT).map(Self)
    }

    /// A gate without objects: every call fails.
    #[must_use]
    pub const fn none() -> Self {
        Self(Objects::none(OBJECT))
    }
}

impl MailGate for DurableMailGate {
    async fn count(
        &self,
        name: &GateName,
        counted: Counted,
        now: u64,
    ) -> Result<GateVerdict, StoreError> {
        let call = (counted, now);
        self.0
            .ask_within(MAIL_GATE_TIMEOUT_MS, name.as_str(), &call, &[])
            .await
    }
}
