//! Requests for mails, counted in memory.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::domain::error::StoreError;
use crate::domain::mail::{Counted, GateName, GateVerdict, Tally};
use crate::ports::MailGate;

/// Counts in memory, lost with the process.
#[derive(Debug, Default)]
pub struct MemoryMailGate(RefCell<BTreeMap<GateName, Tally>>);

impl MailGate for MemoryMailGate {
    async fn count(
        &self,
        name: &GateName,
        counted: Counted,
        now: u64,
    ) -> Result<GateVerdict, StoreError> {
        let mut tallies = self.0.borrow_mut();
        Ok(tallies.entry(name.clone()).or_default().count(counted, now))
    }
}
