//! The rules for every adapter of `MailLedger`.

mod cases;

use edgegate::domain::mail::LinkLife;
use edgegate::ports::{DeadLetter, LaneRequest, MailLedger};

use super::suite::{Case, Numbers, Outcome, check, check_eq, run, text};

const HOUR: u64 = 3600;
const DAY: u64 = 86_400;
/// The time at which the cases begin, in seconds. A new hour begins at this time.
const BEGUN: u64 = 500_000 * HOUR;
/// The largest time: 2^53 - 1. JavaScript does not represent all larger integers exactly.
const LATEST: u64 = (1 << 53) - 1;
/// Two pools of mails. `pay` and `left` use `POOL`.
const POOL: &str = "a pool";
const OTHER_POOL: &str = "another pool";

/// A ledger, and the numbers from which unused keys and ids are made.
#[derive(Debug)]
pub(crate) struct World<L> {
    ledger: L,
    numbers: Numbers,
}

impl<L: MailLedger> World<L> {
    /// The cases make unused values from the numbers that begin with `first`. In each run on the
    /// same store, `first` must be different.
    pub(crate) fn new(ledger: L, first: u64) -> Self {
        Self {
            ledger,
            numbers: Numbers::from(first),
        }
    }

    /// The key of a mailbox, or the id of a job, that no earlier case has used.
    fn fresh(&self) -> String {
        self.numbers.next().to_string()
    }

    /// Asks the ledger whether a mailbox may get the mail of this job. The link in the mail is
    /// valid for an hour. `lane` is the key of the mailbox's record.
    async fn admit(&self, lane: &str, job: &str, now: u64) -> Result<Option<LinkLife>, String> {
        let request = LaneRequest {
            job,
            base: HOUR,
            limited: true,
            now,
        };
        self.ledger.admit(lane, request).await.map_err(text)
    }

    /// Like `admit`, for a new job. Returns whether the job was admitted.
    async fn admit_next(&self, lane: &str, now: u64) -> Result<bool, String> {
        Ok(self.admit(lane, &self.fresh(), now).await?.is_some())
    }

    async fn release(&self, lane: &str, job: &str) -> Case {
        self.ledger.release(lane, job).await.map_err(text)
    }

    async fn pay(&self, most: u64, now: u64) -> Result<bool, String> {
        self.ledger.pay(POOL, most, now).await.map_err(text)
    }

    /// The number of mails that can still be paid from the pool. To find out, the method pays for
    /// mails until the pool is empty.
    async fn left(&self, most: u64, now: u64) -> Result<u64, String> {
        let mut left = 0;
        // Stops after `most + 1` payments, in case a ledger never refuses to pay.
        while left <= most && self.pay(most, now).await? {
            left += 1;
        }
        Ok(left)
    }

    /// A letter whose texts no other letter has.
    fn letter(&self, failed_at: u64, retry_at: Option<u64>) -> DeadLetter {
        let number = self.fresh();
        DeadLetter {
            job: format!("the job {number}"),
            reason: format!("the reason {number}"),
            id: number,
            tries: 7,
            failed_at,
            retry_at,
        }
    }

    async fn keep(&self, letter: &DeadLetter) -> Case {
        self.ledger.keep(letter).await.map_err(text)
    }

    async fn due(&self, now: u64) -> Result<Vec<DeadLetter>, String> {
        self.ledger.due(1000, now).await.map_err(text)
    }

    async fn tidy(&self, dead_before: u64, now: u64) -> Result<u64, String> {
        self.ledger.tidy(dead_before, now).await.map_err(text)
    }

    /// Deletes what other cases have stored.
    async fn clear(&self) -> Case {
        check_eq!(self.tidy(LATEST, LATEST).await?, 0, "letters left");
        Ok(())
    }
}

/// Runs every case.
pub(crate) async fn run_all<L: MailLedger>(world: &World<L>) -> Vec<Outcome> {
    run!(
        world,
        true,
        [
            a_second_mail_waits_a_minute_and_a_third_five,
            from_the_fourth_on_half_of_a_life_must_pass,
            a_refused_job_counts_for_nothing,
            an_admitted_job_is_always_admitted_again,
            a_released_job_gives_its_place_back,
            releasing_what_is_not_there_is_no_error,
            lanes_are_apart,
            without_limits_every_job_is_admitted,
            of_ten_jobs_at_once_one_is_admitted,
            ten_repeats_at_once_have_one_link,
            a_pool_is_exact,
            a_pool_is_exact_with_ten_at_once,
            a_smaller_budget_counts_what_was_paid,
            a_pool_without_a_share_pays_nothing,
            a_new_hour_has_a_pool_of_its_own,
            pools_are_apart,
            a_notice_is_taken_once,
            a_notice_is_taken_once_with_ten_at_once,
            a_notice_that_was_sent_is_not_taken_again,
            a_kept_letter_reads_back,
            letters_are_due_at_their_time,
            letters_are_due_in_the_order_of_their_time,
            a_letter_without_a_time_is_never_due,
            a_letter_kept_twice_is_as_the_second_says,
            a_forgotten_letter_is_gone,
            kept_letters_come_in_pages,
            kept_letters_of_a_user_are_found,
            letters_are_due_when_an_operator_says_so,
            discarded_letters_are_gone,
            failures_are_counted_by_kind_until_the_provider_works,
            of_ten_first_failures_at_once_one_is_new,
            tidying_forgets_failures_after_which_nothing_was_attempted,
            tidying_forgets_lanes_that_have_lapsed,
            tidying_keeps_the_pools_of_this_hour,
            tidying_forgets_notices_whose_time_is_over,
            tidying_forgets_old_letters_and_counts_the_dead,
        ]
    )
}
