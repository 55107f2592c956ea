//! `reset_password`: mails a link with which a new password is chosen.

use super::AuthService;
use super::check_challenge::Unanswered;
use super::mail::typed_address;
use crate::domain::error::Error;
use crate::domain::event::Act;
use crate::domain::mail::{Locale, Task};
use crate::domain::session::Caller;
use crate::ports::Ports;

impl<P: Ports> AuthService<P> {
    /// Counts the request and queues the mail. A device or session ticket that comes with the request
    /// takes it past all budgets, if it is of the account that has the address. Never reads the directory: whether the address has an account shows neither in the answer nor in
    /// the time it takes. What becomes of the mail is [`deliver_from_queue`](Self::deliver_from_queue)'s.
    ///
    /// # Errors
    /// [`Error::Field`] for what is no address; [`Error::RateLimited`] by the client, by client and
    /// address, and by the network's requests for mails: the same for every address;
    /// [`Error::NoMailProvider`]; [`Error::Store`] when it could not be counted or queued.
    pub async fn reset_password(
        &self,
        email: &str,
        caller: impl Into<Caller<'_>>,
        locale: Locale,
    ) -> Result<(), Error> {
        let caller = caller.into();
        let client = caller.client;
        self.admit_client(client).await?;
        let email = typed_address(email)?;
        self.admit_client_on(email.canonical(), client).await?;
        self.check_challenge(caller.credentials, Unanswered::IsRefused)
            .await?;
        let address = self.pseudonym(&email);
        self.ask_for_mail(Task::Reset { email }, caller, locale)
            .await?;
        self.record(Act::ResetRequested { address });
        Ok(())
    }
}
