//! What happens that operators count: typed, without anything secret.

use super::account::UserId;
use super::session::{SessionId, Verdict};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A genuine refresh token was presented, and this was decided.
    Renewal {
        /// Whose token it was.
        user: UserId,
        /// Of which session.
        session: SessionId,
        /// What was decided.
        verdict: Verdict,
    },
    /// A mail that nobody waits for could not be queued; what it tells of has happened all the same.
    MailNotQueued {
        /// Which mail.
        mail: &'static str,
        /// What the platform said.
        reason: String,
    },
}
