//! What users are told by mail.

use super::account::User;
use super::session::{Client, SessionId};

/// A mail, before it is worded.
#[derive(Clone, Copy, Debug)]
pub enum Mail<'a> {
    /// A spent refresh token came back, and its session was ended: it was stolen or leaked (OWASP ASVS 6.3.5).
    RefreshTokenReused {
        /// Whose session it was, and so who is told.
        user: &'a User,
        /// Which one.
        session: SessionId,
        /// Who presented the token.
        client: &'a Client,
    },
}
