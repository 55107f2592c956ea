//! Who did something to an account.

use std::fmt;

use crate::domain::account::UserId;
use crate::domain::operator::OperatorId;

/// Who did something to an account: a user or an operator. The user can be the account's owner or
/// an administrator. An operator has no account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A user with an access token.
    User(UserId),
    /// An operator with an operator ticket.
    Operator(OperatorId),
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => user.fmt(f),
            Self::Operator(ticket) => ticket.fmt(f),
        }
    }
}

impl From<UserId> for Actor {
    fn from(user: UserId) -> Self {
        Self::User(user)
    }
}
