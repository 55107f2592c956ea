//! Where a refresh token is rotated: the one decision that every store, test and model calls.
//!
//! Renewal is idempotent. A lost response, a second tab or a stale replica must never log an honest user out; a
//! token that comes back after its successor was used must end the session (RFC 9700 section 4.14.2). What a store
//! does around it: read, call [`rotate`], write what the verdict says.

use super::client::{ClientFingerprint, Fingerprints};
use super::refresh_token::RefreshTicket;
use crate::domain::policy::{NEW_SESSION_UNSEEN, SESSION_CLOCK_SKEW};

/// The presentation of a token that moved the chain on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// The highest counter presented so far.
    pub counter: u32,
    /// When it was first presented, in seconds since 1970.
    pub first_at: u64,
    /// By whom it was first presented; `None` when the client's address was not known.
    pub by: Option<ClientFingerprint>,
}

/// What the store says of a session that has not ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The last use; none in a new session.
    pub used: Option<Use>,
}

/// What the store says of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// The session's record, when the store has one.
    pub record: Option<Record>,
    /// The session is over. Never taken back.
    pub ended: bool,
}

/// What the user's row says now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The user's `session_epoch`.
    pub epoch: u32,
    /// The account is disabled.
    pub disabled: bool,
}

/// A refresh token as it was presented: what it says, by whom, when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presented {
    /// What the token says; its MAC was right.
    pub ticket: RefreshTicket,
    /// Who presents it; `None` when the client's address is not known.
    pub by: Option<Fingerprints>,
    /// Now, in seconds since 1970.
    pub now: u64,
}

impl Presented {
    /// Until when the session lives after this renewal, unless it is renewed again: in seconds since 1970.
    #[must_use]
    pub fn lives_until(&self, rules: &Rules) -> u64 {
        self.ticket
            .expires_at
            .min(self.now.saturating_add(rules.idle_ttl))
    }
}

/// What becomes of a spent token that comes back after the grace from the client that spent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// It gets its successor once more: the lid was shut during a renewal.
    SameClient,
    /// It ends the session.
    Strict,
}

/// What a store promises about a read after a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consistency {
    /// A read may miss a write of the last minute, as in Workers KV.
    Eventual,
    /// A read sees every write before it.
    Linearizable,
}

/// The settings that the decision depends on; all in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// `REFRESH_GRACE`: how long a spent token gets its successor again, from anyone.
    pub grace: u64,
    /// `ROTATE_AFTER`: how long a token is kept before it is rotated; 0 rotates every time.
    pub rotate_after: u64,
    /// `REUSE`.
    pub reuse: Reuse,
    /// `SESSION_TTL`: the longest life of a session.
    pub session_ttl: u64,
    /// `SESSION_IDLE_TTL`: a session not renewed for so long is over.
    pub idle_ttl: u64,
}

/// What is decided about a presented refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A young token: it stays the client's token, nothing is written.
    Kept,
    /// A token further on than the store knows: its predecessor's use is not visible here yet, so it is young, or the
    /// store lost it. It stays the client's token; the record given here, its predecessor's use, is written.
    Unseen(Record),
    /// The newest token: the record given here is written, the successor is handed out.
    Fresh(Record),
    /// The last spent token, within the grace: the same successor again, nothing is written.
    Repeated {
        /// By another network or program than spent it, as far as both are known: another device of a shared jar, a phone
        /// that changed its network, or a thief in step. Logged as `refresh_token_shared`.
        shared: bool,
    },
    /// The last spent token, after the grace, from the client that spent it: the same successor again, logged. Never when
    /// the address of either is not known: an owner and a thief without addresses would look like one client.
    Late,
    /// The token before the last spent one, within the grace of that one's use: a request that another one of the same
    /// page overtook. The newest token, nothing is written. Never when every renewal rotates: there it is *reused*.
    Overtaken,
    /// A spent token otherwise: the session is ended.
    Reused,
    /// The session has ended.
    Ended,
    /// The user's epoch has moved: password, revoke-all, disable.
    OtherEpoch,
    /// The account is disabled or gone.
    NoUser,
    /// Not renewed for `SESSION_IDLE_TTL`.
    Idle,
    /// Past the absolute end of the session, or the chain is used up.
    Expired,
    /// The store knows nothing of the session: it ended long ago, or the token is from the future.
    Unknown,
}

impl Verdict {
    /// A stable name for logs and counters, `snake_case`.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Unseen(_) => "unseen",
            Self::Fresh(_) => "fresh",
            Self::Repeated { .. } => "repeated",
            Self::Late => "late",
            Self::Overtaken => "overtaken",
            Self::Reused => "reused",
            Self::Ended => "ended",
            Self::OtherEpoch => "other_epoch",
            Self::NoUser => "no_user",
            Self::Idle => "idle",
            Self::Expired => "expired",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the client gets a newer ticket than it presented. Only then may a cookie be set: an answer with the ticket
    /// that was presented may arrive after one with its successor, and would put a spent ticket back.
    #[must_use]
    pub const fn moves_on(self) -> bool {
        matches!(
            self,
            Self::Fresh(_) | Self::Repeated { .. } | Self::Late | Self::Overtaken
        )
    }

