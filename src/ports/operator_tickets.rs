//! The tickets of operators.

use crate::domain::error::StoreError;
use crate::domain::operator::{OperatorTicket, OperatorTicketHash};

/// The tickets of operators. Such a ticket is a random text that an operator's command makes,
/// stores here as a hash and presents to the service, in order to manage accounts. The service
/// itself never issues one.
pub trait OperatorTickets {
    /// The ticket with this hash, whether or not it has expired. MUST be read from the database's
    /// primary copy, so that a ticket is valid as soon as it is stored and invalid as soon as it is
    /// deleted.
    ///
    /// # Errors
    /// When the store does not answer, or the stored row is not a valid ticket.
    async fn find(&self, hash: &OperatorTicketHash) -> Result<Option<OperatorTicket>, StoreError>;

    /// Deletes the tickets that have expired by `now`, which is in seconds since 1970.
    ///
    /// # Errors
    /// When some of these tickets might still be stored.
    async fn forget_expired(&self, now: u64) -> Result<(), StoreError>;
}
