//! If sessions are stored in Durable Objects, each user has one object. The object decides about
//! renewals of tokens and checks of sessions. It keeps a copy of the user's row in the D1 database,
//! so that the row need not be read from D1 each time. This module, the *fence*, decides when the
//! object may answer from the copy. The module contains only the rules: storage, clock and random
//! numbers come from the caller.
//!
//! Before a Worker changes the row in D1, it must *hold* the object. The object then discards its
//! copy. During the next [`HOLD_TTL`] seconds, the object stores no new copy, and for each answer
//! the row is read from D1. The Worker must commit its change within [`HOLD_COMMIT`] seconds after
//! the hold began. [`HOLD_COMMIT`] is shorter than [`HOLD_TTL`] by [`DATABASE_CLOCK_SKEW`], because
//! the database's clock can differ from the object's clock by that much. So the object has no copy
//! when the row changes, and nobody has to tell the object about the change.
//!
//! After the object has requested the row, it is possible that the row is changed in D1 before the
//! requested row arrives at the object. The *generation*, a random number, detects this. Each hold
//! and each [`forget`](Fence::forget) replaces the generation by a new random number. If the
//! generation has changed between the request and the arrival of the row, the row is not stored as
//! a copy.
//!
//! The model in `tests/models/session_model/fence` tries all interleavings of the operations of
//! this module.

use serde::{Deserialize, Serialize};

use super::rotate::Standing;
use crate::domain::account::{EmailAddress, User};
use crate::domain::policy::{COPY_TTL, DATABASE_CLOCK_SKEW, HOLD_COMMIT, HOLD_TTL};

/// The part of a user's row that renewals of tokens and checks of sessions need.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserCopy {
    pub version: u64,
    /// The user's `session_epoch`.
    pub epoch: u32,
    /// The roles, sorted.
    pub roles: Vec<String>,
    /// The email address as it was entered. Mails are sent to this address.
    pub email: String,
    /// The canonical form of the email address. It is used for comparisons.
    pub email_canonical: String,
    /// Whether the address is verified.
    pub email_verified: bool,
    /// Whether the account is disabled.
    pub disabled: bool,
}

impl std::fmt::Debug for UserCopy {
    /// Does not print the address.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserCopy")
            .field("version", &self.version)
            .field("epoch", &self.epoch)
            .field("roles", &self.roles)
            .field("email_verified", &self.email_verified)
            .field("disabled", &self.disabled)
            .finish_non_exhaustive()
    }
}

impl From<&User> for UserCopy {
    fn from(user: &User) -> Self {
        Self {
            version: user.version,
            epoch: user.session_epoch,
            roles: user.roles.to_vec(),
            email: user.email.as_given().to_owned(),
            email_canonical: user.email.canonical().to_owned(),
            email_verified: user.email_verified_at.is_some(),
            disabled: user.disabled_at.is_some(),
        }
    }
}

impl From<&UserCopy> for Standing {
    fn from(copy: &UserCopy) -> Self {
        Self {
            epoch: copy.epoch,
            disabled: copy.disabled,
        }
    }
}

impl UserCopy {
    /// The email address. `None` if the copy does not contain a valid address.
    #[must_use]
    pub fn address(&self) -> Option<EmailAddress> {
        EmailAddress::stored(&self.email, &self.email_canonical)
    }
}

/// A random number of 64 bits. Each [`hold`](Fence::hold) and each [`forget`](Fence::forget)
/// replaces the generation that the object stores by a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Generation([u32; 2]);

impl Generation {
    /// A generation from random bytes.
    #[must_use]
    pub const fn new(random: [u8; 8]) -> Self {
        let [a, b, c, d, e, f, g, h] = random;
        Self([
            u32::from_be_bytes([a, b, c, d]),
            u32::from_be_bytes([e, f, g, h]),
        ])
    }

    /// The generation as two numbers. This form is stored.
    #[must_use]
    pub const fn to_numbers(self) -> [u32; 2] {
        self.0
    }

    /// Reads what [`to_numbers`](Self::to_numbers) returned.
    #[must_use]
    pub const fn from_numbers(numbers: [u32; 2]) -> Self {
        Self(numbers)
    }
}

/// A copy of the user's row, and the time when the object requested the row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatedCopy {
    pub row: UserCopy,
    /// When the object requested the row, in seconds since 1970 by the object's clock. The row was
    /// read from D1 after this time.
    pub asked_at: u64,
}

/// The object's request for the user's row. A Worker then reads the row from the primary database
/// and gives it to the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Need {
    /// The object's generation when it made the request. The row is stored as a copy only if the
    /// generation is still the same when the row arrives. `None` if the object is held: the row
    /// must not be stored at all.
    pub generation: Option<Generation>,
    /// When the object requested the row, in seconds since 1970.
    pub asked_at: u64,
}