    /// The ticket that the client gets; `None` when the renewal is refused.
    #[must_use]
    pub fn answer(self, presented: RefreshTicket) -> Option<RefreshTicket> {
        match self {
            Self::Kept | Self::Unseen(_) => Some(presented),
            Self::Fresh(_) | Self::Repeated { .. } | Self::Late => presented.successor(),
            Self::Overtaken => presented.successor()?.successor(),
            _ => None,
        }
    }
}

/// Decides about a presented refresh token. Pure: the store's answer, the user's standing and the time come in, the
/// verdict goes out.
///
/// ```
/// use edgegate::domain::account::UserId;
/// use edgegate::domain::session::*;
///
/// let now = 1_764_000_000;
/// let ticket = RefreshTicket {
///     user: UserId::new(now * 1000, &[1; 10]),
///     session: SessionId::new(now * 1000, &[2; 10]),
///     epoch: 0,
///     counter: 0,
///     expires_at: now + 90 * 86_400,
/// };
/// let rules = Rules { grace: 30, rotate_after: 90, reuse: Reuse::SameClient, session_ttl: 90 * 86_400, idle_ttl: 30 * 86_400 };
/// let stored = Stored { record: Some(Record::default()), ended: false };
/// let standing = Some(Standing { epoch: 0, disabled: false });
///
/// let soon = Presented { ticket, by: Some(Fingerprints::only(ClientFingerprint([1; 4]))), now: now + 10 };
/// assert_eq!(rotate(&stored, standing, &soon, &rules, Consistency::Eventual), Verdict::Kept);
///
/// let later = Presented { now: now + 600, ..soon };
/// let verdict = rotate(&stored, standing, &later, &rules, Consistency::Eventual);
/// assert!(matches!(verdict, Verdict::Fresh(_)));
/// assert_eq!(verdict.answer(ticket).map(|next| next.counter), Some(1));
/// ```
#[must_use]
pub fn rotate(
    stored: &Stored,
    standing: Option<Standing>,
    presented: &Presented,
    rules: &Rules,
    consistency: Consistency,
) -> Verdict {
    let Presented { ticket, by, now } = *presented;
    let begun_at = ticket.session.begun_at();

    if stored.ended {
        return Verdict::Ended;
    }
    match standing {
        None | Some(Standing { disabled: true, .. }) => return Verdict::NoUser,
        Some(standing) if standing.epoch != ticket.epoch => return Verdict::OtherEpoch,
        Some(_) => {}
    }
    if begun_at > now.saturating_add(SESSION_CLOCK_SKEW) {
        return Verdict::Unknown;
    }
    let age = now.saturating_sub(begun_at);
    // SESSION_TTL may have been shortened since the ticket was made.
    if now >= ticket.expires_at || age >= rules.session_ttl || ticket.successor().is_none() {
        return Verdict::Expired;
    }
    let record = match stored.record {
        Some(record) => record,
        // A location may not see a session that began elsewhere a moment ago; the MAC proves that it did begin.
        None if consistency == Consistency::Eventual && age <= NEW_SESSION_UNSEEN => {
            Record::default()
        }
        None => return Verdict::Unknown,
    };

    let last_used = record.used.map_or(begun_at, |used| used.first_at);
    let since = now.saturating_sub(last_used);
    if since >= rules.idle_ttl {
        return Verdict::Idle;
    }
    match record.used {
        Some(used)
            if ticket.counter.checked_add(1) == Some(used.counter)
                && since < rules.grace
                && rules.rotate_after > 0 =>
        {
            Verdict::Overtaken
        }
        Some(used) if ticket.counter < used.counter => Verdict::Reused,
        Some(used) if ticket.counter == used.counter => {
            // `None` when that can't be told.
            let is_same = by.zip(used.by).map(|(by, used_by)| by.contain(used_by));
            if since < rules.grace {
                Verdict::Repeated {
                    shared: is_same == Some(false),
                }
            } else if rules.reuse == Reuse::SameClient && is_same == Some(true) {
                Verdict::Late
            } else {
                Verdict::Reused
            }
        }
        used => {
            let newest = used.map_or(0, |used| used.counter.saturating_add(1));
            let record = |counter| Record {
                used: Some(Use {
                    counter,
                    first_at: now,
                    by: by.map(|by| by.recorded()),
                }),
            };
            if ticket.counter > newest && rules.rotate_after > 0 {
                Verdict::Unseen(record(ticket.counter.saturating_sub(1)))
            } else if ticket.counter == newest && since < rules.rotate_after {
                Verdict::Kept
            } else {
                Verdict::Fresh(record(ticket.counter))
            }
        }
    }
}
