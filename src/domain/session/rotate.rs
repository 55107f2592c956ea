//! Decides what happens when a client presents a refresh token. All session stores, tests and
//! models call this code.
//!
//! Renewal is idempotent: a client that repeats a renewal gets the same successor again. So a lost
//! response, a second tab or a stale replica of the store must never log an honest user out. But if
//! a token is presented again after its successor was used, the session must end (RFC 9700 section
//! 4.14.2). A store reads its record of the session, calls [`decide`], and writes the [`Effect`].

use serde::{Deserialize, Serialize};

use super::client::{ClientFingerprint, Fingerprints};
use super::holder::{AppBinding, Holder};
use super::proof::Proof;
use super::refresh_token::RefreshTicket;
use super::revocation::EndReason;
use crate::domain::account::User;
use crate::domain::policy::{NEW_SESSION_UNSEEN, SESSION_CLOCK_SKEW};

/// The last use of a session. A refresh token is used when it is presented and replaced by its
/// successor for the first time. Presenting the same token again is not another use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// The number of the token that was used. It is the highest number of a used token in this
    /// session.
    pub counter: u32,
    /// When the token was used, in seconds since 1970.
    pub first_at: u64,
    /// The client that used the token. `None` if the client's IP address was not known.
    pub by: Option<ClientFingerprint>,
}

/// What the store knows about a session that has not ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The last use. A new session has none.
    pub used: Option<Use>,
    /// The newest proof of the user's identity that the store has received. `None` for a new
    /// session: its proof is only in its ticket. [`rotate`] does not look at this field.
    pub proof: Option<Proof>,
}

/// What the store knows about a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// The session's record, if the store has one.
    pub record: Option<Record>,
    /// The session has ended, or it is an app's session whose sign-on (the login through which the
    /// user entered the app) has ended. A session that has ended never becomes active again.
    pub ended: bool,
}

/// The part of the user's current database row that the decision needs.
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

/// A refresh token that a client presents: the content of the token, who presents it, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presented {
    /// The content of the token. Its MAC was valid.
    pub ticket: RefreshTicket,
    /// The client that presents the token. `None` if the client's IP address is not known.
    pub by: Option<Fingerprints>,
    /// The current time, in seconds since 1970.
    pub now: u64,
    /// The app that presents the token. It is named in the app's ticket. `None` if the token comes
    /// from this service's own cookie, or belongs to a program that signed in to this service
    /// directly.
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

    /// When the session expires if it is not renewed again, in seconds since 1970.
    #[must_use]
    fn lives_until(&self, rules: &Rules) -> u64 {
        self.ticket
            .expires_at
            .min(self.now.saturating_add(rules.idle_ttl))
    }
}

/// What happens if a token is presented again after its grace period ([`Rules::grace`]) by the
/// client that has used it before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reuse {
    /// The client gets the token's successor once more. This helps, for instance, if a laptop was
    /// closed during a renewal and so did not receive the successor.
    SameClient,
    /// The session ends.
    Strict,
}

/// What a store guarantees about a read after a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consistency {
    /// A read can miss a write of the last minute, as in Workers KV.
    Eventual,
    /// A read sees every write before it.
    Linearizable,
}

/// The settings that the decision depends on. All durations are in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// `REFRESH_GRACE`: the grace period, which begins when a token is first used. Whoever presents
    /// the token again in this period gets its successor.
    pub grace: u64,
    /// `ROTATE_AFTER`: for how long a client keeps a token before a renewal replaces it. If this
    /// setting is 0, every renewal replaces the token.
    pub rotate_after: u64,
    /// `REUSE`: what happens if a token is presented again after the grace period.
    pub reuse: Reuse,
    /// `SESSION_TTL`: the longest life of a session.
    pub session_ttl: u64,
    /// `SESSION_IDLE_TTL`: if a session is not renewed for this time, it expires.
    pub idle_ttl: u64,
}

