//! What every `MailLedger` must do.

mod cases;

use edgegate::ports::{DeadLetter, MailLedger};

use super::suite::{Case, Numbers, Outcome, check, check_eq, run, text};

const HOUR: u64 = 3600;
const DAY: u64 = 86_400;
/// When the cases begin: an hour does, too.
const BEGUN: u64 = 500_000 * HOUR;
/// The largest time: 2^53 - 1, above which JavaScript loses integers.
const LATEST: u64 = (1 << 53) - 1;
/// The least number of seconds between two mails to an address.
const PAUSE: u64 = 60;
/// The most mails a day to an address.
const MOST: u32 = 3;

/// A ledger, and what the cases put into it.
#[derive(Debug)]
pub(crate) struct World<L> {
    ledger: L,
    numbers: Numbers,
}

impl<L: MailLedger> World<L> {
    /// `first` differs in each run on one store.
    pub(crate) fn new(ledger: L, first: u64) -> Self {
        Self {
            ledger,
            numbers: Numbers::from(first),
        }
    }

    /// The key of an address, or the id of a job, that no case had before.
    fn fresh(&self) -> String {
        self.numbers.next().to_string()
    }

    /// Counts a mail under the cases' limits.
    async fn admit(&self, key: &str, job: &str, now: u64) -> Result<bool, String> {
        self.ledger
            .admit_address(key, job, PAUSE, MOST, now)
            .await
            .map_err(text)
    }

    /// Counts a mail of a new job.
    async fn admit_next(&self, key: &str, now: u64) -> Result<bool, String> {
        self.admit(key, &self.fresh(), now).await
    }

    async fn spend(&self, budget: u64, now: u64) -> Result<bool, String> {
        self.ledger.spend(budget, now).await.map_err(text)
    }

    /// How much of a budget is left, which this spends.
    async fn left(&self, budget: u64, now: u64) -> Result<u64, String> {
        let mut left = 0;
        // One more, for a ledger that never refuses.
        while left <= budget && self.spend(budget, now).await? {
            left += 1;
        }
        Ok(left)
    }

    async fn refund(&self, now: u64) -> Case {
        self.ledger.refund(now).await.map_err(text)
    }

    /// A letter with every field set, each to another value.
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

    /// Takes out what other cases left there.
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
            a_mail_sooner_than_the_pause_is_refused,
            a_mail_over_the_most_of_a_day_is_refused,
            a_new_day_begins_a_day_after_the_first_mail,
            a_refused_mail_counts_for_nothing,
            a_repeated_job_is_admitted_and_not_counted,
            a_job_counts_anew_after_another,
            addresses_are_counted_apart,
            of_ten_mails_at_once_one_is_admitted,
            ten_repeats_at_once_are_all_admitted,
            the_budget_is_exact,
            the_budget_is_exact_with_ten_at_once,
            a_smaller_budget_counts_what_was_spent,
            a_budget_of_nothing_is_spent,
            a_refund_can_be_spent_again,
            a_refund_never_makes_a_budget_larger,
            refunds_at_once_all_count,
            a_new_hour_has_a_budget_of_its_own,
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
            tidying_forgets_counts_of_days_gone_by,
            tidying_never_shortens_a_pause,
            tidying_keeps_the_budget_of_this_hour,
            tidying_forgets_notices_whose_time_is_over,
            tidying_forgets_old_letters_and_counts_the_dead,
        ]
    )
}
