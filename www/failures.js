// Sentences that tell the user what was rejected or failed, and what to do next.
/** @import { EdgegateError } from "/edgegate/client/index.js" */
import { duration, fill, words } from "./words.js";

/**
 * The members that an error of the service or of the npm package can have.
 *
 * @typedef {Partial<Pick<EdgegateError, "status" | "retryAfter" | "requestId" | "message">>
 *   & {code?: string, errors?: readonly {field: string, reason: string}[]}} Failure
 */

/**
 * Whether an error comes from the service or from the npm package. All other errors are faults of
 * the page itself.
 *
 * @param {unknown} error
 * @returns {error is EdgegateError}
 */
export const isRefusal = (error) => error instanceof Error && error.name === "EdgegateError";

/**
 * Whether the answer was lost, so that the page can't know whether the service carried out the
 * request.
 *
 * @param {Failure} failure
 */
export const isLost = ({ code, status }) => code === "network_error" || (status ?? 0) >= 500;

/**
 * Whether the service rejected one of these fields.
 *
 * @param {Failure} failure
 * @param {string[]} fields
 */
export const isAbout = ({ code, errors }, ...fields) =>
  code === "invalid_field" && Boolean(errors?.some(({ field }) => fields.includes(field)));

/**
 * For an error after which the user must wait: the number of seconds, and a sentence for the user,
 * in which `{time}` stands for the time. Null for all other errors.
 *
 * @param {Failure} failure
 */
export function waitOf({ code, retryAfter }) {
  // It is possible that this user did nothing wrong: the limit also counts attempts of other people
  // in the same network or on the same account.
  if (code === "rate_limited")
    return { seconds: retryAfter || 60, sentence: words.form.rate_limited };
  if (code === "unavailable") return { seconds: retryAfter || 5, sentence: words.form.unavailable };
  return null;
}

/**
 * A sentence for an error. Pages use it for the errors that they don't explain themselves.
 *
 * @param {Failure} failure
 */
export function inWords(failure) {
  const { code, status, requestId, message = "" } = failure;
  const wait = waitOf(failure);
  if (wait) return fill(wait.sentence, { time: duration(wait.seconds) });
  const say = words.form;
  switch (code) {
    case "network_error":
      // If there is a status, somebody has answered, but not the service: it was a gateway or a
      // captive portal.
      return status ? couldNot(`${status}`) : say.offline;
    case "signed_out":
    case "invalid_grant":
    case "invalid_token":
      return say.signed_out;
    case "invalid_credentials":
    case "last_administrator":
    case "registration_closed":
    case "key_set_unavailable":
    case "invalid_key_set":
      return say[code];
    case "wasm_unavailable":
      return fill(say.wasm_unavailable, { cause: message.replace(/^edgegate: /, "") });
  }
  // The service asks for Turnstile's check, but this page has no widget for it. The sentence tells
  // the user to use a page that has the widget.
  if (isAbout(failure, "challenge")) return say.challenge_absent;
  const [wrong] = failure.errors ?? [];
  if (code === "invalid_field" && wrong) return fill(say.wrong_field, { ...wrong });
  return couldNot(code ?? (status ? `${status}` : undefined), requestId);
}

/**
 * @param {string | undefined} what
 * @param {string} [requestId]
 */
function couldNot(what, requestId) {
  const { failed, failed_with, request } = words.form;
  const details = [what, requestId && fill(request, { id: requestId })].filter(Boolean);
  return details.length === 0 ? failed : fill(failed_with, { details: details.join(", ") });
}