/// The decision about a presented refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The presented token is the newest one of the session, and it is younger than
    /// [`Rules::rotate_after`]. The client keeps the token, and the store writes nothing.
    Kept,
    /// The number of the presented token is higher than the store expects, because the store's
    /// record lacks the use of the previous token. Either this location does not see that use yet,
    /// which is possible only while the presented token is young, or the store has lost that use.
    /// The client keeps the token. The store writes the use of the previous token, which this
    /// variant contains.
    Unseen(Use),
    /// The presented token is the newest one of the session, and it is old enough to be replaced.
    /// The store writes the use of the token, which this variant contains. The client gets the
    /// token's successor.
    Fresh(Use),
    /// The presented token is the one that was used last, and its grace period has not ended. The
    /// client gets the same successor again, and the store writes nothing.
    Repeated {
        /// Whether the client that first used the token has another network or another program than
        /// the client that presents the token now. False if the IP address of one of the two
        /// clients is not known. If this is true, the two clients can be two devices with the same
        /// cookies, or a phone that changed its network, or one of them can be a thief. In that
        /// case the renewal is logged as `refresh_token_shared`.
        shared: bool,
    },
    /// The presented token is the one that was used last, and its grace period has ended, but the
    /// same client presents it again. The client gets the same successor again, and the renewal is
    /// logged. This variant applies only if the IP addresses of both requests are known. Without
    /// addresses, an owner and a thief would look like the same client.
    Late,
    /// The presented token is the predecessor of the token that was used last, and the grace period
    /// of the last used token has not ended. This happens if another request of the same page has
    /// overtaken this one. The client gets the newest token, and the store writes nothing. If
    /// [`Rules::rotate_after`] is 0, the verdict is [`Reused`](Self::Reused) instead.
    Overtaken,
    /// The presented token was used before, and none of the variants above applies. The session is
    /// ended.
    Reused,
    /// The session has ended.
    Ended,
    /// The user's `session_epoch` has changed since the session began: the user got a new password,
    /// all sessions were revoked, or the account was disabled.
    OtherEpoch,
    /// The account is disabled or does not exist.
    NoUser,
    /// The session was not renewed for `SESSION_IDLE_TTL`.
    Idle,
    /// The session has reached the maximum age of a session, or the token has the highest possible
    /// number.
    Expired,
    /// The store has no record of the session, because the session ended long ago. Or the token
    /// says that the session began at a time that is still in the future.
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

    /// Whether the client gets a newer ticket than it presented. Only in this case may the answer
    /// set a cookie. The reason is that a browser can present the same ticket in two requests. One
    /// answer can say that the browser keeps the ticket, while the other answer contains the
    /// successor. If both answers set a cookie and the first one arrived last, the browser would
    /// replace the new ticket by the old one.
    #[must_use]
    pub const fn moves_on(self) -> bool {
        matches!(
            self,
            Self::Fresh(_) | Self::Repeated { .. } | Self::Late | Self::Overtaken
        )
    }

    /// The ticket that the client gets, or `None` if the renewal is refused. It has the same proof
    /// of identity as the presented ticket, because a renewal does not prove who the user is.
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

/// What a session store must write before the client gets the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Nothing,
    /// The store writes a new record of the session.
    Record {
        /// The last use.
        used: Use,
        /// The newest proof.
        proof: Proof,
        /// When the session expires if it is not renewed again, in seconds since 1970.
        lives_until: u64,
    },
    /// The session ends.
    End(EndReason),
}

/// The verdict about a presented token, what the store writes, and what the client gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The verdict about the presented token.
    pub verdict: Verdict,
    /// What the store writes.
    pub effect: Effect,
    /// What the client gets: a ticket with the newest proof of identity. `None` if the renewal is
    /// refused.
    pub ticket: Option<RefreshTicket>,
}

/// Calls [`rotate`], and determines what the store writes and what the client gets.
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

/// Decides which [`Verdict`] applies to a presented refresh token. The result depends only on the
/// arguments.
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
    // The session's age is also checked, because `SESSION_TTL` could have been shortened since the
    // ticket was made.
    if now >= ticket.expires_at || age >= rules.session_ttl || ticket.successor().is_none() {
        return Verdict::Expired;
    }
    let record = match stored.record {
        Some(record) => record,
        // If the store is eventually consistent, a session that began at one location a moment ago
        // might not be visible at another location yet. The ticket's MAC proves that the session
        // did begin.
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
            // `None` if the IP address of one of the two clients is not known.
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

/// The session store's answer when the user of a session has proved who they are once more, by
/// entering the password again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proved {
    /// The session is active, and as far as the store knows, the token with the ticket's number has
    /// not been used yet.
    GoesOn,
    /// The token with the ticket's number was already used, so the client should have a newer
    /// token. The client has to renew its session first. If somebody else has used the token, that
    /// renewal detects it.
    Spent,
    /// The session has ended, has expired or is unknown.
    Over,
}

/// Decides whether the client may get a ticket with a newer proof of identity. The result depends
/// only on the arguments.
///
/// The new ticket has the same number as the ticket that the client already has. So the new ticket
/// can be used for nothing that the old ticket could not be used for. Issuing it neither logs an
/// honest client out nor hides a thief.
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