/// What a user's Durable Object stores about its copy of the user's row. Times are in seconds since
/// 1970 by the object's own clock. Some methods take a `fresh` generation, which is a new random
/// number. They store the `fresh` generation if the current one must be replaced.
///
/// ```
/// use edgegate::domain::policy::HOLD_TTL;
/// use edgegate::domain::session::{Fence, Generation, UserCopy};
///
/// let row = UserCopy {
///     version: 4,
///     epoch: 0,
///     roles: vec!["user".to_owned()],
///     email: "ada@example.com".to_owned(),
///     email_canonical: "ada@example.com".to_owned(),
///     email_verified: true,
///     disabled: false,
/// };
/// let [first, second] = [1, 2].map(|byte| Generation::new([byte; 8]));
/// let (mut fence, now, since) = (Fence::default(), 1_764_000_000, 0);
///
/// // Without a copy the Worker reads the row, and the object keeps it.
/// let need = fence.need(first, now);
/// assert!(fence.install(&row, &need, now, since));
/// assert_eq!(fence.usable(now, since), Some(&row));
///
/// // A change holds the object: from then on the row is read, and not kept.
/// let deadline = fence.hold(second, now);
/// assert_eq!(fence.usable(now, since), None);
/// assert!(!fence.install(&row, &need, now, since));
/// assert_eq!(fence.need(second, now).generation, None);
/// assert!(deadline < now + HOLD_TTL);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fence {
    /// The current generation. `None` if the object is new, or if its storage was deleted.
    pub generation: Option<Generation>,
    /// The object is held until this time. It is in the past if the object is not held.
    pub held_until: u64,
    /// The copy, if there is one.
    pub copy: Option<DatedCopy>,
    /// Workers that run an earlier version of the service, which has no fence, change the row
    /// without a hold. Such a Worker reports the new version of the row after the change. This is
    /// the reported version, or 0 if no version was reported.
    pub reported: u64,
}

impl Fence {
    /// Holds the object for a change. Returns the deadline: the change may be committed only while
    /// the database's clock shows an earlier time. If the object is already held, a second hold
    /// never shortens the first hold.
    pub fn hold(&mut self, fresh: Generation, now: u64) -> u64 {
        self.forget(fresh);
        self.held_until = self.held_until.max(now.saturating_add(HOLD_TTL));
        now.saturating_add(HOLD_COMMIT)
    }

    /// Discards the copy. If a row was requested before this call and arrives after it, that row is
    /// not stored either.
    pub fn forget(&mut self, fresh: Generation) {
        self.generation = Some(fresh);
        self.copy = None;
    }

    /// Whether the object is held. If it is, a Worker might be changing the row in D1.
    #[must_use]
    pub const fn is_held(&self, now: u64) -> bool {
        now < self.held_until
    }

    /// The copy, if the object may answer from it. `since` is the setting `COPIES_SINCE`: the time,
    /// by the operator's clock, at which the operator has changed or restored the database. A copy
    /// is not used if its row was requested before that time. If `since` is 0, there is no such
    /// time.
    #[must_use]
    pub fn usable(&self, now: u64, since: u64) -> Option<&UserCopy> {
        let copy = self.copy.as_ref().filter(|_| !self.is_held(now))?;
        let decides = copy.row.version >= self.reported && is_recent(copy.asked_at, now, since);
        decides.then_some(&copy.row)
    }

    /// Creates a request for the row. While the object is held, the request says that the row must
    /// not be stored as a copy.
    pub fn need(&mut self, fresh: Generation, now: u64) -> Need {
        let current = *self.generation.get_or_insert(fresh);
        Need {
            generation: (!self.is_held(now)).then_some(current),
            asked_at: now,
        }
    }

    /// Stores a requested row as the copy. The row is not stored if the object is held, if the
    /// generation has changed since the request, or if [`usable`](Self::usable) would not return
    /// the row. Returns whether the row was stored.
    pub fn install(&mut self, row: &UserCopy, need: &Need, now: u64, since: u64) -> bool {
        let keeps = need.generation.is_some()
            && need.generation == self.generation
            && !self.is_held(now)
            // A row with an older version than the reported one would never be used as a copy. So
            // each renewal would request the row and store it again.
            && row.version >= self.reported
            && is_recent(need.asked_at, now, since);
        if keeps {
            self.copy = Some(DatedCopy {
                row: row.clone(),
                asked_at: need.asked_at,
            });
        }
        keeps
    }

    /// The caller reports that a login has read the user's row from D1, and that the row has this
    /// version. If the copy has another version, the copy is discarded. The row that the login has
    /// read is never stored as a copy, because the object does not know when the row was read.
    /// Returns whether a copy was discarded.
    pub fn begin(&mut self, version: u64, fresh: Generation) -> bool {
        let differs = self
            .copy
            .as_ref()
            .is_some_and(|copy| copy.row.version != version);
        if differs {
            self.forget(fresh);
        }
        differs
    }

    /// Whether the object's storage may be deleted. During a hold this is not allowed, because a
    /// deletion would end the hold.
    #[must_use]
    pub const fn may_be_wiped(&self, now: u64) -> bool {
        !self.is_held(now)
    }
}

/// Whether the object may answer from a row that was requested at the time `asked_at`. The object
/// may use the row for a day after `asked_at`, unless the row was requested before `since`, which
/// is the setting `COPIES_SINCE`. The times come from different clocks, so the row must have been
/// requested at least [`DATABASE_CLOCK_SKEW`] after `since`. If `asked_at` is later than `now` by
/// more than [`DATABASE_CLOCK_SKEW`], a clock was wrong, and the row is not used.
const fn is_recent(asked_at: u64, now: u64, since: u64) -> bool {
    let from_operator = since == 0 || asked_at >= since.saturating_add(DATABASE_CLOCK_SKEW);
    from_operator
        && now < asked_at.saturating_add(COPY_TTL)
        && asked_at <= now.saturating_add(DATABASE_CLOCK_SKEW)
}

#[cfg(test)]
#[path = "fence_tests.rs"]
mod tests;
