//! The accounts.

use crate::domain::account::{
    Departure, EmailAddress, EmailPrefix, FreedAddress, NotFreedSince, PasswordHash, RowChange,
    User, UserChange, UserId,
};
use crate::domain::error::StoreError;

/// The accounts. Linearizable: a read sees every write that was answered before the read began.
pub trait UserDirectory {
    /// The user with this id, read from the database's primary copy.
    ///
    /// # Errors
    /// When the store does not answer, or the user's row in the store can't be read as a valid
    /// user.
    async fn find_by_id(&self, id: UserId) -> Result<Option<User>, StoreError>;

    /// The user with this canonical address.
    ///
    /// # Errors
    /// The same as for [`find_by_id`](Self::find_by_id).
    async fn find_by_email(&self, email: &EmailAddress) -> Result<Option<User>, StoreError>;

    /// Adds a user. MUST change nothing and answer [`Insertion::EmailTaken`] when the canonical
    /// address has an account, or when the id has one. The answer MUST also be right when two
    /// insertions run at once.
    ///
    /// An address is freed when its account is deleted or gets another address. The `condition`
    /// contains the time of the registration request. With a `condition`, MUST change nothing and
    /// answer [`Insertion::Freed`] when the address was freed at this time or later. This also
    /// applies to an address that is freed during the call.
    ///
    /// # Errors
    /// When the store does not answer. It is unknown whether the user exists. If the caller repeats
    /// the call, the answer shows whether the user exists.
    async fn insert(
        &self,
        user: &User,
        condition: Option<&NotFreedSince>,
    ) -> Result<Insertion, StoreError>;

    /// Adds the given users in one atomic step, except those whose canonical address, id or
    /// external id an account already has. Returns the ids of the added users. MUST change no
    /// account that exists, not even when two imports run at once. The caller never passes two
    /// users with the same address, id or external id.
    ///
    /// # Errors
    /// When the store does not answer. It is unknown whether the users were added. If the caller
    /// repeats the call, the answer shows which users were added.
    async fn import(&self, users: &[User]) -> Result<Vec<UserId>, StoreError>;

    /// The existing accounts that prevent these users from being added: those that have the
    /// canonical address, the id or the external id of one of these users.
    ///
    /// # Errors
    /// The same as for [`find_by_id`](Self::find_by_id).
    async fn find_in_the_way_of(&self, users: &[User]) -> Result<Vec<User>, StoreError>;

    /// Returns those of the given ids whose account was deleted after `left_after`, or whose
    /// [`Departure`] is still due. (A departure is a deleted account whose sessions and other data
    /// must still be deleted.) The ids may be returned in any order.
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
    /// [`UserChange::spoils_links`]. If the change frees an address, MUST add that address to the
    /// list of freed addresses before it makes the change. Returns the user after the change. MUST
    /// change nothing and return `None` when there is no such user, when its version is not
    /// `if_version`, when another account has the new address, or when the change would remove the
    /// last administrator: see [`takes_administrator`](UserChange::takes_administrator). Of two
    /// simultaneous changes that together would leave no administrator, one MUST fail.
    ///
    /// `within` is the deadline that [`hold`](crate::ports::SessionStore::hold) returned, in
    /// seconds since 1970. The change MUST NOT be made when the store's own clock shows this time
    /// or a later one, however late the request arrives. A change that comes too late also returns
    /// `None`, and [`is_past`](Self::is_past) shows whether that was the reason. A change without a
    /// deadline MUST be listed by [`row_changes`](Self::row_changes).
    ///
    /// # Errors
    /// When the store does not answer. It is unknown whether the change was made.
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
    /// service. The list contains the users whose rows changed last
    /// ([`newest_row_changes`](crate::domain::policy::newest_row_changes) says how many of them),
    /// and the users that have waited the longest.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn row_changes(&self, limit: u32) -> Result<Vec<RowChange>, StoreError>;

    /// Moves these users to the end of the list of [`row_changes`](Self::row_changes), as if they
    /// had just begun to wait. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// When some of the users might still have their old position.
    async fn postpone_row_changes(&self, changes: &[RowChange], now: u64)
    -> Result<(), StoreError>;

    /// Takes a user off the list of [`row_changes`](Self::row_changes), unless the row has changed
    /// again since it was read.
    ///
    /// # Errors
    /// When the user might still be listed.
    async fn forget_row_change(&self, change: &RowChange) -> Result<(), StoreError>;

