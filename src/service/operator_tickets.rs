//! Deletes the tickets of operators when they have expired.

use super::AuthService;
use crate::domain::error::Error;
use crate::ports::{OperatorTickets, Ports};

impl<P: Ports> AuthService<P> {
    /// Deletes expired tickets. The cron job calls this method.
    ///
    /// # Errors
    /// [`Error::Store`]; the next run continues.
    pub async fn forget_operator_tickets(&self) -> Result<(), Error> {
        let tickets = self.ports.operator_tickets();
        Ok(tickets.forget_expired(self.now()).await?)
    }
}
