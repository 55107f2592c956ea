// What to say if something was rejected or failed, and what to do next.
/** @import { EdgegateError } from "/edgegate/client/index.js" */

/**
 * What an error of the service or of the package may have.
 *
 * @typedef {Partial<Pick<EdgegateError, "status" | "retryAfter" | "requestId" | "message">>
 *   & {code?: string}} Failure
 */

/**
 * Whether it is an error of the service or of the package. Any other error is a fault of the page.
 *
 * @param {unknown} error
 * @returns {error is EdgegateError}
 */
export const isRefusal = (error) => error instanceof Error && error.name === "EdgegateError";

/**
 * Whether nobody knows if the request did its work.
 *
 * @param {Failure} failure
 */
export const isLost = ({ code, status }) => code === "network_error" || (status ?? 0) >= 500;

/**
 * A sentence for any error that the page has no better sentence for.
 *
 * @param {Failure} failure
 */
export function inWords({ code, status, retryAfter, requestId, message = "" }) {
  switch (code) {
    case "network_error":
      // With a status, the answer came from somebody else: a gateway or a captive portal.
      return status
        ? couldNot(`${status}`)
        : "No answer came. Check that this device is online, then try again.";
    case "rate_limited":
      // Attempts of other people count too: those from the same network, and those at the same
      // account.
      return `There were too many attempts, perhaps not all of them yours. Wait ${duration(
        retryAfter || 60,
      )}, then try again.`;
    case "unavailable":
      return `The service can’t do this at the moment. Wait ${duration(retryAfter || 5)}, then try again.`;
    case "invalid_credentials":
      return "The email address or the password is wrong.";
    case "signed_out":
    case "invalid_grant":
    case "invalid_token":
      return "You are no longer signed in. Sign in again, then repeat this.";
    case "last_administrator":
      return "There must be at least one administrator. Make somebody else an administrator first.";
    case "registration_closed":
      return "Registration is closed: ask the people who run this service for an account.";
    case "key_set_unavailable":
      return "The public keys could not be read, so no signature can be checked. Try again.";
    case "wasm_unavailable":
      return `The checks can’t run here, because their WebAssembly did not load: ${message.replace(/^edgegate: /, "")}.`;
    case "invalid_key_set":
      return "This service publishes no public key that can be used here. Only the server can check its tokens.";
  }
  return couldNot(code ?? (status ? `${status}` : undefined), requestId);
}

/**
 * @param {string | undefined} what
 * @param {string} [requestId]
 */
function couldNot(what, requestId) {
  const details = [what, requestId && `request ${requestId}`].filter(Boolean).join(", ");
  return `The service could not do this${details && ` (${details})`}. If it happens again, tell the people who run this service.`;
}

/**
 * `42 seconds`, `2 minutes`.
 *
 * @param {number} seconds
 */
export function duration(seconds) {
  return seconds < 90
    ? `${seconds} ${seconds === 1 ? "second" : "seconds"}`
    : `${Math.ceil(seconds / 60)} minutes`;
}
