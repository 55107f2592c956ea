//! Sends another mail with a link that verifies an address.

use super::AuthService;
use super::check_challenge::Unanswered;
use super::mail::{MailOptions, typed_address};
use crate::domain::error::Error;
use crate::domain::event::Act;
use crate::domain::mail::Task;
use crate::domain::session::Caller;
use crate::ports::Ports;

impl<P: Ports> AuthService<P> {
    /// Queues the mail. This method never reads the users' table, for the same reason as
    /// [`reset_password`](Self::reset_password).
    ///
    /// # Errors
    /// Those of [`reset_password`](Self::reset_password).
    pub async fn resend_verification(
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
        self.ask_for_mail(Task::Verification { email }, caller, options)
            .await?;
        self.record(Act::VerificationRequested { address });
        Ok(())
    }
}
