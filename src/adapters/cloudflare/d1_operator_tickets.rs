//! The tickets of operators in D1. The operator's command inserts them:
//! `migrations/0012_operator_tickets.sql` has the statement.

use super::d1::{Database, Row, number, text};
use crate::domain::error::StoreError;
use crate::domain::operator::{OperatorTicket, OperatorTicketHash};
use crate::ports::OperatorTickets;

/// The tickets in a D1 database, read from its primary copy.
#[derive(Debug)]
pub struct D1OperatorTickets(Database);

impl D1OperatorTickets {
    /// The tickets in this database.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self(database)
    }
}

impl OperatorTickets for D1OperatorTickets {
    async fn find(&self, hash: &OperatorTicketHash) -> Result<Option<OperatorTicket>, StoreError> {
        let sql = "SELECT scope, created_at, expires_at FROM operator_tickets WHERE hash = ?1";
        let row = self.0.first(sql, vec![text(hash.as_str())]).await?;
        row.map(OperatorTicket::try_from).transpose()
    }

    async fn forget_expired(&self, now: u64) -> Result<(), StoreError> {
        let sql = "DELETE FROM operator_tickets WHERE expires_at <= ?1";
        self.0.first(sql, vec![number(now)]).await.map(drop)
    }
}

impl TryFrom<Row> for OperatorTicket {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            scope: row.text("scope")?,
            created_at: row.number("created_at")?,
            expires_at: row.number("expires_at")?,
        })
    }
}
