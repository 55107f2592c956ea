//! The rules for every adapter of `UserDirectory`.

mod cases;

use std::fmt::Display;

use edgegate::domain::account::{
    EmailAddress, FreedAddress, LinkNonce, Name, NotFreedSince, PasswordHash, Roles, User,
    UserChange, UserId,
};
use edgegate::ports::{Insertion, UserDirectory};

use super::suite::{Case, Numbers, Outcome, check, check_eq, run, text};

/// The largest time and the largest counter: 2^53 - 1. JavaScript does not represent all larger
/// integers exactly.
const LARGEST: u64 = (1 << 53) - 1;

/// A directory, and the numbers from which unused ids and addresses are made.
#[derive(Debug)]
pub(crate) struct World<D> {
    directory: D,
    numbers: Numbers,
}

impl<D: UserDirectory> World<D> {
    /// The cases make unused values from the numbers that begin with `first`. In each run on the
    /// same store, `first` must be different.
    pub(crate) fn new(directory: D, first: u64) -> Self {
        Self {
            directory,
            numbers: Numbers::from(first),
        }
    }

    /// A user with an unused id and address. The user is not in the directory.
    fn nobody(&self) -> Result<User, String> {
        let random = self.numbers.random();
        let name: String = random[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Ok(User {
            id: UserId::new(1_767_225_600_000, &random),
            email: address(&format!("Ada.{name}@Example.com"))?,
            password_hash: PasswordHash::new("$argon2id$old".to_owned()),
            first_name: None,
            last_name: None,
            roles: Roles::user(),
            email_verified_at: None,
            disabled_at: None,
            session_epoch: 0,
            version: 0,
            link_generation: 0,
            link_nonce: LinkNonce::new(&[7; 16]),
            external_id: None,
            created_at: 100,
            updated_at: 100,
        })
    }

    /// A user like [`Self::nobody`], but with names, roles, times and counters, each with a
    /// different value.
    fn everything(&self) -> Result<User, String> {
        Ok(User {
            first_name: Some(name("Ada")?),
            last_name: Some(name("Lovelace")?),
            roles: roles(&["author", "editor"])?,
            email_verified_at: Some(103),
            disabled_at: Some(104),
            session_epoch: 105,
            version: 106,
            link_generation: 108,
            link_nonce: LinkNonce::from_stored(String::new()),
            external_id: None,
            created_at: 101,
            updated_at: 107,
            ..self.nobody()?
        })
    }

    async fn insert(&self, user: &User) -> Case {
        let insertion = self.directory.insert(user, None).await.map_err(text)?;
        check_eq!(insertion, Insertion::Inserted, "a new user");
        Ok(())
    }

    /// Adds a user as a registration does, on the condition that the address was not freed after
    /// the registration was requested.
    async fn register(&self, user: &User, asked_at: u64) -> Result<Insertion, String> {
        let condition = NotFreedSince {
            keys: vec!["another key".to_owned(), key(&user.email)],
            asked_at,
        };
        let is_not_freed = self.directory.is_not_freed(&condition).await;
        let insertion = self.directory.insert(user, Some(&condition)).await;
        let insertion = insertion.map_err(text)?;
        check_eq!(
            is_not_freed.map_err(text)?,
            insertion != Insertion::Freed,
            "asked for apart"
        );
        Ok(insertion)
    }

    async fn delete(&self, user: &User, now: u64) -> Result<bool, String> {
        self.delete_if(user, None, now).await
    }

    async fn delete_if(
        &self,
        user: &User,
        if_version: Option<u64>,
        now: u64,
    ) -> Result<bool, String> {
        let (directory, freed) = (&self.directory, freed(&user.email, now));
        let deleted = directory.delete(user.id, &user.email, if_version, None, &freed);
        deleted.await.map_err(text)
    }

    /// Adds a user to the directory.
    async fn somebody(&self) -> Result<User, String> {
        let user = self.nobody()?;
        self.insert(&user).await?;
        Ok(user)
    }

    async fn read(&self, id: UserId) -> Result<Option<User>, String> {
        self.directory.find_by_id(id).await.map_err(text)
    }

    async fn find(&self, email: &EmailAddress) -> Result<Option<User>, String> {
        self.directory.find_by_email(email).await.map_err(text)
    }

    /// Makes the test case fail unless the directory returns exactly this user, both for the user's
    /// id and for the user's address.
    async fn holds(&self, user: &User, what: impl Display) -> Case {
        check_eq!(
            self.read(user.id).await?.as_ref(),
            Some(user),
            format!("{what}, by the id")
        );
        check_eq!(
            self.find(&user.email).await?.as_ref(),
            Some(user),
            format!("{what}, by the address")
        );
        Ok(())
    }

    async fn try_update(
        &self,
        id: UserId,
        if_version: Option<u64>,
        change: &UserChange,
        now: u64,
    ) -> Result<Option<User>, String> {
        self.directory
            .update(id, if_version, None, change, now)
            .await
            .map_err(text)
    }

    /// Makes a change that must succeed. Requires that the directory stores what it answers.
    async fn update(&self, id: UserId, change: &UserChange, now: u64) -> Result<User, String> {
        let user = self
            .try_update(id, None, change, now)
            .await?
            .ok_or("the change was not made")?;
        self.holds(&user, "the answer of a change").await?;
        Ok(user)
    }

    async fn list(&self, after: Option<UserId>, limit: u32) -> Result<Vec<UserId>, String> {
        let users = self.directory.list(after, limit).await.map_err(text)?;
        Ok(users.iter().map(|user| user.id).collect())
    }
}

/// The key under which these cases store a freed address.
fn key(email: &EmailAddress) -> String {
    format!("key of {}", email.canonical())
}

fn freed(email: &EmailAddress, at: u64) -> FreedAddress {
    FreedAddress {
        key: key(email),
        at,
    }
}

fn address(spelling: &str) -> Result<EmailAddress, String> {
    EmailAddress::parse(spelling).map_err(|why| format!("{spelling}: {why}"))
}

fn name(text: &str) -> Result<Name, String> {
    Name::parse(text).map_err(|why| why.reason().to_owned())
}

fn roles(roles: &[&str]) -> Result<Roles, String> {
    Roles::new(roles.iter().map(|role| (*role).to_owned()).collect())
        .map_err(|why| why.reason().to_owned())
}

fn hash(text: &str) -> PasswordHash {
    PasswordHash::new(text.to_owned())
}

/// Runs every case.
pub(crate) async fn run_all<D: UserDirectory>(world: &World<D>) -> Vec<Outcome> {
    run!(
        world,
        true,
        [
            a_ping_is_answered,
            a_user_reads_back_as_inserted,
            a_user_is_found_whatever_the_hash_and_the_id,
            every_spelling_of_an_address_finds_its_user,
            an_unknown_user_is_not_found,
            an_address_has_one_account,
            ten_insertions_at_once_make_one_account,
            a_repeated_insertion_changes_nothing,
            an_insertion_never_replaces_a_user,
            a_deletion_says_whether_the_user_was_there,
            a_deleted_users_address_is_free,
            a_deletion_records_a_departure,
            an_account_that_was_put_back_departs_again,
            departures_are_due_in_their_order,
            departures_come_in_pages,
            ids_that_departed_lately_are_found,
            a_departure_is_forgotten_when_it_is_old_and_not_due,
            a_user_with_another_address_is_not_deleted,
            a_registration_from_before_the_deletion_is_refused,
            a_registration_from_before_a_change_of_address_is_refused,
            the_last_time_an_address_was_freed_stays,
            a_deletion_and_an_older_registration_at_once_leave_no_account,
            what_was_freed_long_ago_is_forgotten,
            an_imported_user_reads_back,
            an_import_changes_no_account,
            two_imports_at_once_add_each_user_once,
            five_hundred_users_are_imported_at_once,
            a_list_is_in_the_order_of_ids,
            a_list_has_at_most_the_limit,
            pages_have_every_user_once,
            users_are_found_by_the_beginning_of_their_address,
            a_list_begins_behind_a_deleted_user,
            an_empty_directory_lists_nobody,
            each_field_changes_alone,
            all_fields_change_at_once,
            the_first_time_of_disabling_stays,
            the_first_time_of_verifying_stays,
            a_new_address_is_verified_now,
            a_change_leaves_others_as_they_are,
            every_change_moves_the_version_by_one,
            only_what_ends_sessions_moves_the_epoch,
            only_what_spoils_links_moves_their_generation,
            names_are_cleared,
            changes_at_once_all_count,
            a_rehash_moves_no_counter,
            raised_counters_are_above_all_earlier_ones,
            a_rehash_needs_the_old_hash,
            another_version_changes_nothing,
            of_two_conditional_changes_one_is_made,
            anothers_address_changes_nothing,
            its_own_address_in_another_spelling_is_taken,
            an_address_that_two_want_goes_to_one,
            an_absent_user_is_not_changed,
            the_longest_addresses,
            the_longest_names,
            the_most_roles,
            values_are_no_sql,
            the_latest_times,
            the_largest_counters,
            a_change_past_its_deadline_is_not_made,
            a_deletion_past_its_deadline_deletes_nothing,
            a_change_without_a_hold_is_listed,
            a_new_hash_of_the_same_password_is_not_listed,
            old_entries_are_forgotten_by_their_time,
            a_postponed_entry_comes_last,
            a_list_of_changes_is_bounded,
            // These cases leave an administrator, whom the port refuses to delete. So they come
            // after the cases that need an empty directory.
            the_last_administrator_stays,
            the_last_administrator_goes_when_told_so,
            what_leaves_an_administrator_is_done,
            an_administrator_without_a_password_does_not_count,
            of_two_who_remove_each_other_one_remains,
            a_deletion_of_another_version_changes_nothing,
        ]
    )
}
