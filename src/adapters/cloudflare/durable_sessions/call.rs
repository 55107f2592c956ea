//! What a Worker asks a user's object, and what it answers: JSON between two isolates of one version or the next, so a
//! member may be added and none may change its meaning.

use serde::{Deserialize, Serialize};

use crate::domain::account::UserId;
use crate::domain::error::StoreError;
use crate::domain::policy::MAX_TICKET_SECRETS;
use crate::domain::session::{
    ActiveSession, Client, ClientFingerprint, Place, RefreshTicket, Rules, SessionId, Standing,
};

/// A call. Every one may be repeated.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Call {
    /// As [`begin`](crate::ports::SessionStore::begin). Answers `null`.
    Begin {
        session: String,
        epoch: u32,
        lives_until: u64,
        most: Option<usize>,
        seen: Seen,
        now: u64,
    },
    /// As [`renew`](crate::ports::SessionStore::renew), with the user's standing. Answers the verdict.
    Renew {
        ticket: Ticket,
        by: [ClientFingerprint; MAX_TICKET_SECRETS],
        seen: Seen,
        rules: Rules,
        standing: Option<Standing>,
        now: u64,
    },
    /// As [`end`](crate::ports::SessionStore::end). Answers `null`.
    End { session: String, reason: String },
    /// As [`list`](crate::ports::SessionStore::list). Answers a list of [`Active`].
    List { epoch: u32, now: u64 },
    /// As [`outdate`](crate::ports::SessionStore::outdate). Answers `null`.
    Outdate { version: u64, until: u64 },
    /// As [`revocation`](crate::ports::SessionStore::revocation). Answers [`Knowledge`].
    Revocation { session: String, now: u64 },
}

/// A ticket whose MAC the Worker has checked.
#[derive(Serialize, Deserialize)]
pub(super) struct Ticket {
    user: String,
    session: String,
    epoch: u32,
    counter: u32,
    expires_at: u64,
}

impl From<RefreshTicket> for Ticket {
    fn from(ticket: RefreshTicket) -> Self {
        Self {
            user: ticket.user.to_string(),
            session: ticket.session.to_string(),
            epoch: ticket.epoch,
            counter: ticket.counter,
            expires_at: ticket.expires_at,
        }
    }
}

impl TryFrom<Ticket> for RefreshTicket {
    type Error = StoreError;

    fn try_from(ticket: Ticket) -> Result<Self, StoreError> {
        Ok(Self {
            user: UserId::parse(&ticket.user).ok_or_else(|| malformed("user"))?,
            session: session_id(&ticket.session)?,
            epoch: ticket.epoch,
            counter: ticket.counter,
            expires_at: ticket.expires_at,
        })
    }
}

/// Who was seen using a session. The form in which the object stores it, too.
#[derive(Serialize, Deserialize)]
pub(super) struct Seen {
    user_agent: String,
    network: String,
    place: Place,
}

impl From<&Client> for Seen {
    fn from(client: &Client) -> Self {
        Self {
            user_agent: client.user_agent().to_owned(),
            network: client.network(),
            place: client.place().clone(),
        }
    }
}

/// A session that goes on.
#[derive(Serialize, Deserialize)]
pub(super) struct Active {
    pub(super) id: String,
    pub(super) last_used_at: u64,
    pub(super) seen: Seen,
}

impl TryFrom<Active> for ActiveSession {
    type Error = StoreError;

    fn try_from(active: Active) -> Result<Self, StoreError> {
        Ok(Self {
            id: session_id(&active.id)?,
            last_used_at: active.last_used_at,
            user_agent: active.seen.user_agent,
            network: active.seen.network,
            place: active.seen.place,
        })
    }
}

/// What is known against an access token.
#[derive(Serialize, Deserialize)]
pub(super) struct Knowledge {
    pub(super) ended: bool,
    pub(super) minimum_version: Option<u64>,
}

pub(super) fn session_id(text: &str) -> Result<SessionId, StoreError> {
    SessionId::parse(text).ok_or_else(|| malformed("session id"))
}

pub(super) fn malformed(what: &str) -> StoreError {
    StoreError::new("sessions_object", format!("a malformed {what}"))
}
