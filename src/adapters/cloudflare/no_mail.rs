//! No mail: this version has no provider.

use crate::domain::mail::Mail;
use crate::ports::Mailer;

/// Logs that a mail was not sent, and to whom it would have gone by their id.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoMail;

impl Mailer for NoMail {
    async fn send(&self, mail: &Mail<'_>) {
        let Mail::RefreshTokenReused { user, session, .. } = mail;
        worker::console_warn!(
            r#"{{"level":"warn","event":"mail_not_sent","mail":"refresh_token_reused","user_id":"{}","session_id":"{session}"}}"#,
            user.id
        );
    }
}
