//! The rules for every adapter of `OperatorTickets`.

mod cases;

use std::future::Future;
use std::pin::Pin;

use edgegate::domain::operator::{OperatorTicket, OperatorTicketHash};
use edgegate::ports::OperatorTickets;

use super::suite::{Case, Numbers, Outcome, check, check_eq, run, text};

/// The time at which the cases begin, in seconds.
const BEGUN: u64 = 1_800_000_000;

/// Stores a ticket, as the operator's command does. The port has no method for this.
pub(crate) type Add =
    Box<dyn Fn(OperatorTicketHash, OperatorTicket) -> Pin<Box<dyn Future<Output = Case>>>>;

/// A store of tickets, and the numbers from which unused tickets are made.
pub(crate) struct World<T> {
    tickets: T,
    add: Add,
    numbers: Numbers,
}

impl<T: OperatorTickets> World<T> {
    /// The cases make unused values from the numbers that begin with `first`. In each run on the
    /// same store, `first` must be different.
    pub(crate) fn new(tickets: T, add: Add, first: u64) -> Self {
        Self {
            tickets,
            add,
            numbers: Numbers::from(first),
        }
    }

    /// The hash of a ticket that no earlier case has used.
    fn hash(&self) -> Result<OperatorTicketHash, String> {
        // A ticket has 43 characters of base64url after its prefix. The number that the last
        // character stands for must be a multiple of four.
        let ticket = format!("ego_{:020}{}", self.numbers.next(), "A".repeat(23));
        OperatorTicketHash::of(&ticket).ok_or_else(|| "not a ticket".to_owned())
    }

    /// Stores a ticket with a lifetime of 900 seconds under a new hash.
    async fn add(&self, scope: &str, created_at: u64) -> Result<OperatorTicketHash, String> {
        let hash = self.hash()?;
        let ticket = OperatorTicket {
            scope: scope.to_owned(),
            created_at,
            expires_at: created_at + 900,
        };
        (self.add)(hash.clone(), ticket).await?;
        Ok(hash)
    }

    async fn find(&self, hash: &OperatorTicketHash) -> Result<Option<OperatorTicket>, String> {
        self.tickets.find(hash).await.map_err(text)
    }
}

/// Runs every case.
pub(crate) async fn run_all<T: OperatorTickets>(world: &World<T>) -> Vec<Outcome> {
    run!(
        world,
        true,
        [
            a_ticket_reads_back_under_its_hash_alone,
            an_expired_ticket_is_found_until_it_is_forgotten,
            only_expired_tickets_are_forgotten,
            forgetting_what_is_not_there_is_no_error,
            ten_at_once_find_the_same_ticket,
        ]
    )
}
