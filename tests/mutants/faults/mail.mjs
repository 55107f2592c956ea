// Faults in mails and in the links in them.
import { lib, service, sessionStore } from "./commands.mjs";

/** @type {import("./index.mjs").Fault[]} */
export const mail = [
  {
    id: "letter-forgotten-before-it-is-queued",
    promise: "No mail is lost when a store fails: a stored mail is queued before it is deleted.",
    file: "src/service/kept_mail.rs",
    search:
      "self.ports.mail_queue().put(&job, 0).await?;\n                ledger.forget(&letter.id).await?;",
    replace:
      "ledger.forget(&letter.id).await?;\n                self.ports.mail_queue().put(&job, 0).await?;",
    command: service("every_call_of_every_use_case"),
    killers: ["every_call_of_every_use_case_may_go_wrong"],
  },
  {
    id: "letter-forgotten-though-not-sent",
    promise: "No mail is lost when a provider fails: a mail that could not be sent stays stored.",
    file: "src/service/kept_mail.rs",
    search:
      "Delivery::Later { .. } | Delivery::Waits { .. } | Delivery::Dead { .. }\n            );",
    replace: "Delivery::Waits { .. } | Delivery::Dead { .. }\n            );",
    command: service("every_call_of_every_use_case"),
    killers: ["every_call_of_every_use_case_may_go_wrong"],
  },
  {
    id: "notice-not-kept",
    promise: "While the queue fails, the ledger keeps a notice for the cron.",
    file: "src/service/mail.rs",
    search: "let kept = self.keep(&job, &reason, Some(self.now())).await;",
    replace:
      "let kept = if reason.is_empty() { self.keep(&job, &reason, None).await } else { Ok(()) };",
    command: service("every_call_of_every_use_case"),
    killers: ["every_call_of_every_use_case_may_go_wrong"],
  },
  {
    id: "reuse-told-sixty-times",
    promise: "A stolen token that is presented many times at once causes one mail to its owner.",
    file: "src/service/renewals.rs",
    search: "self.notify_once(task, locale, &event).await;",
    replace: "let _ = event;\n            self.notify(task, locale).await;",
    command: sessionStore("races"),
    killers: ["a_stolen_token_presented_sixty_times_at_once_causes_one_mail"],
  },
  {
    id: "notice-to-an-unverified-address",
    promise: "An address that nobody has verified gets no notice.",
    file: "src/service/mail.rs",
    search: "if user.email_verified_at.is_some() {\n            self.notify(",
    replace:
      "if user.email_verified_at.is_some() || user.disabled_at.is_none() {\n            self.notify(",
    command: service("guarantees"),
    killers: ["an_unverified_address_gets_no_notice_of_a_theft_or_of_the_deletion"],
  },
  {
    id: "job-never-expires",
    promise: "A job that makes a link expires, counted from the time of its request.",
    file: "src/service/deliver_mail.rs",
    search: "if job.is_expired(self.now()) {",
    replace: "if job.is_expired(job.asked_at) {",
    command: service("links::"),
    killers: [
      "an_old_job_makes_no_mail_not_even_by_an_operator",
      "a_job_expires_a_second_after_its_day",
    ],
  },
  {
    id: "reset-link-works-twice",
    promise: "A mailed link works once, and invalidates older ones.",
    file: "src/domain/link.rs",
    search: 'Self::of("reset", user, &[password.as_bytes()])',
    replace:
      'Self::of("reset", &User { link_generation: 0, ..user.clone() }, &[&password.as_bytes()[..0]])',
    command: service("reset_password"),
    killers: ["a_link_works_once_and_takes_older_ones_with_it"],
  },
  {
    id: "link-without-end",
    promise: "A mailed link expires.",
    file: "src/domain/link.rs",
    search: "expires_at > now && expires_at <= latest",
    replace: "expires_at <= latest",
    command: lib("domain::link_tests"),
    killers: ["every_link_opens_as_it_was_sealed_and_until_it_ends"],
  },
  {
    id: "link-generation-ignored",
    promise: "An invalidated link stays invalid, even when the account is as it was before.",
    file: "src/domain/link.rs",
    search: ".chain_update(user.link_generation.to_be_bytes())",
    replace: '.chain_update("")',
    command: service("links::"),
    killers: [
      "a_link_to_move_works_once_even_when_the_address_comes_back",
      "a_link_that_changes_the_case_of_an_address_works_once",
      "a_link_that_disabling_spoilt_stays_dead_when_the_account_is_enabled",
    ],
  },
  {
    id: "link-without-the-account-s-nonce",
    promise: "With TICKET_SECRET alone nobody can make a link to an account.",
    file: "src/domain/link.rs",
    search: ".chain_update(user.link_nonce.as_str())",
    replace: '.chain_update("")',
    command: service("links::"),
    killers: ["every_account_has_its_own_nonce_so_that_the_ticket_secret_alone_makes_no_link"],
  },
  {
    id: "revoke-all-leaves-the-change-of-address",
    promise: "A revoke-all ends a waiting change of address.",
    file: "src/domain/link.rs",
    search: "&[&epoch, password]",
    replace: "&[&epoch[..0], password]",
    command: service("links::"),
    killers: ["a_change_of_address_ends_with_all_sessions"],
  },
  {
    id: "freed-address-taken-again",
    promise: "A registration link never creates an account again after its deletion.",
    file: "src/service/verify_email.rs",
    search: ".insert(&user, Some(&condition))",
    replace: ".insert(&user, Some(&condition).filter(|_| false))",
    command: service("links::"),
    killers: ["a_registration_link_makes_no_account_again_after_its_deletion"],
  },
  {
    id: "stranger-s-names-stay",
    promise: "Nothing that a stranger entered at registration stays after the owner takes over.",
    file: "src/service/verify_email.rs",
    search: "let names = if !same && user.has_password() {",
    replace: "let names = if false {",
    command: service("links::"),
    killers: ["names_go_with_another_password_and_stay_with_the_same"],
  },
];
