//! If sessions are stored in Durable Objects, each user has one object, which answers renewals of
//! tokens and checks of sessions. The object keeps a copy of the user's D1 row, so that it need not
//! ask D1 each time. This module, the *fence*, decides when the object may answer from the copy. It
//! contains only the rules: storage, clock and random numbers come from the caller.
//!
//! A Worker that wants to change the row in D1 must *hold* the object first. The object then
//! discards its copy, and for [`HOLD_TTL`] it stores no new one and every answer needs the row from
//! D1. The change must be committed within [`HOLD_COMMIT`], which is shorter by
//! [`DATABASE_CLOCK_SKEW`], because the database's clock may differ by that much. So the object has
//! no copy when the row changes, and nobody has to tell the object about the change.
//!
//! When the object requests the row from D1, a change may happen before the row arrives. The
//! *generation* detects this. Each hold and each [`forget`](Fence::forget) replaces it by a new
//! random number. A row that was requested under an earlier generation is not stored as a copy.
//!
//! `tests/models/session_model/fence` searches all interleavings of these rules.

use serde::{Deserialize, Serialize};

use super::rotate::Standing;
use crate::domain::account::{EmailAddress, User};
use crate::domain::policy::{COPY_TTL, DATABASE_CLOCK_SKEW, HOLD_COMMIT, HOLD_TTL};

/// The part of a user's row that renewals of tokens and checks of sessions need.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserCopy {
    pub version: u64,
    /// `session_epoch`.
    pub epoch: u32,
    /// The roles, sorted.
    pub roles: Vec<String>,
    /// The address as entered. Mails are sent to it.
    pub email: String,
    /// The canonical form of the address. It is used for comparisons.
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
    /// The address. `None` if it is not a valid one.
    #[must_use]
    pub fn address(&self) -> Option<EmailAddress> {
        EmailAddress::stored(&self.email, &self.email_canonical)
    }
}

/// A random number. Each [`hold`](Fence::hold) and each [`forget`](Fence::forget) replaces it.
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

    /// The two numbers that are stored.
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

/// A copy of the row, and the time of the request for it, in seconds since 1970 by the object's
/// clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatedCopy {
    pub row: UserCopy,
    /// When the object requested the row. The row was read after this time.
    pub asked_at: u64,
}

/// The object's request for the row. A Worker reads the row from the primary database and gives it
/// to the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Need {
    /// The object's current generation. The row is stored as a copy only if the generation is still
    /// the same when the row arrives. `None` if the row may not be stored at all.
    pub generation: Option<Generation>,
    /// When the object requested the row, in seconds since 1970.
    pub asked_at: u64,
}

/// What a user's Durable Object stores about its copy of the user's row. Times are in seconds since
/// 1970 by the object's own clock. Some methods take a `fresh` generation, a new random number.
/// They store it if the current generation must be replaced.
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
    /// `None` if the object is new, or if its storage was deleted.
    pub generation: Option<Generation>,
    /// The object is held until this time.
    pub held_until: u64,
    /// The copy, if there is one.
    pub copy: Option<DatedCopy>,
    /// The version of the row that a Worker has reported after a change without a hold. Only
    /// Workers that run an earlier version of the service, without a fence, make such changes. 0 if
    /// there was none.
    pub reported: u64,
}

impl Fence {
    /// Holds the object for a change. Returns the deadline: the change may be committed only while
    /// the database's clock shows an earlier time. A second hold never ends the first one earlier.
    pub fn hold(&mut self, fresh: Generation, now: u64) -> u64 {
        self.forget(fresh);
        self.held_until = self.held_until.max(now.saturating_add(HOLD_TTL));
        now.saturating_add(HOLD_COMMIT)
    }

    /// Discards the copy. A row that was requested before, and arrives later, is not stored either.
    pub fn forget(&mut self, fresh: Generation) {
        self.generation = Some(fresh);
        self.copy = None;
    }

    /// Whether the object is held, so a change of the row may be in progress.
    #[must_use]
    pub const fn is_held(&self, now: u64) -> bool {
        now < self.held_until
    }

    /// The copy, if the object may answer from it. `since` is the setting `COPIES_SINCE`: the time,
    /// by the operator's clock, at which the operator has changed or restored the database. Copies
    /// from before that time are not used.
    #[must_use]
    pub fn usable(&self, now: u64, since: u64) -> Option<&UserCopy> {
        let copy = self.copy.as_ref().filter(|_| !self.is_held(now))?;
        let decides = copy.row.version >= self.reported && is_recent(copy.asked_at, now, since);
        decides.then_some(&copy.row)
    }

    /// Creates a request for the row. While the object is held, the row may not be stored as a
    /// copy.
    pub fn need(&mut self, fresh: Generation, now: u64) -> Need {
        let current = *self.generation.get_or_insert(fresh);
        Need {
            generation: (!self.is_held(now)).then_some(current),
            asked_at: now,
        }
    }

    /// Stores a requested row as the copy. It is not stored if the object is held, if the
    /// generation has changed since the request, or if the row may not be used anyway. Returns
    /// whether the row was stored.
    pub fn install(&mut self, row: &UserCopy, need: &Need, now: u64, since: u64) -> bool {
        let keeps = need.generation.is_some()
            && need.generation == self.generation
            && !self.is_held(now)
            // An older row would not be used, and each renewal would store it again.
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

    /// A login has read the user's row, and the row has this version. If the copy has another
    /// version, it is discarded. The row that the login has read is never stored as a copy, because
    /// it is not known when it was read. Returns whether a copy was discarded.
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

    /// Whether the object's storage may be deleted. This is not allowed during a hold, because it
    /// would end the hold.
    #[must_use]
    pub const fn may_be_wiped(&self, now: u64) -> bool {
        !self.is_held(now)
    }
}

/// Whether the object may answer from a row that was requested at the time `asked_at`. It may for a
/// day, unless the request is older than `COPIES_SINCE`. Different clocks wrote these times, so a
/// margin of [`DATABASE_CLOCK_SKEW`] is added. If `asked_at` is later than `now` by more than this
/// margin, a clock was wrong, and the row is not used.
const fn is_recent(asked_at: u64, now: u64, since: u64) -> bool {
    let from_operator = since == 0 || asked_at >= since.saturating_add(DATABASE_CLOCK_SKEW);
    from_operator
        && now < asked_at.saturating_add(COPY_TTL)
        && asked_at <= now.saturating_add(DATABASE_CLOCK_SKEW)
}

#[cfg(test)]
#[path = "fence_tests.rs"]
mod tests;
