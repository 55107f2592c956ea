//! The pseudonyms that the log contains instead of addresses and networks.

use super::AuthService;
use super::mail::typed_address;
use crate::domain::account::AccountNames;
use crate::domain::error::{Error, FieldProblem};
use crate::domain::event::{NetworkPseudonyms, Pseudonym};
use crate::domain::operator::Scope;
use crate::domain::session::Client;
use crate::ports::Ports;

/// A text for which the log contains a pseudonym.
#[derive(Clone, Copy)]
pub enum PseudonymFor<'a> {
    /// An email address.
    Address(&'a str),
    /// An IP address.
    Network(&'a str),
}

impl<P: Ports> AuthService<P> {
    /// The pseudonyms of an address or a network: one for each secret of `TICKET_SECRET`, in their
    /// order. New lines of the log contain the first pseudonym. An older line contains the
    /// pseudonym of the secret that was first when the line was written.
    ///
    /// # Errors
    /// [`Error::Access`]; [`Error::Forbidden`]; [`Error::Field`] for a text that is not a valid
    /// address.
    pub async fn pseudonyms(
        &self,
        ticket: &str,
        named: PseudonymFor<'_>,
    ) -> Result<Vec<Pseudonym>, Error> {
        self.operator(ticket, Scope::Pseudonyms).await?;
        let (secrets, issuer) = (&self.settings().ticket_secrets, &self.settings().issuer);
        match named {
            PseudonymFor::Address(text) => {
                let email = typed_address(text)?;
                let names = AccountNames::of_each_secret(secrets, issuer);
                let pseudonyms = names.map(|names| Pseudonym::of_account(&names.of(&email)));
                Ok(pseudonyms.collect())
            }
            PseudonymFor::Network(text) => {
                let client = Client::new(Some(text), None);
                let networks = NetworkPseudonyms::of_each_secret(secrets, issuer);
                let found: Vec<_> = networks
                    .filter_map(|networks| networks.of(&client))
                    .collect();
                if found.is_empty() {
                    return Err(Error::Field("ip", FieldProblem::Invalid("not_an_address")));
                }
                Ok(found)
            }
        }
    }
}
