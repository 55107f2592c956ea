// The Rust tests that take longer than two seconds of processor time. `npm run check` skips them;
// `npm test` runs them. A test program is listed as a whole (`true`), or with the names of its slow
// tests.

/** @type {Record<string, true | string[]>} */
export const SLOW = {
  mail_simulation: true,
  session_model: true,
  service: [
    "delayed_jobs::a_delayed_job_has_exactly_the_rights_of_its_request",
    "faults::every_call_of_every_use_case_may_go_wrong",
    "manage_sessions::the_limit_is_the_policys",
  ],
  session_store: [
    "faults::no_token_is_handed_out_that_is_not_recorded",
    "faults::tabs_that_share_a_jar_are_not_logged_out",
    "protection::nothing_that_was_revoked_is_accepted_again",
  ],
};
