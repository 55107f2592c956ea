//! The rules for every adapter of `PasswordGuard`.

mod cases;

use edgegate::domain::account::{
    AccountName, AccountNames, Attempt, Comparison, KnownId, Password, PasswordHash, TriedBy,
    Verification,
};
use edgegate::domain::ticket::TicketSecrets;
use edgegate::ports::{Guarded, PasswordGuard};

use super::suite::{Case, Numbers, Outcome, check, check_eq, run, text};

/// The time at which the cases begin, in milliseconds. It is far in the future, so no alarm of a
/// Durable Object goes off during a case.
const BEGUN: u64 = 4_000_000_000_000;
/// A hash of the lowest cost that Argon2 allows (8 KiB, one pass), because some cases try a wrong
/// password a hundred times. No known password matches this hash.
const CHEAP: &str =
    "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const DIFFERS: Checked = Guarded::Done(Ok(Verification::Differs));
const MATCHES: Checked = Guarded::Done(Ok(Verification::Matches { rehash: false }));

type Checked = Guarded<Comparison>;

/// A guard, and the names and numbers from which unused accounts are made.
pub(crate) struct World<G> {
    guard: G,
    names: AccountNames,
    numbers: Numbers,
}

impl<G: PasswordGuard> World<G> {
    /// The cases make unused values from the numbers that begin with `first`. In each run on the
    /// same store, `first` must be different.
    pub(crate) fn new(guard: G, first: u64) -> Option<Self> {
        let secrets = TicketSecrets::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").ok()?;
        Some(Self {
            guard,
            names: AccountNames::new(&secrets, "https://conformance.example"),
            numbers: Numbers::from(first),
        })
    }

    fn account(&self) -> AccountName {
        self.names.of_text(&self.numbers.next().to_string())
    }

    async fn check(
        &self,
        account: &AccountName,
        attempt: &Attempt<'_>,
        now: u64,
    ) -> Result<Checked, String> {
        self.guard.check(account, attempt, now).await.map_err(text)
    }

    /// Tries a wrong password, with a cheap hash.
    async fn guess(&self, account: &AccountName, by: TriedBy, now: u64) -> Result<Checked, String> {
        let (password, hash) = (typed("wrong")?, PasswordHash::new(CHEAP.to_owned()));
        self.check(account, &attempt(by, &password, Some(&hash)), now)
            .await
    }

    /// Lets the guard hash a password.
    async fn hash(
        &self,
        account: &AccountName,
        password: &Password,
    ) -> Result<PasswordHash, String> {
        match self.guard.hash(account, password, &[7; 16]).await {
            Ok(Guarded::Done(Ok(hash))) => Ok(hash),
            other => Err(format!("no hash: {other:?}")),
        }
    }
}

fn typed(text: &str) -> Result<Password, String> {
    Password::for_login(text).map_err(|_| "too long".to_owned())
}

fn attempt<'a>(by: TriedBy, password: &'a Password, hash: Option<&'a PasswordHash>) -> Attempt<'a> {
    Attempt {
        by: Some(by),
        password,
        hash,
        decoy_salt: [3; 16],
        in_vain: false,
    }
}

fn known(byte: u8) -> TriedBy {
    TriedBy::Known(KnownId([byte; 16]))
}

/// Runs every case.
pub(crate) async fn run_all<G: PasswordGuard>(world: &World<G>) -> Vec<Outcome> {
    run!(
        world,
        true,
        [
            the_right_password_matches_and_no_other,
            a_chosen_password_may_hold_anything,
            an_address_without_an_account_fails,
            a_hash_that_cannot_be_used_fails,
            a_failure_delays_the_next_try,
            forgotten_failures_delay_nobody,
            a_try_inside_the_delay_changes_nothing,
            the_delay_doubles,
            the_right_password_is_not_tried_inside_the_delay,
            success_is_not_counted_and_takes_nothing_back,
            the_right_password_of_a_disabled_account_is_a_failure,
            a_hundred_in_a_row_are_the_last,
            failures_lapse_after_a_day,
            accounts_are_counted_apart,
            the_known_are_not_delayed_by_strangers,
            the_known_have_ten_tries_of_their_own,
            strangers_are_not_delayed_by_the_known,
            what_is_not_to_be_counted_is_not,
            of_ten_wrong_tries_at_once_one_is_made,
            ten_right_tries_at_once_are_right_or_refused,
        ]
    )
}
