//! A user's object answers renewals and checks from a copy of the user's row. The fence decides
//! when it may. These are only the rules of the protocol, without storage, clock or randomness.
//!
//! D1 owns the row. A Worker that changes the row must *hold* the object first. The object then
//! drops its copy, and answers from the row for [`HOLD_TTL`]. The change can be committed only
//! within [`HOLD_COMMIT`], even by a clock that differs by [`DATABASE_CLOCK_SKEW`]. So no copy
//! exists when the row changes, and nobody has to be told afterwards.
//!
//! A row takes time to travel from D1 to the object. The *generation* shows whether something has
//! happened meanwhile. Each hold and each [`forget`](Fence::forget) draws a new generation. A row
//! that was asked for under another generation is not kept.
//!
//! `tests/session_model/fence` searches all interleavings of these rules.

use serde::{Deserialize, Serialize};

use super::rotate::Standing;
use crate::domain::account::{EmailAddress, User};
use crate::domain::policy::{COPY_TTL, DATABASE_CLOCK_SKEW, HOLD_COMMIT, HOLD_TTL};

/// What renewals and checks need of a user's row.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserCopy {
    pub version: u64,
    /// `session_epoch`.
    pub epoch: u32,
    /// The roles, sorted.
    pub roles: Vec<String>,
    /// The address as entered. Mails are sent to it.
    pub email: String,
    /// The canonical form of the address, for comparisons.
    pub email_canonical: String,
    /// Whether the address is verified.
    pub email_verified: bool,
    /// Whether the account is disabled.
    pub disabled: bool,
}

impl std::fmt::Debug for UserCopy {
    /// Without the address.
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
    /// From random bytes.
    #[must_use]
    pub const fn new(random: [u8; 8]) -> Self {
        let [a, b, c, d, e, f, g, h] = random;
        Self([
            u32::from_be_bytes([a, b, c, d]),
            u32::from_be_bytes([e, f, g, h]),
        ])
    }

    /// The two numbers that a store keeps.
    #[must_use]
    pub const fn to_numbers(self) -> [u32; 2] {
        self.0
    }

    /// Reads what [`to_numbers`](Self::to_numbers) gave.
    #[must_use]
    pub const fn from_numbers(numbers: [u32; 2]) -> Self {
        Self(numbers)
    }
}

/// A copy, and when the object asked for its row, in seconds since 1970 by the object's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatedCopy {
    pub row: UserCopy,
    /// When the object asked for the row. The row is not older than this.
    pub asked_at: u64,
}

/// The object's request for the row. The Worker reads the row from the primary database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Need {
    /// The generation under which the row may be kept. `None` if it may not be kept.
    pub generation: Option<Generation>,
    /// When the object asked, in seconds since 1970.
    pub asked_at: u64,
}

/// What a user's object stores about its copy. Times are in seconds since 1970 by the object's own
/// clock. A method that takes a `fresh` generation stores it if it replaces the current one.
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
    /// `None` in an object that was never asked, or was wiped.
    pub generation: Option<Generation>,
    /// The object is held before this time.
    pub held_until: u64,
    /// The copy, if there is one.
    pub copy: Option<DatedCopy>,
    /// The version that a change without a hold has reported. Only a Worker of a version that has
    /// no fence makes such a change. 0 if there was none.
    pub reported: u64,
}

impl Fence {
    /// Holds the object for a change. Returns the deadline: the change may be committed while the
    /// database's clock shows a time before it. A second hold can only make the time longer.
    pub fn hold(&mut self, fresh: Generation, now: u64) -> u64 {
        self.forget(fresh);
        self.held_until = self.held_until.max(now.saturating_add(HOLD_TTL));
        now.saturating_add(HOLD_COMMIT)
    }

    /// Drops the copy. A row that is on its way is not kept either.
    pub fn forget(&mut self, fresh: Generation) {
        self.generation = Some(fresh);
        self.copy = None;
    }

    /// Whether a change may be under way.
    #[must_use]
    pub const fn is_held(&self, now: u64) -> bool {
        now < self.held_until
    }

    /// The copy, if it may decide. `since` is `COPIES_SINCE`. The operator has changed or restored
    /// the database at that time, by the operator's clock. Older copies are not used.
    #[must_use]
    pub fn usable(&self, now: u64, since: u64) -> Option<&UserCopy> {
        let copy = self.copy.as_ref().filter(|_| !self.is_held(now))?;
        let decides = copy.row.version >= self.reported && is_recent(copy.asked_at, now, since);
        decides.then_some(&copy.row)
    }

    /// Asks for the row. While the object is held, the row may not be kept.
    pub fn need(&mut self, fresh: Generation, now: u64) -> Need {
        let current = *self.generation.get_or_insert(fresh);
        Need {
            generation: (!self.is_held(now)).then_some(current),
            asked_at: now,
        }
    }

    /// Keeps a row that was asked for, unless something has happened since. Returns whether it was
    /// kept.
    pub fn install(&mut self, row: &UserCopy, need: &Need, now: u64, since: u64) -> bool {
        let keeps = need.generation.is_some()
            && need.generation == self.generation
            && !self.is_held(now)
            // An older row could not decide, and each renewal would write it again.
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

    /// A login has read the row in this version. The age of that row is not known, so the row is
    /// never kept. A copy of another version is dropped. Returns whether a copy was dropped.
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

    /// Whether the object's storage may be deleted. A wipe during a hold would lift it.
    #[must_use]
    pub const fn may_be_wiped(&self, now: u64) -> bool {
        !self.is_held(now)
    }
}

/// Whether a row that was asked for at this time may decide. It may for a day, unless it is older
/// than `COPIES_SINCE`. The clocks that wrote these times may differ. A time far in the future
/// comes from a clock that was wrong, so such a row may not decide.
const fn is_recent(asked_at: u64, now: u64, since: u64) -> bool {
    let from_operator = since == 0 || asked_at >= since.saturating_add(DATABASE_CLOCK_SKEW);
    from_operator
        && now < asked_at.saturating_add(COPY_TTL)
        && asked_at <= now.saturating_add(DATABASE_CLOCK_SKEW)
}

#[cfg(test)]
#[path = "fence_tests.rs"]
mod tests;
