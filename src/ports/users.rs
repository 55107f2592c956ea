//! The accounts.

use crate::domain::account::{
    Departure, EmailAddress, EmailPrefix, FreedAddress, NotFreedSince, PasswordHash, RowChange,
    User, UserChange, UserId,
};
use crate::domain::error::StoreError;

/// The accounts. Linearizable: a read sees every write that was answered before the read began.
pub trait UserDirectory {
    /// The user with this id, from the primary copy.
    ///
    /// # Errors
    /// When the store does not answer, or its row is not a valid user.
    async fn find_by_id(&self, id: UserId) -> Result<Option<User>, StoreError>;

    /// The user with this canonical address.
    ///
    /// # Errors
    /// As [`find_by_id`](Self::find_by_id).
    async fn find_by_email(&self, email: &EmailAddress) -> Result<Option<User>, StoreError>;

    /// Adds a user. MUST change nothing and answer [`Insertion::EmailTaken`] when the canonical
    /// address has an account, or when the id has one. The answer MUST be right also when two
    /// insertions run at once.
    ///
    /// An address is freed when its account is deleted or gets another address. With a `condition`,
    /// MUST change nothing and answer [`Insertion::Freed`] when the address was freed at the time
    /// of the registration request or later. This also applies to an address that is freed during
    /// the call.
    ///
    /// # Errors
    /// When the store does not answer. The user may or may not exist, and a repeat finds out.
    async fn insert(
        &self,
        user: &User,
        condition: Option<&NotFreedSince>,
    ) -> Result<Insertion, StoreError>;

    /// Adds the given users in one atomic step, except those whose canonical address, id or
    /// external id an account already has. Returns the ids of the added users. MUST change no
    /// account that exists, also when it runs twice at once. The caller passes no two users with
    /// the same address, id or external id.
    ///
    /// # Errors
    /// When the store does not answer. The users may or may not have been added. A repeat of the
    /// call shows which.
    async fn import(&self, users: &[User]) -> Result<Vec<UserId>, StoreError>;

    /// The accounts that have the canonical address, the id or the external id of one of these
    /// users.
    ///
    /// # Errors
    /// As [`find_by_id`](Self::find_by_id).
    async fn find_in_the_way_of(&self, users: &[User]) -> Result<Vec<User>, StoreError>;

