// The tests that take a second or more of processor time, or close to it. `npm run check` skips
// them; `npm test` runs them.

/** Slow test files of Node's test runner. */
export const SLOW_FILES = [
  "tests/bench/scale.test.mjs",
  "tests/client/random.test.mjs",
  "tests/setup/platform-logs.test.mjs",
];

/**
 * Slow Rust tests, by test program: `true` if the whole program is slow, or the names of its slow
 * tests.
 *
 * @type {Record<string, true | string[]>}
 */
export const SLOW = {
  agreement: ["the_catalogue_holds_for_every_algorithm"],
  authorization_model: [
    "promises::a_thief_who_sees_every_code_gets_nothing",
    "promises::either_of_two_rules_keeps_tokens_of_apps_from_the_account",
  ],
  both_ways_natively: [
    "mutated_tokens_have_the_same_outcome_in_both_ways",
    "the_first_mutated_tokens_have_the_outcomes_that_they_have_in_workerd",
  ],
  edgegate: [
    "adapters::foreign_hashes::tests::hashes_of_the_original_libraries_match_only_their_passwords",
    "adapters::foreign_hashes::tests::with_the_usual_parameters_every_failure_does_the_work_of_a_foreign_hash",
    "domain::account::failed_tries::tests::the_stated_limits_hold_for_any_attempts_at_any_times",
    "domain::authorization::request::tests::no_query_panics",
  ],
  mail_simulation: true,
  session_model: true,
  requirements: ["every_requirement_has_its_answer_and_tests_that_exist"],
  service: [
    "delayed_jobs::a_delayed_job_has_exactly_the_rights_of_its_request",
    "faults::every_call_of_every_use_case_may_go_wrong",
    "faults::every_use_case_has_a_case",
    "limits::every_use_case_that_takes_a_client_is_in_the_table",
  ],
  session_store: [
    "faults::no_token_is_handed_out_that_is_not_recorded",
    "faults::tabs_that_share_a_jar_are_not_logged_out",
    "protection::nothing_that_was_revoked_is_accepted_again",
  ],
  token_rules: ["any_single_bit_flipped_is_refused"],
};
