// The errors of a sign-in by redirect.
/**
 * @import { IdTokenReason, RedirectReason, RefusalReason } from "../types/errors.d.ts"
 */
import { EdgegateError } from "../errors.js";

/**
 * @param {RedirectReason} reason
 * @param {string} message
 * @param {unknown} [cause]
 */
export const redirectFailed = (reason, message, cause) =>
  new EdgegateError("redirect_failed", message, { reason, cause });

/** @param {IdTokenReason} reason The first rule that the id_token breaks. */
export const invalidIdToken = (reason) =>
  new EdgegateError("invalid_id_token", `the id_token is not valid: ${reason}`, { reason });

/** @type {readonly RefusalReason[]} */
const REFUSALS = [
  "access_denied",
  "account_selection_required",
  "consent_required",
  "interaction_required",
  "invalid_request",
  "invalid_scope",
  "invalid_target",
  "login_required",
  "server_error",
  "temporarily_unavailable",
  "unauthorized_client",
];

/**
 * The error for an answer that refuses the sign-in. The `error_description` of the answer is not
 * passed on: anybody can make a link to this page that contains any text as the description.
 *
 * @param {string} error
 */
export function refused(error) {
  const reason = REFUSALS.find((known) => known === error) ?? "unknown_error";
  return new EdgegateError("sign_in_refused", `the sign-in was refused: ${reason}`, { reason });
}

/**
 * Errors that the service can answer to a silent request (`prompt=none`). They mean that nobody is
 * signed in, or that the person must do something on the service's pages first (OpenID Connect Core
 * section 3.1.2.6).
 *
 * @type {readonly (string | undefined)[]}
 */
export const NEEDS_THE_PERSON = [
  "account_selection_required",
  "consent_required",
  "interaction_required",
  "login_required",
];
