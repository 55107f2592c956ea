//! Decides what happens when a refresh token is presented. Every store, test and model calls this.
//!
//! Renewal is idempotent: a lost response, a second tab or a stale replica must never log an honest
//! user out. A token that comes back after its successor was used must end the session (RFC 9700
//! section 4.14.2). A store reads its record, calls [`decide`], and writes the [`Effect`].

use serde::{Deserialize, Serialize};

use super::client::{ClientFingerprint, Fingerprints};
use super::holder::{AppBinding, Holder};
use super::proof::Proof;
use super::refresh_token::RefreshTicket;
use super::revocation::EndReason;
use crate::domain::account::User;
use crate::domain::policy::{NEW_SESSION_UNSEEN, SESSION_CLOCK_SKEW};

/// The last use of a session: the presentation of a token that nobody had presented before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// The highest counter presented so far.
    pub counter: u32,
    /// When it was first presented, in seconds since 1970.
    pub first_at: u64,
    /// By whom it was first presented. `None` when the client's address was not known.
    pub by: Option<ClientFingerprint>,
}

/// What the store knows of a session that has not ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The last use. A new session has none.
    pub used: Option<Use>,
    /// The newest proof that the store has received. A new session has none here: its proof is in
    /// its ticket. It never changes what [`rotate`] decides.
    pub proof: Option<Proof>,
}

/// What the store knows of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// The session's record, if the store has one.
    pub record: Option<Record>,
    /// The session has ended, or the sign-on of an app's session has. Nothing takes that back.
    pub ended: bool,
}

/// What the user's row says now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The user's `session_epoch`.
    pub epoch: u32,
    /// The account is disabled.
    pub disabled: bool,
}

impl From<&User> for Standing {
    fn from(user: &User) -> Self {
        Self {
            epoch: user.session_epoch,
            disabled: user.disabled_at.is_some(),
        }
    }
}

/// A refresh token as it was presented: what it says, who presents it, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presented {
    /// What the token says. Its MAC was valid.
    pub ticket: RefreshTicket,
    /// Who presents it. `None` when the client's address is not known.
    pub by: Option<Fingerprints>,
    /// Now, in seconds since 1970.
    pub now: u64,
    /// The app that presents it, as its own ticket says. `None`: a ticket of the issuer's cookie or
    /// of a program that signed in to the issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<AppBinding>,
}

impl Presented {
    /// Who holds the session.
    #[must_use]
    pub fn holder(&self) -> Holder {
        let sign_on = self.ticket.sign_on;
        self.app.map_or(Holder::Browser { sign_on }, Holder::App)
    }

    /// When the session expires if this renewal is its last, in seconds since 1970.
    #[must_use]
    fn lives_until(&self, rules: &Rules) -> u64 {
        self.ticket
            .expires_at
            .min(self.now.saturating_add(rules.idle_ttl))
    }
}

/// What happens when, after the grace, a client presents a token that it spent itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reuse {
    /// The client gets the successor once more. Perhaps a laptop was closed during a renewal.
    SameClient,
    /// It ends the session.
    Strict,
}

/// What a store guarantees about a read after a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consistency {
    /// A read may miss a write of the last minute, as in Workers KV.
    Eventual,
    /// A read sees every write before it.
    Linearizable,
}

/// The settings that the decision depends on. Times are in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// `REFRESH_GRACE`: for how long a spent token gets its successor again, whoever presents it.
    pub grace: u64,
    /// `ROTATE_AFTER`: for how long a token is kept before it is rotated. 0 rotates every time.
    pub rotate_after: u64,
    /// `REUSE`.
    pub reuse: Reuse,
    /// `SESSION_TTL`: the longest life of a session.
    pub session_ttl: u64,
    /// `SESSION_IDLE_TTL`: a session that is not renewed for this long expires.
    pub idle_ttl: u64,
}

/// The decision about a presented refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A young token: the client keeps it, and nothing is written.
    Kept,
    /// The token's number is higher than the store expects. The use of the token before it is not
    /// visible here yet, or the store has lost that use. In the first case the token is young. The
    /// client keeps the token. The store writes the use of the token before it, which is given
    /// here.
    Unseen(Use),
    /// The newest token: this use is written, and the client gets the successor.
    Fresh(Use),
    /// The last spent token, within the grace: the same successor again, and nothing is written.
    Repeated {
        /// The network or program differs from the one that spent the token, as far as both are
        /// known. It may be another device with the same cookies, a phone that changed its network,
        /// or a thief who acts at the same time. Logged as `refresh_token_shared`.
        shared: bool,
    },
    /// The last spent token, after the grace, from the client that spent it. The client gets the
    /// same successor again, and this is logged. Both addresses must be known: without addresses,
    /// an owner and a thief would look like one client.
    Late,
    /// The last but one of the spent tokens, while the last one is still within its grace: another
    /// request of the same page was faster. The client gets the newest token, and nothing
    /// is written. If every renewal rotates, such a token is *reused* instead.
    Overtaken,
    /// Any other spent token: the session is ended.
    Reused,
    /// The session has ended.
    Ended,
    /// The user's epoch has changed: a new password, revoke-all, or a disabled account.
    OtherEpoch,
    /// The account is disabled or does not exist.
    NoUser,
    /// Not renewed for `SESSION_IDLE_TTL`.
    Idle,
    /// Past the absolute end of the session, or the highest counter is used.
    Expired,
    /// The store has no such session: it ended long ago, or the token is from the future.
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

    /// Whether the client gets a newer ticket than it presented. Only then may a cookie be set. An
    /// answer with the presented ticket may arrive after an answer with its successor. A cookie in
    /// it would put a spent ticket back.
    #[must_use]
    pub const fn moves_on(self) -> bool {
        matches!(
            self,
            Self::Fresh(_) | Self::Repeated { .. } | Self::Late | Self::Overtaken
        )
    }

    /// The ticket that the client gets, or `None` when the renewal is refused. It has the proof of
    /// the presented ticket: a renewal proves nothing.
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