    /// Those of these ids whose account was deleted after `left_after`, or whose [`Departure`] is
    /// still due: the cleanup after the deletion. In any order.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn departed_among(
        &self,
        ids: &[UserId],
        left_after: u64,
    ) -> Result<Vec<UserId>, StoreError>;

    /// Changes a user and increases its counters in one atomic step: `version` with any change,
    /// `session_epoch` too with [`UserChange::ends_sessions`], `link_generation` with
    /// [`UserChange::spoils_links`]. MUST store an address that the change frees before it makes
    /// the change. Returns the user after the change. MUST change nothing and return `None` when
    /// there is no such user, when its version is not `if_version`, when another account has the
    /// new address, or when the change would remove the last administrator: see
    /// [`takes_administrator`](UserChange::takes_administrator). Of two simultaneous changes that
    /// together would leave none, one MUST fail.
    ///
    /// `within` is the deadline that [`hold`](crate::ports::SessionStore::hold) gave. The change
    /// MUST NOT be made when the store's own clock shows this time or a later one, however late the
    /// request arrives. A change that comes too late also returns `None`, and
    /// [`is_past`](Self::is_past) shows whether that was the reason. A change without a deadline
    /// MUST be listed by [`row_changes`](Self::row_changes).
    ///
    /// # Errors
    /// When the store does not answer. The change may or may not have been made.
    async fn update(
        &self,
        id: UserId,
        if_version: Option<u64>,
        within: Option<u64>,
        change: &UserChange,
        now: u64,
    ) -> Result<Option<User>, StoreError>;

    /// Whether the store's clock shows this time or a later one. `now` is the caller's time, for a
    /// store without a clock.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn is_past(&self, deadline: u64, now: u64) -> Result<bool, StoreError>;

    /// At most `limit` users whose rows were changed without a
    /// [`hold`](crate::ports::SessionStore::hold): by hand, or by an earlier version of the
    /// service. Some of them are the users that changed last;
    /// [`newest_row_changes`](crate::domain::policy::newest_row_changes) gives their number. The
    /// others are the users that have waited the longest.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn row_changes(&self, limit: u32) -> Result<Vec<RowChange>, StoreError>;

    /// Moves these users to the end of the list of [`row_changes`](Self::row_changes): among those
    /// that have waited the longest, they come last. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// When some may still have their old position.
    async fn postpone_row_changes(&self, changes: &[RowChange], now: u64)
    -> Result<(), StoreError>;

    /// Takes a user off the list of [`row_changes`](Self::row_changes), unless the row has changed
    /// again since it was read.
    ///
    /// # Errors
    /// When it may still be listed.
    async fn forget_row_change(&self, change: &RowChange) -> Result<(), StoreError>;

    /// Takes all users off the list of [`row_changes`](Self::row_changes) whose rows last changed
    /// before this time, in seconds since 1970.
    ///
    /// # Errors
    /// When some may still be listed.
    async fn forget_row_changes(&self, before: u64) -> Result<(), StoreError>;

    /// Deletes a user if it has this canonical address and, where `if_version` is given, this
    /// version. An absent user is not an error. MUST store the freed address before the deletion.
    /// MUST also record the user's [`Departure`], due at once, in the same atomic step as the
    /// deletion. Returns whether there was such a user. MUST keep the last administrator: an
    /// enabled user with the admin role, while no other enabled user has that role and a password.
    /// The check MUST be part of the same atomic step. `within` is as in [`update`](Self::update).
    ///
    /// # Errors
    /// When the store does not answer. The user may or may not exist, and a repeat finds out.
    async fn delete(
        &self,
        id: UserId,
        email: &EmailAddress,
        if_version: Option<u64>,
        within: Option<u64>,
        freed: &FreedAddress,
    ) -> Result<bool, StoreError>;

    /// At most `limit` departures that are due at `now`, the longest due first. A departure is a
    /// deleted account whose sessions and other data must still be deleted.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn due_departures(&self, limit: u32, now: u64) -> Result<Vec<Departure>, StoreError>;

    /// At most `limit` departures after the id `after`, sorted by id, due or not.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn departures(
        &self,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<Departure>, StoreError>;

    /// Sets when a departure is due next. With `None` it is not due any more. An absent departure
    /// is not an error.
    ///
    /// # Errors
    /// When it may not have been written.
    async fn postpone_departure(&self, id: UserId, due_at: Option<u64>) -> Result<(), StoreError>;

    /// Deletes the departures of accounts that were deleted before `left_before`, unless they are
    /// still due.
    ///
    /// # Errors
    /// When they may not have been deleted.
    async fn forget_departures(&self, left_before: u64) -> Result<(), StoreError>;

    /// Whether no address with one of these keys was freed at the time of the registration request
    /// or later.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn is_not_freed(&self, condition: &NotFreedSince) -> Result<bool, StoreError>;

    /// Deletes the addresses that were freed before this time, in seconds since 1970.
    ///
    /// # Errors
    /// When the store does not answer. A repeat completes the deletion.
    async fn forget_freed(&self, before: u64) -> Result<(), StoreError>;

    /// At most `limit` users after the id `after`, sorted by id. Ids that the service itself has
    /// made sort in the order of their creation.
    ///
    /// # Errors
    /// As [`find_by_id`](Self::find_by_id).
    async fn list(&self, after: Option<UserId>, limit: u32) -> Result<Vec<User>, StoreError>;

    /// At most `limit` users whose canonical address begins with `prefix` and sorts after `after`,
    /// sorted by that address, byte by byte.
    ///
    /// # Errors
    /// As [`find_by_id`](Self::find_by_id).
    async fn find_by_prefix(
        &self,
        prefix: &EmailPrefix,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<User>, StoreError>;

    /// For use after a restore of the database: raises the counters of at most `limit` users after
    /// the id `after`, sorted by id, in one atomic step. The new ones are
    /// [`raised_version`](crate::domain::account::raised_version) and
    /// [`raised_epoch`](crate::domain::account::raised_epoch). Each user also gets a new random
    /// link nonce. Returns the ids of these users. [`row_changes`](Self::row_changes) MUST list
    /// them.
    ///
    /// # Errors
    /// When the store does not answer. The counters may or may not have been raised then, and a
    /// repeat raises them again.
    async fn raise_counters(
        &self,
        after: Option<UserId>,
        limit: u32,
        now: u64,
    ) -> Result<Vec<UserId>, StoreError>;

    /// Stores a hash of the same password with new parameters. MUST change nothing unless the
    /// stored hash is still `old`. Increases no counter.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn rehash(
        &self,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<(), StoreError>;

    /// Succeeds when the store answers and has everything that this version stores.
    ///
    /// # Errors
    /// When the store does not answer, or something is missing. The text names what is missing.
    async fn ping(&self) -> Result<(), StoreError>;
}

/// The outcome of an insertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Insertion {
    /// The user was added.
    Inserted,
    /// Another account has the address. Nothing was written.
    EmailTaken,
    /// The address was freed since the registration request. Nothing was written.
    Freed,
}