    /// Takes users off the list of [`row_changes`](Self::row_changes): all those whose rows last
    /// changed before this time, in seconds since 1970.
    ///
    /// # Errors
    /// When some of these users might still be listed.
    async fn forget_row_changes(&self, before: u64) -> Result<(), StoreError>;

    /// Deletes a user if it has this canonical address and, where `if_version` is given, this
    /// version. An absent user is not an error. MUST add the freed address to the list of freed
    /// addresses before the deletion. MUST also record the user's [`Departure`], due at once, in
    /// the same atomic step as the deletion. Returns whether there was such a user. MUST keep the
    /// last administrator: an enabled user with the admin role, while no other enabled user has
    /// that role and a password. The check MUST be part of the same atomic step. `within` has the
    /// same meaning as in [`update`](Self::update).
    ///
    /// # Errors
    /// When the store does not answer. It is unknown whether the user exists. If the caller repeats
    /// the call, the answer shows whether the user exists.
    async fn delete(
        &self,
        id: UserId,
        email: &EmailAddress,
        if_version: Option<u64>,
        within: Option<u64>,
        freed: &FreedAddress,
    ) -> Result<bool, StoreError>;

    /// At most `limit` departures that are due at `now`, beginning with those that became due
    /// first. A departure is a deleted account whose sessions and other data must still be deleted.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn due_departures(&self, limit: u32, now: u64) -> Result<Vec<Departure>, StoreError>;

    /// At most `limit` departures whose ids are greater than `after`, sorted by id, whether they
    /// are due or not.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn departures(
        &self,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<Departure>, StoreError>;

    /// Sets the time at which the cron tries again to delete what is still stored of a deleted
    /// account (a departure). With `None` the cron does not try again. It is not an error if there
    /// is no such departure.
    ///
    /// # Errors
    /// When the new time might not have been written.
    async fn postpone_departure(&self, id: UserId, due_at: Option<u64>) -> Result<(), StoreError>;

    /// Deletes the departures of accounts that were deleted before `left_before`, unless they are
    /// still due.
    ///
    /// # Errors
    /// When some departures might not have been deleted.
    async fn forget_departures(&self, left_before: u64) -> Result<(), StoreError>;

    /// `condition` contains the keys of an address and the time of a registration request. Returns
    /// true unless an address with one of these keys was freed at this time or later.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn is_not_freed(&self, condition: &NotFreedSince) -> Result<bool, StoreError>;

    /// Deletes the addresses that were freed before this time (in seconds since 1970) from the list
    /// of freed addresses.
    ///
    /// # Errors
    /// When the store does not answer. If the caller repeats the call, the deletion is completed.
    async fn forget_freed(&self, before: u64) -> Result<(), StoreError>;

    /// At most `limit` users whose ids are greater than `after`, sorted by id. Sorted ids that the
    /// service itself generated are in the order of their creation. For ids of imported accounts,
    /// this is not always true.
    ///
    /// # Errors
    /// The same as for [`find_by_id`](Self::find_by_id).
    async fn list(&self, after: Option<UserId>, limit: u32) -> Result<Vec<User>, StoreError>;

    /// At most `limit` users whose canonical address begins with `prefix` and sorts after `after`,
    /// sorted by that address, byte by byte.
    ///
    /// # Errors
    /// The same as for [`find_by_id`](Self::find_by_id).
    async fn find_by_prefix(
        &self,
        prefix: &EmailPrefix,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<User>, StoreError>;

    /// For use after a restore of the database. Takes at most `limit` users whose ids are greater
    /// than `after`, sorted by id, and raises their counters in one atomic step. The new values are
    /// [`raised_version`](crate::domain::account::raised_version) and
    /// [`raised_epoch`](crate::domain::account::raised_epoch). Each user also gets a new random
    /// link nonce. Returns the ids of these users. [`row_changes`](Self::row_changes) MUST list
    /// these users.
    ///
    /// # Errors
    /// When the store does not answer. It is unknown whether the counters were raised. If the
    /// caller repeats the call, the counters are raised again.
    async fn raise_counters(
        &self,
        after: Option<UserId>,
        limit: u32,
        now: u64,
    ) -> Result<Vec<UserId>, StoreError>;

    /// Replaces the stored password hash `old` by `new`, a hash of the same password with other
    /// parameters. MUST change nothing unless the stored hash is still `old`. Increases no counter.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn rehash(
        &self,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<(), StoreError>;

    /// Succeeds when the store answers and its schema has everything that this version of the
    /// service needs.
    ///
    /// # Errors
    /// When the store does not answer, or its schema lacks something. The error's text names what
    /// is missing.
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