/// What a store must write before the client gets its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Nothing,
    /// A new record of the session.
    Record {
        /// The last use.
        used: Use,
        /// The newest proof.
        proof: Proof,
        /// When the session expires unless it is renewed again, in seconds since 1970.
        lives_until: u64,
    },
    /// The session ends.
    End(EndReason),
}

/// A decision with everything that follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The decision itself.
    pub verdict: Verdict,
    /// What the store writes.
    pub effect: Effect,
    /// What the client gets: a ticket with the newest proof. `None` when the renewal is refused.
    pub ticket: Option<RefreshTicket>,
}

/// Calls [`rotate`], and works out what the store writes and what the client gets.
#[must_use]
pub fn decide(
    stored: &Stored,
    standing: Option<Standing>,
    presented: &Presented,
    rules: &Rules,
    consistency: Consistency,
) -> Decision {
    let verdict = rotate(stored, standing, presented, rules, consistency);
    let known = stored.record.and_then(|record| record.proof);
    let ticket = presented.ticket.with_later(known);
    let effect = match verdict {
        Verdict::Fresh(used) | Verdict::Unseen(used) => Effect::Record {
            used,
            proof: ticket.proof,
            lives_until: presented.lives_until(rules),
        },
        Verdict::Reused => Effect::End(EndReason::Reused),
        _ => Effect::Nothing,
    };
    Decision {
        verdict,
        effect,
        ticket: verdict.answer(ticket),
    }
}

/// Judges a presented refresh token. Pure: it depends on its arguments only.
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
///     proof: Proof::by_password(now),
///     sign_on: None,
/// };
/// let rules = Rules { grace: 30, rotate_after: 90, reuse: Reuse::SameClient, session_ttl: 90 * 86_400, idle_ttl: 30 * 86_400 };
/// let stored = Stored { record: Some(Record::default()), ended: false };
/// let standing = Some(Standing { epoch: 0, disabled: false });
///
/// let soon = Presented { ticket, by: Some(Fingerprints::only(ClientFingerprint([1; 4]))), now: now + 10, app: None };
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
    let Presented {
        ticket, by, now, ..
    } = *presented;
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
        // A location may not see a session that began elsewhere a moment ago. The MAC proves that
        // it did begin.
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
            // `None` when either client is not known.
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
            let use_of = |counter| Use {
                counter,
                first_at: now,
                by: by.map(|by| by.recorded()),
            };
            if ticket.counter > newest && rules.rotate_after > 0 {
                Verdict::Unseen(use_of(ticket.counter.saturating_sub(1)))
            } else if ticket.counter == newest && since < rules.rotate_after {
                Verdict::Kept
            } else {
                Verdict::Fresh(use_of(ticket.counter))
            }
        }
    }
}

/// What a store answers when the user of a session has proved again who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proved {
    /// The session is active, and this ticket's number is not spent as far as the store knows.
    GoesOn,
    /// A ticket with this number was used already, so its owner has a newer one. The client has to
    /// renew first. If somebody else used the ticket, that renewal finds out.
    Spent,
    /// The session has ended, has expired or is unknown.
    Over,
}

/// Decides whether a ticket with a newer proof may be handed out. Pure, as [`rotate`] is.
///
/// The ticket has the same number as the one that its owner holds. So it can do nothing that the
/// owner's ticket could not do. It neither signs an honest client out nor hides a thief.
#[must_use]
pub fn prove(
    stored: &Stored,
    ticket: &RefreshTicket,
    rules: &Rules,
    consistency: Consistency,
    now: u64,
) -> Proved {
    let begun_at = ticket.session.begun_at();
    let age = now.saturating_sub(begun_at);
    if stored.ended
        || begun_at > now.saturating_add(SESSION_CLOCK_SKEW)
        || now >= ticket.expires_at
        || age >= rules.session_ttl
    {
        return Proved::Over;
    }
    let record = match stored.record {
        Some(record) => record,
        None if consistency == Consistency::Eventual && age <= NEW_SESSION_UNSEEN => {
            Record::default()
        }
        None => return Proved::Over,
    };
    let last_used = record.used.map_or(begun_at, |used| used.first_at);
    if now.saturating_sub(last_used) >= rules.idle_ttl {
        return Proved::Over;
    }
    match record.used {
        Some(used) if used.counter >= ticket.counter => Proved::Spent,
        _ => Proved::GoesOn,
    }
}
