//! Mail in memory.

use std::cell::RefCell;
use std::rc::Rc;

use crate::domain::account::UserId;
use crate::domain::mail::Mail;
use crate::domain::session::SessionId;
use crate::ports::Mailer;

/// A mail that would have been sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SentMail {
    /// As [`Mail::RefreshTokenReused`].
    RefreshTokenReused {
        /// To whom.
        user: UserId,
        /// Which session was ended.
        session: SessionId,
    },
}

/// Keeps every mail. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct MemoryMailer(Rc<RefCell<Vec<SentMail>>>);

impl MemoryMailer {
    /// The mails since the last call.
    #[must_use]
    pub fn take(&self) -> Vec<SentMail> {
        self.0.take()
    }
}

impl Mailer for MemoryMailer {
    async fn send(&self, mail: &Mail<'_>) {
        let sent = match mail {
            Mail::RefreshTokenReused { user, session, .. } => SentMail::RefreshTokenReused {
                user: user.id,
                session: *session,
            },
        };
        self.0.borrow_mut().push(sent);
    }
}
