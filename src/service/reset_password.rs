//! Mails a link to choose a new password.

use super::AuthService;
use super::check_challenge::Unanswered;
use super::mail::{MailOptions, typed_address};
use crate::domain::error::Error;
use crate::domain::event::Act;
use crate::domain::mail::Task;
use crate::domain::session::Caller;
use crate::ports::Ports;

impl<P: Ports> AuthService<P> {
    /// Counts the request and queues the mail. If the request has a ticket (the signed token of a
    /// device or a session) of the account with this address, the mail is not charged to
    /// `MAIL_BUDGET`. At most [`KNOWN_MAILS_A_DAY`](crate::domain::policy::KNOWN_MAILS_A_DAY) mails
    /// per user and day are free in this way. Never reads the users' table, so neither the answer
    /// nor its time reveals whether the address has an account.
    /// [`deliver_from_queue`](Self::deliver_from_queue) sends the mail.
    ///
    /// # Errors
    /// - [`Error::Field`]: the address is invalid.
    /// - [`Error::RateLimited`]: too many requests by the client, by the client for this address,
    ///   or by the network. The limits are the same for every address.
    /// - [`Error::NoMailProvider`].
    /// - [`Error::Store`]: the request could not be counted or queued.
    pub async fn reset_password(
        &self,
        email: &str,
        caller: impl Into<Caller<'_>>,
        options: impl Into<MailOptions>,
    ) -> Result<(), Error> {
        let (caller, options) = (caller.into(), options.into());
        let client = caller.client;
        self.admit_client(client).await?;
        let email = typed_address(email)?;
        self.admit_client_on(email.canonical(), client).await?;
        self.check_challenge(caller.credentials, Unanswered::IsRefused)
            .await?;
        let address = self.pseudonym(&email);
        self.ask_for_mail(Task::Reset { email }, caller, options)
            .await?;
        self.record(Act::ResetRequested { address });
        Ok(())
    }
}
