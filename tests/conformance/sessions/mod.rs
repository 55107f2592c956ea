//! The rules for every adapter of `SessionStore`.
//!
//! A test case that only a linearizable store can pass is skipped for other stores. The
//! documentation of the other adapters states for how long they may return stale data.

mod cases;
pub(crate) mod world;

use super::suite::{Case, check, check_eq, run};

pub(crate) use super::suite::Outcome;
pub(crate) use world::World;

/// Runs every case.
pub(crate) async fn run_all<W: World>(world: &W) -> Vec<Outcome> {
    let mut outcomes = run!(
        world,
        true,
        [
            a_young_token_is_kept,
            a_chain_goes_on,
            a_repetition_gets_the_same_successor,
            an_overtaken_request_gets_the_newest_token,
            an_unseen_use_is_recorded,
            ten_tabs_at_once_get_one_successor,
            late_is_for_the_same_client_only,
            without_an_address_nobody_is_late,
            a_spent_token_ends_the_session,
            an_older_token_ends_the_session,
            an_ended_session_never_comes_back,
            an_end_during_a_renewal_counts,
            ending_twice_is_no_error,
            another_epoch_and_no_user_are_refused,
            a_users_error_writes_nothing,
            a_proof_spends_no_token,
            a_proof_goes_on_with_the_chain,
            a_spent_token_is_not_handed_out_again,
            what_is_over_takes_no_proof,
            idle_and_absolute_ends,
            what_was_never_begun_is_unknown,
            users_are_apart,
            another_users_session_is_unknown,
            a_new_session_renews_elsewhere_at_once,
            beginning_twice_changes_nothing,
            a_list_shows_who_and_when,
            a_list_shows_what_goes_on,
            the_oldest_ends_above_the_limit,
            versions_only_rise,
            the_version_of_the_deleted_is_read_as_written,
            a_version_counts_for_its_time,
            an_end_is_seen_here_by_a_check,
            what_is_forgotten_is_gone,
            forgetting_leaves_what_refuses_access_tokens,
            a_log_out_ends_the_apps_of_the_sign_on,
            a_log_out_of_a_forgotten_session_ends_its_apps,
            a_session_goes_on_with_an_earlier_sign_on,
            what_is_no_log_out_leaves_the_apps,
            a_spent_token_ends_the_apps,
            an_apps_end_ends_nothing_else,
            a_chain_of_an_app_goes_on,
            the_sessions_of_an_app_are_counted_apart,
            a_withdrawn_app_ends_everywhere,
            a_code_is_exchanged_once,
            of_ten_exchanges_at_once_one_is_the_first,
            a_code_of_an_ended_sign_on_is_refused,
            what_ended_before_it_began_stays_ended,
        ]
    );
    outcomes.extend(run!(
        world,
        W::LINEARIZABLE,
        [
            a_proof_is_kept_at_once,
            a_begin_repeated_after_a_renewal_changes_nothing,
            a_new_session_is_known_everywhere,
            an_end_is_seen_elsewhere_at_once,
            a_version_is_seen_elsewhere_at_once,
            the_limit_is_exact,
            the_limit_of_an_app_is_exact,
            a_list_leaves_out_what_has_gone_idle,
            what_was_never_begun_has_ended_for_a_check,
            an_end_during_a_renewal_stops_it,
            a_copy_answers_renewals_and_checks,
            a_check_keeps_the_row,
            a_held_store_reads_the_row,
            a_row_on_its_way_is_not_kept,
            a_forgotten_copy_is_read_again,
            a_login_drops_a_copy_of_another_version,
            a_check_refuses_the_disabled_and_the_deleted,
        ]
    ));
    outcomes
}
