//! The Worker's side of the port: asks the object of a network or of a user.

use worker::Env;

use super::OBJECT;
use crate::adapters::cloudflare::objects::Objects;
use crate::domain::error::StoreError;
use crate::domain::mail::{Counted, GateName, GateVerdict};
use crate::domain::policy::MAIL_GATE_TIMEOUT_MS;
use crate::ports::MailGate;

/// The gate in Durable Objects.
///
/// An object that was just moved or updated is asked a second time. So a request may be counted
/// twice, but is never left uncounted.
#[derive(Clone, Debug)]
pub struct DurableMailGate(Objects);

impl DurableMailGate {
    /// The gate in the `MailGate` objects that are bound under this name, if they are.
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
