//! Tickets of operators in memory.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::domain::error::StoreError;
use crate::domain::operator::{OperatorTicket, OperatorTicketHash};
use crate::ports::OperatorTickets;

/// Tickets in memory, lost with the process. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct MemoryOperatorTickets(Rc<RefCell<BTreeMap<OperatorTicketHash, OperatorTicket>>>);

impl MemoryOperatorTickets {
    /// Stores a ticket, as the operator's command does in the database.
    pub fn add(&self, hash: OperatorTicketHash, ticket: OperatorTicket) {
        self.0.borrow_mut().insert(hash, ticket);
    }

    /// How many tickets are stored.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.borrow().len()
    }
}

impl OperatorTickets for MemoryOperatorTickets {
    async fn find(&self, hash: &OperatorTicketHash) -> Result<Option<OperatorTicket>, StoreError> {
        Ok(self.0.borrow().get(hash).cloned())
    }

    async fn forget_expired(&self, now: u64) -> Result<(), StoreError> {
        self.0
            .borrow_mut()
            .retain(|_, ticket| now < ticket.expires_at);
        Ok(())
    }
}
